/* The command what: everything that the system knows of one address. Each find_*() asks one
 * owner of knowledge (cell table, heap, tasks, vm, frames); an address may be known to several. */
#include "inspect.h"
#include "nucleus/frame.h"
#include "task_list.h"
#include "text.h"
#include "vm.h"

struct findings {
    uint64_t address;
    bool in_function, in_section, in_object, in_stack, in_guard, in_mapping, in_frame;
    struct symbol_info function;
    char section_cell[CELL_NAME_ROOM];
    struct section_info section;
    struct kind_info kind;
    uint64_t object;
    bool live;
    struct task_row task;
    uint64_t mapping_start, mapping_bytes;
    enum frame_use use;
    uint64_t physical, block;
    unsigned order;
};

static void find_section(struct findings *found)
{
    struct cell_info cell;

    for (unsigned i = 0; cell_get(i, &cell); i++) {
        for (unsigned n = 0; cell_section(cell.name, n, &found->section); n++) {
            if (found->address - found->section.address >= found->section.bytes)
                continue;
            string_copy(found->section_cell, sizeof found->section_cell, cell.name);
            found->in_section = true;
            return;
        }
    }
}

static void find_object(struct findings *found)
{
    void *object = NULL;

    found->in_object = heap_describe((const void *)(uintptr_t)found->address, &found->kind, &object,
                                     &found->live) == OK;
    found->object = (uint64_t)(uintptr_t)object;
}

static void find_stack(struct findings *found)
{
    OWN(buffer) room = {0};
    unsigned count;

    if (!task_list_copy(&room, &count))
        return; /* what else is known is worth printing */
    for (unsigned i = 0; i < count; i++) {
        const struct task_row *row = &task_rows(&room)[i];

        if (found->address < row->stack_low - PAGE_BYTES || found->address >= row->stack_high)
            continue;
        found->in_stack = found->address >= row->stack_low;
        found->in_guard = !found->in_stack;
        found->task = *row;
    }
    buffer_drop(&room);
}

static void find_mapping(struct findings *found)
{
    void *start = NULL;
    size_t bytes = 0;

    found->in_mapping = vm_describe((const void *)(uintptr_t)found->address, &start, &bytes) == OK;
    found->mapping_start = (uint64_t)(uintptr_t)start;
    found->mapping_bytes = bytes;
}

static void find_frame(struct findings *found)
{
    paddr block = {0};

    found->physical = found->address - DIRECT_MAP_BASE;
    if (found->address < DIRECT_MAP_BYTES)
        found->physical = found->address; /* probably meant as a physical address */
    if (found->physical >= DIRECT_MAP_BYTES)
        return;
    found->in_frame =
        frame_describe((paddr){found->physical}, &found->use, &block, &found->order) == OK;
    found->block = block.value;
}

static void find_all(struct findings *found)
{
    found->in_function = symbol_at(found->address, &found->function);
    find_section(found);
    find_object(found);
    find_stack(found);
    find_mapping(found);
    find_frame(found);
}

/* What can be said about an address that no owner knows, or that is none. NULL: nothing. */
static const char *explain_note(const struct findings *found)
{
    if (found->address < DIRECT_MAP_BASE)
        return "never mapped: nothing lives in the lower half";
    if (found->in_function || found->in_section || found->in_object || found->in_stack ||
        found->in_guard || found->in_mapping || found->in_frame)
        return NULL;
    if (found->address - VM_AREA_BASE < VM_AREA_BYTES)
        return "in the area of vm, where no mapping lies here: not mapped, or a guard page";
    if (found->physical < DIRECT_MAP_BYTES)
        return "in the direct map, but no RAM: a device, or nothing";
    return "in no area that anybody owns";
}

static void print_code(const struct findings *found) REQUIRES(may_park);
static void print_code(const struct findings *found)
{
    const struct symbol_info *function = &found->function;

    if (found->in_function)
        print("function  %s+0x%llx of %s, %llu bytes, %s\n", function->name,
              (unsigned long long)(found->address - function->address), function->cell,
              (unsigned long long)function->bytes, function->exported ? "exported" : "private");
    if (found->in_section)
        print("section   %s+0x%llx of %s, %llu bytes, %s\n", found->section.name,
              (unsigned long long)(found->address - found->section.address), found->section_cell,
              (unsigned long long)found->section.bytes, found->section.access);
}

