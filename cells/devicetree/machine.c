/* What the device tree says of the machine as a whole: boot arguments, extensions of the harts. */
#include "cell.h"
#include "devicetree.h"
#include "nucleus/string.h"
#include "text.h"

EXPORT const char *machine_bootargs(void)
{
    const char *arguments = NULL;
    const char *empty = dt_token_at(dt_tree(), 0).name; /* the root's; it lives as long as the tree */
    dt_node chosen;

    if (dt_find_path("/chosen", &chosen))
        arguments = dt_string(chosen, "bootargs");
    return arguments ? arguments : empty;
}

EXPORT const char *machine_bootarg(const char *key, char *room, size_t bytes)
{
    const char *at = machine_bootargs();
    size_t key_bytes = strlen(key), length = 0;

    while (strncmp(at, key, key_bytes) != 0 || at[key_bytes] != '=') {
        if (string_starts(at, "run="))
            return NULL;
        while (*at && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
        if (!*at)
            return NULL;
    }
    at += key_bytes + 1;
    while (at[length] && (at[length] != ' ' || strcmp(key, "run") == 0))
        length++;
    if (length >= bytes)
        return NULL;
    memcpy(room, at, length);
    room[length] = '\0';
    return room;
}

/* "rv64imac_zicsr_sstc": single letters in the first part, then names (ISA manual, chapter 27). */
static bool isa_names(const char *isa, const char *extension)
{
    size_t length = strlen(extension);

    if (!string_starts(isa, "rv64"))
        return false;
    isa += 4;
    if (length == 1) {
        while (*isa && *isa != '_' && *isa != *extension)
            isa++;
        return *isa == *extension;
    }
    while ((isa = strchr(isa, '_'))) {
        isa++;
        if (strncmp(isa, extension, length) == 0 && (isa[length] == '_' || !isa[length]))
            return true;
    }
    return false;
}

EXPORT bool machine_has_isa(const char *extension)
{
    unsigned harts = 0;
    dt_node cpus, node;

    if (!dt_find_path("/cpus", &cpus))
        return false;
    for (const dt_node *after = NULL; dt_child(cpus, after, &node); after = &node) {
        const char *isa = dt_string(node, "riscv,isa");

        if (!dt_lists(dt_tree(), node, "device_type", "cpu") || !dt_usable(dt_tree(), node))
            continue;
        if (!isa || !isa_names(isa, extension))
            return false;
        harts++;
    }
    return harts > 0;
}

CELL(.name = "devicetree", .version = "1.0", .provides = "devicetree",
     .summary = "What the device tree says: devices, boot arguments, extensions of the harts");
