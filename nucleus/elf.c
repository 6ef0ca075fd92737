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

#define SET_PREFIX ".cell.set."

bool elf_inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static enum status check_header(const struct elf_image *image, struct why *why)
{
    static const uint8_t ident[8] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    const struct elf_header *header = (const void *)image->bytes;

    if ((uintptr_t)image->bytes % 8 != 0)
        return why_set(why, ERR_FORMAT, "the object is not aligned to 8 bytes in memory");
    if (image->length < sizeof *header || image->length > ELF_MAX_BYTES)
        return why_set(why, ERR_FORMAT, "%zu bytes cannot be an object", image->length);
    if (memcmp(header->ident, ident, 4) != 0)
        return why_set(why, ERR_FORMAT, "not an ELF file");
    if (memcmp(header->ident, ident, sizeof ident) != 0 || header->version != 1)
        return why_set(why, ERR_UNSUPPORTED, "not a 64-bit little-endian System V ELF file");
    if (header->machine != ELF_MACHINE_RISCV)
        return why_set(why, ERR_UNSUPPORTED, "machine %u is not RISC-V", header->machine);
    if (header->type != ELF_TYPE_REL || header->phnum != 0)
        return why_set(why, ERR_UNSUPPORTED, "ELF type %u is not a relocatable object",
                       header->type);
    if (header->flags & ~(uint32_t)ELF_FLAG_RVC)
        return why_set(why, ERR_UNSUPPORTED, "ELF flags 0x%x: a cell is built for rv64imac, lp64",
                       header->flags);
    if (header->ehsize != sizeof *header || header->shentsize != sizeof(struct elf_section))
        return why_set(why, ERR_FORMAT, "ELF header: wrong size of an entry");
    if (header->shnum < 2 || header->shnum > ELF_MAX_SECTIONS)
        return why_set(why, ERR_FORMAT, "ELF header: %u sections", header->shnum);
    if (header->shoff % 8 != 0 ||
        !elf_inside(header->shoff, header->shnum * sizeof(struct elf_section), image->length))
        return why_set(why, ERR_FORMAT, "the section headers lie outside of the object");
    return OK;
}

enum status elf_strings_open(const struct elf_image *image, uint32_t section, const char *what,
                             const char **strings, uint64_t *bytes, struct why *why)
{
    const struct elf_section *table = &image->sections[section];

    if (section == 0 || section >= image->section_count || table->type != SHT_STRTAB)
        return why_set(why, ERR_FORMAT, "no %s", what);
    if (!elf_inside(table->offset, table->size, image->length) || table->size == 0)
        return why_set(why, ERR_FORMAT, "the %s lie outside of the object", what);
    *strings = (const char *)image->bytes + table->offset;
    *bytes = table->size;
    if ((*strings)[0] != '\0' || (*strings)[table->size - 1] != '\0')
        return why_set(why, ERR_FORMAT, "the %s are not terminated", what);
    return OK;
}

/* Notes the sections that the loader looks for by name; there is one of each. */
static bool note_section(struct elf_image *image, uint32_t section, const char *name)
{
    const struct {
        const char *name;
        uint32_t *where;
    } known[] = {{".cell.manifest", &image->manifest},
                 {".cell.state", &image->state},
                 {".eh_frame", &image->eh_frame},
                 {".gcc_except_table", &image->except_table}};

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0)
            continue;
        if (*known[i].where != 0)
            return false;
        *known[i].where = section;
    }
    return true;
}

static bool set_name_is_good(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') || *at == '_' || (at > name && *at >= '0' && *at <= '9')))
            return false;
    return *name != '\0';
}

/* What may be in a cell, and what not: names, flags and types of the sections that are loaded. */
static enum status check_kind(struct elf_image *image, uint32_t index, struct why *why)
{
    const struct elf_section *section = &image->sections[index];
    const char *name = elf_section_name(image, index), *fault = NULL;
    bool state = strcmp(name, ".cell.state") == 0;

    if (section->type >= SHT_INIT_ARRAY && section->type <= SHT_PREINIT_ARRAY)
        fault = "a constructor table: use the manifest's init()";
    else if (section->flags & SHF_TLS)
        fault = "thread-local data";
    else if (section->flags & SHF_COMPRESSED)
        fault = "compressed";
    else if (section->flags & ~(uint64_t)LOADED_FLAGS)
        fault = "of unknown flags";
    else if (section->flags & SHF_WRITE && section->flags & SHF_EXECINSTR)
        fault = "writable and executable";
    else if (section->flags & SHF_WRITE && section->size != 0 && !state &&
             strcmp(name, ".gcc_except_table") != 0)
        fault = "writable data outside of CELL_STATE";
    else if (state && (section->flags & (SHF_WRITE | SHF_EXECINSTR)) != SHF_WRITE)
        fault = "not writable data";
    else if (section->type != SHT_PROGBITS && section->type != SHT_NOTE &&
             !(section->type == SHT_NOBITS && section->flags & SHF_WRITE))
        fault = "of an unknown type";
    else if (strncmp(name, ".cell.", 6) == 0 && elf_section_class(image, index) <= SECTION_RODATA &&
             !state)
        fault = "none that a cell may have";
    if (fault)
        return why_set(why, ERR_UNSUPPORTED, "section %s is %s", name, fault);
    return OK;
}

