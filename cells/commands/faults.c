/* The command faults: the log of faults (faults.h). */
#include "faults.h"

#include "commands.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/machine.h"
#include "text.h"

/* "12.345678", seconds since boot. */
static const char *time_of(const struct fault *fault, char *to, size_t room)
{
    uint64_t timebase = machine_timebase();

    format(to, room, "%lu.%06lu", fault->ticks / timebase,
           fault->ticks % timebase * 1000000 / timebase);
    return to;
}

static const char *outcome_of(const struct fault *fault)
{
    return fault->outcome[0] ? fault->outcome : "not known";
}

/* Whether another text, or none, is at that address now; the nucleus' stays, and a report about a report names no
 * functions. */
static bool has_gone(const struct fault_frame *frame)
{
    char now[FAULT_PLACE_ROOM];

    if (frame->text_bytes == 0 || !strchr(frame->place, ':'))
        return false;
    code_describe(frame->exact ? frame->pc : frame->pc - 1, now, sizeof now);
    return strcmp(now, frame->place) != 0;
}

static void print_frames(const struct fault *fault) REQUIRES(may_park);
static void print_frames(const struct fault *fault)
{
    for (unsigned i = 0; i < fault->frame_count; i++) {
        const struct fault_frame *frame = &fault->frames[i];
        const char *gone = has_gone(frame) ? ", gone or replaced since" : "";

        if (frame->text_bytes)
            print("  #%-2u %s (%s, 0x%x of %u B)%s\n", i, frame->place, frame->version,
                  frame->text_offset, frame->text_bytes, gone);
        else
            print("  #%-2u %s%s\n", i, frame->place, gone);
    }
    if (fault->more)
        print("  ... %u more\n", fault->more);
    if (fault->end == WALK_LOST)
        print("  the walk of the stack is lost there\n");
}

static void print_fault(const struct fault *fault) REQUIRES(may_park);
static void print_fault(const struct fault *fault)
{
    char time[24];

    print("fault %llu at %s: %s at 0x%llx%s%s\n", (unsigned long long)fault->number,
          time_of(fault, time, sizeof time), fault->cause, (unsigned long long)fault->value,
          fault->note[0] ? ": " : "", fault->note);
    print("  task %llu %s, hart %u, cell %s%s%s\n", (unsigned long long)fault->task,
          fault->task_name, fault->hart, fault->cell[0] ? fault->cell : "unknown",
          fault->version[0] ? " " : "", fault->version);
    print("  outcome: %s\n", outcome_of(fault));
    if (fault->action[0])
        print("  recovery: %s\n", fault->action);
    print_frames(fault);
}

static void print_row(const struct fault *fault) REQUIRES(may_park);
static void print_row(const struct fault *fault)
{
    char time[24];

    print("%6llu %12s %6llu %-14.14s %-13.13s %s\n", (unsigned long long)fault->number,
          time_of(fault, time, sizeof time), (unsigned long long)fault->task, fault->task_name,
          fault->cell[0] ? fault->cell : "unknown", fault->cause);
}

static void frames_to_json(struct json *json, const struct fault *fault)
{
    json_array(json, "frames");
    for (unsigned i = 0; i < fault->frame_count; i++) {
        const struct fault_frame *frame = &fault->frames[i];

        json_object(json, NULL);
        json_address(json, "pc", frame->pc);
        json_text(json, "place", frame->place);
        json_text(json, "version", frame->version);
        json_number(json, "text_bytes", frame->text_bytes);
        json_number(json, "text_offset", frame->text_offset);
        json_boolean(json, "interrupted", frame->exact);
        json_boolean(json, "gone", has_gone(frame));
        json_end(json);
    }
    json_end(json);
}

static void fault_to_json(struct json *json, const struct fault *fault)
{
    json_object(json, NULL);
    json_number(json, "number", fault->number);
    json_number(json, "ticks", fault->ticks);
    json_number(json, "task", fault->task);
    json_text(json, "name", fault->task_name);
    json_number(json, "hart", fault->hart);
    json_text(json, "cell", fault->cell);
    json_text(json, "version", fault->version);
    json_text(json, "cause", fault->cause);
    json_address(json, "value", fault->value);
    json_text(json, "note", fault->note);
    json_text(json, "outcome", fault->outcome);
    json_text(json, "hook", fault->hook);
    json_text(json, "action", fault->action);
    frames_to_json(json, fault);
    json_number(json, "more_frames", fault->more);
    json_boolean(json, "lost", fault->end == WALK_LOST);
    json_end(json);
}

/* The oldest that may still be kept. */
static uint64_t first_kept(void)
{
    uint64_t count = fault_count();

    return count > FAULT_RECORDS ? count - FAULT_RECORDS + 1 : 1;
}

/* @p fault is room for one at a time: a task's stack has none to spare. */
static void list_faults(struct fault *fault, bool verbose) REQUIRES(may_park);
static void list_faults(struct fault *fault, bool verbose)
{
    uint64_t count = fault_count();

    if (count == 0)
        print("no faults since boot\n");
    else if (!verbose)
        print("%6s %12s %6s %-14s %-13s %s\n", "NUMBER", "TIME", "TASK", "NAME", "CELL", "CAUSE");
    for (uint64_t number = first_kept(); number <= count; number++) {
        if (!fault_get(number, fault))
            continue;
        if (verbose)
            print_fault(fault);
        else
            print_row(fault);
    }
    if (count > FAULT_RECORDS)
        print("%llu older ones are not kept\n", (unsigned long long)(count - FAULT_RECORDS));
}

static void list_as_json(struct fault *fault) REQUIRES(may_park);
static void list_as_json(struct fault *fault)
{
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (uint64_t number = first_kept(); number <= fault_count(); number++) {
        if (fault_get(number, fault))
            fault_to_json(&json, fault);
    }
    json_end(&json);
    json_finish(&json);
}

static int show_one(struct fault *fault, uint64_t number, bool as_json) REQUIRES(may_park);
static int show_one(struct fault *fault, uint64_t number, bool as_json)
{
    struct json json;

    if (!fault_get(number, fault)) {
        print("faults: fault %llu is not kept, or never was (faults lists them)\n",
              (unsigned long long)number);
        return 1;
    }
    if (!as_json) {
        print_fault(fault);
        return 0;
    }
    json_to_console(&json);
    fault_to_json(&json, fault);
    json_finish(&json);
    return 0;
}

static int run_faults(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json"), verbose = option_take(&argc, argv, "-v");
    OWN(buffer) room = {0};
    uint64_t number = 0;
    int status = 0;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 2) ||
        (argc == 2 && (verbose || !string_to_u64(argv[1], &number))))
        return usage_error("faults");
    if (!buffer_make(&room, sizeof(struct fault))) {
        print("faults: no memory\n");
        return 1;
    }
    if (argc == 2)
        status = show_one(room.bytes, number, as_json);
    else if (as_json)
        list_as_json(room.bytes);
    else
        list_faults(room.bytes, verbose);
    buffer_drop(&room);
    return status;
}

COMMAND(faults, .run = run_faults, .usage = "faults [-v | NUMBER] [--json]",
        .help = "Lists the last faults: when, whose, where, why.\n"
                "\n"
                "The last 16 are kept. NUMBER shows one with its backtrace, what became of its\n"
                "task, and what was done about it (recovery); -v shows all of them so. Of a\n"
                "caller in a backtrace the last byte of the call is named. On the host, ./mitos\n"
                "where CELL:FUNCTION+0x12 tells file and line.");
