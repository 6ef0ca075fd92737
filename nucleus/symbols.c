/* The symbol table (symbols.h). */
#include "symbols.h"

#include <stddef.h>

#include "nucleus/string.h"

#define BUCKETS 1024u

static struct symbol *buckets[BUCKETS];

uint32_t symbol_hash(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

const struct symbol *symbol_lookup(const char *name)
{
    uint32_t hash = symbol_hash(name);
    const struct symbol *symbol = buckets[hash % BUCKETS];

    while (symbol && (symbol->hash != hash || strcmp(symbol->name, name) != 0))
        symbol = symbol->next;
    return symbol;
}

enum status symbol_insert(struct symbol *symbol)
{
    struct symbol **bucket;

    if (symbol_lookup(symbol->name))
        return ERR_EXISTS;
    symbol->hash = symbol_hash(symbol->name);
    bucket = &buckets[symbol->hash % BUCKETS];
    symbol->next = *bucket;
    *bucket = symbol;
    return OK;
}

void symbol_remove(struct symbol *symbol)
{
    struct symbol **link = &buckets[symbol->hash % BUCKETS];

    while (*link && *link != symbol)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = symbol->next;
    symbol->next = NULL;
}
