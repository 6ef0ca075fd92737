/* The line editor, seen as a person sees it: keys in, and a terminal that shows what comes out.
 * After every key of every test the screen must show prompt, text and cursor exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cells/shell/line.h"
#include "terminal.h"

#define PROMPT "mitos> "
#define LEFT "\x1b[D"
#define RIGHT "\x1b[C"
#define UP "\x1b[A"
#define DOWN "\x1b[B"

struct fixture {
    struct line line;
    struct terminal terminal;
    unsigned top; /* the row of the prompt, before scrolling */
    enum line_event event;
};

static struct fixture fixture;

/* What stands in row @p row (from the prompt's) of prompt and text, in cells of the editor's
 * width. */
static void expected_row(unsigned row, char *to)
{
    const char *sources[] = {PROMPT, fixture.line.text};
    unsigned cells = 0;

    *to = '\0';
    for (unsigned i = 0; i < 2; i++)
        for (const char *at = sources[i]; *at; at++) {
            bool begins = ((unsigned char)*at & 0xc0) != 0x80;

            cells += begins;
            if ((cells - 1) / LINE_COLUMNS == row)
                strncat(to, at, 1);
        }
}

static unsigned cells_before_cursor(void)
{
    unsigned cells = strlen(PROMPT);

    for (unsigned i = 0; i < fixture.line.cursor; i++)
        cells += ((unsigned char)fixture.line.text[i] & 0xc0) != 0x80;
    return cells;
}

static void check_screen(void)
{
    const struct terminal *terminal = &fixture.terminal;
    unsigned cells = cells_before_cursor();
    unsigned top = terminal->row - cells / LINE_COLUMNS;
    char expected[LINE_COLUMNS * 4 + 1];

    assert_int_equal(strlen(fixture.line.text), fixture.line.length);
    assert_true(fixture.line.cursor <= fixture.line.length);
    assert_int_equal(terminal->wrap_pending ? terminal->column + 1 : terminal->column,
                     cells % LINE_COLUMNS);
    for (unsigned row = 0; top + row < TERMINAL_ROWS; row++) {
        expected_row(row, expected);
        assert_string_equal(terminal_row(terminal, top + row), expected);
    }
}

static void show_output(void)
{
    terminal_write(&fixture.terminal, fixture.line.output, fixture.line.output_bytes);
    fixture.line.output_bytes = 0;
}

static void key(char byte)
{
    fixture.event = line_take(&fixture.line, byte);
    show_output();
    if (fixture.event == LINE_EDITED || fixture.event == LINE_COMPLETE)
        check_screen();
}

static void type(const char *keys)
{
    while (*keys)
        key(*keys++);
}

static void new_prompt(void)
{
    line_start(&fixture.line);
    show_output();
    check_screen();
}

/* Enters a line, and prompts for the next. */
static void enter(const char *text)
{
    type(text);
    key('\r');
    assert_int_equal(fixture.event, LINE_ENTERED);
    new_prompt();
}

static void set_up(unsigned columns)
{
    memset(&fixture, 0, sizeof fixture);
    terminal_init(&fixture.terminal, columns);
    line_init(&fixture.line, PROMPT);
    new_prompt();
}

static void the_prompt_is_a_copy(void **state)
{
    char prompt[] = PROMPT;

    (void)state;
    line_init(&fixture.line, prompt);
    memset(prompt, '!', sizeof prompt);
    assert_string_equal(fixture.line.prompt, PROMPT);
}

static void expect(const char *text, unsigned cursor)
{
    assert_string_equal(fixture.line.text, text);
    assert_int_equal(fixture.line.cursor, cursor);
}

static void typed_text_is_entered(void **state)
{
    (void)state;
    set_up(80);
    type("echo hi");
    expect("echo hi", 7);
    key('\r');
    assert_int_equal(fixture.event, LINE_ENTERED);
    assert_string_equal(fixture.line.text, "echo hi");
}

static void line_feed_after_return_is_no_second_line(void **state)
{
    (void)state;
    set_up(80);
    enter("a");
    key('\n');
    assert_int_equal(fixture.event, LINE_EDITED);
    key('\n');
    assert_int_equal(fixture.event, LINE_ENTERED);
}

