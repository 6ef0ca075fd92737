/* What the nucleus exports: every function that a header of abi/nucleus declares. The list exports.inc is
 * made by the build from those headers, so the two cannot disagree. */
#include "cell_private.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/frame.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "nucleus/memory_records.h"
#include "nucleus/runtime.h"
#include "nucleus/records.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "nucleus/why.h"

#define EXPORT_SYMBOL(function) {.name = #function, .address = (uint64_t)function},

static struct symbol exports[] = {
#include "exports.inc"
};
#define EXPORTS (sizeof exports / sizeof exports[0])

void nucleus_exports_init(void)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    for (unsigned i = 0; i < EXPORTS; i++) {
        if (symbol_insert(&exports[i]) != OK)
            panic("the nucleus exports %s twice", exports[i].name);
    }
    spin_unlock(&guard, &cell_table.lock);
}

const struct symbol *nucleus_export(unsigned index)
{
    return index < EXPORTS ? &exports[index] : NULL;
}

bool nucleus_function_at(uint64_t address, struct symbol_info *info)
{
    const struct symbol *nearest = NULL;

    for (unsigned i = 0; i < EXPORTS; i++) {
        if (exports[i].address <= address && (!nearest || exports[i].address > nearest->address))
            nearest = &exports[i];
    }
    if (!nearest)
        return false;
    string_copy(info->name, sizeof info->name, nearest->name);
    string_copy(info->cell, sizeof info->cell, "nucleus");
    info->address = nearest->address;
    info->exported = true;
    return true;
}
