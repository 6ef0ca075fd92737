/*
 * Runs one check of a lab, and writes its result to the port `verdict`: lines of a word that the host chose for this run,
 * a key and a value. The last one has the key `end`: without it there is no verdict.
 *
 * The port is opened, and the word read, before anything of the student's is loaded. Then the port is taken, and the word
 * is on the stack of this task only.
 */
#include "command.h"
#include "console.h"
#include "lab.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "serial.h"
#include "text.h"

#define WORD_ROOM 72

struct verdict {
    enum status status; /* of the first write that failed */
    char word[WORD_ROOM];
};

/* The host's first line, without its end. */
static enum status read_word(const serial_port *port, char *word) BORROWS(*port) REQUIRES(may_park);
static enum status read_word(const serial_port *port, char *word)
{
    size_t used = 0, got;

    for (;;) {
        enum status status = serial_read(port, word + used, WORD_ROOM - 1 - used, &got);
        char *end;

        if (status != OK)
            return status;
        used += got;
        word[used] = '\0';
        end = strchr(word, '\n');
        if (end)
            *end = '\0';
        if (end)
            return OK;
        if (used == WORD_ROOM - 1)
            return ERR_FORMAT;
    }
}

static void say(const serial_port *port, struct verdict *verdict, const char *key, const char *value, size_t bytes)
    BORROWS(*port) REQUIRES(may_park);
static void say(const serial_port *port, struct verdict *verdict, const char *key, const char *value, size_t bytes)
{
    char head[WORD_ROOM + 32];
    size_t length = format(head, sizeof head, "%s %s ", verdict->word, key);

    if (verdict->status == OK)
        verdict->status = serial_write(port, head, length);
    if (verdict->status == OK)
        verdict->status = serial_write(port, value, bytes);
    if (verdict->status == OK)
        verdict->status = serial_write(port, "\n", 1);
}

static void say_text(const serial_port *port, struct verdict *verdict, const char *key, const char *value)
    BORROWS(*port) REQUIRES(may_park);
static void say_text(const serial_port *port, struct verdict *verdict, const char *key, const char *value)
{
    say(port, verdict, key, value, strlen(value));
}

static void say_result(const serial_port *port, struct verdict *verdict, const struct check_result *result)
    BORROWS(*port) REQUIRES(may_park);
static void say_result(const serial_port *port, struct verdict *verdict, const struct check_result *result)
{
    const char *text = result->messages;
    char number[24];

    say_text(port, verdict, "check", result->name);
    say_text(port, verdict, "outcome", check_outcome_name(result->outcome));
    format(number, sizeof number, "%u", result->points);
    say_text(port, verdict, "points", number);
    format(number, sizeof number, "%lu", result->printed);
    say_text(port, verdict, "printed", number);
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t bytes = end ? (size_t)(end - text) : strlen(text);

        say(port, verdict, "message", text, bytes);
        text += bytes + (end != NULL);
    }
    say_text(port, verdict, "end", result->name);
}

static bool run_check(uint32_t lab, const char *name, struct check_result *result) REQUIRES(may_park);
static bool run_check(uint32_t lab, const char *name, struct check_result *result)
{
    OWN(check_handle) handle = {0};

    if (!check_begin(&handle, lab, name))
        return false;
    while (check_step(&handle, result) == AGAIN)
        task_park();
    check_drop(&handle);
    return true;
}

/* With the port open. @return the command's status. */
static int grade_on(const serial_port *port, uint32_t lab, const char *name) BORROWS(*port) REQUIRES(may_park);
static int grade_on(const serial_port *port, uint32_t lab, const char *name)
{
    struct verdict verdict;
    struct check_result result;
    struct why why = {{0}};
    char checks[CELL_NAME_ROOM];
    enum status status;

    verdict.status = read_word(port, verdict.word);
    if (verdict.status != OK) {
        print("grade: no word comes from the host: %s\n", status_name(verdict.status));
        return 1;
    }
    format(checks, sizeof checks, "lab%u_checks", lab);
    status = cell_load(checks, &why);
    if (status != OK && status != ERR_EXISTS) {
        print("grade: %s\n", why.text[0] ? why.text : status_name(status));
        return 1;
    }
    if (!run_check(lab, name, &result)) {
        print("grade: lab %u has no check %s\n", lab, name);
        return 1;
    }
    say_result(port, &verdict, &result);
    if (verdict.status == OK)
        verdict.status = serial_flush(port);
    if (verdict.status != OK)
        print("grade: the port fails: %s\n", status_name(verdict.status));
    return verdict.status == OK ? 0 : 1;
}

static int grade(int argc, char **argv)
{
    OWN(serial_port) port = {0};
    enum status status = OK;
    uint64_t lab;
    int result;

    role_assert_may_park();
    if (argc != 3 || !string_to_u64(argv[1], &lab) || lab > 99) {
        print("usage: grade LAB CHECK\n");
        return 2;
    }
    if (!serial_open(&port, "verdict", &status)) {
        print("grade: there is no port `verdict` (%s); `check` runs checks here\n", status_name(status));
        return 1;
    }
    result = grade_on(&port, (uint32_t)lab, argv[2]);
    serial_close(&port);
    return result;
}

COMMAND(grade, .run = grade, .usage = "grade LAB CHECK",
        .help = "Runs one check for the host, which hears the result over the port `verdict`.\n"
                "\n"
                "./mitos grade types this. At the prompt, use check.");

CELL(.name = "grade", .version = "1.0", .summary = "Runs a check of a lab for the host, and sends it the verdict");
