/* The types of an object, from its BTF (GCC's -gbtf; Linux, Documentation/bpf/btf.rst), read with libbpf. `ld -r` joins
 * the objects' sections .BTF, and each keeps its own header and numbers, so there is one unit for each source file. */
#define _GNU_SOURCE /* memmem() */
#include "btf.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <string.h>

/* Its own messages would say nothing of the file. */
static int say_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

/* Bytes up to where the next unit begins. */
static size_t bytes_to_next(const uint8_t *at, size_t room)
{
    static const uint8_t begin[] = {BTF_MAGIC & 0xff, BTF_MAGIC >> 8, BTF_VERSION, 0};
    const uint8_t *next = memmem(at + 1, room - 1, begin, sizeof begin);

    return next ? (size_t)(next - at) : room;
}

/* The bytes of the unit that begins at @p at; 0: none does. */
static size_t unit_bytes(const uint8_t *at, size_t room, bool *empty)
{
    struct btf_header header;
    uint64_t types, strings;

    if (room < sizeof header)
        return 0;
    memcpy(&header, at, sizeof header);
    types = (uint64_t)header.hdr_len + header.type_off + header.type_len;
    strings = (uint64_t)header.hdr_len + header.str_off + header.str_len;
    if (header.magic != BTF_MAGIC || types > room || strings > room)
        return 0;
    *empty = header.type_len == 0;
    if (*empty) /* GCC 12 says that it has no strings, but they are there */
        return bytes_to_next(at, room);
    return types > strings ? types : strings;
}

static bool unit_open(struct btf_unit *unit, const uint8_t *at, size_t bytes)
{
    struct btf *btf = btf__new(at, (uint32_t)bytes);

    if (!btf)
        return false;
    unit->btf = btf;
    unit->count = btf__type_cnt(btf);
    unit->signatures = memory_take(unit->count, sizeof *unit->signatures);
    return true;
}

bool btf_read(struct object *object, struct btf_units *units)
{
    const struct section *section = section_find(object, SECTION_BTF);
    size_t size = section && section->bytes ? section->header.sh_size : 0;

    libbpf_set_print(say_nothing);
    units->units = memory_take(size / sizeof(struct btf_header) + 1, sizeof *units->units);
    for (size_t at = 0, bytes; at < size; at += bytes) {
        bool empty = false;

        bytes = unit_bytes(section->bytes + at, size - at, &empty);
        if (bytes > 0 && empty)
            continue;
        if (bytes == 0 || !unit_open(&units->units[units->count], section->bytes + at, bytes)) {
            finding_add(object, NULL, SECTION_BTF, "malformed at byte %zu", at);
            return false;
        }
        units->count++;
    }
    return true;
}

const struct btf_type *btf_type_of(const struct btf_unit *unit, uint32_t id)
{
    return id < unit->count ? btf__type_by_id(unit->btf, id) : NULL;
}

const char *btf_name(const struct btf_unit *unit, uint32_t offset)
{
    const char *name = btf__name_by_offset(unit->btf, offset);

    return name ? name : "";
}

bool btf_variable_next(const struct btf_unit *unit, uint32_t *id, const char **name, uint32_t *type)
{
    while (++*id < unit->count) {
        const struct btf_type *variable = btf_type_of(unit, *id);

        if (!btf_is_var(variable))
            continue;
        *name = btf_name(unit, variable->name_off);
        *type = variable->type;
        return true;
    }
    return false;
}

unsigned btf_find_variable(const struct btf_units *units, const char *name,
                           const struct btf_unit **unit, uint32_t *type)
{
    unsigned found = 0;

    for (size_t i = 0; i < units->count; i++) {
        const char *here;
        uint32_t id = 0, its;

        while (btf_variable_next(&units->units[i], &id, &here, &its)) {
            if (strcmp(here, name) != 0)
                continue;
            found++;
            *unit = &units->units[i];
            *type = its;
        }
    }
    return found;
}

unsigned btf_find_in_section(const struct btf_units *units, const char *section,
                             const struct btf_unit **unit, uint32_t *type)
{
    unsigned found = 0;

    for (size_t i = 0; i < units->count; i++)
        for (uint32_t id = 1; id < units->units[i].count; id++) {
            const struct btf_type *variable, *list = btf_type_of(&units->units[i], id);

            if (!btf_is_datasec(list) ||
                strcmp(btf_name(&units->units[i], list->name_off), section) != 0)
                continue;
            for (unsigned j = 0; j < btf_vlen(list); j++) {
                variable = btf_type_of(&units->units[i], btf_var_secinfos(list)[j].type);
                if (!variable || !btf_is_var(variable))
                    continue;
                found++;
                *unit = &units->units[i];
                *type = variable->type;
            }
        }
    return found;
}

uint32_t btf_pointee(const struct btf_unit *unit, uint32_t id)
{
    const struct btf_type *type = btf_type_of(unit, id);

    for (unsigned depth = 0; type && btf_is_mod(type) && depth < BTF_DEPTH; depth++)
        type = btf_type_of(unit, type->type);
    return type && btf_is_ptr(type) ? type->type : UINT32_MAX;
}