static enum status check_loaded(struct elf_image *image, uint32_t index, struct why *why)
{
    const struct elf_section *section = &image->sections[index];
    const char *name = elf_section_name(image, index);
    enum status status = check_kind(image, index, why);

    if (status != OK || !elf_section_is_loaded(image, index))
        return status;
    if (section->size > ELF_MAX_BYTES)
        return why_set(why, ERR_FORMAT, "section %s has %lu bytes", name, section->size);
    if (section->addralign > ELF_MAX_ALIGN ||
        (section->flags & SHF_EXECINSTR && section->addralign < 2))
        return why_set(why, ERR_FORMAT, "section %s: alignment %lu", name, section->addralign);
    if (!note_section(image, index, name))
        return why_set(why, ERR_FORMAT, "section %s occurs twice", name);
    if (elf_section_class(image, index) == SECTION_SET &&
        (section->size == 0 || !set_name_is_good(elf_set_name(image, index))))
        return why_set(why, ERR_FORMAT, "section %s: a set is named [a-z_][a-z0-9_]* and not empty",
                       name);
    return OK;
}

static bool overlap(const struct elf_section *a, const struct elf_section *b)
{
    return a->type != SHT_NOBITS && a->size != 0 && b->type != SHT_NOBITS && b->size != 0 &&
           a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

/* Tools write sections in the order of their headers, so comparing each with all before is rare. */
static enum status check_overlap(const struct elf_image *image, uint32_t index, uint64_t *end,
                                 struct why *why)
{
    const struct elf_section *section = &image->sections[index];
    const struct elf_header *header = (const void *)image->bytes;
    const struct elf_section files[2] = {{.type = SHT_PROGBITS, .size = sizeof *header},
                                         {.type = SHT_PROGBITS,
                                          .offset = header->shoff,
                                          .size = image->section_count * sizeof *section}};

    if (overlap(section, &files[0]) || overlap(section, &files[1]))
        return why_set(why, ERR_FORMAT, "section %s overlaps the headers",
                       elf_section_name(image, index));
    if (section->type == SHT_NOBITS || section->size == 0)
        return OK;
    if (section->offset < *end)
        for (uint32_t i = 1; i < index; i++)
            if (overlap(section, &image->sections[i]))
                return why_set(why, ERR_FORMAT, "sections %s and %s overlap",
                               elf_section_name(image, i), elf_section_name(image, index));
    if (section->offset + section->size > *end)
        *end = section->offset + section->size;
    return OK;
}

static enum status check_sections(struct elf_image *image, struct why *why)
{
    uint64_t end = 0;
    enum status status;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *section = &image->sections[i];

        if (section->name >= image->section_names_bytes)
            return why_set(why, ERR_FORMAT, "section %u: its name is out of range", i);
        if (section->type != SHT_NOBITS &&
            !elf_inside(section->offset, section->size, image->length))
            return why_set(why, ERR_FORMAT, "section %s lies outside of the object",
                           elf_section_name(image, i));
        if (section->addralign & (section->addralign - 1))
            return why_set(why, ERR_FORMAT, "section %s: alignment %lu is no power of two",
                           elf_section_name(image, i), section->addralign);
        if ((status = check_overlap(image, i, &end, why)) != OK)
            return status;
        if (section->flags & SHF_ALLOC && (status = check_loaded(image, i, why)) != OK)
            return status;
    }
    return OK;
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
    if (strncmp(name, SET_PREFIX, sizeof SET_PREFIX - 1) == 0)
        return SECTION_SET;
    return SECTION_RODATA;
}

uint32_t elf_section_find(const struct elf_image *image, const char *name)
{
    for (uint32_t i = 1; i < image->section_count; i++)
        if (strcmp(elf_section_name(image, i), name) == 0)
            return i;
    return 0;
}

const char *elf_set_name(const struct elf_image *image, uint32_t section)
{
    return elf_section_name(image, section) + sizeof SET_PREFIX - 1;
}

enum status elf_open(struct elf_image *image, const void *bytes, size_t length, struct why *why)
{
    const struct elf_header *header = bytes;
    enum status status;

    *image = (struct elf_image){.bytes = bytes, .length = length};
    if ((status = check_header(image, why)) != OK)
        return status;
    image->sections = (const void *)(image->bytes + header->shoff);
    image->section_count = header->shnum;
    if (memcmp(image->sections, &(struct elf_section){0}, sizeof *image->sections) != 0)
        return why_set(why, ERR_FORMAT, "section 0 is not empty");
    status = elf_strings_open(image, header->shstrndx, "section names", &image->section_names,
                              &image->section_names_bytes, why);
    if (status == OK)
        status = check_sections(image, why);
    if (status == OK)
        status = elf_symbols_open(image, why);
    if (status == OK)
        status = elf_relocations_check(image, why);
    return status;
}
