/*
 * Opening an object. Everything here reads bytes that nobody has checked before, so each number is compared
 * with what it indexes before it is used, and ranges are compared without sums that can wrap.
 */
#include "elf.h"

#include "nucleus/string.h"
#include "text.h"

/* SHF_ WRITE, ALLOC, EXECINSTR, MERGE, STRINGS, INFO_LINK, LINK_ORDER, GROUP, GNU_RETAIN */
#define LOADED_FLAGS 0x2002f7ul

struct reader {
    struct elf_image *image;
    struct why *why;
    enum status status;
    const char *kind, *name; /* of the thing, for messages: "section", ".text" */
};

static bool refuse(struct reader *r, enum status status, const char *fault)
{
    r->status = why_set(r->why, status, "%s %s: %s", r->kind, r->name ? r->name : "?", fault);
    return false;
}

/* Damage: @p good holds for every object. */
static inline bool sound(struct reader *r, bool good, const char *fault)
{
    return good || refuse(r, ERR_FORMAT, fault);
}

/* Policy: @p good holds for every cell. */
static inline bool allowed(struct reader *r, bool good, const char *fault)
{
    return good || refuse(r, ERR_UNSUPPORTED, fault);
}

bool elf_is_name(const char *name, char end)
{
    const char *at = name;

    while ((*at >= 'a' && *at <= 'z') || (at > name && ((*at >= '0' && *at <= '9') || *at == '_')))
        at++;
    return at > name && at - name < CELL_NAME_ROOM && (*at == '\0' || *at == end);
}

/* A string table begins and ends with a NUL, so that every offset below its size names a C string. */
static bool open_strings(struct reader *r, uint32_t section, const char **strings, uint64_t *bytes)
{
    const struct elf_section *table = &r->image->sections[section];

    if (!sound(r,
               section < r->image->section_count && table->type == SHT_STRTAB && table->size != 0 &&
                   elf_inside(table->offset, table->size, r->image->length),
               "no string table, or one that lies outside"))
        return false;
    *strings = (const char *)r->image->bytes + table->offset;
    *bytes = table->size;
    return sound(r, !(*strings)[0] && !(*strings)[*bytes - 1],
                 "the string table is not terminated");
}

