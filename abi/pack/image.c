/* An object as an ELF file again: sections and symbols that are dropped are left out, the others
 * are renumbered, and what refers to them by number (links, relocations, symbols) follows. Bytes of
 * sections are copied as they are. The result depends on the input only, so builds can be compared.
 */
#include "pack.h"

#include <string.h>

/* ---- a string table without duplicates (GCC labels hundreds of places ".L0 ") ---- */

struct strings {
    struct buffer text;
    uint32_t *slots; /* open addressing; offset of a string, 0: free */
    size_t slot_count;
};

static void strings_open(struct strings *strings, size_t most)
{
    strings->slot_count = 64;
    while (strings->slot_count < 2 * most)
        strings->slot_count *= 2;
    strings->slots = memory_take(strings->slot_count, sizeof *strings->slots);
    buffer_add(&strings->text, "", 1);
}

static uint32_t strings_add(struct strings *strings, const char *text)
{
    uint64_t hash = hash_bytes(text, strlen(text));
    size_t slot;

    if (*text == '\0')
        return 0;
    for (slot = hash % strings->slot_count; strings->slots[slot];
         slot = (slot + 1) % strings->slot_count)
        if (strcmp((const char *)strings->text.bytes + strings->slots[slot], text) == 0)
            return strings->slots[slot];
    strings->slots[slot] = (uint32_t)strings->text.length;
    buffer_add(&strings->text, text, strlen(text) + 1);
    return strings->slots[slot];
}

/* ---- renumbering ---- */

struct layout {
    const struct object *object;
    uint32_t *section_number; /* old to new; 0: not written */
    uint32_t *symbol_number;
    uint32_t section_count; /* new */
    uint32_t symbol_count, local_count;
    uint32_t strtab; /* new; the section names follow it */
};

static bool is_string_table(const struct object *object, size_t section)
{
    return section == object->sections[object->symtab].header.sh_link ||
           section == object->header.e_shstrndx;
}

static void number_sections(struct layout *layout)
{
    const struct object *object = layout->object;

    layout->section_number = memory_take(object->section_count, sizeof *layout->section_number);
    layout->section_count = 1;
    for (size_t i = 1; i < object->section_count; i++)
        if (!object->sections[i].dropped && !is_string_table(object, i))
            layout->section_number[i] = layout->section_count++;
    layout->strtab = layout->section_count;
    layout->section_count += 2;
}

/* The three runs of a symbol table: local ones of no file, which must precede the first STT_FILE;
 * local ones with their files; global ones. */
static unsigned symbol_run(const struct symbol *symbol)
{
    if (ELF64_ST_BIND(symbol->entry.st_info) != STB_LOCAL)
        return 2;
    return symbol->file || ELF64_ST_TYPE(symbol->entry.st_info) == STT_FILE;
}

static bool symbol_is_written(const struct layout *layout, const struct symbol *symbol)
{
    const struct section *section = symbol_section(layout->object, symbol);

    return !symbol->dropped && (!section || layout->section_number[symbol->entry.st_shndx] != 0);
}

static void number_symbols(struct layout *layout)
{
    const struct object *object = layout->object;

    layout->symbol_number = memory_take(object->symbol_count, sizeof *layout->symbol_number);
    layout->symbol_count = 1;
    for (unsigned run = 0; run < 3; run++) {
        for (size_t i = 1; i < object->symbol_count; i++)
            if (symbol_run(&object->symbols[i]) == run &&
                symbol_is_written(layout, &object->symbols[i]))
                layout->symbol_number[i] = layout->symbol_count++;
        if (run < 2)
            layout->local_count = layout->symbol_count;
    }
}

/* ---- the parts that are made anew ---- */

static void build_symbols(const struct layout *layout, struct strings *names, struct buffer *table)
{
    const struct object *object = layout->object;
    Elf64_Sym *entries = memory_take(layout->symbol_count, sizeof *entries);

    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];
        Elf64_Sym entry = symbol->entry;

        if (layout->symbol_number[i] == 0)
            continue;
        entry.st_name = strings_add(names, symbol->name);
        if (symbol_section(object, symbol))
            entry.st_shndx = (uint16_t)layout->section_number[entry.st_shndx];
        entries[layout->symbol_number[i]] = entry;
    }
    buffer_add(table, entries, layout->symbol_count * sizeof *entries);
}

