/*
 * Opening an object: its header and its sections. Symbols and relocation tables follow in
 * elf_symbols.c. Everything here reads bytes that nobody has checked before, so each number is compared
 * with what it indexes before it is used, and ranges are compared without sums that can wrap.
 */
#include "elf.h"

#include "elf_private.h"
#include "nucleus/string.h"

#define LOADED_FLAGS                                                                               \
    (SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR | SHF_MERGE | SHF_STRINGS | SHF_INFO_LINK |             \
     SHF_LINK_ORDER | SHF_GROUP | SHF_GNU_RETAIN)

static const char set_prefix[] = ".cell.set.";

bool elf_refuse(struct reader *reader, enum status status, const char *fault)
{
    reader->status = why_set(reader->why, status, "%s %s: %s", reader->kind, reader->name, fault);
    return false;
}

bool elf_inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static bool check_header(struct reader *r)
{
    static const uint8_t ident[8] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    const struct elf_header *header = (const void *)r->image->bytes;
    size_t length = r->image->length;

    return well_formed(r, (uintptr_t)header % 8 == 0, "not aligned to 8 bytes in memory") &&
           well_formed(r, length >= sizeof *header && length <= ELF_MAX_BYTES, "a wrong length") &&
           well_formed(r, memcmp(header->ident, ident, 4) == 0, "not an ELF file") &&
           supported(r, memcmp(header->ident, ident, 8) == 0 && header->version == 1,
                     "not a 64-bit little-endian System V file") &&
           supported(r, header->machine == ELF_MACHINE_RISCV, "for a machine that is not RISC-V") &&
           supported(r, header->type == ELF_TYPE_REL && header->phnum == 0,
                     "not a relocatable object") &&
           supported(r, (header->flags & ~(uint32_t)ELF_FLAG_RVC) == 0,
                     "ELF flags: a cell is built for rv64imac and lp64") &&
           well_formed(r, header->ehsize == sizeof *header, "a wrong header size") &&
           well_formed(r, header->shentsize == sizeof(struct elf_section),
                       "a wrong section header size") &&
           well_formed(r, header->shnum >= 2 && header->shnum <= ELF_MAX_SECTIONS,
                       "a wrong number of sections") &&
           well_formed(r, header->shoff % 8 == 0, "misaligned section headers") &&
           well_formed(
               r, elf_inside(header->shoff, header->shnum * sizeof(struct elf_section), length),
               "section headers outside of it");
}

bool elf_strings_open(struct reader *r, uint32_t section, const char **strings, uint64_t *bytes)
{
    const struct elf_section *table = &r->image->sections[section];

    if (!well_formed(r,
                     section != 0 && section < r->image->section_count && table->type == SHT_STRTAB,
                     "no string table") ||
        !well_formed(r,
                     elf_inside(table->offset, table->size, r->image->length) && table->size != 0,
                     "the string table lies outside"))
        return false;
    *strings = (const char *)r->image->bytes + table->offset;
    *bytes = table->size;
    return well_formed(r, (*strings)[0] == '\0' && (*strings)[*bytes - 1] == '\0',
                       "the string table is not terminated");
}

/* Notes the sections that the nucleus looks for; there is at most one of each. */
static bool note_section(struct elf_image *image, uint32_t section, enum section_class class)
{
    const char *name = elf_section_name(image, section);
    uint32_t *where = NULL;

    if (class == SECTION_MANIFEST)
        where = &image->manifest;
    else if (class == SECTION_STATE)
        where = &image->state;
    else if (class == SECTION_RODATA && strcmp(name, ".eh_frame") == 0)
        where = &image->eh_frame;
    else if (class == SECTION_RODATA && strcmp(name, ".gcc_except_table") == 0)
        where = &image->except_table;
    if (!where)
        return true;
    if (*where != 0)
        return false;
    *where = section;
    return true;
}

static bool set_name_is_good(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') || *at == '_' || (at > name && *at >= '0' && *at <= '9')))
            return false;
    return *name != '\0';
}

