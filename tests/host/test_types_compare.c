/* The comparison of two texts of types (abi/types_compare.h), also of texts that are none. */
#define TYPES_COMPARE_HERE
#include "types_say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct types_compare compare;
static char told[65536];

static void tell(void *argument, const struct types_difference *difference)
{
    char line[300];

    (void)argument;
    types_say(difference, line, sizeof line);
    if (strlen(told) + strlen(line) + 2 < sizeof told)
        strcat(strcat(told, line), "\n");
}

static bool run(const void *a, size_t a_bytes, const void *b, size_t b_bytes, bool versions)
{
    memset(&compare, 0, sizeof compare);
    told[0] = '\0';
    compare.tell = tell;
    compare.exports = compare.layouts = versions;
    return types_open(a, a_bytes, &compare.a) && types_open(b, b_bytes, &compare.b) &&
           types_compare(&compare);
}

/* In one order, and that there is something to tell in the other one, too. */
static void differ(const char *a, const char *b, const char *expected)
{
    bool any = run(b, strlen(b), a, strlen(a), true);

    assert_int_equal(any, *expected != '\0');
    assert_int_equal(run(a, strlen(a), b, strlen(b), true), *expected != '\0');
    assert_string_equal(told, expected);
}

#define USE(signature, lines) "types 1\nexport " signature " use\n" lines

static void item_itself(void **unused)
{
    (void)unused;
    differ(USE("1", " returns int\n takes char\n takes long\n"),
           USE("2", " returns int\n takes char\n takes int\n"),
           "function use: parameter 2: long -> int\n");
    differ(USE("1", " returns int\n"), USE("2", " returns void\n"),
           "function use: result: int -> void\n");
    differ(USE("1", " returns int\n"), USE("2", " returns int\n takes ...\n"),
           "function use: parameter 1: nothing -> ...\n");
    differ(USE("1", " version 2\n returns int\n"), USE("2", " returns int\n"),
           "function use: version: 2 -> nothing\n");
    differ(USE("1", " returns int\n"), USE("1", " returns long\n"), ""); /* equal signatures */
}

static void only_one_has_it(void **unused)
{
    (void)unused;
    differ(USE("1", " returns int\n"), "types 1\nimport 1 use\n returns int\n",
           "function use: export: exported -> nothing\n");
    differ("types 1\n", USE("1", " returns int\n"), "function use: export: nothing -> exported\n");
    differ("types 1\nimport 1 use\n returns int\n", "types 1\n", "");
    differ("types 1\nkind 1 a counter\n is int\n", "types 1\nstate 2 state\n is int\n",
           "kind a counter: declaration: declared -> nothing\n"
           "state: declaration: nothing -> declared\n");
}

static void client_and_provider_share_functions_only(void **unused)
{
    static const char a[] = "types 1\nimport 1 f\n returns int\nstate 1 state\n is int\n";
    static const char b[] = "types 1\nexport 2 f\n returns void\nexport 1 g\n returns int\n"
                            "state 2 state\n is long\n";

    (void)unused;
    assert_true(run(a, sizeof a - 1, b, sizeof b - 1, false));
    assert_string_equal(told, "function f: result: int -> void\n");
}

#define REACH "types 1\nexport %s f\n returns void\n takes struct a{1} *\n"                        \
              "export %s g\n returns void\n takes const struct a{1} *\n"                           \
              "struct %s 1 a\n bytes 16\n at 0 next struct a{1} *\n at 8 b struct b{2} *\n"        \
              "struct %s 2 b\n bytes %s\n%s"

static void reach(char *text, size_t room, const char *s, const char *bytes, const char *members)
{
    snprintf(text, room, REACH, s, s, s, s, bytes, members);
}

static void through_pointers_and_circles(void **unused)
{
    static const struct {
        const char *bytes, *members, *expected;
    } cases[] = {
        {"4", " at 0 x int\n", "member x: long -> int"},
        {"16", " at 8 x long\n at 0 y long\n", "member y: nothing -> long"},
        {"8", " at 4.3 x long : 3\n", "member x: long -> long : 3"},
    };
    char a[1024], b[1024], expected[512];

    (void)unused;
    reach(a, sizeof a, "1", "8", " at 0 x long\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reach(b, sizeof b, "2", cases[i].bytes, cases[i].members);
        snprintf(expected, sizeof expected,
                 "function f: struct b: %s\nfunction g: struct b: as told above\n",
                 cases[i].expected);
        differ(a, b, expected);
    }
    reach(b, sizeof b, "2", "24", " at 16 x long\n");
    differ(a, b, "function f: struct b: bytes: 8 -> 24\n"
                 "function f: struct b: place of member x: 0 -> 16\n"
                 "function g: struct b: as told above\n");
    reach(b, sizeof b, "2", "8", " at 0 y long\n");
    differ(a, b, "function f: struct b: member x: long -> nothing\n"
                 "function f: struct b: member y: nothing -> long\n"
                 "function g: struct b: as told above\n");
}

