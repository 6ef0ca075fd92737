/**
 * @file sbi_calls.h
 * Calls into the firmware (RISC-V SBI specification 1.0). The only ecalls of the system are made here.
 * None sleeps; all may be called with interrupts off.
 */
#ifndef MITOS_SBI_CALLS_H
#define MITOS_SBI_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/** What a call returns: error is 0 or negative (SBI chapter 3). */
struct sbi_result {
    long error;
    long value;
};

#define SBI_BASE 0x10u
#define SBI_TIME 0x54494d45u
#define SBI_IPI 0x735049u
#define SBI_RFENCE 0x52464e43u
#define SBI_HSM 0x48534du
#define SBI_SRST 0x53525354u

/** Chapter 4: function 0 specification version, 1 implementation id, 2 implementation version. */
long sbi_base(unsigned function);
bool sbi_has(uint32_t extension);
/** Chapter 5.2 (legacy console putchar, extension 1): OpenSBI 1.1 has no newer console. */
void sbi_putchar(char byte);
/** Chapter 6: the next timer interrupt of this hart, in ticks. */
void sbi_timer(uint64_t ticks);
/** Chapter 7: a software interrupt to the hart with hardware id @p hart. */
void sbi_send_ipi(uint64_t hart);
/** Chapter 8: fence.i on the harts of @p mask (bit n: hardware id n); returns when all have done it. */
void sbi_fence_i(uint64_t mask);
/** Chapter 8: sfence.vma of a range on the harts of @p mask; returns when all have done it. */
void sbi_fence_vma(uint64_t mask, uint64_t address, uint64_t bytes);
/** Chapter 9: starts a hart at physical @p entry with a1 = @p opaque. @return false when refused. */
bool sbi_start_hart(uint64_t hart, uint64_t entry, uint64_t opaque);
/** Chapter 10: switches the machine off; returns only when the firmware refuses. */
void sbi_shutdown(void);

/** In entry.S. The boot table: root page table that maps RAM and devices with pages of 1 GiB, RWX. */
extern uint64_t boot_table[512];
/** Where secondary harts enter (its physical address goes to sbi_start_hart). */
void secondary_entry(void);
/** The struct hart that is being started, by physical address; for entry.S, see there. */
extern uint64_t starting_hart;

#endif
