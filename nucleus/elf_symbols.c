/*
 * The symbol table and the relocation tables of an object. An object built with debug information has
 * thousands of local labels, so the loop over the symbols keeps its common path short.
 */
#include "elf.h"

#include "elf_private.h"
#include "nucleus/string.h"

static enum status refuse(const struct elf_image *image, uint32_t symbol, enum status status,
                          const char *fault, struct why *why)
{
    return why_set(why, status, "symbol %u (%s) %s", symbol, elf_symbol_name(image, symbol), fault);
}

/* What only functions, imports and exports must fulfil. */
static enum status check_function(const struct elf_image *image, uint32_t index, struct why *why)
{
    const struct elf_symbol *symbol = &image->symbols[index];
    bool function = elf_symbol_type(image, index) == STT_FUNC;
    bool local = elf_symbol_binding(image, index) == STB_LOCAL;

    if (symbol->shndx == SHN_UNDEF) {
        if (local || *elf_symbol_name(image, index) == '\0')
            return refuse(image, index, ERR_FORMAT, "is undefined and has no name for others", why);
        if (elf_symbol_binding(image, index) == STB_WEAK)
            return refuse(image, index, ERR_UNSUPPORTED, "is weak and undefined", why);
        return OK;
    }
    if (!local && elf_symbol_visibility(image, index) == STV_DEFAULT && !function)
        return refuse(image, index, ERR_UNSUPPORTED,
                      "is exported but is no function: only functions are", why);
    if (!local && *elf_symbol_name(image, index) == '\0')
        return refuse(image, index, ERR_FORMAT, "is global but has no name", why);
    if (function && (symbol->shndx >= image->section_count ||
                     elf_section_class(image, symbol->shndx) != SECTION_TEXT || symbol->value & 1))
        return refuse(image, index, ERR_FORMAT, "is a function outside of text", why);
    return OK;
}

static enum status check_symbol(const struct elf_image *image, uint32_t index, uint32_t locals,
                                struct why *why)
{
    const struct elf_symbol *symbol = &image->symbols[index];
    unsigned binding = symbol->info >> 4, type = symbol->info & 15u;

    if (symbol->name >= image->symbol_names_bytes)
        return why_set(why, ERR_FORMAT, "symbol %u: its name is out of range", index);
    if (symbol->shndx == SHN_COMMON || type == STT_COMMON)
        return refuse(image, index, ERR_UNSUPPORTED, "is COMMON: build with -fno-common", why);
    if (type == STT_TLS)
        return refuse(image, index, ERR_UNSUPPORTED, "is thread-local", why);
    if (binding > STB_WEAK || type > STT_FILE)
        return refuse(image, index, ERR_UNSUPPORTED, "has an unknown binding or type", why);
    if ((binding == STB_LOCAL) != (index < locals))
        return refuse(image, index, ERR_FORMAT, "stands on the wrong side of sh_info", why);
    if (symbol->shndx < image->section_count && symbol->shndx != SHN_UNDEF) {
        uint64_t room = image->sections[symbol->shndx].size;

        if (symbol->value > room || symbol->size > room - symbol->value)
            return refuse(image, index, ERR_FORMAT, "ends outside of its section", why);
    } else if (symbol->shndx != SHN_UNDEF && symbol->shndx != SHN_ABS) {
        return refuse(image, index, ERR_FORMAT, "is in a section that does not exist", why);
    }
    if (binding == STB_LOCAL && type != STT_FUNC && symbol->shndx != SHN_UNDEF)
        return OK;
    return check_function(image, index, why);
}

/*
 * No name may be defined twice. The names' hashes are kept as bits; only when a bit is set already, which
 * is rare, is the name compared with all before.
 */
static enum status check_duplicates(const struct elf_image *image, uint32_t first, struct why *why)
{
    uint64_t seen[64] = {0};

    if (image->symbol_count - first > ELF_MAX_GLOBALS)
        return why_set(why, ERR_UNSUPPORTED, "%u global symbols are too many",
                       image->symbol_count - first);
    for (uint32_t i = first; i < image->symbol_count; i++) {
        const char *name = elf_symbol_name(image, i);
        uint32_t hash = 0;

        if (elf_symbol_is_import(image, i))
            continue;
        for (const char *at = name; *at; at++)
            hash = hash * 31 + (uint8_t)*at;
        hash = (hash ^ hash >> 12) % 4096;
        if (seen[hash / 64] & 1ul << hash % 64)
            for (uint32_t j = first; j < i; j++)
                if (!elf_symbol_is_import(image, j) && strcmp(elf_symbol_name(image, j), name) == 0)
                    return refuse(image, i, ERR_FORMAT, "is defined twice", why);
        seen[hash / 64] |= 1ul << hash % 64;
    }
    return OK;
}

