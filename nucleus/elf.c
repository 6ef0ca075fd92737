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
    r->status = why_set(r->why, status, "%s %s: %s", r->kind, r->name, fault);
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

static bool check_header(struct reader *r)
{
    static const uint8_t ident[8] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    const struct elf_header *header = (const void *)r->image->bytes;
    size_t length = r->image->length;

    return sound(r, (uintptr_t)header % 8 == 0, "not aligned to 8 bytes in memory") &&
           sound(r, length >= sizeof *header && length <= ELF_MAX_BYTES, "a wrong length") &&
           allowed(r, memcmp(header->ident, ident, 8) == 0 && header->version == 1,
                   "not an ELF file: 64-bit, little-endian, System V") &&
           allowed(r, header->machine == ELF_MACHINE_RISCV, "for a machine that is not RISC-V") &&
           allowed(r, header->type == ELF_TYPE_REL && !header->phnum, "not a relocatable object") &&
           allowed(r, !(header->flags & ~1u), "ELF flags: a cell is built for rv64imac and lp64") &&
           sound(r,
                 header->ehsize == 64 && header->shentsize == 64 && header->shnum >= 2 &&
                     header->shnum <= ELF_MAX_SECTIONS && header->shoff % 8 == 0 &&
                     elf_inside(header->shoff, 64ul * header->shnum, length),
                 "section headers of a wrong number, size or place");
}

/* A string table begins and ends with a NUL, so that every offset below its size names a C string. */
static bool open_strings(struct reader *r, uint32_t section, const char **strings, uint64_t *bytes)
{
    const struct elf_section *table = &r->image->sections[section];

    if (!sound(r,
               section != 0 && section < r->image->section_count && table->type == SHT_STRTAB &&
                   table->size != 0 && elf_inside(table->offset, table->size, r->image->length),
               "no string table, or one that lies outside"))
        return false;
    *strings = (const char *)r->image->bytes + table->offset;
    *bytes = table->size;
    return sound(r, (*strings)[0] == '\0' && (*strings)[*bytes - 1] == '\0',
                 "the string table is not terminated");
}

/* Notes what becomes of a section; false: of its sort there is one already. */
static bool classify(struct elf_image *image, uint32_t section)
{
    static const char *const names[] = {".eh_frame", ".gcc_except_table", ".cell.state",
                                        ".cell.manifest"};
    static const uint8_t classes[] = {SECTION_RODATA, SECTION_RODATA, SECTION_STATE,
                                      SECTION_MANIFEST};
    uint32_t *const places[] = {&image->eh_frame, &image->except_table, &image->state,
                                &image->manifest};
    const struct elf_section *header = &image->sections[section];
    const char *name = elf_section_name(image, section);
    uint8_t *class = &image->classes[section];

    if (!(header->flags & SHF_ALLOC) || (header->flags & SHF_WRITE && header->size == 0))
        return true; /* SECTION_IGNORED */
    *class = header->flags & SHF_EXECINSTR ? SECTION_TEXT : SECTION_RODATA;
    if (string_starts(name, ".cell.set."))
        *class = SECTION_SET;
    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *class = classes[i];
        if (*places[i])
            return false;
        *places[i] = section;
    }
    return true;
}

/* What may be in a cell, and what not, among the sections that take part in its memory. */
static bool check_loaded(struct reader *r, uint32_t index)
{
    const struct elf_section *section = &r->image->sections[index];
    uint64_t flags = section->flags, type = section->type;
    enum section_class class = r->image->classes[index];
    bool state = class == SECTION_STATE, set = class == SECTION_SET;

    return allowed(r, !(flags & ~LOADED_FLAGS), "thread-local, compressed, or of unknown flags") &&
           allowed(r,
                   (flags & SHF_WRITE) == state || class == SECTION_IGNORED ||
                       index == r->image->except_table,
                   "writable data is what CELL_STATE declares, and nothing else") &&
           allowed(r,
                   type == SHT_PROGBITS || type == SHT_NOTE ||
                       (type == SHT_NOBITS && (state || class == SECTION_IGNORED)),
                   "a constructor table, or of an unknown type") &&
           allowed(r,
                   (class != SECTION_TEXT && class != SECTION_RODATA) ||
                       !string_starts(r->name, ".cell."),
                   "none that a cell may have") &&
           sound(r, !(flags & SHF_EXECINSTR) || section->addralign > 1, "a wrong alignment") &&
           sound(r, !set || (section->size != 0 && elf_is_name(elf_set_name(r->image, index), 0)),
                 "a set has a name of [a-z0-9_] and is not empty");
}

