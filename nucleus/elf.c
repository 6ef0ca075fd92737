/*
 * Opening an object. Everything here reads bytes that nobody has checked before, so each number is compared
 * with what it indexes before it is used, and ranges are compared without sums that can wrap.
 */
#include "link.h"

#include "nucleus/string.h"
#include "text.h"

/* SHF_ WRITE, ALLOC, EXECINSTR, MERGE, STRINGS, INFO_LINK, LINK_ORDER, GROUP, GNU_RETAIN */
#define LOADED_FLAGS 0x2002f7ul

/* A check is a list of rules: what must not be, and the text that says so; NULL when all is well. A text that
 * begins with '!' is about an object that is not damaged, but has what is not for cells. */
struct reader {
    struct elf_image *image;
    const char *kind, *name; /* of the thing at hand, for messages: "section", ".text" */
    uint64_t end;            /* of the sections so far, in the file */
};

/* A string table begins and ends with a NUL, so that every offset below its size names a C string. */
static const char *open_strings(const struct elf_image *image, uint32_t section,
                                const char **strings, uint64_t *bytes)
{
    const struct elf_section *table = &image->sections[section];

    if (section >= image->section_count || table->type != SHT_STRTAB || table->size == 0 ||
        !elf_inside(table->offset, table->size, image->length))
        return "no string table, or one that lies outside";
    *strings = (const char *)image->bytes + table->offset;
    *bytes = table->size;
    return (*strings)[0] || (*strings)[*bytes - 1] ? "the string table is not terminated" : NULL;
}

static const char *open_sections(struct elf_image *image)
{
    const struct elf_header *header = (const void *)image->bytes;
    const struct elf_section *null;
    const char *fault =
        (uintptr_t)header % 8 != 0 ? "not aligned to 8 bytes in memory"
        : image->length < sizeof *header || image->length > ELF_MAX_BYTES ? "a wrong length"
        : memcmp(header->ident, "\177ELF\2\1\1", 8) != 0 || header->version != 1
            ? "!not an ELF file: 64-bit, little-endian, System V"
        : header->machine != ELF_MACHINE_RISCV          ? "!for a machine that is not RISC-V"
        : header->type != ELF_TYPE_REL || header->phnum ? "!not a relocatable object"
        : header->flags & ~1u ? "!ELF flags: a cell is built for rv64imac and lp64"
        : header->ehsize != 64 || header->shentsize != 64 || header->shnum < 2 ||
                header->shnum > ELF_MAX_SECTIONS || header->shoff % 8 != 0 ||
                !elf_inside(header->shoff, 64ul * header->shnum, image->length)
            ? "section headers of a wrong number, size or place"
            : NULL;

    if (fault)
        return fault;
    null = image->sections = (const void *)(image->bytes + header->shoff);
    image->section_count = header->shnum;
    if (null->name | null->type | null->flags | null->offset | null->size | null->info)
        return "section 0 is not empty";
    return open_strings(image, header->shstrndx, &image->section_names,
                        &image->section_names_bytes);
}

/* Where a section ends in the file. */
static uint64_t past(const struct elf_section *section)
{
    return section->offset + (section->type == SHT_NOBITS ? 0 : section->size);
}

static bool overlap(uint64_t a, uint64_t past_a, uint64_t b, uint64_t past_b)
{
    return (a > b ? a : b) < (past_a < past_b ? past_a : past_b);
}

/* Most sections lie behind all before: comparing one with each of these is rare. */
static bool overlaps(struct reader *r, const struct elf_section *section)
{
    const struct elf_section *other = r->image->sections;
    uint64_t at = section->offset, table = (uint64_t)((const uint8_t *)other - r->image->bytes);
    bool bad = overlap(at, past(section), 0, 64) ||
               overlap(at, past(section), table, table + 64 * r->image->section_count);

    for (; other < section && at < r->end && !bad; other++)
        bad = overlap(at, past(section), other->offset, past(other));
    if (past(section) > r->end)
        r->end = past(section);
    return bad;
}

