/* Commands about memory: mem, heap. */
#include "commands.h"
#include "inspect.h"
#include "task.h"
#include "vm.h"

/* Frames to KiB. */
#define FRAME_KIB (PAGE_BYTES / 1024)

/* Gives back what caches hold, the outer ones first, so that two figures can be compared. */
static void drain_caches(void)
{
    task_drain();
    heap_drain();
    frame_drain();
}

static void print_use(const char *use, uint64_t frames) REQUIRES(may_park);
static void print_use(const char *use, uint64_t frames)
{
    print("%-22s %9llu %11llu\n", use, (unsigned long long)frames,
          (unsigned long long)(frames * FRAME_KIB));
}

static void print_memory(const struct frame_stats *frames, const struct vm_stats *vm)
    REQUIRES(may_park);
static void print_memory(const struct frame_stats *frames, const struct vm_stats *vm)
{
    print("%-22s %9s %11s\n", "USE", "FRAMES", "KIB");
    for (unsigned use = FRAME_RESERVED; use < FRAME_USES; use++)
        print_use(frame_use_name((enum frame_use)use), frames->used[use]);
    print_use("free", frames->free);
    print_use("  in harts' caches", frames->cached);
    print_use("  largest free block", frames->largest_free);
    print_use("total", frames->total);
    print("\n%llu mappings of %llu pages, %llu page tables, %llu page faults served, "
          "%llu shootdowns\n",
          (unsigned long long)vm->mappings, (unsigned long long)vm->mapped_pages,
          (unsigned long long)vm->page_tables, (unsigned long long)vm->faults_served,
          (unsigned long long)vm->shootdowns);
}

static void memory_to_json(const struct frame_stats *frames, const struct vm_stats *vm)
    REQUIRES(may_park);
static void memory_to_json(const struct frame_stats *frames, const struct vm_stats *vm)
{
    struct json json;

    json_to_console(&json);
    json_object(&json, NULL);
    json_number(&json, "frame_bytes", PAGE_BYTES);
    json_number(&json, "total", frames->total);
    json_number(&json, "free", frames->free);
    json_number(&json, "cached", frames->cached);
    json_number(&json, "largest_free", frames->largest_free);
    json_object(&json, "used");
    for (unsigned use = FRAME_RESERVED; use < FRAME_USES; use++)
        json_number(&json, frame_use_name((enum frame_use)use), frames->used[use]);
    json_end(&json);
    json_object(&json, "vm");
    json_number(&json, "mappings", vm->mappings);
    json_number(&json, "mapped_pages", vm->mapped_pages);
    json_number(&json, "page_tables", vm->page_tables);
    json_number(&json, "faults_served", vm->faults_served);
    json_number(&json, "shootdowns", vm->shootdowns);
    json_end(&json);
    json_end(&json);
    json_finish(&json);
}

static int run_mem(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json"), drain = option_take(&argc, argv, "--drain");
    struct frame_stats frames;
    struct vm_stats vm;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("mem");
    if (drain)
        drain_caches();
    frame_stats(&frames);
    vm_stats(&vm);
    if (as_json)
        memory_to_json(&frames, &vm);
    else
        print_memory(&frames, &vm);
    return 0;
}

COMMAND(mem, .run = run_mem, .usage = "mem [--drain] [--json]",
        .help = "Shows what the frames of RAM (4 KiB each) are used for.\n"
                "\n"
                "--drain first gives back what caches hold (stacks of ended tasks, empty slabs,\n"
                "the harts' single frames), so that figures before and after can be compared.");

static void print_kinds(void) REQUIRES(may_park);
static void print_kinds(void)
{
    struct kind_info kind;

    print("%-20s %-14s %8s %8s %11s %12s\n", "KIND", "OWNER", "BYTES", "LIVE", "LIVE BYTES",
          "SLAB BYTES");
    for (unsigned i = 0; kind_get(i, &kind); i++) {
        print("%-20s %-14s ", kind.name, kind.owner);
        if (kind.object_bytes)
            print("%8zu", kind.object_bytes);
        else
            print("%8s", "any");
        print(" %8llu %11llu %12llu\n", (unsigned long long)kind.live,
              (unsigned long long)kind.live_bytes, (unsigned long long)kind.slab_bytes);
    }
}

static void kinds_to_json(void) REQUIRES(may_park);
static void kinds_to_json(void)
{
    struct kind_info kind;
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned i = 0; kind_get(i, &kind); i++) {
        json_object(&json, NULL);
        json_text(&json, "kind", kind.name);
        json_text(&json, "owner", kind.owner);
        json_number(&json, "object_bytes", kind.object_bytes);
        json_number(&json, "alignment", kind.alignment);
        json_number(&json, "live", kind.live);
        json_number(&json, "live_bytes", kind.live_bytes);
        json_number(&json, "slab_bytes", kind.slab_bytes);
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

static int run_heap(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json"), drain = option_take(&argc, argv, "--drain");
    bool held_by = option_take(&argc, argv, "--held-by");

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, held_by ? 2 : 1))
        return usage_error("heap");
    if (drain)
        drain_caches();
    if (held_by)
        return holdings_show(argc > 1 ? argv[1] : NULL, as_json);
    if (as_json)
        kinds_to_json();
    else
        print_kinds();
    return 0;
}

COMMAND(heap, .run = run_heap, .usage = "heap [--held-by [CELL|TASK]] [--drain] [--json]",
        .help = "Lists the kinds of heap objects: owner, live objects, memory.\n"
                "\n"
                "Every object has a kind, and only the cell that owns the kind allocates and\n"
                "frees. BYTES is the size of one object, LIVE how many there are, LIVE BYTES\n"
                "what they take, SLAB BYTES what is held for them. --drain as for mem.\n"
                "\n"
                "--held-by says where addresses of live objects are found: in states of cells,\n"
                "in objects of a kind, in tasks (registers, head, stack), or nowhere that is\n"
                "looked at; with a cell's name, or a task's name or number, what that one holds.\n"
                "It is a snapshot that stops nothing, and conservative: any word counts that\n"
                "could be an address. The nucleus' own data is not looked at.");
