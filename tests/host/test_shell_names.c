/* Completion and suggestions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cells/shell/completion.h"
#include "../../cells/shell/nearest.h"

static struct line line;
static struct completion completion;

static void type(const char *text)
{
    memset(&line, 0, sizeof line);
    line_init(&line, "> ");
    line_start(&line);
    for (; *text; text++) {
        line_take(&line, *text);
        line.output_bytes = 0;
    }
}

static unsigned sources_after(const char *text)
{
    type(text);
    assert_true(completion_begin(&completion, &line));
    return completion.sources;
}

static void sources_follow_the_place(void **state)
{
    (void)state;
    assert_int_equal(sources_after(""), NAMES_COMMANDS);
    assert_int_equal(sources_after("  he"), NAMES_COMMANDS);
    assert_int_equal(sources_after("a;b"), NAMES_COMMANDS);
    assert_int_equal(sources_after("a & b"), NAMES_COMMANDS);
    assert_int_equal(sources_after("help he"), NAMES_COMMANDS);
    assert_int_equal(sources_after("load "), NAMES_CELLS | NAMES_FILES);
    assert_int_equal(sources_after("swap uart rebuilt/u"), NAMES_CELLS | NAMES_FILES);
    assert_string_equal(completion.word, "rebuilt/u");
    assert_int_equal(sources_after("unload u"), NAMES_CELLS);
    assert_int_equal(sources_after("echo; what ta"), NAMES_SYMBOLS);
    assert_int_equal(sources_after("loader x"), NAMES_CELLS | NAMES_SYMBOLS);
    assert_string_equal(completion.word, "x");
}

static void the_only_name_is_finished(void **state)
{
    (void)state;
    type("he");
    assert_true(completion_begin(&completion, &line));
    assert_true(completion_offer(&completion, "help"));
    assert_false(completion_offer(&completion, "echo"));
    assert_true(completion_insert(&completion, &line));
    assert_string_equal(line.text, "help ");
}

static void several_names_are_finished_as_far_as_they_agree(void **state)
{
    (void)state;
    type("load sc");
    assert_true(completion_begin(&completion, &line));
    completion_offer(&completion, "sched_rr");
    completion_offer(&completion, "sched_mlfq");
    assert_true(completion_insert(&completion, &line));
    assert_string_equal(line.text, "load sched_");
    assert_true(completion_begin(&completion, &line));
    completion_offer(&completion, "sched_rr");
    completion_offer(&completion, "sched_mlfq");
    assert_false(completion_insert(&completion, &line));
    assert_int_equal(completion.count, 2);
}

static void completion_works_within_the_line(void **state)
{
    (void)state;
    type("he x\x1b[D\x1b[D");
    assert_true(completion_begin(&completion, &line));
    assert_string_equal(completion.word, "he");
    completion_offer(&completion, "help");
    assert_true(completion_insert(&completion, &line));
    assert_string_equal(line.text, "help  x");
}

static void no_name_and_too_long_words_change_nothing(void **state)
{
    char text[COMPLETION_BYTES + 1];

    (void)state;
    type("zz");
    assert_true(completion_begin(&completion, &line));
    assert_false(completion_insert(&completion, &line));
    assert_string_equal(line.text, "zz");
    memset(text, 'w', COMPLETION_BYTES);
    text[COMPLETION_BYTES] = '\0';
    type(text);
    assert_false(completion_begin(&completion, &line));
}

static void distance_counts_single_changes(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("tasks", "tasks"), 0);
    assert_int_equal(nearest_distance("taks", "tasks"), 1);
    assert_int_equal(nearest_distance("tsaks", "tasks"), 1);
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("abc", ""), 3);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(nearest_distance("ca", "abc"), 3); /* the restricted form */
}

static void only_near_names_are_suggested(void **state)
{
    struct nearest nearest = {.typed = "taks"};
    struct nearest far = {.typed = "ls"};

    (void)state;
    nearest_offer(&nearest, "time");
    assert_int_equal(nearest.distance, 0);
    nearest_offer(&nearest, "tasks");
    nearest_offer(&nearest, "task");
    assert_int_equal(nearest.distance, 1);
    assert_string_equal(nearest.name, "tasks");
    nearest_offer(&far, "sbi");
    nearest_offer(&far, "a_name_that_is_much_too_long_for_a_command");
    assert_int_equal(far.distance, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_follow_the_place),
        cmocka_unit_test(the_only_name_is_finished),
        cmocka_unit_test(several_names_are_finished_as_far_as_they_agree),
        cmocka_unit_test(completion_works_within_the_line),
        cmocka_unit_test(no_name_and_too_long_words_change_nothing),
        cmocka_unit_test(distance_counts_single_changes),
        cmocka_unit_test(only_near_names_are_suggested),
    };

    return cmocka_run_group_tests_name("shell names", tests, NULL, NULL);
}