static uint64_t bytes_in_file(const struct elf_section *section)
{
    return section->type == SHT_NOBITS ? 0 : section->size;
}

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a_bytes != 0 && b_bytes != 0 && a < b + b_bytes && b < a + a_bytes;
}

/* Most sections lie behind all before (@p end): comparing one with each of these is rare. */
static bool check_overlap(struct reader *r, const struct elf_section *section, uint64_t *end)
{
    const struct elf_section *others = r->image->sections;
    uint64_t at = section->offset, bytes = bytes_in_file(section);
    uint64_t table = (uint64_t)((const uint8_t *)others - r->image->bytes);
    bool bad = overlap(at, bytes, 0, 64) || overlap(at, bytes, table, 64 * r->image->section_count);

    for (; others < section && at < *end && !bad; others++)
        bad = overlap(at, bytes, others->offset, bytes_in_file(others));
    if (at + bytes > *end)
        *end = at + bytes;
    return sound(r, !bad, "overlaps another section, or headers");
}

static bool check_sections(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_section *section = image->sections;
    uint64_t end = 0;

    if (!sound(r, !(section->name | section->type | section->flags | section->size | section->info),
               "section 0 is not empty"))
        return false;
    r->kind = "section";
    for (uint32_t i = 1; i < image->section_count; i++) {
        uint64_t align = (++section)->addralign;

        r->name = "?";
        if (!sound(r, section->name < image->section_names_bytes, "its name is out of range"))
            return false;
        r->name = elf_section_name(image, i);
        if (!sound(r,
                   elf_inside(section->offset, bytes_in_file(section), image->length) &&
                       section->size <= ELF_MAX_BYTES,
                   "outside of the object, or too large") ||
            !sound(r, align <= ELF_MAX_ALIGN && !(align & (align - 1)), "a wrong alignment") ||
            !check_overlap(r, section, &end) || !sound(r, classify(image, i), "occurs twice") ||
            (section->flags & SHF_ALLOC && !check_loaded(r, i)) ||
            !allowed(r,
                     section->type != SHT_REL && section->type != SHT_SYMTAB_SHNDX &&
                         (section->type != SHT_SYMTAB || !image->symbol_table),
                     "a second symbol table, or relocations without addends"))
            return false;
        if (section->type == SHT_SYMTAB)
            image->symbol_table = i;
    }
    return true;
}

/* A label: what nearly all symbols are in an object with debug information, so they are passed quickly. */
static inline bool is_label(const struct elf_image *image, const struct elf_symbol *symbol)
{
    return symbol->info == (STB_LOCAL << 4 | STT_NOTYPE) && symbol->size == 0 &&
           symbol->shndx != SHN_UNDEF && symbol->shndx < image->section_count &&
           symbol->value <= image->sections[symbol->shndx].size &&
           symbol->name < image->symbol_names_bytes;
}

static bool check_symbol(struct reader *r, uint32_t index)
{
    struct elf_image *image = r->image;
    const struct elf_symbol *symbol = &image->symbols[index];
    uint32_t home = symbol->shndx == SHN_ABS ? 0 : symbol->shndx; /* section 0 has no room */
    bool local = symbol->info >> 4 == STB_LOCAL, defined = symbol->shndx != SHN_UNDEF;
    bool function = elf_symbol_is_function(image, index);
    bool exported = defined && !local && (symbol->other & 3) == STV_DEFAULT;

    r->name = "?";
    if (!sound(r, symbol->name < image->symbol_names_bytes, "its name is out of range"))
        return false;
    r->name = elf_symbol_name(image, index);
    image->function_count += function;
    image->export_count += exported;
    image->import_count += !defined;
    return allowed(r, symbol->info >> 4 <= STB_WEAK && (symbol->info & 15) <= STT_FILE,
                   "thread-local, or of an unknown binding or type") &&
           sound(r, local == (index < image->first_global), "on the wrong side of sh_info") &&
           sound(r, home < image->section_count, "COMMON, or in a section that does not exist") &&
           sound(r, elf_inside(symbol->value, symbol->size, image->sections[home].size),
                 "outside of its section") &&
           sound(r, local || *r->name != '\0', "global, but without a name") &&
           allowed(r, defined || symbol->info >> 4 == STB_GLOBAL, "undefined, but not global") &&
           allowed(r, !exported || function, "exported, but no function") &&
           sound(r, !function || (image->classes[home] == SECTION_TEXT && symbol->value % 2 == 0),
                 "a function outside of text");
}