static void cursor_moves_and_inserts(void **state)
{
    (void)state;
    set_up(80);
    type("abc" LEFT LEFT "X");
    expect("aXbc", 2);
    type("\x01Y");
    expect("YaXbc", 1);
    type("\x05Z");
    expect("YaXbcZ", 6);
    type("\x1b[1~" RIGHT "-\x1b[4~+");
    expect("Y-aXbcZ+", 8);
    type("\x1b[H\x1b[3~");
    expect("-aXbcZ+", 0);
    type("\x1b[F\x7f");
    expect("-aXbcZ", 6);
    type("\x02\x02\x06\x04");
    expect("-aXbc", 5);
    type("\x1bOD!");
    expect("-aXb!c", 5);
}

static void words_are_killed_and_skipped(void **state)
{
    (void)state;
    set_up(80);
    type("one two  three\x17");
    expect("one two  ", 9);
    type("\x17");
    expect("one ", 4);
    type("two three"
         "\x1b[1;5D"
         "\x1b[1;5D"
         "\x0b");
    expect("one ", 4);
    type("x y\x1b"
         "b\x1b"
         "b\x15");
    expect("x y", 0);
    type("\x1b"
         "f!");
    expect("x! y", 2);
    type("\x1b[F\x1b\x7f");
    expect("x! ", 3);
}

static void ends_ring_the_bell(void **state)
{
    (void)state;
    set_up(80);
    type("\x7f");
    assert_int_equal(fixture.terminal.bells, 1);
    type("\x1b[3~");
    assert_int_equal(fixture.terminal.bells, 2);
    type(UP);
    assert_int_equal(fixture.terminal.bells, 3);
    type(LEFT RIGHT DOWN);
    assert_int_equal(fixture.terminal.bells, 3);
}

static void history_is_browsed(void **state)
{
    (void)state;
    set_up(80);
    enter("first");
    enter("second");
    enter("second");
    enter("");
    type("own" UP);
    expect("second", 6);
    type(UP);
    expect("first", 5);
    type(UP);
    expect("first", 5);
    type(DOWN DOWN);
    expect("own", 3);
    type("\x10\x10!");
    expect("first!", 6);
    key('\r');
    new_prompt();
    type(UP);
    expect("first!", 6);
}

static void history_keeps_the_last_64_lines(void **state)
{
    char text[16];

    (void)state;
    set_up(80);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "line %u", i);
        enter(text);
    }
    assert_int_equal(fixture.line.history.lines, HISTORY_LINES);
    assert_string_equal(history_line(&fixture.line.history, 1), "line 99");
    assert_string_equal(history_line(&fixture.line.history, 64), "line 36");
    assert_null(history_line(&fixture.line.history, 65));
}

static void history_of_long_lines_stays_in_its_pool(void **state)
{
    char text[LINE_BYTES + 1];
    struct history *history = &fixture.line.history;

    (void)state;
    set_up(80);
    for (unsigned i = 0; i < 50; i++) {
        memset(text, 'a' + (int)(i % 26), LINE_BYTES);
        text[LINE_BYTES] = '\0';
        history_add(history, text);
        assert_true(history->bytes <= HISTORY_BYTES);
        assert_string_equal(history_line(history, 1), text);
    }
    assert_int_equal(history->lines, HISTORY_BYTES / (LINE_BYTES + 1));
}

static void long_lines_wrap_and_stop_at_the_limit(void **state)
{
    (void)state;
    set_up(80);
    for (unsigned i = 0; i < LINE_BYTES; i++)
        key((char)('a' + i % 26));
    assert_int_equal(fixture.line.length, LINE_BYTES);
    assert_int_equal(fixture.terminal.bells, 0);
    key('!');
    assert_int_equal(fixture.line.length, LINE_BYTES);
    assert_int_equal(fixture.terminal.bells, 1);
    type("\x01\x04"
         "\x1b[C"
         "#");
    assert_int_equal(fixture.line.length, LINE_BYTES);
    type("\x0b");
    expect("b#", 2);
}

static void text_is_shown_alike_on_a_wider_screen(void **state)
{
    (void)state;
    set_up(132);
    for (unsigned i = 0; i < 200; i++)
        key('x');
    for (unsigned i = 0; i < 150; i++)
        type(LEFT);
    type("middle");
    assert_int_equal(fixture.line.cursor, 56);
}

