/* Placeholder: every swap is refused. To be thrown away for the real one. */
#include "nucleus/swap.h"

enum status cell_swap(const char *old, const char *new, const void *image, size_t bytes,
                      bool dry_run, uint64_t *ticket, struct why *why)
{
    (void)old, (void)new, (void)image, (void)bytes, (void)dry_run, (void)ticket;
    return why_set(why, ERR_UNSUPPORTED, "cells cannot be replaced yet");
}

enum status swap_step(uint64_t ticket, struct swap_report *report)
{
    (void)ticket, (void)report;
    return ERR_NOT_FOUND;
}

bool swap_get(unsigned index, struct swap_report *report)
{
    (void)index, (void)report;
    return false;
}
