/* Demand zero: what vm does about a page fault, on the hart's interrupt stack. */
#include "cell.h"
#include "nucleus/log.h"
#include "tables.h"
#include "vm.h"
#include "vm_cell.h"

enum found { NOTHING, PRESENT, LAZY };

/* What the entry at @p address allows. The lock keeps the tables that are walked. */
static enum found look(uint64_t address, bool store) REQUIRES(irqs_off);
static enum found look(uint64_t address, bool store)
{
    struct area *area = &vm_state()->area;
    OWN(spin_guard) guard = {0};
    const uint64_t *at;
    uint64_t entry = 0;

    spin_lock_nested(&guard, &area->lock);
    at = table_entry(area->root, address);
    if (at)
        entry = entry_load(at);
    spin_unlock_nested(&guard, &area->lock);
    if (entry == ENTRY_RESERVE || (store && !(entry & ENTRY_WRITE)))
        return NOTHING;
    if (entry & ENTRY_VALID)
        return PRESENT;
    return entry_is_lazy(entry) ? LAZY : NOTHING;
}

/* Puts @p page behind @p address. @return false: the entry is not lazy any more. */
static bool fill(uint64_t address, const void *page) REQUIRES(irqs_off);
static bool fill(uint64_t address, const void *page)
{
    struct area *area = &vm_state()->area;
    OWN(spin_guard) guard = {0};
    uint64_t *entry;
    bool filled;

    spin_lock_nested(&guard, &area->lock);
    entry = table_entry(area->root, address);
    filled = entry && entry_fill(entry, page);
    spin_unlock_nested(&guard, &area->lock);
    return filled;
}

/* The page is found and cleared between two looks at the entry, without the lock, so that harts
 * which touch new pages do not wait for each other. */
EXPORT bool vm_page_fault(uint64_t address, bool store)
{
    struct vm_counts *counts = &vm_state()->counts;
    OWN(frames) page = {0};
    enum found found;

    if (address - VM_AREA_BASE >= VM_AREA_BYTES)
        return false;
    found = look(address, store);
    if (found != LAZY)
        return found == PRESENT; /* another hart has served it */
    if (!page_new(&page, true)) {
        log_write("vm: no frame left for the lazy page at 0x%lx", address);
        return false;
    }
    if (fill(address, page.base)) {
        (void)frames_leak(&page); /* the entry has it */
        count_add(&counts->pages, 1);
        count_add(&counts->faults, 1);
    } else {
        frames_drop(&page);
    }
    return true;
}

EXPORT bool vm_reserve_open(uint64_t address)
{
    struct area *area = &vm_state()->area;
    OWN(spin_guard) guard = {0};
    OWN(frames) page = {0};
    uint64_t *entry;
    bool opened;

    if (address - VM_AREA_BASE >= VM_AREA_BYTES || !page_new(&page, true))
        return false;
    spin_lock_nested(&guard, &area->lock);
    entry = table_entry(area->root, address);
    opened = entry &&
             entry_replace(entry, ENTRY_RESERVE,
                           entry_make(pointer_to_physical(page.base), ENTRY_VALID | LEAF_WRITE));
    spin_unlock_nested(&guard, &area->lock);
    if (opened) {
        (void)frames_leak(&page); /* the entry has it */
        count_add(&vm_state()->counts.pages, 1);
    } else {
        frames_drop(&page);
    }
    return opened;
}
