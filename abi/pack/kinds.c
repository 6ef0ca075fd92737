/* Which kinds of heap objects a cell declares (KIND, abi/nucleus/heap.h): the entries of its section .cell.kinds,
 * whose names are found by their relocations. */
#include "pack.h"

#include <string.h>

#include "../nucleus/heap.h"

bool kind_next(const struct object *object, struct declared_kind *kind)
{
    for (; kind->section < object->section_count; kind->section++, kind->index = 0) {
        const struct section *table = &object->sections[kind->section];

        while (kind->index < table->relocation_count) {
            const struct relocation *at = &table->relocations[kind->index++];
            const struct section *kinds = &object->sections[table->header.sh_info];
            uint64_t start = at->offset - offsetof(struct kind_type, name);
            struct kind_type type;

            if (strcmp(kinds->name, SECTION_KINDS) != 0 || start % sizeof type != 0 ||
                !kinds->bytes || start + sizeof type > kinds->header.sh_size)
                continue;
            memcpy(&type, kinds->bytes + start, sizeof type);
            kind->name = relocated_string(object, at);
            kind->bytes = type.object_bytes;
            kind->room = type.room;
            return true;
        }
    }
    return false;
}