/* No name may be defined twice. It is compared with those before only when its hash has been seen. */
static bool check_duplicates(struct reader *r)
{
    const struct elf_image *image = r->image;
    bool seen[1024] = {false};

    for (uint32_t i = image->first_global; i < image->symbol_count; i++) {
        uint32_t hash = 0;

        r->name = elf_symbol_name(image, i);
        if (elf_symbol_is_import(image, i))
            continue;
        for (const char *at = r->name; *at; at++)
            hash = hash * 31 + (uint8_t)*at;
        hash = (hash ^ hash >> 10) % sizeof seen;
        for (uint32_t j = image->first_global; j < i && seen[hash]; j++)
            if (!elf_symbol_is_import(image, j) && strcmp(elf_symbol_name(image, j), r->name) == 0)
                return sound(r, false, "defined twice");
        seen[hash] = true;
    }
    return true;
}

/* A table of symbols or relocations, both of 24 bytes an entry. */
static bool check_entries(struct reader *r, const struct elf_section *table)
{
    _Static_assert(sizeof(struct elf_symbol) == 24 && sizeof(struct elf_relocation) == 24,
                   "ELF-64");
    return sound(r, table->entsize == 24 && table->size % 24 == 0 && table->offset % 8 == 0,
                 "a wrong size or alignment");
}

static bool check_symbols(struct reader *r)
{
    struct elf_image *image = r->image;
    const struct elf_section *table = &image->sections[image->symbol_table];
    const struct elf_symbol *symbols;

    r->kind = "symbol";
    r->name = "table";
    if (!sound(r, image->symbol_table != 0 && table->size != 0, "there is none"))
        return false; /* section 0, whose offset nobody checked */
    symbols = (const void *)(image->bytes + table->offset);
    image->symbols = symbols;
    image->symbol_count = (uint32_t)(table->size / sizeof *symbols);
    image->first_global = table->info;
    if (!check_entries(r, table) ||
        !sound(r, !(symbols->name | symbols->info | symbols->shndx), "entry 0 is not empty") ||
        !sound(r,
               table->info != 0 && table->info <= image->symbol_count &&
                   image->symbol_count - table->info <= ELF_MAX_GLOBALS,
               "sh_info is out of range, or too many globals") ||
        !open_strings(r, table->link, &image->symbol_names, &image->symbol_names_bytes))
        return false;
    for (uint32_t i = 1; i < image->symbol_count; i++)
        if (!(i < table->info && is_label(image, &symbols[i])) && !check_symbol(r, i))
            return false;
    return check_duplicates(r);
}

static bool check_relocation_tables(struct reader *r)
{
    struct elf_image *image = r->image;

    r->kind = "section";
    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *table = &image->sections[i];
        const struct elf_relocation *entry = (const void *)(image->bytes + table->offset);

        if (table->type != SHT_RELA)
            continue;
        r->name = elf_section_name(image, i);
        if (!sound(r,
                   table->link == image->symbol_table && table->info != 0 &&
                       table->info < image->section_count,
                   "sh_link or sh_info is wrong") ||
            !check_entries(r, table))
            return false;
        if (image->classes[table->info] == SECTION_IGNORED)
            continue;
        if (!sound(r, !image->tables[table->info], "relocates what another one does") ||
            !allowed(r, table->info != image->state, "state has initial values, but it is zeroed"))
            return false;
        image->tables[table->info] = (uint8_t)i;
        for (uint64_t left = table->size; left > 0; left -= sizeof *entry, entry++) {
            if (entry->symbol >= image->symbol_count)
                return sound(r, false, "the symbol's number is out of range");
            image->site_count += entry->symbol >= image->first_global;
        }
    }
    return true;
}

enum status elf_open(struct elf_image *image, const void *bytes, size_t length, struct why *why)
{
    struct reader reader = {.image = image, .why = why, .kind = "ELF", .name = "header"};
    const struct elf_header *header = bytes;

    *image = (struct elf_image){.bytes = bytes, .length = length};
    if (!check_header(&reader))
        return reader.status;
    image->sections = (const void *)(image->bytes + header->shoff);
    image->section_count = header->shnum;
    if (open_strings(&reader, header->shstrndx, &image->section_names,
                     &image->section_names_bytes) &&
        check_sections(&reader) && check_symbols(&reader) && check_relocation_tables(&reader))
        return OK;
    return reader.status;
}
