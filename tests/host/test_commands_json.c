/* The JSON writer. What it writes is held against expected texts here; the tests of the shell
 * let Python's parser read the output of every command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static char written[4096];
static size_t written_bytes;

static void keep(void *sink, const char *text, size_t bytes)
{
    assert_ptr_equal(sink, written);
    assert_true(bytes <= sizeof((struct json *)NULL)->text);
    assert_true(written_bytes + bytes < sizeof written);
    memcpy(written + written_bytes, text, bytes);
    written_bytes += bytes;
    written[written_bytes] = '\0';
}

static void begin(struct json *json)
{
    memset(json, 0xaa, sizeof *json);
    written_bytes = 0;
    json_begin(json, keep, written);
}

static void values_are_separated(void **state)
{
    struct json json;

    (void)state;
    begin(&json);
    json_array(&json, NULL);
    json_object(&json, NULL);
    json_text(&json, "name", "vm");
    json_number(&json, "bytes", UINT64_MAX);
    json_array(&json, "list");
    json_end(&json);
    json_end(&json);
    json_boolean(&json, NULL, true);
    json_address(&json, NULL, 0xffffffc080200000);
    json_end(&json);
    json_finish(&json);
    assert_string_equal(written,
                        "[{\"name\": \"vm\", \"bytes\": 18446744073709551615, \"list\": []},\n"
                        " true,\n \"0xffffffc080200000\"]\n");
}

static const char *text_of(const char *text)
{
    struct json json;

    begin(&json);
    json_text(&json, NULL, text);
    json_finish(&json);
    return written;
}

static void texts_are_escaped(void **state)
{
    (void)state;
    assert_string_equal(text_of("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"\n");
    assert_string_equal(text_of("\n\t\x1b"), "\"\\u000a\\u0009\\u001b\"\n");
    assert_string_equal(text_of("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\n");
    assert_string_equal(text_of("\xff\xc3 \xe2\x82"), "\"\\ufffd\\ufffd \\ufffd\\ufffd\"\n");
    assert_string_equal(text_of(""), "\"\"\n");
}

static void long_texts_pass_through_the_buffer(void **state)
{
    char text[2000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text_of(text);
    assert_int_equal(written_bytes, sizeof text - 1 + 3);
    assert_memory_equal(written + 1, text, sizeof text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_separated),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(long_texts_pass_through_the_buffer),
    };

    return cmocka_run_group_tests_name("commands JSON", tests, NULL, NULL);
}
