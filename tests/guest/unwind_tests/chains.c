/* Through many frames of many cells; while other cells come and go. */
#include "clock.h"
#include "faults.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "nucleus/why.h"

#define FRAMES 100u
#define ROUNDS 60u

static uint64_t bad_end(void *argument)
{
    return *(uint64_t *)argument;
}

static int chain_entry(void *argument)
{
    struct passage passage = {
        .left = FRAMES - 1, .enter = chain_a, .end = bad_end, .argument = argument};

    return (int)chain_a(&passage);
}

TEST(unwind, hundred_frames_of_five_cells)
{
    static const char order[] = "edcba";
    enum status status;
    struct tokens tokens;
    unsigned wrong = 0;

    tokens_start("");
    status = run_alone(chain_entry, BAD);
    CHECK(t, status == ERR_FAULT, "the task ended: %s", status_name(status));
    check_tokens(t, "chain", NULL);
    tokens_read(&tokens);
    CHECK(t, tokens.unwound_count == FRAMES, "%lu of %u tokens unwound", tokens.unwound_count, FRAMES);
    for (unsigned i = 0; i < FRAMES; i++)
        wrong += tokens.unwound[i] != order[i % 5];
    CHECK(t, wrong == 0, "%u are out of order", wrong);
    CHECK(t, run_alone(chain_entry, &(uint64_t){5}) == OK, "without a fault it ends by a fault");
    check_tokens(t, "without a fault", NULL);
}

struct turmoil {
    uint32_t stop;       /* atomic */
    uint64_t loads;
    enum status status;
    struct why why;
};

/* Loads and unloads a cell: the list that unwinding looks through changes all the time. */
static int load_and_unload(void *argument)
{
    struct turmoil *turmoil = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&turmoil->stop, __ATOMIC_ACQUIRE) && turmoil->status == OK) {
        turmoil->status = cell_load("cut", &turmoil->why);
        if (turmoil->status == OK)
            turmoil->status = cell_unload("cut", &turmoil->why);
        turmoil->loads++;
        task_yield();
    }
    return 0;
}

TEST(unwind, faults_while_cells_come_and_go)
{
    OWN(task_handle) loader = {0};
    struct turmoil turmoil;
    uint64_t wrong = 0, rounds = 0;

    memset(&turmoil, 0, sizeof turmoil);
    tokens_start("");
    if (!task_spawn(&loader, "loader", load_and_unload, &turmoil)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (rounds < ROUNDS || __atomic_load_n(&turmoil.loads, __ATOMIC_RELAXED) < ROUNDS) {
        wrong += run_alone(chain_entry, BAD) != ERR_FAULT;
        rounds++;
        if (turmoil.status != OK)
            break;
    }
    __atomic_store_n(&turmoil.stop, 1, __ATOMIC_RELEASE);
    (void)task_join(&loader, NULL);
    CHECK(t, turmoil.status == OK, "load or unload: %s: %s", status_name(turmoil.status), turmoil.why.text);
    CHECK(t, wrong == 0, "%lu of %lu tasks did not end by the fault", wrong, rounds);
    check_tokens(t, "beside loads", NULL);
}
