/* The manifest: struct cell_manifest of abi/cell.h as it lies in the section .cell.manifest, its
 * strings and functions still relocations. The limits are those of the nucleus' cell table (struct
 * cell_info). */
#include "../nucleus/object_rules.h"
#include "pack.h"

#include <string.h>

#define POINTER_COUNT 8
#define MANIFEST_BYTES (8 + 8 * POINTER_COUNT)
#define MANIFEST_ABI_VERSION 1u

static const struct {
    const char *name;
    size_t room; /* of a string, its NUL included; 0: a function */
    bool needed;
} pointers[POINTER_COUNT] = {
    {"name", 32, true}, {"version", 16, true}, {"summary", 120, true}, {"provides", 64, false},
    {"init", 0, false}, {"start", 0, false},   {"stop", 0, false},     {"check", 0, false},
};

bool manifest_next_interface(const struct manifest *manifest, const char **at, char word[64])
{
    const char *text = *at ? *at : manifest->provides;
    size_t length;

    text += strspn(text, " ");
    length = strcspn(text, " ");
    if (length == 0 || length >= 64)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    *at = text + length;
    return true;
}

const char *relocated_string(const struct object *object, const struct relocation *relocation)
{
    const struct symbol *symbol = &object->symbols[relocation->symbol];
    const struct section *section = symbol_section(object, symbol);
    uint64_t offset = symbol->entry.st_value + (uint64_t)relocation->addend;

    if (!section || !section->bytes || offset >= section->header.sh_size ||
        !memchr(section->bytes + offset, 0, section->header.sh_size - offset))
        return NULL;
    return (const char *)section->bytes + offset;
}

static bool string_is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static const char *check_string(struct object *object, const char *file, size_t which,
                                const struct relocation *relocation)
{
    const char *name = pointers[which].name, *text = NULL;

    if (!relocation) {
        if (pointers[which].needed)
            finding_add(object, file, "CELL", ".%s is missing", name);
        return "";
    }
    text = relocated_string(object, relocation);
    if (!text)
        finding_add(object, file, "CELL", ".%s is not a constant string", name);
    else if (strlen(text) >= pointers[which].room)
        finding_add(object, file, "CELL", ".%s is longer than %zu bytes", name,
                    pointers[which].room - 1);
    else if (!string_is_printable(text))
        finding_add(object, file, "CELL", ".%s holds a control character", name);
    else
        return text;
    return "";
}

static void check_function(struct object *object, const char *file, size_t which,
                           const struct relocation *relocation)
{
    const struct symbol *symbol = &object->symbols[relocation->symbol];

    if (ELF64_ST_TYPE(symbol->entry.st_info) != STT_FUNC || !symbol_section(object, symbol) ||
        relocation->addend != 0)
        finding_add(object, file, "CELL", ".%s is not a function of this cell",
                    pointers[which].name);
}

/* The relocations of the manifest, by the pointer that they fill. */
static bool find_pointers(struct object *object, const struct section *section, const char *file,
                          const struct relocation *found[POINTER_COUNT])
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        if (table->header.sh_type != SHT_RELA ||
            &object->sections[table->header.sh_info] != section)
            continue;
        for (size_t j = 0; j < table->relocation_count; j++) {
            const struct relocation *relocation = &table->relocations[j];
            uint64_t which = relocation->offset / 8 - 1;

            if (relocation->offset < 8 || relocation->offset % 8 != 0 || which >= POINTER_COUNT ||
                relocation->type != R_RISCV_64 || found[which]) {
                finding_add(object, file, "CELL", "unexpected relocation %s at byte %llu",
                            relocation_name(relocation->type),
                            (unsigned long long)relocation->offset);
                return false;
            }
            found[which] = relocation;
        }
    }
    return true;
}

static void check_content(struct object *object, const char *file,
                          const struct relocation *const found[POINTER_COUNT])
{
    struct manifest *manifest = &object->manifest;
    const char **strings[] = {&manifest->name, &manifest->version, &manifest->summary,
                              &manifest->provides};
    const char *at = NULL;
    char interface[64];

    for (size_t i = 0; i < POINTER_COUNT; i++) {
        if (pointers[i].room > 0)
            *strings[i] = check_string(object, file, i, found[i]);
        else if (found[i])
            check_function(object, file, i, found[i]);
    }
    manifest->found = true;
    if (*manifest->name && !is_cell_name(manifest->name, '\0'))
        finding_add(
            object, file, "CELL",
            "the name \"%s\" is not a letter and up to 30 letters, digits and _ (lower case)",
            manifest->name);
    while (manifest_next_interface(manifest, &at, interface))
        if (!is_cell_name(interface, '\0'))
            finding_add(object, file, "CELL", ".provides: \"%s\" is not the name of an interface",
                        interface);
}

static void refuse_several(struct object *object, const struct section *section)
{
    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (symbol_section(object, symbol) == section &&
            ELF64_ST_TYPE(symbol->entry.st_info) == STT_OBJECT)
            finding_add(object, finding_file_of(object, symbol), "CELL",
                        "one of several manifests; a cell has one CELL(...)");
    }
}

void manifest_check(struct object *object)
{
    const struct section *section = section_find(object, SECTION_MANIFEST);
    const struct relocation *found[POINTER_COUNT] = {0};
    const char *file;
    uint32_t version;

    if (!section || !section->bytes) {
        finding_add(object, NULL, "CELL", "no manifest; a cell has one CELL(...)");
        return;
    }
    file = finding_file_at(object, section, 0);
    if (section->header.sh_size > MANIFEST_BYTES)
        refuse_several(object, section);
    if (section->header.sh_size != MANIFEST_BYTES) {
        finding_add(object, file, "CELL", "the manifest has %llu bytes, not %d",
                    (unsigned long long)section->header.sh_size, MANIFEST_BYTES);
        return;
    }
    memcpy(&version, section->bytes, sizeof version);
    if (version != MANIFEST_ABI_VERSION) {
        finding_add(object, file, "CELL", "built for version %u of abi/cell.h, not %u", version,
                    MANIFEST_ABI_VERSION);
        return;
    }
    if (find_pointers(object, section, file, found))
        check_content(object, file, found);
}
