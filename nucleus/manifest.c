/*
 * Reading the manifest. Its pointers are final addresses by now, so each is looked up among the cell's
 * own sections, and followed in the staging bytes.
 */
#include "manifest.h"

#include "cell.h"
#include "nucleus/string.h"

#define FUNCTIONS 4

/* The staged bytes at @p address, up to the end of the read-only section that holds it. */
static const char *readable(const struct elf_image *image, const struct link_section *sections,
                            uint64_t address, uint64_t *bytes)
{
    for (uint32_t i = 1; i < image->section_count; i++) {
        enum section_class class = elf_section_class(image, i);
        uint64_t offset = address - sections[i].address;

        if (class == SECTION_IGNORED || class == SECTION_TEXT || class == SECTION_STATE ||
            offset >= elf_section_bytes(image, i))
            continue;
        *bytes = elf_section_bytes(image, i) - offset;
        return (const char *)sections[i].staging + offset;
    }
    return NULL;
}

/* Copies a string of at most @p room bytes; it may hold all but control characters. */
static bool copy_text(const struct elf_image *image, const struct link_section *sections,
                      const char *address, char *to, size_t room)
{
    uint64_t bytes = 0;
    const char *from = readable(image, sections, (uint64_t)(uintptr_t)address, &bytes);

    for (size_t i = 0; from && i < room && i < bytes; i++) {
        to[i] = from[i];
        if (from[i] == '\0')
            return true;
        if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
            return false;
    }
    return false;
}

static bool is_name(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') ||
              (at > name && ((*at >= '0' && *at <= '9') || *at == '_'))))
            return false;
    return *name != '\0';
}

bool manifest_next_word(const char **list, char *word, size_t room)
{
    size_t length = 0;

    while (**list == ' ')
        ++*list;
    while ((*list)[length] != ' ' && (*list)[length] != '\0')
        length++;
    if (length == 0 || length >= room)
        return false;
    memcpy(word, *list, length);
    word[length] = '\0';
    *list += length;
    return true;
}

static bool are_names(const char *list)
{
    char name[CELL_NAME_ROOM];

    while (manifest_next_word(&list, name, sizeof name))
        if (!is_name(name))
            return false;
    return *list == '\0';
}

/* Each address must be 0 or the first of one of the cell's own functions. */
static bool are_functions(const struct elf_image *image, const struct link_section *sections,
                          const uint64_t *addresses)
{
    unsigned wanted = 0, found = 0;

    for (unsigned j = 0; j < FUNCTIONS; j++)
        wanted |= (unsigned)(addresses[j] != 0) << j;
    for (uint32_t i = 1; i < image->symbol_count && found != wanted; i++) {
        if (!elf_symbol_is_function(image, i))
            continue;
        for (unsigned j = 0; j < FUNCTIONS; j++)
            if (addresses[j] != 0 &&
                addresses[j] ==
                    sections[elf_symbol_section(image, i)].address + elf_symbol_value(image, i))
                found |= 1u << j;
    }
    return found == wanted;
}

static const char *check(struct manifest *manifest, const struct cell_manifest *raw,
                         const struct elf_image *image, const struct link_section *sections)
{
    if (!copy_text(image, sections, raw->name, manifest->name, sizeof manifest->name) ||
        !is_name(manifest->name))
        return "the name is not of the form [a-z][a-z0-9_]{0,30}";
    if (!copy_text(image, sections, raw->version, manifest->version, sizeof manifest->version))
        return "no version, or not one of at most 15 printable bytes";
    if (!copy_text(image, sections, raw->summary, manifest->summary, sizeof manifest->summary))
        return "no summary, or not one of at most 119 printable bytes";
    if (raw->provides && (!copy_text(image, sections, raw->provides, manifest->provides,
                                     sizeof manifest->provides) ||
                          !are_names(manifest->provides)))
        return "provides is no list of interfaces";
    return NULL;
}

enum status manifest_read(struct manifest *manifest, const struct elf_image *image,
                          const struct link_section *sections, struct why *why)
{
    struct cell_manifest raw;
    uint64_t functions[FUNCTIONS];
    const char *fault = NULL;

    if (image->manifest == 0 || elf_section_bytes(image, image->manifest) != sizeof raw)
        return why_set(why, ERR_FORMAT, "no manifest, or more than one: a cell has one CELL(...)");
    memcpy(&raw, sections[image->manifest].staging, sizeof raw);
    if (raw.abi_version != CELL_ABI_VERSION)
        return why_set(why, ERR_UNSUPPORTED, "built for version %u of the cell ABI, this is %u",
                       raw.abi_version, CELL_ABI_VERSION);
    *manifest = (struct manifest){.init = (uint64_t)(uintptr_t)raw.init,
                                  .start = (uint64_t)(uintptr_t)raw.start,
                                  .stop = (uint64_t)(uintptr_t)raw.stop,
                                  .check = (uint64_t)(uintptr_t)raw.check};
    memcpy(functions, &manifest->init, sizeof functions);
    fault = check(manifest, &raw, image, sections);
    if (!fault && !are_functions(image, sections, functions))
        fault = "init, start, stop or check is no function of this cell";
    return fault ? why_set(why, ERR_FORMAT, ".cell.manifest: %s", fault) : OK;
}
