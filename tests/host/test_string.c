/* Memory and strings of the nucleus, and what GCC calls by itself, beside the C library and the compiler. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nucleus/string.h"
#include "platform.h"

/* Beside the C library's, as renamed_string.c does it. */
#define strncmp nucleus_strncmp
#define strchr nucleus_strchr
#define strstr nucleus_strstr
#include "text.h"
#undef strncmp
#undef strchr
#undef strstr

/* By the names that renamed_string.c and renamed_runtime.c give them. */
void *nucleus_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *nucleus_memmove(void *to, const void *from, size_t bytes);
void *nucleus_memset(void *to, int byte, size_t bytes);
int nucleus_memcmp(const void *a, const void *b, size_t bytes);
size_t nucleus_strlen(const char *text);
int nucleus_strcmp(const char *a, const char *b);
int nucleus_popcount(long value);
int nucleus_ctz(long value);
int nucleus_clz(long value);
int nucleus_ffs(long value);
unsigned int nucleus_bswap32(unsigned int value);
unsigned long nucleus_bswap64(unsigned long value);

#define ROOM 512

static _Alignas(8) unsigned char ours[ROOM], theirs[ROOM], source[ROOM];

static void fill(struct random *random)
{
    for (unsigned i = 0; i < ROOM; i++) {
        source[i] = (unsigned char)random_next(random);
        ours[i] = theirs[i] = (unsigned char)random_next(random);
    }
}

static void test_memory_is_copied_and_set_at_any_alignment(void **unused)
{
    struct random random = {1};

    (void)unused;
    for (size_t to = 0; to < 9; to++) {
        for (size_t from = 0; from < 9; from++) {
            for (size_t bytes = 0; bytes < 200; bytes += 1 + bytes / 40) {
                fill(&random);
                memcpy(theirs + to, source + from, bytes);
                assert_ptr_equal(nucleus_memcpy(ours + to, source + from, bytes), ours + to);
                assert_memory_equal(ours, theirs, ROOM);
                memset(theirs + from, (int)to * 77, bytes);
                assert_ptr_equal(nucleus_memset(ours + from, (int)to * 77, bytes), ours + from);
                assert_memory_equal(ours, theirs, ROOM);
            }
        }
    }
    nucleus_memset(ours, 0x1ff, 3);
    assert_int_equal(ours[2], 0xff);
}

/* The sanitizer sees a step outside of a block that has exactly the size. */
static void test_nothing_outside_is_touched(void **unused)
{
    (void)unused;
    for (size_t bytes = 1; bytes < 100; bytes++) {
        for (size_t skew = 0; skew < 8 && skew < bytes; skew++) {
            char *from = malloc(bytes), *to = malloc(bytes - skew);

            memset(from, 'x', bytes);
            nucleus_memcpy(to, from + skew, bytes - skew);
            nucleus_memmove(from, from + skew, bytes - skew);
            nucleus_memmove(from + skew, from, bytes - skew);
            nucleus_memset(from + skew, 'y', bytes - skew);
            assert_int_equal(to[bytes - skew - 1], 'x');
            assert_int_equal(from[bytes - 1], 'y');
            free(from);
            free(to);
        }
    }
}

