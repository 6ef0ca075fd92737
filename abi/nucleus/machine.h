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

/** SBI: specification version, implementation, extensions (SBI 1.0, chapter 4). */
struct sbi_info {
    uint32_t spec_major, spec_minor;
    uint64_t implementation, implementation_version;
};
void machine_sbi(struct sbi_info *info);
bool machine_sbi_has(uint32_t extension);

/** Ends the machine: QEMU exits with @p status (0..127). */
_Noreturn void machine_exit(unsigned status);
/** Stops with a report: for states that must not occur. Names the caller's cell. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Figures of the boot for the log and `bench`, in instructions of the boot hart. */
struct boot_figures {
    uint64_t entry, loaded, prompt;
};
void machine_boot_figures(struct boot_figures *figures);
/** The shell says that it prompts for the first time. */
void machine_note_prompt(void);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic("%s:%d: assertion failed: %s", __FILE_NAME__, __LINE__, #condition);             \
    } while (0)

#endif
