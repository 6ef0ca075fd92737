/* The symbol table, beside a plain array. */
#include <stdio.h>
#include <string.h>

#include "platform.h"
#include "symbols.h"

#define SYMBOLS 5000

static struct symbol symbols[SYMBOLS];
static char names[SYMBOLS][24];

static int name_symbols(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        snprintf(names[i], sizeof names[i], "symbol_%u", i * 7919 % 10007);
        symbols[i] = (struct symbol){.name = names[i], .address = i};
    }
    return 0;
}

static void test_inserted_symbols_are_found_until_removed(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        assert_null(symbol_lookup(names[i]));
        assert_int_equal(symbol_insert(&symbols[i]), OK);
    }
    for (unsigned i = 0; i < SYMBOLS; i++) {
        char copy[24];

        memcpy(copy, names[i], sizeof copy);
        assert_ptr_equal(symbol_lookup(copy), &symbols[i]);
    }
    assert_null(symbol_lookup("symbol_"));
    assert_null(symbol_lookup(""));
    for (unsigned i = 0; i < SYMBOLS; i += 3)
        symbol_remove(&symbols[i]);
    for (unsigned i = 0; i < SYMBOLS; i++)
        assert_ptr_equal(symbol_lookup(names[i]), i % 3 ? &symbols[i] : NULL);
    for (unsigned i = 0; i < SYMBOLS; i++) {
        symbol_remove(&symbols[i]); /* those removed already, too */
        assert_null(symbol_lookup(names[i]));
    }
}

static void test_a_taken_name_is_refused(void **unused)
{
    struct symbol first = {.name = "task_spawn", .address = 1},
                  second = {.name = "task_spawn", .address = 2};

    (void)unused;
    assert_int_equal(symbol_insert(&first), OK);
    assert_int_equal(symbol_insert(&second), ERR_EXISTS);
    assert_int_equal(symbol_insert(&first), ERR_EXISTS);
    assert_ptr_equal(symbol_lookup("task_spawn"), &first);
    symbol_remove(&second); /* is not in */
    assert_ptr_equal(symbol_lookup("task_spawn"), &first);
    symbol_remove(&first);
    assert_int_equal(symbol_insert(&second), OK);
    assert_ptr_equal(symbol_lookup("task_spawn"), &second);
    symbol_remove(&second);
}

/* Values of the reference code at isthe.com/chongo/tech/comp/fnv. */
static void test_hash_is_fnv_1a(void **unused)
{
    (void)unused;
    assert_int_equal(symbol_hash(""), 0x811c9dc5);
    assert_int_equal(symbol_hash("a"), 0xe40c292c);
    assert_int_equal(symbol_hash("foobar"), 0xbf9cf968);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserted_symbols_are_found_until_removed),
        cmocka_unit_test(test_a_taken_name_is_refused),
        cmocka_unit_test(test_hash_is_fnv_1a),
    };

    return cmocka_run_group_tests(tests, name_symbols, NULL);
}
