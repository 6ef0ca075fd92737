/* What the device tree says of the machine as a whole: memory, harts, boot arguments (dt.h and
 * abi/nucleus/machine.h). */
#include "dt.h"
#include "nucleus/string.h"
#include "text.h"

/* Usable child number @p index of one device_type (NULL: of any). */
static bool child_of_type(dt_node node, const char *type, unsigned index, dt_node *child)
{
    for (const dt_node *after = NULL; dt_child(node, after, child); after = child) {
        const char *its = dt_string(*child, "device_type");

        if (dt_usable(*child) && (!type || (its && strcmp(its, type) == 0)) && index-- == 0)
            return true;
    }
    return false;
}

/* Range number @p index of all those children together. */
static bool children_range(dt_node node, const char *type, unsigned index, uint64_t *base,
                           uint64_t *bytes)
{
    dt_node child;

    for (unsigned i = 0; child_of_type(node, type, i, &child); i++) {
        for (unsigned j = 0; dt_reg_within(node, child, j, base, bytes); j++) {
            if (index-- == 0)
                return true;
        }
    }
    return false;
}

bool dt_memory(unsigned index, uint64_t *base, uint64_t *bytes)
{
    return children_range((dt_node){0}, "memory", index, base, bytes);
}

bool dt_reserved(unsigned index, uint64_t *base, uint64_t *bytes)
{
    dt_node node;
    unsigned entries = 0;

    for (; dt_reservation(entries, base, bytes); entries++) {
        if (entries == index)
            return true;
    }
    return dt_find_path("/reserved-memory", &node) &&
           children_range(node, NULL, index - entries, base, bytes);
}

bool dt_hart_node(unsigned index, dt_node *node)
{
    dt_node cpus;

    return dt_find_path("/cpus", &cpus) && child_of_type(cpus, "cpu", index, node);
}

bool dt_hart(unsigned index, uint64_t *hartid)
{
    uint64_t none;
    dt_node node;
    paddr id;

    if (!dt_hart_node(index, &node) || !dt_reg(node, 0, &id, &none))
        return false;
    *hartid = id.value;
    return true;
}

/* A property of /chosen that is one number of one or two cells. */
static bool chosen_number(const char *name, uint64_t *value)
{
    uint32_t first, second;
    dt_node chosen;

    if (!dt_find_path("/chosen", &chosen) || !dt_u32(chosen, name, 0, &first))
        return false;
    *value = dt_u32(chosen, name, 1, &second) ? (uint64_t)first << 32 | second : first;
    return true;
}

bool dt_initrd(uint64_t *base, uint64_t *bytes)
{
    uint64_t end;

    if (!chosen_number("linux,initrd-start", base) || !chosen_number("linux,initrd-end", &end) ||
        end <= *base)
        return false;
    *bytes = end - *base;
    return true;
}

const char *machine_bootargs(void)
{
    const char *arguments = NULL;
    dt_node chosen;

    if (dt_find_path("/chosen", &chosen))
        arguments = dt_string(chosen, "bootargs");
    return arguments ? arguments : "";
}

const char *machine_bootarg(const char *key, char *room, size_t bytes)
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

uint64_t dt_timebase(void)
{
    uint32_t frequency = 0;
    dt_node cpus;

    if (dt_find_path("/cpus", &cpus))
        dt_u32(cpus, "timebase-frequency", 0, &frequency);
    return frequency;
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

bool machine_has_isa(const char *extension)
{
    unsigned harts = 0;
    dt_node node;

    for (; dt_hart_node(harts, &node); harts++) {
        const char *isa = dt_string(node, "riscv,isa");

        if (!isa || !isa_names(isa, extension))
            return false;
    }
    return harts > 0;
}

uint64_t machine_ram_bytes(void)
{
    uint64_t base, bytes, sum = 0;

    for (unsigned i = 0; dt_memory(i, &base, &bytes); i++)
        sum += bytes;
    return sum;
}