/* What a section is by its name: the first row that has it, or begins it. */
static const struct sort {
    const char *name;
    bool begins;
    uint8_t class;
    uint16_t place; /* in struct elf_image, of its number, when it must be the only one */
} sorts[] = {
    {".eh_frame", false, SECTION_RODATA, offsetof(struct elf_image, eh_frame)},
    {".gcc_except_table", false, SECTION_RODATA, offsetof(struct elf_image, except_table)},
    {".cell.state", false, SECTION_STATE, offsetof(struct elf_image, state)},
    {".cell.manifest", false, SECTION_MANIFEST, offsetof(struct elf_image, manifest)},
    {".cell.kinds", false, SECTION_MANIFEST, offsetof(struct elf_image, kinds)},
    {".cell.migrations", false, SECTION_MANIFEST, offsetof(struct elf_image, migrations)},
    {".cell.set.", true, SECTION_SET, 0},
    {".cell.", true, SECTION_IGNORED, 0},
    {"", true, SECTION_RODATA, 0},
};

/* What may be in a cell, and what not, among the sections that take part in its memory. */
static const char *check_loaded(struct reader *r, uint32_t index)
{
    const struct elf_section *section = &r->image->sections[index];
    uint64_t flags = section->flags, type = section->type;
    const struct sort *sort = sorts;
    uint32_t *place, none = 0;

    while (!(sort->begins ? string_starts(r->name, sort->name)
                          : strcmp(r->name, sort->name) == 0))
        sort++;
    r->image->classes[index] =
        *sort->name == '\0' && flags & SHF_EXECINSTR ? SECTION_TEXT : sort->class;
    place = sort->place ? (void *)((uint8_t *)r->image + sort->place) : &none;
    if (*place != 0)
        return "occurs twice";
    *place = index;
    return flags & ~LOADED_FLAGS ? "!thread-local, compressed, or of unknown flags"
           : (flags & SHF_WRITE) != (sort->class == SECTION_STATE)
               ? "!writable data is what CELL_STATE declares, and nothing else"
           : type != SHT_PROGBITS && type != SHT_NOTE &&
                   (type != SHT_NOBITS || sort->class != SECTION_STATE)
               ? "!a constructor table, or of an unknown type"
           : sort->class == SECTION_IGNORED                  ? "!none that a cell may have"
           : flags & SHF_EXECINSTR && section->addralign < 2 ? "a wrong alignment"
           : sort->class == SECTION_SET &&
                   (section->size == 0 || !is_cell_name(r->name + strlen(sort->name), '\0'))
               ? "a set has a name of [a-z0-9_] and is not empty"
               : NULL;
}

static const char *check_section(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_section *section = &image->sections[index];
    uint64_t flags = section->flags, type = section->type, align = section->addralign;

    if (type == SHT_SYMTAB && image->symbol_table == 0)
        image->symbol_table = index;
    r->kind = "section";
    r->name = section->name < image->section_names_bytes ? elf_section_name(image, index) : "?";
    if (!(flags & SHF_ALLOC) && strcmp(r->name, ".mitos.signatures") == 0)
        image->signatures = index;
    return section->name >= image->section_names_bytes ? "its name is out of range"
           : section->size > ELF_MAX_BYTES || section->offset > image->length ||
                   past(section) > image->length
               ? "outside of the object, or too large"
           : align > ELF_MAX_ALIGN || align & (align - 1) ? "a wrong alignment"
           : overlaps(r, section)                         ? "overlaps another section, or headers"
           : type == SHT_REL || type == SHT_SYMTAB_SHNDX ||
                   (type == SHT_SYMTAB && image->symbol_table != index)
               ? "!a second symbol table, or relocations without addends"
           : (type == SHT_SYMTAB || type == SHT_RELA) &&
                   (section->entsize != 24 || section->size % 24 != 0 || section->offset % 8 != 0)
               ? "a wrong size or alignment"
           : flags & SHF_ALLOC && !(flags & SHF_WRITE && section->size == 0)
               ? check_loaded(r, index)
               : NULL;
}

