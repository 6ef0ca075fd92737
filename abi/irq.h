/**
 * @file irq.h
 * Interface `irq`: external interrupts. Provider: plic (RISC-V PLIC specification 1.0).
 */
#ifndef MITOS_IRQ_H
#define MITOS_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "own.h"
#include "status.h"

/** A claim on an interrupt source. */
typedef struct LINEAR("irq_line") irq_line {
    void *line;
} irq_line;

/**
 * Calls @p handler(@p argument) on some hart, interrupts off, whenever source @p source is pending.
 * @return false: no such source, or it is taken (sources are not shared).
 */
bool irq_attach(irq_line *line, uint32_t source, void (*handler)(void *argument), void *argument)
    TRY_MAKES(*line);
/**
 * Turns the source on again. It is off when a fault cut the handler short: what interrupted is probably still
 * there, and would interrupt for ever. For the driver, once it has been repaired.
 * @return OK.
 */
MUST_CHECK enum status irq_enable(const irq_line *line) BORROWS(*line);
/** Disables the source and waits until no hart is in its handler. */
void irq_detach(irq_line *line) TAKES(*line);
void irq_line_unwind(irq_line *line) UNCHECKED;

/** Interrupts delivered for @p source since boot; 0 for unknown ones. */
uint64_t irq_count(uint32_t source);

/** For the nucleus (hook): the external interrupt of this hart. */
void irq_interrupt(void) REQUIRES(irqs_off);

#endif