static void characters_of_several_bytes_stay_whole(void **state)
{
    (void)state;
    set_up(80);
    type("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
    assert_int_equal(fixture.line.length, 11);
    type(LEFT LEFT "\x7f");
    expect("a\xc3\xa4\xf0\x9f\x98\x80z", 3);
    type(LEFT "\x04");
    expect("a\xf0\x9f\x98\x80z", 1);
}

static void broken_characters_are_left_out(void **state)
{
    (void)state;
    set_up(80);
    type("a\x80"
         "b\xff"
         "c\xe2\x82"
         "d\xc3\x1b[D"
         "e");
    expect("abced", 4);
    assert_int_equal(fixture.terminal.bells, 3);
    type("\xc3\r");
    assert_int_equal(fixture.event, LINE_ENTERED);
}

static void keys_with_a_meaning_for_the_shell_are_reported(void **state)
{
    (void)state;
    set_up(80);
    key('\x04');
    assert_int_equal(fixture.event, LINE_END);
    key('\t');
    assert_int_equal(fixture.event, LINE_COMPLETE);
    assert_int_equal(fixture.line.tabs, 1);
    key('\t');
    assert_int_equal(fixture.line.tabs, 2);
    key('x');
    key('\t');
    assert_int_equal(fixture.line.tabs, 1);
    key('\x1b');
    key('\x03');
    assert_int_equal(fixture.event, LINE_INTERRUPTED);
    line_leave(&fixture.line, "^C");
    show_output();
    assert_string_equal(terminal_row(&fixture.terminal, fixture.terminal.row - 1), PROMPT "x^C");
}

static void unknown_sequences_are_ignored(void **state)
{
    (void)state;
    set_up(80);
    type("a\x1b[15~\x1b[200~\x1b[?1;2c\x1bOP\x1bz\x1b[99999999999~"
         "b");
    expect("ab", 2);
}

static void a_message_goes_between_prompt_and_its_return(void **state)
{
    (void)state;
    set_up(80);
    for (unsigned i = 0; i < 100; i++)
        key('m');
    type("\x01");
    line_hide(&fixture.line);
    show_output();
    terminal_write(&fixture.terminal, "message\r\n", 9);
    line_show(&fixture.line);
    show_output();
    check_screen();
    assert_string_equal(terminal_row(&fixture.terminal, 0), "message");
}

/* Any keys, many of them: the screen always shows the line (check_screen() after each). */
static void any_keys_leave_the_screen_right(void **state)
{
    static const char *const keys[] = {
        LEFT,
        LEFT,
        LEFT,
        RIGHT,
        UP,
        DOWN,
        "\x1b[H",
        "\x1b[F",
        "\x1b[3~",
        "\x7f",
        "\x01",
        "\x05",
        "\x17",
        "\x0b",
        "\x0c",
        "\x1b[1;5D",
        "\x1b[1;5C",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "a",
        "b ",
        "words and more ",
        "0123456789012345678901234567890123456789",
        "\xf0\x9f\x98\x80",
        "\xe2",
        "\x1b",
        "[",
        ";",
        "A",
        "~",
    };
    unsigned seed = 1;

    (void)state;
    for (unsigned columns = 80; columns <= 120; columns += 40) {
        set_up(columns);
        for (unsigned i = 0; i < 20000; i++) {
            seed = seed * 1103515245u + 12345u;
            type(keys[(seed >> 16) % (sizeof keys / sizeof keys[0])]);
            if ((seed >> 8) % 50 == 0)
                enter("");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_text_is_entered),
        cmocka_unit_test(line_feed_after_return_is_no_second_line),
        cmocka_unit_test(cursor_moves_and_inserts),
        cmocka_unit_test(words_are_killed_and_skipped),
        cmocka_unit_test(ends_ring_the_bell),
        cmocka_unit_test(history_is_browsed),
        cmocka_unit_test(history_keeps_the_last_64_lines),
        cmocka_unit_test(history_of_long_lines_stays_in_its_pool),
        cmocka_unit_test(long_lines_wrap_and_stop_at_the_limit),
        cmocka_unit_test(text_is_shown_alike_on_a_wider_screen),
        cmocka_unit_test(characters_of_several_bytes_stay_whole),
        cmocka_unit_test(broken_characters_are_left_out),
        cmocka_unit_test(keys_with_a_meaning_for_the_shell_are_reported),
        cmocka_unit_test(unknown_sequences_are_ignored),
        cmocka_unit_test(the_prompt_is_a_copy),
        cmocka_unit_test(a_message_goes_between_prompt_and_its_return),
        cmocka_unit_test(any_keys_leave_the_screen_right),
    };

    return cmocka_run_group_tests_name("shell line editor", tests, NULL, NULL);
}