static void enumerators(void **unused)
{
    (void)unused;
    differ("types 1\nfunction 1 f\n returns enum e{1}\nenum 1 1 e\n bytes 4\n value A 0\n value at 1\n",
           "types 1\nfunction 2 f\n returns enum e{7}\nenum 2 7 e\n bytes 4\n value A 1\n value at 0\n",
           "function f: enum e: enumerator A: 0 -> 1\nfunction f: enum e: enumerator at: 1 -> 0\n");
}

static void typedefs_and_structs_without_tags(void **unused)
{
    (void)unused;
    differ("types 1\nfunction 1 f\n returns paddr{1}\ntypedef 1 1 paddr\n is struct {2}\n"
           "struct 1 2 -\n bytes 8\n at 0 - union {3}\n at 0 - int\nunion 9 3 -\n bytes 8\n",
           "types 1\nfunction 2 f\n returns paddr{2}\ntypedef 2 2 paddr\n is struct {3}\n"
           "struct 2 3 -\n bytes 8\n at 0 - union {1}\n at 0 - char\nunion 9 1 -\n bytes 8\n",
           "function f: struct without a tag: member -: int -> char\n");
}

#define KIND_OF(signature, tag, incomplete)                                                        \
    "types 1\nkind " signature " k\n is struct " tag "{1}\nstruct " signature " 1 " tag            \
    "\n bytes 8\n at 0 next struct " tag "{1} *\n at 8 other incomplete struct " incomplete " *\n"

static void tags_in_layouts(void **unused)
{
    (void)unused;
    /* Only pack's signature says that these two are equal; here it does not. */
    differ(KIND_OF("1", "a", "c"), KIND_OF("2", "b", "c"), "kind k: signature\n");
    differ(KIND_OF("1", "a", "c"), KIND_OF("2", "b", "d"),
           "kind k: struct a: member other: incomplete struct c * -> incomplete struct d *\n");
    differ("types 1\nexport 1 f\n returns struct a{1}\nstruct 1 1 a\n bytes 1\n",
           "types 1\nexport 2 f\n returns struct b{1}\nstruct 2 1 b\n bytes 1\n",
           "function f: result: struct a -> struct b\n");
}

static bool first_of(struct types_span a, struct types_span b, const char *what, const char *name, char *line,
                     size_t room)
{
    memset(&compare, 0, sizeof compare);
    return types_differ(&compare, a, b, what, name, line, room);
}

static void one_item(void **unused)
{
    static const char a[] = "types 1\nimport 1 f\n returns int\n takes int\nkind 3 k\n is int\n";
    static const char b[] = "types 1\nexport 2 f\n returns long\n takes long\nkind 4 k\n is long\n";
    const struct types_span first = types_word(a), second = types_word(b);
    char line[64];

    (void)unused;
    assert_true(first_of(first, second, "import", "f", line, sizeof line));
    assert_string_equal(line, "function f: result: int -> long");
    assert_true(first_of(first, second, "kind", "k", line, 12));
    assert_string_equal(line, "kind k: typ");
    assert_false(first_of(first, second, "state", "state", line, sizeof line));
    assert_false(first_of(first, first, "kind", "k", line, sizeof line));
    assert_false(first_of(first, types_word("types"), "kind", "k", line, sizeof line));
}

/* A long chain of structs, more than are followed, each leading back to the first one. */
static void more_than_are_followed(void **unused)
{
    static char texts[2][65536];
    unsigned lengths[2] = {0};

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        char *text = texts[i];

        lengths[i] = (unsigned)sprintf(text, "types 1\nexport %u f\n returns struct s{1}\n", i + 1);
        for (unsigned j = 1; j < 600; j++)
            lengths[i] += (unsigned)sprintf(text + lengths[i],
                                            "struct %u %u s\n bytes 8\n at 0 up struct s{1} *\n"
                                            " at 0 down struct s{%u} *\n",
                                            i + 1, j, j + 1);
    }
    assert_true(run(texts[0], lengths[0], texts[1], lengths[1], true));
    assert_string_equal(told, "function f: signature\n");
}

