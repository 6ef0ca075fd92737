/* The feedback queue of sched_mlfq, against an array as a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cells/sched_mlfq/levels.h"

#define NODES 16

/* The model: per level, the nodes' numbers in order. */
static struct levels levels;
static struct list nodes[NODES];
static int model[LEVELS][NODES];
static unsigned counts[LEVELS];
static bool queued[NODES];

static int reset(void **state)
{
    (void)state;
    levels_init(&levels);
    memset(counts, 0, sizeof counts);
    memset(queued, 0, sizeof queued);
    for (int i = 0; i < NODES; i++)
        list_init(&nodes[i]);
    return 0;
}

static void insert(int number, unsigned level, bool first)
{
    int *row = model[level];

    levels_insert(&levels, &nodes[number], level, first);
    if (first)
        memmove(row + 1, row, counts[level] * sizeof *row);
    row[first ? 0 : counts[level]] = number;
    counts[level]++;
    queued[number] = true;
}

static void take(void)
{
    unsigned expected = 0, level = LEVELS;
    struct list *node = levels_take(&levels, &level);

    while (expected < LEVELS && counts[expected] == 0)
        expected++;
    if (expected == LEVELS) {
        assert_null(node);
        return;
    }
    assert_int_equal(level, expected);
    assert_ptr_equal(node, &nodes[model[level][0]]);
    queued[model[level][0]] = false;
    counts[level]--;
    memmove(model[level], model[level] + 1, counts[level] * sizeof model[level][0]);
}

static void raise_all(void)
{
    levels_raise(&levels);
    for (unsigned level = 1; level < LEVELS; level++) {
        memcpy(model[0] + counts[0], model[level], counts[level] * sizeof model[0][0]);
        counts[0] += counts[level];
        counts[level] = 0;
    }
}

static void first_level_is_served_first_in_order(void **state)
{
    (void)state;
    insert(0, 3, false);
    insert(1, 1, false);
    insert(2, 1, false);
    insert(3, 1, true);
    for (int i = 0; i < 5; i++)
        take();
}

static void raise_keeps_the_order_of_levels(void **state)
{
    (void)state;
    insert(0, 2, false);
    insert(1, 0, false);
    insert(2, 3, false);
    insert(3, 2, false);
    raise_all();
    assert_true(levels_are_sound(&levels));
    for (int i = 0; i < 5; i++)
        take();
    raise_all(); /* of nothing */
    assert_true(levels_are_sound(&levels));
}

/* INV-RQ-1 and INV-RQ-2 after each of many random steps, and the model's order. */
static void random_steps_agree_with_the_model(void **state)
{
    (void)state;
    srand(1);
    for (int step = 0; step < 200000; step++) {
        int number = rand() % NODES;

        if (rand() % 20 == 0)
            raise_all();
        else if (!queued[number])
            insert(number, (unsigned)rand() % LEVELS, rand() % 2);
        else
            take();
        assert_true(levels_are_sound(&levels));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_level_is_served_first_in_order, reset),
        cmocka_unit_test_setup(raise_keeps_the_order_of_levels, reset),
        cmocka_unit_test_setup(random_steps_agree_with_the_model, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
