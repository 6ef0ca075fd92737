/* Versions of cells for tests, and crops (versions.h). */
#include "versions.h"

#include "cell.h"
#include "clock.h"
#include "nucleus/cells.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/live_text.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "swap_log.h"
#include "text.h"

#define MS 1000000u
#define WAIT_MS 20000u

struct evolve_tests_state {
    struct kind *buffers;
    struct text_pair pair;
};
CELL_STATE(struct evolve_tests_state);
KIND_OF_BUFFERS(buffer, "evolve tests");

/* The file's last part, without ".cell". */
static void name_of(const char *file, char name[CELL_NAME_ROOM])
{
    const char *slash = strchr(file, '/');

    string_copy(name, CELL_NAME_ROOM, slash ? slash + 1 : file);
    for (size_t i = 0; name[i]; i++) {
        if (name[i] == '.')
            name[i] = '\0';
    }
}

static void plan_write(uint8_t *object, size_t bytes, const struct wanted *wanted)
{
    const uint64_t magic = PLAN_MAGIC, plan[2] = {wanted->plan, wanted->step};

    for (size_t i = 0; i + 24 <= bytes; i += 8) {
        if (memcmp(object + i, &magic, sizeof magic) == 0)
            memcpy(object + i + 8, plan, sizeof plan);
    }
}

bool version_image(const struct wanted *wanted, uint8_t **image, size_t *bytes)
{
    const void *object;

    *image = NULL;
    if (!strchr(wanted->file, '/'))
        return true;
    if (!archive_get(wanted->file, 0, &(const char *){0}, &object, bytes))
        return false;
    *image = heap_alloc_bytes(state.buffers, *bytes);
    if (!*image)
        return false;
    memcpy(*image, object, *bytes);
    plan_write(*image, *bytes, wanted);
    return true;
}

void version_image_drop(uint8_t *image)
{
    heap_free(state.buffers, image);
}

/* Not inlined, so that it is done at once: a scan sees what the stack held before (nucleus/reclaim.c). */
static __attribute__((noinline)) void report_clear(struct swap_report *report)
{
    memset(report, 0, sizeof *report);
}

enum status order_wait(const struct swap_order *order, struct swap_report *report)
{
    OWN(swap_request) request = {0};
    enum status status;

    if (!cells_swap(&request, order, &report->why))
        return ERR_INVALID;
    status = swap_wait(&request, report);
    return status == OK ? report->status : status;
}

enum status version_swap(const char *old, const struct wanted *wanted, struct swap_report *report)
{
    struct swap_order order;
    char name[CELL_NAME_ROOM];
    uint8_t *image;
    size_t bytes = 0;
    enum status status;

    report_clear(report);
    if (!version_image(wanted, &image, &bytes))
        return why_set(&report->why, ERR_NOT_FOUND, "%s is not in the archive, or there is no memory", wanted->file);
    name_of(wanted->file, name);
    memset(&order, 0, sizeof order);
    order.probation = wanted->probation;
    order.count = 1;
    order.pairs[0] = (struct swap_pair){old, name, image, bytes};
    status = order_wait(&order, report);
    version_image_drop(image);
    return status;
}

enum status version_order(enum swap_action action, const char *cell, struct swap_report *report)
{
    struct swap_order order;

    report_clear(report);
    memset(&order, 0, sizeof order);
    order.action = action;
    order.count = 1;
    order.pairs[0].old = cell;
    return order_wait(&order, report);
}

bool version_take(struct test_run *t, const char *old, const char *file)
{
    const struct wanted wanted = {.file = file};
    struct swap_report report;
    enum status status = version_swap(old, &wanted, &report);

    return CHECK(t, status == OK && report.done, "%s for %s: %s: %s", file, old, status_name(status), report.why.text);
}

void version_refuse(struct test_run *t, const char *old, const struct wanted *wanted, enum status status,
                    const char *const *texts, struct swap_report *report)
{
    struct snapshot before;
    unsigned version = notes_version();
    enum status got;

    report_clear(report);
    snapshot_take(&before);
    got = version_swap(old, wanted, report);
    snapshot_check(t, &before, wanted->file);
    CHECK(t, got == status && !report->done, "%s: %s, not %s: %s", wanted->file, status_name(got), status_name(status),
          report->why.text);
    CHECK(t, has_in_order(report->why.text, texts), "%s: says \"%s\", without \"%s\" ...", wanted->file,
          report->why.text, texts[0]);
    CHECK(t, notes_version() == version, "version %u serves", notes_version());
}

bool swap_of(uint64_t number, struct swap_report *report)
{
    for (unsigned i = 0; swap_get(i, report); i++) {
        if (report->number == number)
            return true;
    }
    return false;
}

bool log_await(uint64_t from, const char *const *texts)
{
    char *text = heap_alloc_bytes(state.buffers, LOG_RING_BYTES);
    bool has = false;

    for (unsigned ms = 0; text && !has && ms < WAIT_MS; ms++) {
        clock_sleep(ms ? MS : 0);
        log_copy(from, text, LOG_RING_BYTES);
        has = has_in_order(text, texts);
    }
    heap_free(state.buffers, text);
    return has;
}

bool time_is_counted(void)
{
    uint64_t ticks = hart_ticks(), instructions = hart_instructions(), ns;

    while (hart_instructions() - instructions < 1000000)
        continue;
    ns = (hart_ticks() - ticks) * (1000000000 / machine_timebase());
    instructions = hart_instructions() - instructions;
    return instructions > ns - ns / 50 && instructions < ns + ns / 50;
}

struct text_pair *version_pair(void)
{
    return &state.pair;
}

bool notes_begin(struct test_run *t)
{
    return notes_version() == 1 || version_take(t, "notes", "notes.cell");
}

bool crop_make(struct test_run *t, struct crop *crop, unsigned count)
{
    crop->count = 0;
    crop->notes = heap_alloc_bytes(state.buffers, count * sizeof *crop->notes);
    if (!CHECK(t, crop->notes, "no memory"))
        return false;
    while (crop->count < count && (crop->notes[crop->count] = notes_make(crop->count)))
        crop->count++;
    return CHECK(t, crop->count == count, "memory for %u notes only", crop->count);
}

bool crop_check(struct test_run *t, const struct crop *crop)
{
    unsigned wrong = 0, first = 0;

    for (unsigned i = crop->count; i-- > 0;) {
        if (notes_value(crop->notes[i]) != i) {
            wrong++;
            first = i;
        }
    }
    return CHECK(t, wrong == 0, "%u notes have other values; the first is %u: %lu", wrong, first,
                 notes_value(crop->notes[first]));
}

void crop_drop(struct crop *crop)
{
    while (crop->count > 0)
        notes_drop(crop->notes[--crop->count]);
    heap_free(state.buffers, crop->notes);
    crop->notes = NULL;
}

static enum status init(enum cell_reason reason)
{
    return reason == REASON_SWAP ? OK : kind_create(&state.buffers, &kind_buffer);
}

CELL(.name = "evolve_tests", .version = "1.0", .summary = "Tests of state and objects that change their layout: test evolve",
     .init = init);