/* What may be in a cell, and what not, among the sections that take part in its memory. */
static bool check_allocated(struct reader *r, uint32_t index)
{
    const struct elf_section *section = &r->image->sections[index];
    uint64_t flags = section->flags;
    bool write = flags & SHF_WRITE, text = flags & SHF_EXECINSTR;
    enum section_class class = elf_section_class(r->image, index);

    return supported(r, section->type < SHT_INIT_ARRAY || section->type > SHT_PREINIT_ARRAY,
                     "a constructor table: use the manifest's init()") &&
           supported(r, !(flags & SHF_TLS), "thread-local data") &&
           supported(r, !(flags & SHF_COMPRESSED), "compressed") &&
           supported(r, !(flags & ~(uint64_t)LOADED_FLAGS), "unknown flags") &&
           supported(r, !(write && text), "writable and executable") &&
           supported(r,
                     !write || section->size == 0 || class == SECTION_STATE ||
                         strcmp(r->name, ".gcc_except_table") == 0,
                     "writable data outside of CELL_STATE") &&
           supported(r, class != SECTION_STATE || write, "not writable data") &&
           supported(r,
                     section->type == SHT_PROGBITS || section->type == SHT_NOTE ||
                         (section->type == SHT_NOBITS && write),
                     "of an unknown type") &&
           supported(r,
                     (class != SECTION_TEXT && class != SECTION_RODATA) ||
                         strncmp(r->name, ".cell.", 6) != 0,
                     "none that a cell may have") &&
           well_formed(r, section->size <= ELF_MAX_BYTES, "too large") &&
           well_formed(r, section->addralign <= ELF_MAX_ALIGN && (!text || section->addralign > 1),
                       "a wrong alignment") &&
           well_formed(r, note_section(r->image, index, class), "occurs twice") &&
           well_formed(r,
                       class != SECTION_SET ||
                           (section->size != 0 && set_name_is_good(elf_set_name(r->image, index))),
                       "a set has a name of [a-z0-9_] and is not empty");
}

static bool overlap(const struct elf_section *a, const struct elf_section *b)
{
    return a->type != SHT_NOBITS && a->size != 0 && b->type != SHT_NOBITS && b->size != 0 &&
           a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

/* Tools write sections in the order of their headers: comparing one with all before (@p end) is rare. */
static bool check_overlap(struct reader *r, uint32_t index, uint64_t *end)
{
    const struct elf_section *section = &r->image->sections[index];
    const struct elf_header *header = (const void *)r->image->bytes;
    const struct elf_section headers = {.type = SHT_PROGBITS,
                                        .offset = header->shoff,
                                        .size = r->image->section_count * sizeof *section};

    if (section->type == SHT_NOBITS || section->size == 0)
        return true;
    if (!well_formed(r, section->offset >= sizeof *header && !overlap(section, &headers),
                     "overlaps the headers"))
        return false;
    for (uint32_t i = section->offset < *end ? 1 : index; i < index; i++)
        if (!well_formed(r, !overlap(section, &r->image->sections[i]), "overlaps another section"))
            return false;
    if (section->offset + section->size > *end)
        *end = section->offset + section->size;
    return true;
}

static bool check_sections(struct reader *r)
{
    const struct elf_section empty = {0};
    const struct elf_image *image = r->image;
    uint64_t end = 0;

    if (!well_formed(r, memcmp(image->sections, &empty, sizeof empty) == 0,
                     "section 0 is not empty"))
        return false;
    r->kind = "section";
    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *section = &image->sections[i];

        r->name = "?";
        if (!well_formed(r, section->name < image->section_names_bytes, "its name is out of range"))
            return false;
        r->name = elf_section_name(image, i);
        if (!well_formed(r,
                         section->type == SHT_NOBITS ||
                             elf_inside(section->offset, section->size, image->length),
                         "outside of the object") ||
            !well_formed(r, (section->addralign & (section->addralign - 1)) == 0,
                         "its alignment is no power of two") ||
            !check_overlap(r, i, &end) || (section->flags & SHF_ALLOC && !check_allocated(r, i)))
            return false;
    }
    return true;
}

enum section_class elf_section_class(const struct elf_image *image, uint32_t section)
{
    const char *name = elf_section_name(image, section);

    if (!elf_section_is_loaded(image, section))
        return SECTION_IGNORED;
    if (image->sections[section].flags & SHF_EXECINSTR)
        return SECTION_TEXT;
    if (strncmp(name, ".cell.", 6) != 0)
        return SECTION_RODATA;
    if (strcmp(name, ".cell.state") == 0)
        return SECTION_STATE;
    if (strcmp(name, ".cell.manifest") == 0)
        return SECTION_MANIFEST;
    return strncmp(name, set_prefix, sizeof set_prefix - 1) == 0 ? SECTION_SET : SECTION_RODATA;
}

const char *elf_set_name(const struct elf_image *image, uint32_t section)
{
    return elf_section_name(image, section) + sizeof set_prefix - 1;
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
    if (elf_strings_open(&reader, header->shstrndx, &image->section_names,
                         &image->section_names_bytes) &&
        check_sections(&reader) && elf_symbols_open(&reader) && elf_relocations_check(&reader))
        return OK;
    return reader.status;
}