static void test_overlapping_memory_is_moved(void **unused)
{
    struct random random = {2};

    (void)unused;
    for (size_t to = 100; to < 190; to++) {
        for (size_t from = 140; from < 150; from++) {
            for (size_t bytes = 0; bytes < 150; bytes += 1 + bytes / 20) {
                fill(&random);
                memcpy(theirs, ours, ROOM);
                memmove(theirs + to, theirs + from, bytes);
                assert_ptr_equal(nucleus_memmove(ours + to, ours + from, bytes), ours + to);
                assert_memory_equal(ours, theirs, ROOM);
            }
        }
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_comparisons_have_the_right_sign(void **unused)
{
    struct random random = {3};

    (void)unused;
    for (unsigned i = 0; i < 20000; i++) {
        char a[24], b[24];
        size_t most = random_below(&random, 26), offset = random_below(&random, 3);

        for (unsigned j = 0; j < sizeof a; j++) {
            a[j] = (char)random_below(&random, 3);
            b[j] = random_below(&random, 20) ? a[j] : (char)random_next(&random);
            if (a[j] && random_below(&random, 4))
                a[j] = b[j] = (char)0xe4;
        }
        a[sizeof a - 1] = b[sizeof b - 1] = '\0';
        assert_int_equal(sign(nucleus_strcmp(a, b)), sign(strcmp(a, b)));
        assert_int_equal(sign(nucleus_strncmp(a, b, most)), sign(strncmp(a, b, most)));
        assert_int_equal(nucleus_strlen(a), strlen(a));
        most = random_below(&random, sizeof a - offset + 1);
        assert_int_equal(sign(nucleus_memcmp(a + offset, b + offset, most)),
                         sign(memcmp(a + offset, b + offset, most)));
    }
}

static void test_searches(void **unused)
{
    struct random random = {4};

    (void)unused;
    for (unsigned i = 0; i < 20000; i++) {
        char text[20], part[4];
        int byte = (int)random_below(&random, 5) + 'a' - 1;

        for (unsigned j = 0; j < sizeof text; j++)
            text[j] = (char)('a' + random_below(&random, 3));
        for (unsigned j = 0; j < sizeof part; j++)
            part[j] = (char)('a' + random_below(&random, 3));
        text[random_below(&random, sizeof text)] = '\0';
        text[sizeof text - 1] = part[random_below(&random, sizeof part)] = '\0';
        part[sizeof part - 1] = '\0';
        byte = byte == 'a' - 1 ? 0 : byte;
        assert_ptr_equal(nucleus_strchr(text, byte), strchr(text, byte));
        assert_ptr_equal(nucleus_strstr(text, part), strstr(text, part));
        assert_int_equal(string_starts(text, part), strstr(text, part) == text);
    }
}

static void test_copies_end_with_a_nul(void **unused)
{
    char room[8];

    (void)unused;
    assert_true(string_copy(room, sizeof room, "1234567"));
    assert_string_equal(room, "1234567");
    assert_false(string_copy(room, sizeof room, "12345678"));
    assert_string_equal(room, "1234567");
    assert_true(string_copy(room, 1, ""));
    assert_false(string_copy(room, 1, "x"));
    assert_string_equal(room, "");
}

/* fnmatch() knows brackets and backslashes, too; none are used here. */
static void test_patterns_as_fnmatch_matches_them(void **unused)
{
    struct random random = {5};
    unsigned matches = 0;

    (void)unused;
    for (unsigned i = 0; i < 50000; i++) {
        char text[12] = "", pattern[10] = "";
        size_t text_bytes = random_below(&random, sizeof text);
        size_t pattern_bytes = random_below(&random, sizeof pattern);

        for (size_t j = 0; j < text_bytes; j++)
            text[j] = "ab"[random_below(&random, 2)];
        for (size_t j = 0; j < pattern_bytes; j++)
            pattern[j] = "ab?**"[random_below(&random, 5)];
        assert_int_equal(string_matches(text, pattern), fnmatch(pattern, text, 0) == 0);
        matches += string_matches(text, pattern);
    }
    assert_in_range(matches, 5000, 45000);
}

static void test_numbers_are_read_whole(void **unused)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},       {"7", 7},
                {"00012", 12},  {"18446744073709551615", UINT64_MAX},
                {"0x0", 0},     {"0xfF", 255},
                {"0X10", 16},   {"0xffffffffffffffff", UINT64_MAX},
                {"1000", 1000}, {"0x0000000000000000001", 1}};
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "-1",
                                      "+1",
                                      "0x",
                                      "x1",
                                      "1x",
                                      "abc",
                                      "0y",
                                      "0xg",
                                      "1a",
                                      "1.0",
                                      "18446744073709551616",
                                      "0x10000000000000000",
                                      "99999999999999999999999"};
    uint64_t value = 42;

    (void)unused;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (string_to_u64(bad[i], &value) || value != 42)
            fail_msg("\"%s\" was taken for a number", bad[i]);
    }
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(string_to_u64(good[i].text, &value));
        assert_int_equal(value, good[i].value);
    }
}

static void check_bits(uint64_t value)
{
    assert_int_equal(nucleus_popcount((long)value), __builtin_popcountl(value));
    assert_int_equal(nucleus_ffs((long)value), __builtin_ffsl((long)value));
    assert_int_equal(nucleus_bswap32((unsigned)value), __builtin_bswap32((unsigned)value));
    assert_int_equal(nucleus_bswap64(value), __builtin_bswap64(value));
    if (value == 0)
        return;
    assert_int_equal(nucleus_ctz((long)value), __builtin_ctzl(value));
    assert_int_equal(nucleus_clz((long)value), __builtin_clzl(value));
}

static void test_bits_as_the_compiler_counts_them(void **unused)
{
    struct random random = {6};

    (void)unused;
    check_bits(0);
    for (unsigned i = 0; i < 64; i++) {
        check_bits(1ul << i);
        check_bits(UINT64_MAX << i);
        check_bits(UINT64_MAX >> i);
        for (unsigned j = 0; j < 100; j++)
            check_bits(random_next(&random) >> i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_copied_and_set_at_any_alignment),
        cmocka_unit_test(test_nothing_outside_is_touched),
        cmocka_unit_test(test_overlapping_memory_is_moved),
        cmocka_unit_test(test_comparisons_have_the_right_sign),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_copies_end_with_a_nul),
        cmocka_unit_test(test_patterns_as_fnmatch_matches_them),
        cmocka_unit_test(test_numbers_are_read_whole),
        cmocka_unit_test(test_bits_as_the_compiler_counts_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
