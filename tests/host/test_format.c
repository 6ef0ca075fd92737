/* Formatted text beside the C library's, and the explanations of failures. */

/* The texts here are wrong on purpose, too long, or made while the test runs. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-zero-length"

#include "nucleus/format.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "nucleus/why.h"
#include "platform.h"

/* Formats with both, in rooms of all sizes up to what fits. */
#define COMPARE(...)                                                                               \
    do {                                                                                           \
        char expected[400], ours[400];                                                             \
        size_t length = (size_t)snprintf(expected, sizeof expected, __VA_ARGS__);                  \
                                                                                                   \
        for (size_t room = 0; room <= length + 1 && room <= 80; room++) {                          \
            memset(expected, 'e', sizeof expected);                                                \
            memset(ours, 'e', sizeof ours);                                                        \
            snprintf(expected, room, __VA_ARGS__);                                                 \
            assert_int_equal(format(ours, room, __VA_ARGS__), length);                             \
            assert_memory_equal(ours, expected, sizeof ours);                                      \
        }                                                                                          \
    } while (0)

static const long values[] = {0,        1,        -1,       9,       10,       -10,
                              127,      128,      -128,     255,     256,      32767,
                              -32768,   65535,    INT_MAX,  INT_MIN, LONG_MAX, LONG_MIN,
                              0x123456, UINT_MAX, 99999999, 7654321, 1l << 40, -(1l << 40)};

static void test_numbers(void **unused)
{
    static const char *const flags[] = {"", "-", "0", "-0", "0-"};
    static const char *const widths[] = {"", "1", "5", "12", "30"};
    static const char *const precisions[] = {"", ".", ".0", ".1", ".8", ".25"};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z"};
    static const char letters[] = "diuxX";

    (void)unused;
    for (unsigned i = 0; i < 5 * 5 * 6 * 6 * 5; i++) {
        char text[32];

        snprintf(text, sizeof text, "<%%%s%s%s%s%c>", flags[i % 5], widths[i / 5 % 5],
                 precisions[i / 25 % 6], lengths[i / 150 % 6], letters[i / 900 % 5]);
        for (unsigned v = i % 3; v < sizeof values / sizeof values[0]; v += 3)
            COMPARE(text, values[v]);
    }
}

static void test_strings_and_characters(void **unused)
{
    static const char *const texts[] = {"%s",       "%10s",  "%-10s|", "%.3s", "%.0s", "%10.3s",
                                        "%-10.3s|", "%.20s", "a%sb",   "%.s",  "%1s"};

    (void)unused;
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        COMPARE(texts[i], "");
        COMPARE(texts[i], "hello");
        COMPARE(texts[i], "a longer text");
    }
    COMPARE("%c%c", 'a', 'b');
    COMPARE("%5c|%-5c|", 'x', 'y');
    COMPARE("%%");
    COMPARE("100%% of %s", "it");
    COMPARE("");
    COMPARE("plain");
    COMPARE("%s is %d of %u, 0x%lx", "this", -1, 2u, 3ul);
}

static void test_stars(void **unused)
{
    (void)unused;
    for (int width = -12; width <= 12; width++) {
        for (int precision = -2; precision <= 12; precision++) {
            COMPARE("%*.*d|%*d", width, precision, 1234, width, -5);
            COMPARE("%*.*s|%.*s", width, precision, "string", precision, "other");
        }
    }
}

static void test_a_string_is_not_read_past_its_precision(void **unused)
{
    const char open[3] = {'a', 'b', 'c'};
    char ours[10];

    (void)unused;
    assert_int_equal(format(ours, sizeof ours, "%.3s", open), 3);
    assert_string_equal(ours, "abc");
}

static void test_house_rules(void **unused)
{
    char ours[64];

    (void)unused;
    format(ours, sizeof ours, "%p|%p", (void *)0xffffffc080200000, NULL);
    assert_string_equal(ours, "0xffffffc080200000|0x0000000000000000");
    format(ours, sizeof ours, "%20p|%-20p|", (void *)0x10, (void *)0xab);
    assert_string_equal(ours, "  0x0000000000000010|0x00000000000000ab  |");
    format(ours, sizeof ours, "%s", (const char *)NULL);
    assert_string_equal(ours, "(null)");
    format(ours, sizeof ours, "%q %d", 5);
    assert_string_equal(ours, "%q 5");
    format(ours, sizeof ours, "50%");
    assert_string_equal(ours, "50%");
    format(ours, sizeof ours, "%-08l");
    assert_string_equal(ours, "%-08l");
}

static void test_absurd_widths_end(void **unused)
{
    char ours[16];

    (void)unused;
    assert_true(format(ours, sizeof ours, "%99999999999999d", 1) > 15);
    assert_int_equal(strlen(ours), 15);
    assert_true(format(ours, sizeof ours, "%*d", INT_MIN, 1) > 15);
    assert_true(format(ours, sizeof ours, "%.99999999999999d", 1) > 15);
}

static void test_why_is_set_once_and_prefixed(void **unused)
{
    struct why why = {"old"};

    (void)unused;
    assert_int_equal(why_set(&why, ERR_LINK, "needs %s()", "clock_now"), ERR_LINK);
    assert_string_equal(why.text, "needs clock_now()");
    why_prefix(&why, "busy");
    assert_string_equal(why.text, "busy: needs clock_now()");
    assert_int_equal(why_set(&why, ERR_INIT, "<%s>", why.text), ERR_INIT);
    assert_string_equal(why.text, "<busy: needs clock_now()>");
    assert_int_equal(why_set(NULL, ERR_IO, "lost"), ERR_IO);
    why_prefix(NULL, "lost");
}

static void test_why_is_cut_with_dots(void **unused)
{
    struct why why;

    (void)unused;
    why_set(&why, OK, "%255s", "x");
    assert_int_equal(strlen(why.text), 255);
    assert_string_equal(why.text + 250, "    x");
    why_set(&why, OK, "%256s", "x");
    assert_int_equal(strlen(why.text), 255);
    assert_string_equal(why.text + 250, "  ...");
    why_set(&why, OK, "%250s", "x");
    why_prefix(&why, "prefix");
    assert_string_equal(why.text + 250, "  ...");
}

static void test_every_status_has_a_word(void **unused)
{
    (void)unused;
    for (enum status status = OK; status <= ERR_QUARANTINED; status++) {
        assert_string_not_equal(status_name(status), "unknown status");
        for (enum status other = OK; other < status; other++)
            assert_string_not_equal(status_name(status), status_name(other));
    }
    assert_string_equal(status_name(ERR_NOMEM), "out of memory");
    assert_string_equal(status_name((enum status)99), "unknown status");
    assert_string_equal(status_name((enum status) - 1), "unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings_and_characters),
        cmocka_unit_test(test_stars),
        cmocka_unit_test(test_a_string_is_not_read_past_its_precision),
        cmocka_unit_test(test_house_rules),
        cmocka_unit_test(test_absurd_widths_end),
        cmocka_unit_test(test_why_is_set_once_and_prefixed),
        cmocka_unit_test(test_why_is_cut_with_dots),
        cmocka_unit_test(test_every_status_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
