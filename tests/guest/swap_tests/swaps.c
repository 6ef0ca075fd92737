/* Swaps and objects for tests (swaps.h). */
#include "swaps.h"

#include "command.h"
#include "console.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "snapshot.h"
#include "text.h"

struct swap_tests_state {
    struct kind *buffers;
    uint64_t count; /* 0: as usual */
};
CELL_STATE(struct swap_tests_state);

bool image_copy(struct test_run *t, struct image *image, const char *name)
{
    char file[CELL_NAME_ROOM + 8];
    const void *bytes;

    *image = (struct image){0};
    format(file, sizeof file, "%s.cell", name);
    if (!CHECK(t, archive_get(file, 0, &(const char *){0}, &bytes, &image->length),
               "%s is not in the archive", file))
        return false;
    image->bytes = heap_alloc_bytes(state.buffers, image->length);
    if (!CHECK(t, image->bytes, "no memory"))
        return false;
    memcpy(image->bytes, bytes, image->length);
    return true;
}

void image_free(struct image *image)
{
    heap_free(state.buffers, image->bytes);
    image->bytes = NULL;
}

void image_plan(struct image *image, uint64_t version, uint64_t plan)
{
    const uint64_t magic = VICTIM_MAGIC;

    for (size_t i = 0; i + 24 <= image->length; i += 8) {
        if (memcmp(image->bytes + i, &magic, sizeof magic) != 0)
            continue;
        memcpy(image->bytes + i + 8, &version, 8);
        memcpy(image->bytes + i + 16, &plan, 8);
    }
}

void image_rename(struct test_run *t, struct image *image, const char *name, const char *other)
{
    size_t bytes = strlen(name) + 1;
    unsigned found = 0;

    for (size_t i = 1; i + bytes <= image->length; i++) {
        if (image->bytes[i - 1] != 0 || memcmp(image->bytes + i, name, bytes) != 0)
            continue;
        memcpy(image->bytes + i, other, bytes);
        found++;
    }
    CHECK(t, found && strlen(other) + 1 == bytes, "%u symbols %s", found, name);
}

uint64_t image_of_next(struct test_run *t, struct image *image, uint64_t plan)
{
    uint64_t version = victim_version() + 1;

    if (!image_copy(t, image, "victim"))
        return 0;
    image_plan(image, version, plan);
    return version;
}

enum status swap_ask(const char *old, const char *new, const struct image *image,
                     struct swap_report *report)
{
    OWN(swap_request) request = {0};
    enum status status;

    memset(report, 0, sizeof *report);
    if (!cell_swap(&request, old, new, image ? image->bytes : NULL, image ? image->length : 0,
                   false, &report->why))
        return ERR_INVALID;
    status = swap_wait(&request, report);
    return status == OK ? report->status : status;
}

bool swap_good(struct test_run *t, const char *old, const char *new, const struct image *image)
{
    struct swap_report report;
    enum status status = swap_ask(old, new, image, &report);

    return CHECK(t, status == OK && report.done, "%s to %s: %s: %s", old, new, status_name(status),
                 report.why.text);
}

bool swap_victim(struct test_run *t)
{
    struct image image;
    uint64_t version = image_of_next(t, &image, 0);
    bool good = version && swap_good(t, "victim", "victim", &image);

    image_free(&image);
    return good && CHECK(t, victim_version() == version, "version %lu serves, not %lu",
                         victim_version(), version);
}

/* Not inlined, so that it is done at once: a scan sees what the stack held before (reclaim.c). */
static __attribute__((noinline)) void report_clear(struct swap_report *report)
{
    memset(report, 0, sizeof *report);
}

void swap_bad(struct test_run *t, const char *old, const char *new, const struct image *image,
              enum status status, const char *const *texts)
{
    struct swap_report report;
    struct snapshot before;
    uint64_t version = victim_version();
    enum status got;

    report_clear(&report);
    snapshot_take(&before);
    got = swap_ask(old, new, image, &report);
    snapshot_check(t, &before, texts[0]);
    CHECK(t, got == status && !report.done, "%s, not %s: %s", status_name(got), status_name(status),
          report.why.text);
    CHECK(t, has_in_order(report.why.text, texts), "says \"%s\", without \"%s\" ...",
          report.why.text, texts[0]);
    CHECK(t, victim_version() == version && caller_answer(1) == 1000 * version + 1,
          "version %lu serves, %lu its caller", victim_version(), caller_answer(1) / 1000);
}

void schedulers_name(const char *names[2])
{
    struct cell_info cell;
    bool rr = cell_find("sched_rr", &cell);

    names[!rr] = "sched_rr";
    names[rr] = "sched_mlfq";
}

uint64_t function_named(const char *name)
{
    struct symbol_info symbol;

    return symbol_find(name, &symbol) ? symbol.address : 0;
}

unsigned swap_count(unsigned usual)
{
    return state.count ? (unsigned)state.count : usual;
}

static int set_count(int argc, char **argv)
{
    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &state.count)) {
        print("usage: swap_count NUMBER\n");
        return 2;
    }
    return 0;
}
COMMAND(swap_count, .usage = "swap_count NUMBER",
        .help = "sets how many swaps those tests of area swap do that do many; 0: as usual",
        .run = set_count);

KIND_OF_BUFFERS(image, "swap image");

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.buffers, &kind_image);
}

CELL(.name = "swap_tests", .version = "1.0", .summary = "Tests of replacing cells: test swap",
     .init = init);