enum status elf_symbols_open(struct elf_image *image, struct why *why)
{
    const struct elf_section *table;
    enum status status;

    for (uint32_t i = 1; i < image->section_count; i++) {
        if (image->sections[i].type == SHT_SYMTAB_SHNDX ||
            (image->sections[i].type == SHT_SYMTAB && image->symbol_table != 0))
            return why_set(why, ERR_UNSUPPORTED, "the object has more than one symbol table");
        if (image->sections[i].type == SHT_SYMTAB)
            image->symbol_table = i;
    }
    if (image->symbol_table == 0)
        return why_set(why, ERR_FORMAT, "no symbol table");
    table = &image->sections[image->symbol_table];
    if (table->entsize != sizeof(struct elf_symbol) || table->size % sizeof(struct elf_symbol) ||
        table->offset % 8 != 0 || table->size == 0)
        return why_set(why, ERR_FORMAT, "the symbol table has a wrong size or alignment");
    image->symbols = (const void *)(image->bytes + table->offset);
    image->symbol_count = (uint32_t)(table->size / sizeof(struct elf_symbol));
    if (table->info == 0 || table->info > image->symbol_count)
        return why_set(why, ERR_FORMAT, "the symbol table's sh_info is out of range");
    status = elf_strings_open(image, table->link, "symbol names", &image->symbol_names,
                              &image->symbol_names_bytes, why);
    if (status == OK && memcmp(image->symbols, &(struct elf_symbol){0}, sizeof *image->symbols))
        return why_set(why, ERR_FORMAT, "symbol 0 is not empty");
    for (uint32_t i = 1; i < image->symbol_count && status == OK; i++)
        status = check_symbol(image, i, table->info, why);
    return status == OK ? check_duplicates(image, table->info, why) : status;
}

/* Text's relocations are sorted, so that the instruction which an LO12 names is found quickly. */
static enum status check_entries(const struct elf_image *image, uint32_t table, struct why *why)
{
    uint32_t section = image->sections[table].info, count;
    const struct elf_relocation *entries = elf_relocations(image, table, &count);
    uint64_t size = image->sections[section].size, least = 0;
    bool sorted = image->sections[section].flags & SHF_EXECINSTR;
    const char *fault;

    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].offset >= size)
            fault = "outside of the section";
        else if (entries[i].symbol >= image->symbol_count)
            fault = "symbol out of range";
        else if (entries[i].offset < least)
            fault = "not sorted by offset";
        else {
            least = sorted ? entries[i].offset : 0;
            continue;
        }
        return why_set(why, ERR_FORMAT, "%s+0x%lx: relocation %u: %s",
                       elf_section_name(image, section), entries[i].offset, i, fault);
    }
    return OK;
}

static enum status check_table(const struct elf_image *image, uint32_t index, struct why *why)
{
    const struct elf_section *table = &image->sections[index];
    const char *name = elf_section_name(image, index);

    if (table->link != image->symbol_table || table->info == 0 ||
        table->info >= image->section_count || table->flags & SHF_ALLOC)
        return why_set(why, ERR_FORMAT, "section %s: sh_link or sh_info is wrong", name);
    if (table->entsize != sizeof(struct elf_relocation) ||
        table->size % sizeof(struct elf_relocation) || table->offset % 8 != 0)
        return why_set(why, ERR_FORMAT, "section %s has a wrong size or alignment", name);
    if (!elf_section_is_loaded(image, table->info))
        return OK;
    if (elf_section_class(image, table->info) == SECTION_STATE)
        return why_set(why, ERR_UNSUPPORTED,
                       "section .cell.state has initial values: it is zeroed");
    for (uint32_t i = 1; i < index; i++)
        if (image->sections[i].type == SHT_RELA && image->sections[i].info == table->info)
            return why_set(why, ERR_FORMAT, "sections %s and %s relocate the same one",
                           elf_section_name(image, i), name);
    return check_entries(image, index, why);
}

enum status elf_relocations_check(const struct elf_image *image, struct why *why)
{
    enum status status = OK;

    for (uint32_t i = 1; i < image->section_count && status == OK; i++) {
        const struct elf_section *section = &image->sections[i];

        if (section->type == SHT_REL)
            return why_set(why, ERR_UNSUPPORTED, "section %s: relocations without addends",
                           elf_section_name(image, i));
        if (section->type == SHT_RELA)
            status = check_table(image, i, why);
    }
    return status;
}