/* Twenty structs beside twenty others, each with each: more pairs than there is room for. */
static void more_pairs_than_are_kept(void **unused)
{
    static char texts[2][65536];
    unsigned lengths[2] = {0}, lines = 0;

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        char *text = texts[i];

        lengths[i] = (unsigned)sprintf(text, "types 1\n");
        for (unsigned j = 0; j < 400; j++)
            lengths[i] += (unsigned)sprintf(text + lengths[i], "import %u f%u\n returns struct s{%u}\n", i + 1, j,
                                            1 + (i == 0 ? j / 20 : j % 20));
        for (unsigned j = 1; j <= 20; j++)
            lengths[i] += (unsigned)sprintf(text + lengths[i], "struct %u %u s\n bytes %u\n", i + 1, j, i + 1);
    }
    assert_true(run(texts[0], lengths[0], texts[1], lengths[1], true));
    for (const char *at = told; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 400);
    assert_non_null(strstr(told, "function f255: struct s: bytes: 1 -> 2\nfunction f256: signature\n"));
}

static void equal_signatures_are_not_looked_at(void **unused)
{
    (void)unused;
    differ("types 1\nexport 1 f\n returns struct s{1}\n takes int\nstruct 7 1 s\n bytes 1\n",
           "types 1\nexport 2 f\n returns struct s{1}\n takes char\nstruct 7 1 s\n bytes 2\n",
           "function f: parameter 1: int -> char\n");
}

static void what_ends_a_text(void **unused)
{
    static const char *const texts[] = {
        "types 1\nexport 10000000000000001 f\n", "types 1\nexport 1\n", "types 1\nexport 1 \n",
        "types 1\nexport g f\n",                "types 1\n x\n",      "types 1\nstruct 1 0 s\n",
        "types 1\nstruct 1 4294967296 s\n",     "types 1\nstruct 1 s\n", "types 1\n\n",
    };

    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct types_span rest;
        struct types_record record;

        assert_true(types_open(texts[i], strlen(texts[i]), &rest));
        assert_false(types_next(&rest, &record));
        assert_true(rest.bytes > 0);
    }
    assert_false(types_open("types 2\n", 8, &(struct types_span){NULL, 0}));
}

/* Each copy lies in memory of its own, so that a look beyond its end is seen. */
static void try_rubbish(const char *a, const char *text, size_t bytes)
{
    char *copy = malloc(bytes + !bytes);

    assert_non_null(copy);
    memcpy(copy, text, bytes);
    run(a, strlen(a), copy, bytes, true);
    run(copy, bytes, a, strlen(a), true);
    run(copy, bytes, copy, bytes, true);
    free(copy);
}

static void rubbish(void **unused)
{
    static const char values[] = "{} \n\0019az\xff";
    char a[1024], b[1024], changed[1024];
    uint64_t seed = 1;

    (void)unused;
    reach(a, sizeof a, "1", "8", " at 0 x long\n");
    reach(b, sizeof b, "2", "4", " at 0 x int\n value z 1\n");
    for (size_t cut = 0; cut <= strlen(b); cut++)
        try_rubbish(a, b, cut);
    for (unsigned i = 0; i < 30000; i++) {
        memcpy(changed, b, sizeof b);
        for (unsigned j = 0; j < 1 + i % 4; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
            changed[(seed >> 33) % strlen(b)] = values[(seed >> 20) % sizeof values];
        }
        try_rubbish(a, changed, strlen(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(item_itself),
        cmocka_unit_test(only_one_has_it),
        cmocka_unit_test(client_and_provider_share_functions_only),
        cmocka_unit_test(through_pointers_and_circles),
        cmocka_unit_test(enumerators),
        cmocka_unit_test(typedefs_and_structs_without_tags),
        cmocka_unit_test(tags_in_layouts),
        cmocka_unit_test(one_item),
        cmocka_unit_test(more_than_are_followed),
        cmocka_unit_test(more_pairs_than_are_kept),
        cmocka_unit_test(equal_signatures_are_not_looked_at),
        cmocka_unit_test(what_ends_a_text),
        cmocka_unit_test(rubbish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
