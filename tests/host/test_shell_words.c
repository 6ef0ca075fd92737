/* The command line's grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cells/shell/words.h"

static struct words words;
static const char *at;
static const char *error;

static enum words_result next(void)
{
    return words_next(&at, 42, &words, &error);
}

/* The next command, joined by | between its words. */
static const char *next_joined(void)
{
    static char text[2 * WORDS_BYTES];

    assert_int_equal(next(), WORDS_COMMAND);
    assert_null(words.argv[words.count]);
    text[0] = '\0';
    for (unsigned i = 0; i < words.count; i++) {
        strcat(text, i ? "|" : "");
        strcat(text, words.argv[i]);
    }
    return text;
}

static void words_are_split_at_blanks(void **state)
{
    (void)state;
    at = "  echo  a\tb ";
    assert_string_equal(next_joined(), "echo|a|b");
    assert_false(words.background);
    assert_int_equal(next(), WORDS_END);
    assert_int_equal(next(), WORDS_END);
}

static void semicolon_and_ampersand_separate(void **state)
{
    (void)state;
    at = "a 1;b&c ; ; d &\ne";
    assert_string_equal(next_joined(), "a|1");
    assert_string_equal(next_joined(), "b");
    assert_true(words.background);
    assert_string_equal(next_joined(), "c");
    assert_false(words.background);
    assert_string_equal(next_joined(), "d");
    assert_true(words.background);
    assert_string_equal(next_joined(), "e");
    assert_int_equal(next(), WORDS_END);
}

static void quotes_and_backslash_keep_bytes(void **state)
{
    (void)state;
    at = "e 'a b' \"c;d\" x\\ y '' \"\" a'b'\"c\" '\"' \"'\" \"\\\"\\\\\\n\" '\\'";
    assert_string_equal(next_joined(), "e|a b|c;d|x y|||abc|\"|'|\"\\\\n|\\");
}

static void comments_reach_to_the_line_end(void **state)
{
    (void)state;
    at = "a # b; c\nd#e '#f' # g";
    assert_string_equal(next_joined(), "a");
    assert_string_equal(next_joined(), "d#e|#f");
    assert_int_equal(next(), WORDS_END);
    at = "# only";
    assert_int_equal(next(), WORDS_END);
}

static void status_is_put_in(void **state)
{
    (void)state;
    at = "echo $? \"$?\" '$?' \\$? a$?b $ $x";
    assert_string_equal(next_joined(), "echo|42|42|$?|$?|a42b|$|$x");
}

static void mistakes_are_named(void **state)
{
    static const char *const mistakes[] = {"echo 'a", "echo \"a", "echo a\\",
                                           "&",       "a && b",   "a; & b"};

    (void)state;
    for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        enum words_result result;

        at = mistakes[i];
        error = NULL;
        do
            result = next();
        while (result == WORDS_COMMAND);
        assert_int_equal(result, WORDS_ERROR);
        assert_non_null(error);
    }
}

static void too_much_is_refused(void **state)
{
    static char line[8000];

    (void)state;
    for (unsigned i = 0; i < WORDS_MOST; i++)
        strcat(line, "w ");
    at = line;
    assert_int_equal(next(), WORDS_COMMAND);
    assert_int_equal(words.count, WORDS_MOST);
    strcat(line, "w");
    at = line;
    assert_int_equal(next(), WORDS_ERROR);

    memset(line, 'x', sizeof line - 1);
    at = line;
    assert_int_equal(next(), WORDS_ERROR);
    line[WORDS_BYTES - 1] = '\0';
    at = line;
    assert_int_equal(next(), WORDS_COMMAND);
    assert_int_equal(strlen(words.argv[0]), WORDS_BYTES - 1);
}

/* Whatever is typed, reading ends, stays within its bounds (the sanitizers watch), and gives
 * words. */
static void any_bytes_are_read(void **state)
{
    static const char bytes[] = "ab '\"\\;&#$?\n\t\xc3\xa4";
    unsigned seed = 1;
    char text[64];

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        unsigned commands = 0;

        for (unsigned i = 0; i < sizeof text - 1; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = bytes[(seed >> 16) % (sizeof bytes - 1)];
        }
        text[(seed >> 20) % sizeof text] = '\0';
        text[sizeof text - 1] = '\0';
        at = text;
        while (next() == WORDS_COMMAND)
            assert_true(++commands < sizeof text && words.count > 0);
        assert_true(at >= text && at <= text + strlen(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_at_blanks),
        cmocka_unit_test(semicolon_and_ampersand_separate),
        cmocka_unit_test(quotes_and_backslash_keep_bytes),
        cmocka_unit_test(comments_reach_to_the_line_end),
        cmocka_unit_test(status_is_put_in),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(any_bytes_are_read),
    };

    return cmocka_run_group_tests_name("shell words", tests, NULL, NULL);
}