static bool check_header(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_header *header = (const void *)image->bytes;
    const struct elf_section *null;

    if (!sound(r, (uintptr_t)header % 8 == 0, "not aligned to 8 bytes in memory") ||
        !sound(r, image->length >= sizeof *header && image->length <= ELF_MAX_BYTES,
               "a wrong length") ||
        !allowed(r, memcmp(header->ident, "\177ELF\2\1\1", 8) == 0 && header->version == 1,
                 "not an ELF file: 64-bit, little-endian, System V") ||
        !allowed(r, header->machine == ELF_MACHINE_RISCV, "for a machine that is not RISC-V") ||
        !allowed(r, header->type == ELF_TYPE_REL && !header->phnum, "not a relocatable object") ||
        !allowed(r, !(header->flags & ~1u), "ELF flags: a cell is built for rv64imac and lp64") ||
        !sound(r,
               header->ehsize == 64 && header->shentsize == 64 && header->shnum >= 2 &&
                   header->shnum <= ELF_MAX_SECTIONS && header->shoff % 8 == 0 &&
                   elf_inside(header->shoff, 64ul * header->shnum, image->length),
               "section headers of a wrong number, size or place"))
        return false;
    null = image->sections = (const void *)(image->bytes + header->shoff);
    image->section_count = header->shnum;
    return sound(r,
                 !(null->name | null->type | null->flags | null->offset | null->size | null->info),
                 "section 0 is not empty") &&
           open_strings(r, header->shstrndx, &image->section_names, &image->section_names_bytes);
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

/* Most sections lie behind all before (@p end): comparing one with each of these is rare. */
static bool is_apart(const struct elf_image *image, const struct elf_section *section,
                     uint64_t *end)
{
    const struct elf_section *other = image->sections;
    uint64_t at = section->offset, table = (uint64_t)((const uint8_t *)other - image->bytes);
    bool bad = overlap(at, past(section), 0, 64) ||
               overlap(at, past(section), table, table + 64 * image->section_count);

    for (; other < section && at < *end && !bad; other++)
        bad = overlap(at, past(section), other->offset, past(other));
    if (past(section) > *end)
        *end = past(section);
    return !bad;
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
    {".cell.set.", true, SECTION_SET, 0},
    {".cell.", true, SECTION_IGNORED, 0},
    {"", true, SECTION_RODATA, 0},
};

/* What may be in a cell, and what not, among the sections that take part in its memory. */
static bool check_loaded(struct reader *r, uint32_t index)
{
    const struct elf_section *section = &r->image->sections[index];
    uint64_t flags = section->flags, type = section->type;
    const struct sort *sort = sorts;
    uint32_t *place;
    bool state;

    while (!(sort->begins ? string_starts(r->name, sort->name)
                          : strcmp(r->name, sort->name) == 0))
        sort++;
    state = sort->class == SECTION_STATE;
    r->image->classes[index] =
        *sort->name == '\0' && flags & SHF_EXECINSTR ? SECTION_TEXT : sort->class;
    place = sort->place ? (void *)((uint8_t *)r->image + sort->place) : &(uint32_t){0};
    if (!sound(r, *place == 0, "occurs twice"))
        return false;
    *place = index;
    return allowed(r, !(flags & ~LOADED_FLAGS), "thread-local, compressed, or of unknown flags") &&
           allowed(r, (flags & SHF_WRITE) == state,
                   "writable data is what CELL_STATE declares, and nothing else") &&
           allowed(r, type == SHT_PROGBITS || type == SHT_NOTE || (type == SHT_NOBITS && state),
                   "a constructor table, or of an unknown type") &&
           allowed(r, sort->class != SECTION_IGNORED, "none that a cell may have") &&
           sound(r, !(flags & SHF_EXECINSTR) || section->addralign > 1, "a wrong alignment") &&
           sound(r,
                 sort->class != SECTION_SET ||
                     (section->size != 0 && elf_is_name(r->name + strlen(sort->name), '\0')),
                 "a set has a name of [a-z0-9_] and is not empty");
}

static bool check_section(struct reader *r, uint32_t index, uint64_t *end)
{
    struct elf_image *image = r->image;
    const struct elf_section *section = &image->sections[index];
    uint64_t flags = section->flags, type = section->type, align = section->addralign;
    bool again = type == SHT_SYMTAB && image->symbol_table != 0;

    _Static_assert(sizeof(struct elf_symbol) == 24 && sizeof(struct elf_relocation) == 24, "ELF");
    if (type == SHT_SYMTAB)
        image->symbol_table = index;
    r->name = section->name < image->section_names_bytes ? elf_section_name(image, index) : NULL;
    return sound(r, r->name, "its name is out of range") &&
           sound(r,
                 section->size <= ELF_MAX_BYTES && section->offset <= image->length &&
                     past(section) <= image->length,
                 "outside of the object, or too large") &&
           sound(r, align <= ELF_MAX_ALIGN && !(align & (align - 1)), "a wrong alignment") &&
           sound(r, is_apart(image, section, end), "overlaps another section, or headers") &&
           (!(flags & SHF_ALLOC) || (flags & SHF_WRITE && section->size == 0) ||
            check_loaded(r, index)) &&
           allowed(r, type != SHT_REL && type != SHT_SYMTAB_SHNDX && !again,
                   "a second symbol table, or relocations without addends") &&
           sound(
               r,
               (type != SHT_SYMTAB && type != SHT_RELA) ||
                   (section->entsize == 24 && section->size % 24 == 0 && section->offset % 8 == 0),
               "a wrong size or alignment");
}

static bool check_symbol(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_symbol *symbol = &image->symbols[index];
    uint32_t home = symbol->shndx == SHN_ABS ? 0 : symbol->shndx; /* section 0 has no room */
    bool local = symbol->info >> 4 == STB_LOCAL, defined = symbol->shndx != SHN_UNDEF;
    bool function = elf_symbol_is_function(image, index);
    bool exported = defined && !local && (symbol->other & 3) == STV_DEFAULT;

    r->name = symbol->name < image->symbol_names_bytes ? elf_symbol_name(image, index) : NULL;
    if (!sound(r, r->name, "its name is out of range") ||
        !allowed(r, symbol->info >> 4 <= STB_WEAK && (symbol->info & 15) <= STT_FILE,
                 "thread-local, or of an unknown binding or type") ||
        !sound(r, local == (index < image->first_global), "on the wrong side of sh_info") ||
        !sound(r, home < image->section_count, "COMMON, or in a section that does not exist") ||
        !sound(r, elf_inside(symbol->value, symbol->size, image->sections[home].size),
               "outside of its section"))
        return false;
    if (local && defined && !function) /* what most are */
        return true;
    image->function_count += function;
    image->export_count += exported;
    image->import_count += !defined;
    return sound(r, local || *r->name != '\0', "global, but without a name") &&
           allowed(r, defined || symbol->info >> 4 == STB_GLOBAL, "undefined, but not global") &&
           allowed(r, !exported || function, "exported, but no function") &&
           sound(r, !function || (image->classes[home] == SECTION_TEXT && symbol->value % 2 == 0),
                 "a function outside of text");
}

static bool check_symbols(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[image->symbol_table];
    const struct elf_symbol *null = (const void *)(image->bytes + table->offset);

    r->kind = "symbol";
    r->name = "table";
    image->symbols = null;
    image->symbol_count = (uint32_t)(table->size / sizeof *null);
    image->first_global = table->info;
    if (!sound(r, table->size != 0, "there is none") ||
        !sound(r, !(null->name | null->info | null->shndx), "entry 0 is not empty") ||
        !sound(r,
               table->info != 0 && table->info <= image->symbol_count &&
                   image->symbol_count - table->info <= ELF_MAX_GLOBALS,
               "sh_info is out of range, or too many globals") ||
        !open_strings(r, table->link, &image->symbol_names, &image->symbol_names_bytes))
        return false;
    for (uint32_t i = 1; i < image->symbol_count; i++)
        if (!check_symbol(r, i))
            return false;
    return true;
}

static bool check_relocations(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[index];
    const struct elf_relocation *entry = (const void *)(image->bytes + table->offset);
    bool good = true;

    if (table->type != SHT_RELA)
        return true;
    r->name = elf_section_name(image, index);
    if (!sound(r,
               table->link == image->symbol_table && table->info != 0 &&
                   table->info < image->section_count,
               "sh_link or sh_info is wrong"))
        return false;
    if (image->classes[table->info] == SECTION_IGNORED)
        return true;
    for (uint64_t left = table->size; left > 0; left -= sizeof *entry, entry++) {
        good &= entry->symbol < image->symbol_count;
        image->site_count += entry->symbol >= image->first_global;
    }
    if (!sound(r, good, "a symbol's number is out of range") ||
        !sound(r, !image->tables[table->info], "relocates what another one does"))
        return false;
    image->tables[table->info] = (uint8_t)index;
    return allowed(r, table->info != image->state, "state has initial values, but it is zeroed");
}

enum status elf_open(struct elf_image *image, const void *bytes, size_t length, struct why *why)
{
    struct reader r = {.image = image, .why = why, .kind = "ELF", .name = "header"};
    uint64_t end = 0;
    bool good;

    *image = (struct elf_image){.bytes = bytes, .length = length};
    good = check_header(&r);
    r.kind = "section";
    for (uint32_t i = 1; good && i < image->section_count; i++)
        good = check_section(&r, i, &end);
    good = good && check_symbols(&r);
    r.kind = "section";
    for (uint32_t i = 1; good && i < image->section_count; i++)
        good = check_relocations(&r, i);
    return good ? OK : r.status;
}
