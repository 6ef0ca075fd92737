/* The symbol table: exported functions of the nucleus and of every loaded cell by name.
 *
 * An intrusive hash with chains: the owner of a symbol supplies its storage, so inserting allocates
 * nothing and cannot fail for want of memory. Nothing here locks: the caller holds the lock of the cell
 * table, for lookups too, and as long as it uses the symbol found. */
#ifndef NUCLEUS_SYMBOLS_H
#define NUCLEUS_SYMBOLS_H

#include "nucleus/records.h"
#include "status.h"

/** 32-bit FNV-1a. */
uint32_t symbol_hash(const char *name);
/** Enters @p symbol, whose name, address, bytes and cell are set. @return ERR_EXISTS: the name is taken. */
MUST_CHECK enum status symbol_insert(struct symbol *symbol);
/** Takes @p symbol out; does nothing when it is not in. */
void symbol_remove(struct symbol *symbol);
/** @return NULL: no such symbol. */
const struct symbol *symbol_lookup(const char *name);

#endif
