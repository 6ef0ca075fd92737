/* The symbol table (symbols.h). */
#include "symbols.h"

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

/* What leads to the symbol, or the end of the chain where it would be. */
static struct symbol **link_of(const char *name)
{
    struct symbol **link = &buckets[symbol_hash(name) % BUCKETS];

    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    return link;
}

const struct symbol *symbol_lookup(const char *name)
{
    return *link_of(name);
}

enum status symbol_insert(struct symbol *symbol)
{
    struct symbol **link = link_of(symbol->name);

    if (*link)
        return ERR_EXISTS;
    symbol->next = NULL;
    *link = symbol;
    return OK;
}

void symbol_remove(struct symbol *symbol)
{
    struct symbol **link = link_of(symbol->name);

    if (*link == symbol)
        *link = symbol->next;
}
