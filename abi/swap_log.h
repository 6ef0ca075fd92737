/**
 * @file swap_log.h
 * Interface `swap_log`: the last SWAP_RECORDS swaps (swap.h), over or not.
 */
#ifndef MITOS_SWAP_LOG_H
#define MITOS_SWAP_LOG_H

#include <stdbool.h>

#include "nucleus/swap.h"

#define SWAP_RECORDS 32u

/** The report of swap number @p index, the newest first, as it stood when it was asked for, begun, or over. @return
 *  false past the last. */
bool swap_get(unsigned index, struct swap_report *report);
/** For the provider of `swap` (swap.h): keeps @p report, in the place of what was kept under its number; a failure has a line
 *  in the log. Interrupts are off. */
void swap_noted(const struct swap_report *report);

#endif