static void build_relocations(const struct layout *layout, const struct section *section,
                              struct buffer *table)
{
    for (size_t i = 0; i < section->relocation_count; i++) {
        const struct relocation *from = &section->relocations[i];
        Elf64_Rela to = {.r_offset = from->offset,
                         .r_info = ELF64_R_INFO((uint64_t)layout->symbol_number[from->symbol],
                                                (uint64_t)from->type),
                         .r_addend = from->addend};

        if (from->symbol != 0 && layout->symbol_number[from->symbol] == 0)
            to.r_info = R_RISCV_NONE; /* debug information of a variable that is left out */
        buffer_add(table, &to, sizeof to);
    }
}

static Elf64_Shdr build_header(const struct layout *layout, const struct section *section)
{
    Elf64_Shdr header = section->header;

    if (header.sh_type == SHT_SYMTAB) {
        header.sh_link = layout->strtab;
        header.sh_info = layout->local_count;
        return header;
    }
    header.sh_link = layout->section_number[header.sh_link];
    if (header.sh_type == SHT_RELA)
        header.sh_info = layout->section_number[header.sh_info];
    return header;
}

static void append_section(struct buffer *image, Elf64_Shdr *header, const void *bytes,
                           size_t length)
{
    buffer_align(image, header->sh_addralign ? (size_t)header->sh_addralign : 1);
    header->sh_offset = image->length;
    if (header->sh_type == SHT_NOBITS)
        return;
    header->sh_size = length;
    buffer_add(image, bytes, length);
}

static void append_content(const struct layout *layout, const struct section *section,
                           struct strings *symbol_names, struct buffer *image, Elf64_Shdr *header)
{
    struct buffer content = {0};

    if (header->sh_type == SHT_SYMTAB)
        build_symbols(layout, symbol_names, &content);
    else if (header->sh_type == SHT_RELA)
        build_relocations(layout, section, &content);
    else if (section->bytes)
        content = (struct buffer){(uint8_t *)section->bytes, section->header.sh_size, 0};
    append_section(image, header, content.bytes, content.length);
}

static void append_strings(struct strings *strings, struct buffer *image, Elf64_Shdr *header)
{
    header->sh_type = SHT_STRTAB;
    header->sh_addralign = 1;
    append_section(image, header, strings->text.bytes, strings->text.length);
}

void image_build(const struct object *object, struct buffer *image)
{
    struct layout layout = {.object = object};
    struct strings section_names = {0}, symbol_names = {0};
    Elf64_Ehdr file = object->header;
    Elf64_Shdr *headers;

    number_sections(&layout);
    number_symbols(&layout);
    headers = memory_take(layout.section_count, sizeof *headers);
    strings_open(&section_names, layout.section_count);
    strings_open(&symbol_names, layout.symbol_count);

    buffer_add(image, &file, sizeof file);
    for (size_t i = 1; i < object->section_count; i++) {
        Elf64_Shdr *header = &headers[layout.section_number[i]];

        if (layout.section_number[i] == 0)
            continue;
        *header = build_header(&layout, &object->sections[i]);
        header->sh_name = strings_add(&section_names, object->sections[i].name);
        append_content(&layout, &object->sections[i], &symbol_names, image, header);
    }
    /* Both names are added before the table that holds them is written. */
    headers[layout.strtab].sh_name = strings_add(&section_names, ".strtab");
    headers[layout.strtab + 1].sh_name = strings_add(&section_names, ".shstrtab");
    append_strings(&symbol_names, image, &headers[layout.strtab]);
    append_strings(&section_names, image, &headers[layout.strtab + 1]);
    buffer_align(image, sizeof(uint64_t));

    file.e_shoff = image->length;
    file.e_shnum = (uint16_t)layout.section_count;
    file.e_shstrndx = (uint16_t)(layout.strtab + 1);
    memcpy(image->bytes, &file, sizeof file);
    buffer_add(image, headers, layout.section_count * sizeof *headers);
}

void object_add_text(struct object *object, const char *name, const struct buffer *text)
{
    struct section *section = section_find(object, name);

    if (!section)
        section = &object->sections[object->section_count++];
    *section = (struct section){
        .name = name,
        .header = {.sh_type = SHT_PROGBITS, .sh_size = text->length, .sh_addralign = 1},
        .bytes = text->bytes,
    };
}
