/**
 * @file shell.h
 * How the machine is left in good order: by the shell at the end of `run=`, by the command
 * poweroff.
 */
#ifndef MITOS_SHELL_H
#define MITOS_SHELL_H

#include "console.h"
#include "nucleus/machine.h"
#include "own.h"

/** Says so in the last line that the guest prints, which tools on the host rely on, and ends the
 * machine with @p status (0..127). Waits until the console has sent everything. */
static inline _Noreturn void shell_power_off(unsigned status) REQUIRES(may_park);
static inline _Noreturn void shell_power_off(unsigned status)
{
    print("mitos: powering off, status %u\n", status);
    console_flush();
    machine_exit(status);
}

#endif
