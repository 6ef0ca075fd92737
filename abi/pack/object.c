/* Reads a relocatable object with libelf and checks its form: every table's size and every index is
 * looked at here, once. What object_read() accepted can be walked without further checks.
 * Reference: System V ABI, chapter 4; RISC-V ELF psABI. */
#include "../nucleus/object_rules.h"
#include "pack.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

static bool malformed(struct object *object, const char *what)
{
    finding_add(object, object->path, NULL, "malformed: %s", what);
    return false;
}

static bool header_is_riscv(struct object *object)
{
    const Elf64_Ehdr *header = &object->header;

    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_RISCV)
        return malformed(object, "not a 64-bit little-endian RISC-V object");
    if (header->e_type != ET_REL)
        return malformed(object, "not a relocatable object (the output of ld -r)");
    if ((header->e_flags & ~(Elf64_Word)EF_RISCV_RVC) != 0)
        return malformed(object, "not built for the lp64 ABI (-mabi=lp64)");
    return true;
}

/* The raw bytes of a section, exactly sh_size of them. */
static bool read_bytes(Elf_Scn *from, struct section *to)
{
    Elf_Data *data;

    if (to->header.sh_type == SHT_NOBITS || to->header.sh_type == SHT_NULL ||
        to->header.sh_size == 0)
        return true;
    data = elf_rawdata(from, NULL);
    if (!data || !data->d_buf || data->d_size != to->header.sh_size)
        return false;
    to->bytes = data->d_buf;
    return true;
}

static bool read_sections(struct object *object, Elf *elf)
{
    size_t count, names;

    if (elf_getshdrnum(elf, &count) != 0 || elf_getshdrstrndx(elf, &names) != 0 || count < 2 ||
        count != object->header.e_shnum)
        return malformed(object, "no section table, or it lies outside of the file");
    object->sections =
        memory_take(count + SECTIONS_ADDED, sizeof *object->sections); /* by object_add_text() */
    object->section_count = count;
    object->sections[0].name = "";
    for (size_t i = 1; i < count; i++) {
        struct section *section = &object->sections[i];
        Elf_Scn *from = elf_getscn(elf, i);

        if (!from || !gelf_getshdr(from, &section->header))
            return malformed(object, "a section header lies outside of the file");
        section->name = elf_strptr(elf, names, section->header.sh_name);
        if (!section->name)
            return malformed(object, "a section has no valid name");
        if ((section->header.sh_addralign & (section->header.sh_addralign - 1)) != 0 ||
            section->header.sh_addralign > ELF_MAX_ALIGN)
            return malformed(object, text_format("%s: alignment", section->name));
        if (!read_bytes(from, section))
            return malformed(object, text_format("%s lies outside of the file", section->name));
    }
    return true;
}

/* The symbol table: exactly one, whole entries, its strings in a string table. */
static bool find_symtab(struct object *object)
{
    const Elf64_Shdr *header;

    for (size_t i = 1; i < object->section_count; i++) {
        if (object->sections[i].header.sh_type == SHT_SYMTAB_SHNDX)
            return malformed(object, "extended section numbers");
        if (object->sections[i].header.sh_type != SHT_SYMTAB)
            continue;
        if (object->symtab != 0)
            return malformed(object, "two symbol tables");
        object->symtab = i;
    }
    if (object->symtab == 0)
        return malformed(object, "no symbol table");
    header = &object->sections[object->symtab].header;
    if (header->sh_entsize != sizeof(Elf64_Sym) || header->sh_size % sizeof(Elf64_Sym) != 0 ||
        header->sh_size == 0 || header->sh_link == 0 || header->sh_link >= object->section_count ||
        object->sections[header->sh_link].header.sh_type != SHT_STRTAB)
        return malformed(object, "symbol table");
    return true;
}

static bool read_symbol(struct object *object, Elf *elf, size_t number, const char **file)
{
    const struct section *symtab = &object->sections[object->symtab];
    struct symbol *symbol = &object->symbols[number];
    bool local;

    memcpy(&symbol->entry, symtab->bytes + number * sizeof symbol->entry, sizeof symbol->entry);
    symbol->name = elf_strptr(elf, symtab->header.sh_link, symbol->entry.st_name);
    if (!symbol->name)
        return malformed(object, text_format("symbol %zu has no valid name", number));
    local = ELF64_ST_BIND(symbol->entry.st_info) == STB_LOCAL;
    if (local != (number < symtab->header.sh_info))
        return malformed(object, "local and global symbols are mixed");
    if (symbol->entry.st_shndx >= object->section_count && symbol->entry.st_shndx != SHN_ABS &&
        symbol->entry.st_shndx != SHN_COMMON)
        return malformed(object,
                         text_format("symbol %zu (%s) is in no section", number, symbol->name));
    if (ELF64_ST_TYPE(symbol->entry.st_info) == STT_FILE)
        *file = symbol->name[0] ? symbol->name : NULL;
    else if (local)
        symbol->file = *file;
    return true;
}

