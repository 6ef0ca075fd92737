/* Commands about what runs: tasks, harts. */
#include "inspect.h"
#include "nucleus/hart.h"
#include "task_list.h"
#include "text.h"

/* Tasks that may come into being between counting and copying. */
#define SPARE_ROWS 16u

struct copy {
    struct task_row *rows;
    unsigned count, room;
};

static bool count_task(struct task *task, void *argument)
{
    struct copy *copy = argument;

    (void)task;
    copy->count++;
    return true;
}

static bool copy_task(struct task *task, void *argument)
{
    struct copy *copy = argument;
    struct task_row *row = &copy->rows[copy->count];

    if (copy->count == copy->room)
        return false;
    copy->count++;
    row->number = task->number;
    row->switches = task->switches;
    row->stack_low = task->stack_low;
    row->stack_high = task->stack_high;
    row->entry = task->code ? task->code : (uint64_t)(uintptr_t)task->entry;
    row->state = task_state(task);
    row->hart = task->hart;
    task_restarts_get(task, &row->restarts);
    if (row->restarts.code)
        row->entry = row->restarts.code;
    string_copy(row->name, sizeof row->name, task->name);
    return true;
}

bool task_list_copy(buffer *room, unsigned *count)
{
    struct copy copy = {0};

    task_each(count_task, &copy);
    copy.room = copy.count + SPARE_ROWS;
    copy.count = 0;
    if (!buffer_make(room, copy.room * sizeof *copy.rows))
        return false;
    copy.rows = room->bytes;
    task_each(copy_task, &copy);
    *count = copy.count;
    return true;
}

static const char *state_word(const struct task_row *row)
{
    static const char *const words[] = {"new", "ready", "running", "parked", "dead"};
    enum task_state state = row->state;

    if (row->restarts.waiting)
        return "waiting";
    return state < sizeof words / sizeof words[0] ? words[state] : "?";
}

/* The entry of a task as text; a hart's idle task has none. */
static const char *entry_text(const struct task_row *row, char *room, size_t bytes)
{
    char *stub;

    if (!row->entry)
        return "-";
    describe_code(row->entry, room, bytes);
    stub = strstr(room, " (stub)"); /* all function pointers are, and the row has 80 columns */
    if (stub)
        *stub = '\0';
    return room;
}

static void print_tasks(const struct task_row *rows, unsigned count) REQUIRES(may_park);
static void print_tasks(const struct task_row *rows, unsigned count)
{
    char entry[96];

    print("%6s %-23s %-8s %4s %9s  %s\n", "NUMBER", "NAME", "STATE", "HART", "SWITCHES", "ENTRY");
    for (unsigned i = 0; i < count; i++) {
        print("%6llu %-23s %-8s %4u %9llu  %s", (unsigned long long)rows[i].number, rows[i].name,
              state_word(&rows[i]), rows[i].hart, (unsigned long long)rows[i].switches,
              entry_text(&rows[i], entry, sizeof entry));
        if (rows[i].restarts.count)
            print(", %u restart%s", rows[i].restarts.count,
                  rows[i].restarts.count == 1 ? "" : "s");
        print("\n");
    }
}

