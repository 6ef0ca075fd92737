/* Commands that show cells: cells, cell. */
#include "commands.h"
#include "inspect.h"

static void cell_to_json(struct json *json, const struct cell_info *cell)
{
    json_text(json, "name", cell->name);
    json_text(json, "version", cell->version);
    json_text(json, "summary", cell->summary);
    json_text(json, "provides", cell->provides);
    json_address(json, "text", cell->text);
    json_number(json, "text_bytes", cell->text_bytes);
    json_address(json, "rodata", cell->rodata);
    json_number(json, "rodata_bytes", cell->rodata_bytes);
    json_address(json, "state", cell->state);
    json_number(json, "state_bytes", cell->state_bytes);
    json_number(json, "exports", cell->exports);
    json_number(json, "imports", cell->imports);
    json_number(json, "sites", cell->sites);
    json_number(json, "stubs", cell->stubs);
    json_number(json, "users", cell->users);
    json_boolean(json, "boot", cell->boot);
}

static void show_zombies(void) REQUIRES(may_park);
static void show_zombies(void)
{
    struct zombie_info zombie;

    for (unsigned i = 0; zombie_get(i, &zombie); i++)
        print("%-14s %-7s %7llu %7llu %7u %6s  zombie: was replaced, is held by %s\n", zombie.name,
              zombie.version, (unsigned long long)zombie.text_bytes,
              (unsigned long long)zombie.rodata_bytes, 0, "-", zombie.holder);
}

static void zombies_to_json(struct json *json)
{
    struct zombie_info zombie;

    for (unsigned i = 0; zombie_get(i, &zombie); i++) {
        json_object(json, NULL);
        json_text(json, "name", zombie.name);
        json_text(json, "version", zombie.version);
        json_address(json, "text", zombie.text);
        json_number(json, "text_bytes", zombie.text_bytes);
        json_number(json, "rodata_bytes", zombie.rodata_bytes);
        json_boolean(json, "zombie", true);
        json_text(json, "holder", zombie.holder);
        json_end(json);
    }
}

static int run_cells(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct cell_info cell;
    struct json json;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("cells");
    (void)cells_drain(); /* else as it was found at the end of the last transaction */
    if (!as_json) {
        print("%-14s %-7s %7s %7s %7s %6s  %s\n", "CELL", "VERSION", "TEXT", "RODATA", "STATE",
              "USERS", "PROVIDES");
        for (unsigned i = 0; cell_get(i, &cell); i++)
            print("%-14s %-7s %7llu %7llu %7llu %6u  %s\n", cell.name, cell.version,
                  (unsigned long long)cell.text_bytes, (unsigned long long)cell.rodata_bytes,
                  (unsigned long long)cell.state_bytes, cell.users, cell.provides);
        show_zombies();
        return 0;
    }
    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned i = 0; cell_get(i, &cell); i++) {
        json_object(&json, NULL);
        cell_to_json(&json, &cell);
        json_end(&json);
    }
    zombies_to_json(&json);
    json_end(&json);
    json_finish(&json);
    return 0;
}

COMMAND(cells, .run = run_cells, .usage = "cells [--json]",
        .help = "Lists the cells that are loaded, in order of load.\n"
                "\n"
                "TEXT, RODATA and STATE are in bytes. USERS counts the cells that call it: 0\n"
                "means that it can be unloaded. PROVIDES names the interfaces (abi/NAME.h).\n"
                "A zombie was replaced (swap), and its memory is freed once nothing points into\n"
                "it. That is looked at now, and at the end of every load, unload and swap.");

static void show_summary(const struct cell_info *cell) REQUIRES(may_park);
static void show_summary(const struct cell_info *cell)
{
    struct hook_info hook;

    print("%s %s: %s\n", cell->name, cell->version, cell->summary);
    print("provides  %s\n", cell->provides[0] ? cell->provides : "no interface");
    print("users     %u cells\n", cell->users);
    print("sites     %u places that refer to other cells or the nucleus, %u stubs\n", cell->sites,
          cell->stubs);
    print("memory    %lu bytes of text, %lu of read-only data, %lu of state\n", cell->text_bytes,
          cell->rodata_bytes, cell->state_bytes);
    print("boot      %s\n", cell->boot ? "in the boot set" : "loaded later");
    for (unsigned i = 0; hook_get(i, &hook); i++)
        if (strcmp(hook.bound_to, cell->name) == 0)
            print("hook      %s\n", hook.name);
}

