/*
 * Reading the manifest. Its pointers are final addresses by now, so each is looked up among the cell's
 * own sections, and followed in the staging bytes.
 */
#include "cell.h"
#include "link.h"
#include "nucleus/string.h"

/* Copies the string at @p address, which has less than @p room bytes, in read-only data of the cell; it may
 * hold all but control characters. */
static bool copy_text(const struct elf_image *image, const struct section *sections,
                      const char *address, char *to, size_t room)
{
    for (uint32_t i = 1; i < image->section_count; i++) {
        uint64_t offset = (uint64_t)(uintptr_t)address - sections[i].address;

        if (!sections[i].staging || image->classes[i] == SECTION_TEXT)
            continue;
        for (size_t j = 0; j < room && offset + j < image->sections[i].size; j++) {
            to[j] = (char)sections[i].staging[offset + j];
            if (to[j] == '\0')
                return true;
            if ((unsigned char)to[j] < 0x20 || to[j] == 0x7f)
                return false;
        }
    }
    return false;
}

/* Whether @p list is of names with spaces between them. */
static bool are_names(const char *list)
{
    for (char last = ' '; *list; last = *list++)
        if (last == ' ' && *list != ' ' && !is_cell_name(list, ' '))
            return false;
    return true;
}

/* Whether @p address is 0 or the first of one of the cell's own functions. */
static bool is_function(const struct elf_image *image, const struct section *sections,
                        uint64_t address)
{
    bool found = address == 0;

    for (uint32_t i = 1; i < image->symbol_count && !found; i++)
        found = elf_symbol_is_function(image, i) &&
                sections[image->symbols[i].shndx].address + image->symbols[i].value == address;
    return found;
}

enum status manifest_read(struct manifest *manifest, const struct elf_image *image,
                          const struct section *sections, struct why *why)
{
    struct cell_manifest raw;
    const char *fault = NULL;

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
    if (!copy_text(image, sections, raw.name, manifest->name, sizeof manifest->name) ||
        !is_cell_name(manifest->name, '\0'))
        fault = "the name is not of the form [a-z][a-z0-9_]{0,30}";
    else if (!copy_text(image, sections, raw.version, manifest->version, sizeof manifest->version))
        fault = "no version of at most 15 printable bytes";
    else if (!copy_text(image, sections, raw.summary, manifest->summary, sizeof manifest->summary))
        fault = "no summary of at most 119 printable bytes";
    else if (raw.provides && (!copy_text(image, sections, raw.provides, manifest->provides,
                                         sizeof manifest->provides) ||
                              !are_names(manifest->provides)))
        fault = "provides is no list of interfaces";
    else if (!is_function(image, sections, manifest->init) ||
             !is_function(image, sections, manifest->start) ||
             !is_function(image, sections, manifest->stop) ||
             !is_function(image, sections, manifest->check))
        fault = "init, start, stop or check is no function of this cell";
    return fault ? why_set(why, ERR_FORMAT, ".cell.manifest: %s", fault) : OK;
}
