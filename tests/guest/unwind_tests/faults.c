/* Faults in tasks of their own (faults.h). */
#include "faults.h"

#include "cell.h"
#include "command.h"
#include "console.h"
#include "inspect.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "text.h"
#include "vm.h"

struct unwind_tests_state {
    uint64_t hidden;
    uint64_t kill_count, fault_rounds;
    struct kind *buffers;
};
CELL_STATE(struct unwind_tests_state);

struct kind *test_buffers(void)
{
    return state.buffers;
}

uint64_t hidden(uint64_t value)
{
    *(volatile uint64_t *)&state.hidden = value;
    return *(volatile uint64_t *)&state.hidden;
}

void stock_take(struct stock *stock)
{
    struct kind_info kind;
    struct vm_stats vm;

    *stock = (struct stock){0};
    task_drain();
    vm_drain();
    vm_stats(&vm);
    stock->mapped_pages = vm.mapped_pages;
    for (unsigned i = 0; kind_get(i, &kind); i++)
        stock->objects += kind.live;
}

enum status run_for(int (*entry)(void *), void *argument, int *result)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "culprit", entry, argument))
        return ERR_NOMEM;
    return task_join(&task, result);
}

enum status run_alone(int (*entry)(void *), void *argument)
{
    return run_for(entry, argument, NULL);
}

enum status swap_itself(struct swap_report *report, const char *cell)
{
    OWN(swap_request) request = {0};
    enum status status;

    memset(report, 0, sizeof *report);
    report->status = ERR_INVALID;
    if (!cell_swap(&request, cell, cell, NULL, 0, false, &report->why))
        return ERR_INVALID;
    status = swap_wait(&request, report);
    return status == OK ? report->status : status;
}

static __attribute__((noinline)) uint64_t with_c(culprit f)
{
    OWN(token) c = {0};
    uint64_t result;

    if (!token_take(&c, 'c'))
        return 0;
    result = f(BAD) + hidden(1);
    token_drop(&c);
    return result;
}

static __attribute__((noinline)) uint64_t with_b(culprit f)
{
    OWN(token) b = {0};
    uint64_t result;

    if (!token_take(&b, 'b'))
        return 0;
    result = hidden(2) + with_c(f);
    token_drop(&b);
    return result;
}

static int entry(void *argument)
{
    OWN(token) a = {0};
    uint64_t result;

    if (!token_take(&a, 'a'))
        return 0;
    result = with_b((culprit)(uint64_t)argument);
    token_drop(&a);
    return (int)result;
}

void check_tokens(struct test_run *t, const char *what, const char *unwound)
{
    struct tokens tokens;

    tokens_read(&tokens);
    CHECK(t, tokens.taken == tokens.dropped + tokens.unwound_count,
          "%s: %lu tokens taken, %lu dropped, %lu unwound", what, tokens.taken, tokens.dropped,
          tokens.unwound_count);
    CHECK(t, !unwound || strcmp(tokens.unwound, unwound) == 0, "%s: unwound \"%s\", not \"%s\"", what,
          tokens.unwound, unwound);
}

void expect_unwound_with(struct test_run *t, const char *what, culprit f, const char *faulty,
                         const char *unwound)
{
    struct stock before, after;
    enum status status;

    stock_take(&before);
    tokens_start(faulty);
    status = run_alone(entry, (void *)(uint64_t)f);
    stock_take(&after);
    CHECK(t, status == ERR_FAULT, "%s: the task ended: %s", what, status_name(status));
    check_tokens(t, what, unwound);
    CHECK(t, after.objects == before.objects && after.mapped_pages == before.mapped_pages,
          "%s: %lu objects and %lu pages, were %lu and %lu", what, after.objects, after.mapped_pages,
          before.objects, before.mapped_pages);
}

void expect_unwound(struct test_run *t, const char *what, culprit f, const char *unwound)
{
    expect_unwound_with(t, what, f, "", unwound);
}

unsigned kill_count(unsigned usual)
{
    return state.kill_count ? (unsigned)state.kill_count : usual;
}

unsigned fault_rounds(unsigned usual)
{
    return state.fault_rounds ? (unsigned)state.fault_rounds : usual;
}

static int set_number(int argc, char **argv, uint64_t *number)
{
    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], number)) {
        print("usage: %s NUMBER\n", argv[0]);
        return 2;
    }
    return 0;
}

static int set_kills(int argc, char **argv)
{
    return set_number(argc, argv, &state.kill_count);
}
COMMAND(kill_count, .usage = "kill_count NUMBER",
        .help = "sets how many kills the test of random kills does; 0: as usual", .run = set_kills);

static int set_rounds(int argc, char **argv)
{
    return set_number(argc, argv, &state.fault_rounds);
}
COMMAND(fault_rounds, .usage = "fault_rounds NUMBER",
        .help = "sets how many rounds the test of faults beside swaps does; 0: as usual", .run = set_rounds);

KIND_OF_BUFFERS(image, "unwind image");

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.buffers, &kind_image);
}

CELL(.name = "unwind_tests", .version = "1.0", .summary = "Tests of unwinding: test unwind.",
     .init = init);
