/**
 * @file sbi_calls.h
 * Calls into the firmware (RISC-V SBI specification 1.0). The only ecalls of the system are made here.
 * None sleeps; all may be called with interrupts off.
 */
#ifndef MITOS_SBI_CALLS_H
#define MITOS_SBI_CALLS_H

#include <stdint.h>

/** Extensions, and what they are called for: their function 0 where nothing else is said. */
enum sbi_extension {
    /** Chapter 5.2: a byte to the console. OpenSBI 1.1 has no newer one. */
    SBI_LEGACY_PUTCHAR = 1,
    /** Chapter 4: what the firmware is; functions are listed at machine_sbi() (nucleus/machine.h). */
    SBI_BASE = 0x10,
    /** Chapter 6: the next timer interrupt of this hart at tick arg0. */
    SBI_TIME = 0x54494d45,
    /** Chapter 7: a software interrupt to the harts of mask arg0, bit 0 being hardware id arg1. */
    SBI_IPI = 0x735049,
    /** Chapter 8: enum sbi_fence on the harts of mask arg0, arg1 as above; returns when all have done it. */
    SBI_RFENCE = 0x52464e43,
    /** Chapter 9: starts the hart with hardware id arg0 at physical address arg1, arg2 in its a1. */
    SBI_HSM = 0x48534d,
    /** Chapter 10: switches the machine off; returns only when the firmware refuses. */
    SBI_SRST = 0x53525354,
};
/** fence.i; sfence.vma from address arg2 on, arg3 bytes. */
enum sbi_fence { SBI_FENCE_I, SBI_FENCE_VMA };

/** What a call returns: error is 0 or negative (SBI chapter 3). */
struct sbi_result {
    long error, value;
};

struct sbi_result sbi_call(enum sbi_extension extension, uint32_t function, uint64_t arg0,
                           uint64_t arg1, uint64_t arg2, uint64_t arg3);

/** The boot table: root page table that maps the direct map with pages of 1 GiB, RWX. */
extern const uint64_t boot_table[512];
/** Where all harts enter, the first one and those that are started. */
void _entry(void);

#endif