static bool read_symbols(struct object *object, Elf *elf)
{
    const char *file = NULL;

    if (!find_symtab(object))
        return false;
    object->symbol_count = object->sections[object->symtab].header.sh_size / sizeof(Elf64_Sym);
    object->symbols = memory_take(object->symbol_count, sizeof *object->symbols);
    for (size_t i = 0; i < object->symbol_count; i++)
        if (!read_symbol(object, elf, i, &file))
            return false;
    return true;
}

static bool read_relocations(struct object *object, struct section *section)
{
    const Elf64_Shdr *header = &section->header;
    const Elf64_Shdr *target =
        &object->sections[header->sh_info < object->section_count ? header->sh_info : 0].header;

    if (header->sh_entsize != sizeof(Elf64_Rela) || header->sh_size % sizeof(Elf64_Rela) != 0 ||
        header->sh_link != object->symtab || target->sh_type == SHT_NULL ||
        target->sh_type == SHT_NOBITS || target->sh_type == SHT_RELA)
        return malformed(object, text_format("%s: relocation table", section->name));
    section->relocation_count = header->sh_size / sizeof(Elf64_Rela);
    section->relocations = memory_take(section->relocation_count, sizeof *section->relocations);
    for (size_t i = 0; i < section->relocation_count; i++) {
        Elf64_Rela entry;

        memcpy(&entry, section->bytes + i * sizeof entry, sizeof entry);
        if (ELF64_R_SYM(entry.r_info) >= object->symbol_count || entry.r_offset > target->sh_size)
            return malformed(object, text_format("%s: entry %zu", section->name, i));
        section->relocations[i] = (struct relocation){
            entry.r_offset, (uint32_t)entry.r_info, (uint32_t)(entry.r_info >> 32), entry.r_addend};
    }
    return true;
}

static bool read_all_relocations(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        struct section *section = &object->sections[i];

        if (section->header.sh_type == SHT_REL)
            return malformed(object, text_format("%s: relocations without addends", section->name));
        if (section->header.sh_type == SHT_RELA && !read_relocations(object, section))
            return false;
        if (section->header.sh_type != SHT_RELA && section->header.sh_link >= object->section_count)
            return malformed(object, text_format("%s: link to a section", section->name));
    }
    return true;
}

bool object_read(struct object *object, const char *path)
{
    uint8_t *bytes;
    size_t length;
    Elf *elf;

    object->path = path;
    elf_version(EV_CURRENT);
    if (!file_read(path, &bytes, &length)) {
        object->findings++;
        return false;
    }
    if (length < sizeof(Elf64_Ehdr) || !(elf = elf_memory((char *)bytes, length)))
        return malformed(object, "not an ELF file");
    /* The descriptor stays open: names and bytes point into it. */
    *(Elf **)memory_take(1, sizeof elf) = elf;
    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &object->header))
        return malformed(object, "not an ELF file");
    return header_is_riscv(object) && read_sections(object, elf) && read_symbols(object, elf) &&
           read_all_relocations(object);
}

struct section *symbol_section(const struct object *object, const struct symbol *symbol)
{
    uint16_t number = symbol->entry.st_shndx;

    return number == SHN_UNDEF || number >= SHN_LORESERVE ? NULL : &object->sections[number];
}

bool symbol_is_import(const struct symbol *symbol)
{
    return symbol->entry.st_shndx == SHN_UNDEF && symbol->name[0] != '\0' &&
           ELF64_ST_BIND(symbol->entry.st_info) != STB_LOCAL;
}

bool symbol_is_export(const struct symbol *symbol)
{
    unsigned char visibility = ELF64_ST_VISIBILITY(symbol->entry.st_other);

    return symbol->entry.st_shndx != SHN_UNDEF &&
           ELF64_ST_BIND(symbol->entry.st_info) != STB_LOCAL &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

struct section *section_find(const struct object *object, const char *name)
{
    for (size_t i = 1; i < object->section_count; i++)
        if (strcmp(object->sections[i].name, name) == 0)
            return &object->sections[i];
    return NULL;
}

bool section_is_personality(const struct section *section)
{
    return strcmp(section->name, ".sdata." PERSONALITY_REFERENCE) == 0 ||
           strcmp(section->name, ".rodata." PERSONALITY_REFERENCE) == 0;
}

bool section_is_debug(const struct object *object, const struct section *section)
{
    if (section->header.sh_type == SHT_RELA)
        section = &object->sections[section->header.sh_info];
    return !section_has(section, SHF_ALLOC) &&
           (strncmp(section->name, ".debug_", 7) == 0 || strcmp(section->name, SECTION_BTF) == 0);
}