static void tasks_to_json(const struct task_row *rows, unsigned count) REQUIRES(may_park);
static void tasks_to_json(const struct task_row *rows, unsigned count)
{
    char entry[96];
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned i = 0; i < count; i++) {
        json_object(&json, NULL);
        json_number(&json, "number", rows[i].number);
        json_text(&json, "name", rows[i].name);
        json_text(&json, "state", state_word(&rows[i]));
        json_number(&json, "hart", rows[i].hart);
        json_number(&json, "switches", rows[i].switches);
        json_number(&json, "restarts", rows[i].restarts.count);
        json_text(&json, "entry", entry_text(&rows[i], entry, sizeof entry));
        json_address(&json, "stack_low", rows[i].stack_low);
        json_address(&json, "stack_high", rows[i].stack_high);
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

static int run_tasks(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    OWN(buffer) room = {0};
    unsigned count;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("tasks");
    if (!task_list_copy(&room, &count)) {
        print("tasks: no memory for the list\n");
        return 1;
    }
    if (as_json)
        tasks_to_json(task_rows(&room), count);
    else
        print_tasks(task_rows(&room), count);
    buffer_drop(&room);
    return 0;
}

COMMAND(tasks, .run = run_tasks, .usage = "tasks [--json]",
        .help = "Lists all tasks, the idle one of each hart included.\n"
                "\n"
                "STATE is as in abi/nucleus/task.h: new, ready, running, parked, dead; or\n"
                "waiting, for the next start after a fault. HART is where the task runs, or ran\n"
                "last. SWITCHES counts how often it was given a hart, since its start. ENTRY is\n"
                "the function that it is about, as cell:function: where it began, or what the\n"
                "nucleus calls for it, a service's step or a command. Behind it stands how often\n"
                "a restartable task was started again after a fault.");

static int run_kill(int argc, char **argv)
{
    int status = 0;

    role_assert_may_park();
    if (!words_fit(argc, argv, 2, argc))
        return usage_error("kill");
    for (int i = 1; i < argc; i++) {
        uint64_t number;

        if (!string_to_u64(argv[i], &number)) {
            print("kill: %s is no number of a task\n", argv[i]);
            status = 2;
        } else if (task_kill(number) != OK) {
            print("kill: there is no task %s that could be killed; see tasks\n", argv[i]);
            status = 1;
        }
    }
    return status;
}

COMMAND(kill, .run = run_kill, .usage = "kill NUMBER...",
        .help = "Ends tasks, whether they want to or not.\n"
                "\n"
                "Their numbers are those that `tasks` shows. What a task holds is dropped: its\n"
                "stack is unwound. That takes place where it next parks or yields, or, if it\n"
                "computes, at an interrupt while it is in its own cell's code. The idle tasks and\n"
                "those of the nucleus cannot be killed.");

/* The task that was running on @p hart when the list was copied. */
static const struct task_row *running_on(const struct task_row *rows, unsigned count, unsigned hart)
{
    for (unsigned i = 0; i < count; i++)
        if (rows[i].state == TASK_RUNNING && rows[i].hart == hart)
            return &rows[i];
    return NULL;
}

static void harts_to_json(const struct task_row *rows, unsigned count) REQUIRES(may_park);
static void harts_to_json(const struct task_row *rows, unsigned count)
{
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned hart = 0; hart < hart_count(); hart++) {
        const struct task_row *row = running_on(rows, count, hart);

        json_object(&json, NULL);
        json_number(&json, "hart", hart);
        json_number(&json, "id", hart_id(hart));
        json_number(&json, "hold_fences", hart_hold_fences(hart));
        if (row) {
            json_number(&json, "task", row->number);
            json_text(&json, "name", row->name);
        }
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

static int run_harts(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    OWN(buffer) room = {0};
    unsigned count;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("harts");
    if (!task_list_copy(&room, &count)) {
        print("harts: no memory for the list of tasks\n");
        return 1;
    }
    if (as_json) {
        harts_to_json(task_rows(&room), count);
        buffer_drop(&room);
        return 0;
    }
    print("%4s %4s %6s  %6s %s\n", "HART", "ID", "FENCES", "TASK", "NAME");
    for (unsigned hart = 0; hart < hart_count(); hart++) {
        const struct task_row *row = running_on(task_rows(&room), count, hart);

        print("%4u %4llu %6llu  ", hart, (unsigned long long)hart_id(hart),
              (unsigned long long)hart_hold_fences(hart));
        if (row)
            print("%6llu %s\n", (unsigned long long)row->number, row->name);
        else
            print("%6s between two tasks\n", "-");
    }
    buffer_drop(&room);
    return 0;
}

COMMAND(harts, .run = run_harts, .usage = "harts [--json]",
        .help = "Lists the harts (hardware threads) and what each is running.\n"
                "\n"
                "HART counts from 0 in the order of the device tree, ID is the hardware's\n"
                "number (mhartid). FENCES counts how often it came out of a swap's hold through\n"
                "fence.i, as every hart must before it executes what the swap wrote.");
