/**
 * @file nucleus/machine.h
 * The machine as a whole, and its end. What the device tree says of it in detail is in devicetree.h.
 */
#ifndef MITOS_NUCLEUS_MACHINE_H
#define MITOS_NUCLEUS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../status.h"
#include "address.h"

/** Ticks of hart_ticks() per second. */
uint64_t machine_timebase(void);

/**
 * What the firmware says of itself (SBI 1.0, chapter 4): @p function 0 specification version (major from
 * bit 24 on, minor below), 1 implementation id, 2 implementation version, 3 whether it has the extension
 * @p argument (0: no). The others ignore it.
 */
long machine_sbi(unsigned function, uint64_t argument);

/** Ends the machine: QEMU exits with @p status (0..127). */
_Noreturn void machine_exit(unsigned status);
/** For states that must not occur: a fault of the running task when a cell's function calls it, with @p format as its
 *  explanation. In an interrupt, in the scheduler, and in the nucleus itself the machine stops with a report. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Instructions of the boot hart from the firmware's hand-over until a person could type, for `bench`. The
 * shell says that now is that moment: @p ready, the first time. @return 0 before.
 */
uint64_t machine_boot_cost(bool ready);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic("%s:%d: assertion failed: %s", __FILE_NAME__, __LINE__, #condition);             \
    } while (0)

#endif
