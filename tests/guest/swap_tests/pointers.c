/* Function pointers, taken before a swap and used after it. */
#include "logs.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "snapshot.h"
#include "swaps.h"
#include "task.h"
#include "text.h"

/* Calls all that leads to victim; each must give some 1000 times @p version, and the argument. */
static void check_calls(struct test_run *t, const struct victim_pointers *pointers,
                        uint64_t (*of_caller)(uint64_t), uint64_t version)
{
    CHECK(t, victim_answer(1) == 1000 * version + 1, "a call: %lu", victim_answer(1));
    CHECK(t, caller_answer(2) == 1000 * version + 2, "a call by another cell: %lu",
          caller_answer(2));
    CHECK(t, of_caller(3) == 1000 * version + 3, "a pointer of another cell: %lu", of_caller(3));
    CHECK(t, pointers->own_static(4) == 2000 * version + 4, "to a static function: %lu",
          pointers->own_static(4));
    CHECK(t, pointers->own_exported(5) == 3000 * version + 5, "to an exported one: %lu",
          pointers->own_exported(5));
    CHECK(t, victim_through_state(6) == 5000 * version + 12, "pointers in its state: %lu",
          victim_through_state(6));
}

TEST(swap, pointers_taken_before_lead_to_the_new_version)
{
    uint64_t (*own)(uint64_t) = victim_answer, (*of_caller)(uint64_t) = caller_pointer();
    struct victim_pointers pointers;

    victim_pointers(&pointers);
    check_calls(t, &pointers, of_caller, victim_version());
    for (unsigned i = 0; i < 3; i++) {
        if (!swap_victim(t))
            return;
        check_calls(t, &pointers, of_caller, victim_version());
        CHECK(t, own == victim_answer && own == caller_pointer(), "%p is not %p", own,
              caller_pointer());
    }
}

/* One that lacks @p name is refused, with @p why. */
static void refuse_without(struct test_run *t, const char *name, const char *other, const char *why)
    REQUIRES(may_park);
static void refuse_without(struct test_run *t, const char *name, const char *other, const char *why)
{
    struct image image;

    if (!image_of_next(t, &image, 0))
        return;
    image_rename(t, &image, name, other);
    swap_bad(t, "victim", "victim", &image, ERR_LINK, TEXTS("victim", "lacks", why));
    image_free(&image);
}

TEST(swap, version_that_lacks_what_pointers_lead_to_is_refused)
{
    refuse_without(t, "hidden", "h1dden", "hidden(), to which someone may hold a pointer");
    refuse_without(t, "victim_spare", "victim_sp4re", "victim_spare(), to which someone may hold");
}

TEST(swap, version_that_lacks_what_others_call_is_refused)
{
    struct image image;

    if (!image_of_next(t, &image, 0))
        return;
    image_rename(t, &image, "victim_tick", "victim_t1ck");
    swap_bad(t, "victim", "victim", &image, ERR_LINK,
             TEXTS("swap_caller: needs victim_tick(), which victim 1.0 lacks"));
    image_free(&image);
}

static int call_odd(void *function)
{
    return (int)((odd_function)function)();
}

/* Calls it in a task of its own. @return how that ended. */
static enum status call_apart(odd_function function, int *result) REQUIRES(may_park);
static enum status call_apart(odd_function function, int *result)
{
    OWN(task_handle) handle = {0};

    *result = 0;
    if (!task_spawn(&handle, "calls", call_odd, (void *)function))
        return ERR_NOMEM;
    return task_join(&handle, result);
}

/* @p scheduler serves, which lacks the function. */
static void check_lost(struct test_run *t, odd_function pointer, const char *scheduler)
    REQUIRES(may_park);
static void check_lost(struct test_run *t, odd_function pointer, const char *scheduler)
{
    const char *const report[] = {"fault: breakpoint", "swap_tests:call_odd+0x",
                                  " called ", ":seven (lost)+0x0, which went with its cell", NULL};
    uint64_t from = log_end();
    char text[1024];
    int result;

    CHECK(t, call_apart(pointer, &result) == ERR_FAULT, "under %s it ended with %d", scheduler,
          result);
    log_copy(from, text, sizeof text);
    CHECK(t, has_in_order(text, report), "under %s the log says: %s", scheduler, text);
}

/* A scheduler begins with a state of its own, so what it lacks is no reason to refuse it. The second
 * turn must leave no more behind than the first. */
TEST(swap, pointer_to_what_the_new_provider_lacks_faults_its_caller_by_name)
{
    const char *names[2];
    struct snapshot before;
    odd_function pointer, first = NULL;
    int result;

    schedulers_name(names);
    for (unsigned turn = 0; turn < 3; turn++) {
        if (!swap_good(t, names[0], "sched_odd", NULL))
            return;
        pointer = ((odd_function(*)(void))function_named("sched_odd_pointer"))();
        first = first ? first : pointer;
        CHECK(t, pointer == first, "its address is %p now, and was %p", pointer, first);
        CHECK(t, call_apart(pointer, &result) == OK && result == 7, "it gave %d", result);
        if (!swap_good(t, "sched_odd", names[1], NULL))
            return;
        check_lost(t, pointer, names[1]);
        if (!swap_good(t, names[1], names[0], NULL))
            return;
        check_lost(t, pointer, names[0]);
        if (turn == 0)
            snapshot_take(&before);
    }
    snapshot_check_memory(t, &before, "after the third turn");
}