static const char *check_symbol(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_symbol *symbol = &image->symbols[index];
    uint32_t home = symbol->shndx == SHN_ABS ? 0 : symbol->shndx; /* section 0 has no room */
    bool local = symbol->info >> 4 == STB_LOCAL, defined = symbol->shndx != SHN_UNDEF;
    bool function = elf_symbol_is_function(image, index);
    bool exported = defined && !local && (symbol->other & 3) == STV_DEFAULT;

    r->name = symbol->name < image->symbol_names_bytes ? elf_symbol_name(image, index) : "?";
    if (!local || function) { /* most are neither */
        image->function_count += function;
        image->export_count += exported;
        image->import_count += !defined;
    }
    return symbol->name >= image->symbol_names_bytes ? "its name is out of range"
           : symbol->info >> 4 > STB_WEAK || (symbol->info & 15) > STT_FILE
               ? "!thread-local, or of an unknown binding or type"
           : local != (index < image->first_global) ? "on the wrong side of sh_info"
           : home >= image->section_count           ? "COMMON, or in a section that does not exist"
           : !elf_inside(symbol->value, symbol->size, image->sections[home].size)
               ? "outside of its section"
           : local && defined && !function               ? NULL
           : !local && *r->name == '\0'                  ? "global, but without a name"
           : !defined && symbol->info >> 4 != STB_GLOBAL ? "!undefined, but not global"
           : exported && !function                       ? "!exported, but no function"
           : function && (image->classes[home] != SECTION_TEXT || symbol->value % 2 != 0)
               ? "a function outside of text"
               : NULL;
}

/* One for the state, and one for each global symbol. */
static const char *check_signatures(struct reader *r)
{
    const struct elf_image *image = r->image;
    const struct elf_section *section = &image->sections[image->signatures];

    r->kind = "section";
    r->name = ".mitos.signatures";
    return image->signatures && (section->offset % 8 != 0 || section->type != SHT_PROGBITS ||
                                 section->size != 8ul * (1 + image->symbol_count - image->first_global))
               ? "a wrong size or alignment"
               : NULL;
}

static const char *check_symbols(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[image->symbol_table];
    const struct elf_symbol *null = (const void *)(image->bytes + table->offset);
    const char *fault;

    r->kind = "symbol";
    r->name = "table";
    image->symbols = null;
    image->symbol_count = (uint32_t)(table->size / sizeof *null);
    image->first_global = table->info;
    fault =
        table->size == 0                        ? "there is none"
        : null->name | null->info | null->shndx ? "entry 0 is not empty"
        : table->info == 0 || table->info > image->symbol_count ||
                image->symbol_count - table->info > ELF_MAX_GLOBALS
            ? "sh_info is out of range, or too many globals"
            : open_strings(image, table->link, &image->symbol_names, &image->symbol_names_bytes);
    for (uint32_t i = 1; !fault && i < image->symbol_count; i++)
        fault = check_symbol(r, i);
    return fault ? fault : check_signatures(r);
}

static const char *check_relocations(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[index];
    const struct elf_relocation *entry = (const void *)(image->bytes + table->offset);
    uint32_t sites = 0, bad = 0;
    const char *fault;

    if (table->type != SHT_RELA)
        return NULL;
    r->kind = "section";
    r->name = elf_section_name(image, index);
    fault = table->link != image->symbol_table || table->info == 0 ||
                    table->info >= image->section_count
                ? "sh_link or sh_info is wrong"
            : image->tables[table->info] != 0 ? "relocates what another one does"
            : table->info == image->state     ? "!state has initial values, but it is zeroed"
                                              : NULL;
    if (fault || image->classes[table->info] == SECTION_IGNORED)
        return fault;
    for (uint64_t left = table->size; left > 0; left -= sizeof *entry, entry++) {
        bad |= entry->symbol >= image->symbol_count;
        sites += entry->symbol >= image->first_global;
    }
    image->site_count += sites;
    image->tables[table->info] = (uint8_t)index;
    return bad ? "a symbol's number is out of range" : NULL;
}

enum status elf_open(struct elf_image *image, const void *bytes, size_t length, struct why *why)
{
    struct reader r = {.image = image, .kind = "ELF", .name = "header"};
    const char *fault;

    *image = (struct elf_image){.bytes = bytes, .length = length};
    fault = open_sections(image);
    for (uint32_t i = 1; !fault && i < image->section_count; i++)
        fault = check_section(&r, i);
    if (!fault)
        fault = check_symbols(&r);
    for (uint32_t i = 1; !fault && i < image->section_count; i++)
        fault = check_relocations(&r, i);
    return !fault ? OK
                  : why_set(why, *fault == '!' ? ERR_UNSUPPORTED : ERR_FORMAT, "%s %s: %s", r.kind,
                            r.name, fault + (*fault == '!'));
}
