/* Rules for a part of a lab, a cell that a student writes: what it may call, export and contribute to is listed in
 * a file (pack cell --only FILE), which labs/grader/parts.py makes of the lab's manifest. A line is one of
 *
 *     import FUNCTION [OTHER]   it may call FUNCTION; OTHER is bound in its place, and has the same prototype
 *     export FUNCTION           it may define it for other cells
 *     set SET                   it may contribute to it (abi/cell.h, CELL_SET_ENTRY)
 *     command NAME              it may bring a command of that name
 */
#include "pack.h"

#include <string.h>

#define SETS ".cell.set."
#define COMMAND_BYTES 40u /* struct command, abi/command.h; its name comes first */

static bool is_kind(const char *word)
{
    return strcmp(word, "import") == 0 || strcmp(word, "export") == 0 || strcmp(word, "set") == 0 ||
           strcmp(word, "command") == 0;
}

static void add_permission(struct only *only, const struct permission *permission)
{
    if (only->count == only->room) {
        size_t room = 2 * only->room + 64;
        struct permission *larger = memory_take(room, sizeof *larger);

        if (only->count > 0)
            memcpy(larger, only->permissions, only->count * sizeof *larger);
        only->permissions = larger;
        only->room = room;
    }
    only->permissions[only->count++] = *permission;
}

bool only_read(struct only *only, const char *path)
{
    uint8_t *bytes;
    size_t length;
    char *rest, *line;
    unsigned number = 0;

    if (!file_read(path, &bytes, &length))
        return false;
    rest = length > 0 ? text_copy((const char *)bytes, length) : NULL;
    while (rest && (line = strsep(&rest, "\n"))) {
        const char *words[4] = {0};
        size_t count = 0;

        number++;
        for (char *word; count < 4 && (word = strsep(&line, " "));)
            words[count++] = word;
        if (count == 1 && *words[0] == '\0')
            continue;
        if (count < 2 || count > 3 || !is_kind(words[0]) || *words[1] == '\0' ||
            (count == 3 && (*words[2] == '\0' || strcmp(words[0], "import") != 0))) {
            fprintf(stderr, "%s:%u: not a line \"import|export|set|command NAME\"\n", path, number);
            return false;
        }
        add_permission(only, &(struct permission){words[0], words[1], words[2]});
    }
    return true;
}

static const struct permission *permission_find(const struct only *only, const char *kind,
                                                const char *name)
{
    for (size_t i = 0; i < only->count; i++)
        if (strcmp(only->permissions[i].kind, kind) == 0 &&
            strcmp(only->permissions[i].name, name) == 0)
            return &only->permissions[i];
    return NULL;
}

/* "a, b", of all that is permitted of a kind. */
static const char *names_of(const struct only *only, const char *kind)
{
    const char *names = "";

    for (size_t i = 0; i < only->count; i++)
        if (strcmp(only->permissions[i].kind, kind) == 0)
            names = text_format("%s%s%s", names, *names ? ", " : "", only->permissions[i].name);
    return *names ? names : "none";
}

static void check_symbol(struct object *object, const struct only *only,
                         const struct symbol *symbol)
{
    const char *file = finding_file_of(object, symbol), *name = symbol->name;

    if (symbol_is_import(symbol) && is_hook(name))
        finding_add(object, file, name,
                    "called, but only the nucleus calls it: a part of a lab leaves it alone");
    else if (symbol_is_import(symbol) && strncmp(name, "__", 2) != 0 && /* GCC's: check_interfaces() */
             !permission_find(only, "import", name))
        finding_add(object, file, name,
                    "used, but this part may not use it: what it may use stands in the lab's "
                    "lab.json, `imports`");
    else if (symbol_is_export(symbol) && !permission_find(only, "export", name))
        finding_add(object, file, name,
                    "exported, but this part exports only these: %s; make it static, or leave "
                    "EXPORT out",
                    names_of(only, "export"));
}

/* Whether the relocation fills in the name of a command; that must be one of the part's. */
static bool check_name(struct object *object, const struct only *only, const char *file,
                       const struct relocation *relocation)
{
    const char *name;

    if (relocation->offset % COMMAND_BYTES != 0)
        return false;
    name = relocated_string(object, relocation);
    if (!name || !permission_find(only, "command", name))
        finding_add(object, file, name && *name ? name : "COMMAND",
                    "a command of this name is not this part's; it may have these: %s",
                    names_of(only, "command"));
    return true;
}

static void check_commands(struct object *object, const struct only *only,
                           const struct section *section, const char *file)
{
    size_t named = 0;

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        if (table->header.sh_type != SHT_RELA || &object->sections[table->header.sh_info] != section)
            continue;
        for (size_t j = 0; j < table->relocation_count; j++)
            named += check_name(object, only, file, &table->relocations[j]);
    }
    if (named * COMMAND_BYTES != section->header.sh_size)
        finding_add(object, file, "COMMAND", "a command without a name; write COMMAND(NAME, ...)");
}

static void check_set(struct object *object, const struct only *only, const struct section *section)
{
    const char *file = finding_file_at(object, section, 0);
    const char *set = section->name + strlen(SETS);

    if (!permission_find(only, "set", set))
        finding_add(object, file, set, "this part may not contribute to this set, only to: %s",
                    names_of(only, "set"));
    else if (strcmp(set, "command") == 0)
        check_commands(object, only, section, file);
}

void check_part(struct object *object, const struct only *only)
{
    for (size_t i = 1; i < object->symbol_count; i++)
        check_symbol(object, only, &object->symbols[i]);
    for (size_t i = 1; i < object->section_count; i++)
        if (strncmp(object->sections[i].name, SETS, strlen(SETS)) == 0)
            check_set(object, only, &object->sections[i]);
}

bool bind_others(struct object *object, const struct only *only, const struct declared *declared)
{
    unsigned findings = object->findings;

    for (size_t i = 1; i < object->symbol_count; i++) {
        struct symbol *symbol = &object->symbols[i];
        const struct permission *permission = permission_find(only, "import", symbol->name);

        if (!symbol_is_import(symbol) || !permission || !permission->other)
            continue;
        if (declared && !declared_header(declared, permission->other))
            finding_add(object, NULL, symbol->name, "%s is bound in its place, but no header of abi/ declares that",
                        permission->other);
        symbol->name = permission->other;
    }
    return object->findings == findings;
}
