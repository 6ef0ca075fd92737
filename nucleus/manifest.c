/*
 * Reading the manifest. Its pointers are final addresses by now, so each is looked up among the cell's
 * own sections, and followed in the staging bytes.
 */
#include "cell.h"
#include "link.h"
#include "nucleus/string.h"

/* The staged bytes at @p address, up to the end of the read-only section that holds it. */
static const char *find_text(const struct elf_image *image, const struct link_section *sections,
                             uint64_t address, uint64_t *bytes)
{
    *bytes = 0;
    for (uint32_t i = 1; i < image->section_count && *bytes == 0; i++) {
        uint64_t offset = address - sections[i].address, size = image->sections[i].size;

        if (!sections[i].staging || image->classes[i] == SECTION_TEXT || offset >= size)
            continue;
        *bytes = size - offset;
        return (const char *)sections[i].staging + offset;
    }
    return NULL;
}

/* Copies a string of less than @p room bytes; it may hold all but control characters. */
static bool copy_text(const struct elf_image *image, const struct link_section *sections,
                      const char *address, char *to, size_t room)
{
    uint64_t bytes;
    const char *from = find_text(image, sections, (uint64_t)(uintptr_t)address, &bytes);

    for (size_t i = 0; i < room && i < bytes; i++) {
        to[i] = from[i];
        if (from[i] == '\0')
            return true;
        if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
            return false;
    }
    return false;
}

/* Whether @p list is of names with spaces between them. */
static bool are_names(const char *list)
{
    for (char last = ' '; *list; last = *list++)
        if (last == ' ' && *list != ' ' && !elf_is_name(list, ' '))
            return false;
    return true;
}

/* Whether @p address is 0 or the first of one of the cell's own functions. */
static bool is_function(const struct elf_image *image, const struct link_section *sections,
                        uint64_t address)
{
    bool found = address == 0;

    for (uint32_t i = 1; i < image->symbol_count && !found; i++)
        found = elf_symbol_is_function(image, i) &&
                sections[image->symbols[i].shndx].address + image->symbols[i].value == address;
    return found;
}

/* The text of what is wrong, or NULL. */
static const char *check(struct manifest *manifest, const struct cell_manifest *raw,
                         const struct elf_image *image, const struct link_section *sections)
{
    const uint64_t entries[] = {manifest->init, manifest->start, manifest->stop, manifest->check};

    if (!copy_text(image, sections, raw->name, manifest->name, sizeof manifest->name) ||
        !elf_is_name(manifest->name, '\0'))
        return "the name is not of the form [a-z][a-z0-9_]{0,30}";
    if (!copy_text(image, sections, raw->version, manifest->version, sizeof manifest->version) ||
        !copy_text(image, sections, raw->summary, manifest->summary, sizeof manifest->summary))
        return "no version of at most 15 printable bytes, or no summary of at most 119";
    if (raw->provides && (!copy_text(image, sections, raw->provides, manifest->provides,
                                     sizeof manifest->provides) ||
                          !are_names(manifest->provides)))
        return "provides is no list of interfaces";
    for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (!is_function(image, sections, entries[i]))
            return "init, start, stop or check is no function of this cell";
    return NULL;
}

enum status manifest_read(struct manifest *manifest, const struct elf_image *image,
                          const struct link_section *sections, struct why *why)
{
    struct cell_manifest raw;
    const char *fault;

    if (image->manifest == 0 || image->sections[image->manifest].size != sizeof raw)
        return why_set(why, ERR_FORMAT, "no manifest, or more than one: a cell has one CELL(...)");
    memcpy(&raw, sections[image->manifest].staging, sizeof raw);
    if (raw.abi_version != CELL_ABI_VERSION)
        return why_set(why, ERR_UNSUPPORTED, "built for version %u of the cell ABI, this is %u",
                       raw.abi_version, CELL_ABI_VERSION);
    *manifest = (struct manifest){.init = (uint64_t)(uintptr_t)raw.init,
                                  .start = (uint64_t)(uintptr_t)raw.start,
                                  .stop = (uint64_t)(uintptr_t)raw.stop,
                                  .check = (uint64_t)(uintptr_t)raw.check};
    fault = check(manifest, &raw, image, sections);
    return fault ? why_set(why, ERR_FORMAT, ".cell.manifest: %s", fault) : OK;
}
