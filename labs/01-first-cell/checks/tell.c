/* Step 2: the application cell. */
#include "inspect.h"
#include "lab_check.h"
#include "nucleus/string.h"
#include "rubric.h"
#include "tally.h"
#include "text.h"

#define WORDS_MOST 6

/* Runs `tell` with @p words, which end with NULL; what it prints is in @p output. @return its status, -1: there is no such command. */
static int tell(struct check_run *run, const char *const *words, char *output, size_t room)
    REQUIRES(may_park);
static int tell(struct check_run *run, const char *const *words, char *output, size_t room)
{
    char copies[WORDS_MOST][24], *argv[WORDS_MOST + 1];
    int argc = 0, status;

    for (; words[argc]; argc++) { /* a command may change its words */
        (void)string_copy(copies[argc], sizeof copies[argc], words[argc]);
        argv[argc] = copies[argc];
    }
    argv[argc] = NULL;
    check_output_clear();
    status = lab_command(run, "tell", argc, argv);
    (void)check_output(output, room);
    return status;
}

LAB_CHECK(tell_tells)
{
    const char *const first[] = {"tell", "3", "0", "9", NULL}, *const second[] = {"tell", "20", NULL};
    char output[256];
    struct cell_info cell;
    int status;

    if (!lab_load(run, "tell"))
        return;
    if (!AWARD(run, 5, cell_find("tally", &cell), "load tell has not brought tally: tell calls no function of it"))
        return;
    status = tell(run, first, output, sizeof output);
    if (status < 0)
        return;
    AWARD(run, 10, status == 0 && strcmp(output, "3 numbers, mean 4, largest 9\n") == 0,
          "`tell 3 0 9` ends with status %d and prints \"%s\"; it should end with 0 and print "
          "\"3 numbers, mean 4, largest 9\" and a line end", status, output);
    (void)tell(run, second, output, sizeof output);
    AWARD(run, 5, strcmp(output, "4 numbers, mean 8, largest 20\n") == 0,
          "`tell 20` after it prints \"%s\", not \"4 numbers, mean 8, largest 20\"", output);
}

LAB_CHECK(tell_refuses)
{
    const char *const none[] = {"tell", NULL}, *const bad[] = {"tell", "3", "four", "5", NULL};
    char output[256];
    uint64_t count;
    int status;

    if (!lab_load(run, "tell") || !lab_has(run, "tally_count"))
        return;
    status = tell(run, none, output, sizeof output);
    AWARD(run, 5, status == 2 && string_starts(output, "usage: tell NUMBER"),
          "`tell` without words ends with status %d and prints \"%s\"; it should end with 2 and print "
          "\"usage: tell NUMBER...\"", status, output);
    status = tell(run, bad, output, sizeof output);
    count = LAB_CALL(tally_count)();
    AWARD(run, 5, status == 1 && strstr(output, "four") && count == 0,
          "`tell 3 four 5` ends with status %d, prints \"%s\" and adds %lu numbers; it should end with 1, name "
          "the word that is no number, and add none", status, output, count);
}