static void show_kinds(const char *name) REQUIRES(may_park);
static void show_kinds(const char *name)
{
    struct kind_info kind;

    for (unsigned i = 0; kind_get(i, &kind); i++)
        if (strcmp(kind.owner, name) == 0)
            print("kind      %s: %lu live objects, %lu bytes\n", kind.name, kind.live,
                  kind.live_bytes);
}

static void kinds_to_json(struct json *json, const char *name)
{
    struct kind_info kind;

    json_array(json, "kinds");
    for (unsigned i = 0; kind_get(i, &kind); i++) {
        if (strcmp(kind.owner, name) != 0)
            continue;
        json_object(json, NULL);
        json_text(json, "kind", kind.name);
        json_number(json, "object_bytes", kind.object_bytes);
        json_number(json, "live", kind.live);
        json_number(json, "live_bytes", kind.live_bytes);
        json_end(json);
    }
    json_end(json);
}

static void show_parts(const char *name) REQUIRES(may_park);
static void show_parts(const char *name)
{
    struct section_info section;
    struct symbol_info symbol;
    struct import_info import;

    print("\n%-30s %-18s %8s %s\n", "SECTION", "ADDRESS", "BYTES", "ACCESS");
    for (unsigned i = 0; cell_section(name, i, &section); i++)
        print("%-30.30s 0x%016llx %8llu %s\n", section.name, (unsigned long long)section.address,
              (unsigned long long)section.bytes, section.access);
    print("\n%-30s %-18s %8s\n", "EXPORT", "ADDRESS", "BYTES");
    for (unsigned i = 0; symbol_get(i, &symbol); i++)
        if (strcmp(symbol.cell, name) == 0)
            print("%-30s 0x%016llx %8llu\n", symbol.name, (unsigned long long)symbol.address,
                  (unsigned long long)symbol.bytes);
    print("\n%-30s %-18s %8s\n", "IMPORT", "BOUND TO", "SITES");
    for (unsigned i = 0; cell_import(name, i, &import); i++)
        print("%-30s %-18s %8u\n", import.symbol, import.provider, import.sites);
}

static void parts_to_json(struct json *json, const char *name)
{
    struct section_info section;
    struct symbol_info symbol;
    struct import_info import;

    json_array(json, "sections_in_memory");
    for (unsigned i = 0; cell_section(name, i, &section); i++) {
        json_object(json, NULL);
        json_text(json, "name", section.name);
        json_address(json, "address", section.address);
        json_number(json, "bytes", section.bytes);
        json_text(json, "access", section.access);
        json_end(json);
    }
    json_end(json);
    json_array(json, "exported");
    for (unsigned i = 0; symbol_get(i, &symbol); i++) {
        if (strcmp(symbol.cell, name) != 0)
            continue;
        json_object(json, NULL);
        json_text(json, "name", symbol.name);
        json_address(json, "address", symbol.address);
        json_number(json, "bytes", symbol.bytes);
        json_end(json);
    }
    json_end(json);
    json_array(json, "imported");
    for (unsigned i = 0; cell_import(name, i, &import); i++) {
        json_object(json, NULL);
        json_text(json, "symbol", import.symbol);
        json_text(json, "provider", import.provider);
        json_number(json, "sites", import.sites);
        json_end(json);
    }
    json_end(json);
}

static int run_cell(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct cell_info cell;
    struct json json;

    role_assert_may_park();
    if (!words_fit(argc, argv, 2, 2))
        return usage_error("cell");
    if (!cell_find(argv[1], &cell)) {
        print("cell: no cell %s is loaded (cells lists them; load %s)\n", argv[1], argv[1]);
        return 1;
    }
    if (!as_json) {
        show_summary(&cell);
        show_kinds(cell.name);
        show_parts(cell.name);
        return 0;
    }
    json_to_console(&json);
    json_object(&json, NULL);
    cell_to_json(&json, &cell);
    kinds_to_json(&json, cell.name);
    parts_to_json(&json, cell.name);
    json_end(&json);
    json_finish(&json);
    return 0;
}

COMMAND(cell, .run = run_cell, .usage = "cell NAME [--json]",
        .help = "Shows one cell: what it holds and owns, its exports, its imports.\n"
                "\n"
                "State is all that it can write to, of a size that never changes; kinds are those\n"
                "of the heap's objects that it owns (heap --held-by says who holds them). What\n"
                "members the state has is not known here: gdb shows them, p 'clock.c'::state.\n"
                "SITES counts the places in its text that call or refer to an import: these\n"
                "are patched when the provider is replaced.");
