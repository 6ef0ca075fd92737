/*
 * The symbol table and the relocation tables of an object. An object built with debug information has
 * thousands of local labels, so the loop over the symbols keeps its common path short.
 */
#include "elf.h"

#include "elf_private.h"
#include "nucleus/string.h"

/* What imports, exports and functions must fulfil. */
static bool check_function(struct reader *r, const struct elf_symbol *symbol)
{
    bool local = symbol->info >> 4 == STB_LOCAL, function = (symbol->info & 15) == STT_FUNC;

    if (symbol->shndx == SHN_UNDEF)
        return well_formed(r, !local && *r->name != '\0',
                           "undefined, but without a name for others") &&
               supported(r, symbol->info >> 4 != STB_WEAK, "weak and undefined");
    return supported(r, local || function || (symbol->other & 3) != STV_DEFAULT,
                     "exported, but no function") &&
           well_formed(r, local || *r->name != '\0', "global, but without a name") &&
           well_formed(r,
                       !function || (symbol->shndx < r->image->section_count &&
                                     elf_section_class(r->image, symbol->shndx) == SECTION_TEXT &&
                                     symbol->value % 2 == 0),
                       "a function outside of text");
}

/* A label: what nearly all symbols are, so that they are passed quickly. */
static bool is_label(const struct elf_image *image, const struct elf_symbol *symbol)
{
    return symbol->info == (STB_LOCAL << 4 | STT_NOTYPE) && symbol->shndx != SHN_UNDEF &&
           symbol->shndx < image->section_count && symbol->size == 0 &&
           symbol->value <= image->sections[symbol->shndx].size &&
           symbol->name < image->symbol_names_bytes;
}

static bool check_symbol(struct reader *r, uint32_t index, uint32_t locals)
{
    const struct elf_symbol *symbol = &r->image->symbols[index];
    unsigned binding = symbol->info >> 4, type = symbol->info & 15u;
    uint64_t room = 0;

    r->name = "?";
    if (!well_formed(r, symbol->name < r->image->symbol_names_bytes, "its name is out of range"))
        return false;
    r->name = elf_symbol_name(r->image, index);
    if (!supported(r, symbol->shndx != SHN_COMMON && type != STT_COMMON,
                   "COMMON: build with -fno-common") ||
        !supported(r, type != STT_TLS, "thread-local") ||
        !supported(r, binding <= STB_WEAK && type <= STT_FILE, "of an unknown binding or type") ||
        !well_formed(r, (binding == STB_LOCAL) == (index < locals),
                     "on the wrong side of sh_info") ||
        !well_formed(r, symbol->shndx < r->image->section_count || symbol->shndx == SHN_ABS,
                     "in a section that does not exist"))
        return false;
    if (symbol->shndx != SHN_UNDEF && symbol->shndx != SHN_ABS) {
        room = r->image->sections[symbol->shndx].size;
        if (!well_formed(r, elf_inside(symbol->value, symbol->size, room),
                         "outside of its section"))
            return false;
    }
    return (binding == STB_LOCAL && type != STT_FUNC && symbol->shndx != SHN_UNDEF) ||
           check_function(r, symbol);
}

/*
 * No name may be defined twice. The names' hashes are kept as bits; only when a bit is set already, which
 * is rare, is the name compared with all before.
 */
static bool check_duplicates(struct reader *r, uint32_t first)
{
    const struct elf_image *image = r->image;
    uint64_t seen[64] = {0};

    for (uint32_t i = first; i < image->symbol_count; i++) {
        uint32_t hash = 0;

        r->name = elf_symbol_name(image, i);
        if (elf_symbol_is_import(image, i))
            continue;
        for (const char *at = r->name; *at; at++)
            hash = hash * 31 + (uint8_t)*at;
        hash = (hash ^ hash >> 12) % 4096;
        for (uint32_t j = seen[hash / 64] >> hash % 64 & 1 ? first : i; j < i; j++)
            if (!well_formed(r,
                             elf_symbol_is_import(image, j) ||
                                 strcmp(elf_symbol_name(image, j), r->name) != 0,
                             "defined twice"))
                return false;
        seen[hash / 64] |= 1ul << hash % 64;
    }
    return true;
}

bool elf_symbols_open(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_symbol empty = {0};
    const struct elf_section *table;

    *r = (struct reader){.image = image, .why = r->why, .kind = "symbol", .name = "table"};
    for (uint32_t i = 1; i < image->section_count; i++) {
        uint32_t type = image->sections[i].type;

        if (!supported(r, type != SHT_SYMTAB_SHNDX && (type != SHT_SYMTAB || !image->symbol_table),
                       "there is more than one"))
            return false;
        if (type == SHT_SYMTAB)
            image->symbol_table = i;
    }
    table = &image->sections[image->symbol_table];
    image->symbols = (const void *)(image->bytes + table->offset);
    image->symbol_count = (uint32_t)(table->size / sizeof empty);
    if (!well_formed(r, image->symbol_table != 0, "there is none") ||
        !well_formed(r,
                     table->entsize == sizeof empty && table->size % sizeof empty == 0 &&
                         table->size != 0 && table->offset % 8 == 0,
                     "a wrong size or alignment") ||
        !well_formed(r, memcmp(image->symbols, &empty, sizeof empty) == 0,
                     "entry 0 is not empty") ||
        !well_formed(r, table->info != 0 && table->info <= image->symbol_count,
                     "sh_info is out of range") ||
        !supported(r, image->symbol_count - table->info <= ELF_MAX_GLOBALS, "too many globals") ||
        !elf_strings_open(r, table->link, &image->symbol_names, &image->symbol_names_bytes))
        return false;
    for (uint32_t i = 1; i < image->symbol_count; i++)
        if (!(i < table->info && is_label(image, &image->symbols[i])) &&
            !check_symbol(r, i, table->info))
            return false;
    return check_duplicates(r, table->info);
}

static bool check_table(struct reader *r, uint32_t index)
{
    const struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[index];

    if (!well_formed(r,
                     table->link == image->symbol_table && table->info != 0 &&
                         table->info < image->section_count,
                     "sh_link or sh_info is wrong") ||
        !well_formed(r,
                     table->entsize == sizeof(struct elf_relocation) && table->offset % 8 == 0 &&
                         table->size % sizeof(struct elf_relocation) == 0,
                     "a wrong size or alignment"))
        return false;
    if (!elf_section_is_loaded(image, table->info))
        return true;
    for (uint32_t i = 1; i < index; i++)
        if (!well_formed(
                r, image->sections[i].type != SHT_RELA || image->sections[i].info != table->info,
                "relocates what another one does"))
            return false;
    return supported(r, table->info != image->state, "state has initial values, but it is zeroed");
}

bool elf_relocations_check(struct reader *r)
{
    const struct elf_image *image = r->image;

    r->kind = "section";
    for (uint32_t i = 1; i < image->section_count; i++) {
        r->name = elf_section_name(image, i);
        if (!supported(r, image->sections[i].type != SHT_REL, "relocations without addends") ||
            (image->sections[i].type == SHT_RELA && !check_table(r, i)))
            return false;
    }
    return true;
}