static void print_data(const struct findings *found) REQUIRES(may_park);
static void print_data(const struct findings *found)
{
    if (found->in_object)
        print("heap      kind %s of %s, %s object at 0x%016llx+0x%llx\n", found->kind.name,
              found->kind.owner, found->live ? "a live" : "a free",
              (unsigned long long)found->object,
              (unsigned long long)(found->address - found->object));
    if (found->in_stack)
        print("stack     of task %llu %s, %llu bytes below its top\n",
              (unsigned long long)found->task.number, found->task.name,
              (unsigned long long)(found->task.stack_high - found->address));
    if (found->in_guard)
        print("guard     page below the stack of task %llu %s: a touch is a stack overflow\n",
              (unsigned long long)found->task.number, found->task.name);
    if (found->in_mapping)
        print("mapping   at 0x%016llx+0x%llx, %llu bytes\n",
              (unsigned long long)found->mapping_start,
              (unsigned long long)(found->address - found->mapping_start),
              (unsigned long long)found->mapping_bytes);
    if (found->in_frame)
        print("frame     0x%llx (physical), %s, in a block of %llu KiB at 0x%llx\n",
              (unsigned long long)found->physical, frame_use_name(found->use),
              (unsigned long long)((PAGE_BYTES << found->order) / 1024),
              (unsigned long long)found->block);
}

static void code_to_json(struct json *json, const struct findings *found)
{
    const struct symbol_info *function = &found->function;

    if (found->in_function) {
        json_object(json, "function");
        json_text(json, "name", function->name);
        json_text(json, "cell", function->cell);
        json_number(json, "offset", found->address - function->address);
        json_boolean(json, "exported", function->exported);
        json_end(json);
    }
    if (found->in_section) {
        json_object(json, "section");
        json_text(json, "name", found->section.name);
        json_text(json, "cell", found->section_cell);
        json_number(json, "offset", found->address - found->section.address);
        json_text(json, "access", found->section.access);
        json_end(json);
    }
}

static void data_to_json(struct json *json, const struct findings *found)
{
    if (found->in_object) {
        json_object(json, "heap");
        json_text(json, "kind", found->kind.name);
        json_text(json, "owner", found->kind.owner);
        json_address(json, "object", found->object);
        json_boolean(json, "live", found->live);
        json_end(json);
    }
    if (found->in_stack || found->in_guard) {
        json_object(json, found->in_stack ? "stack" : "guard");
        json_number(json, "task", found->task.number);
        json_text(json, "name", found->task.name);
        json_end(json);
    }
    if (found->in_mapping) {
        json_object(json, "mapping");
        json_address(json, "start", found->mapping_start);
        json_number(json, "bytes", found->mapping_bytes);
        json_end(json);
    }
    if (found->in_frame) {
        json_object(json, "frame");
        json_address(json, "physical", found->physical);
        json_text(json, "use", frame_use_name(found->use));
        json_address(json, "block", found->block);
        json_number(json, "order", found->order);
        json_end(json);
    }
}

static void show_json(const struct findings *found, const char *note) REQUIRES(may_park);
static void show_json(const struct findings *found, const char *note)
{
    struct json json;

    json_to_console(&json);
    json_object(&json, NULL);
    json_address(&json, "address", found->address);
    code_to_json(&json, found);
    data_to_json(&json, found);
    if (note)
        json_text(&json, "note", note);
    json_end(&json);
    json_finish(&json);
}

static int run_what(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct findings found = {0};
    struct symbol_info symbol;
    const char *note;

    role_assert_may_park();
    if (!words_fit(argc, argv, 2, 2))
        return usage_error("what");
    if (symbol_find(argv[1], &symbol)) {
        found.address = symbol.address;
    } else if (!string_to_u64(argv[1], &found.address)) {
        print("what: %s is neither a number nor an exported function (symbols lists these)\n",
              argv[1]);
        return 1;
    }
    find_all(&found);
    note = explain_note(&found);
    if (as_json) {
        show_json(&found, note);
        return 0;
    }
    print("address   0x%016llx\n", (unsigned long long)found.address);
    print_code(&found);
    print_data(&found);
    if (note)
        print("note      %s\n", note);
    return 0;
}

COMMAND(what, .run = run_what, .usage = "what ADDRESS|FUNCTION [--json]",
        .help = "Says what an address is: function, object, stack, mapping, frame.\n"
                "\n"
                "ADDRESS is decimal, or hexadecimal after 0x. It may be several things: a heap\n"
                "object lies in a frame, a stack in a mapping. A small number is also taken as a\n"
                "physical address.");
