/* Taking all memory (hoard.h). */
#include "hoard.h"

#include "nucleus/frame.h"
#include "nucleus/heap.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "task.h"
#include "vm.h"

static bool hoard_take(struct hoard *hoard, unsigned order)
{
    OWN(frames) block = {0};
    struct hoarded *taken;

    if (!frames_alloc(&block, order, FRAME_OTHER))
        return false;
    taken = frames_leak(&block);
    taken->next = hoard->first;
    hoard->first = taken;
    hoard->blocks++;
    return true;
}

bool hoard_give(struct hoard *hoard)
{
    struct hoarded *given = hoard->first;
    OWN(frames) block = {0};

    if (!given)
        return false;
    hoard->first = given->next;
    hoard->blocks--;
    frames_adopt(&block, given);
    frames_drop(&block);
    return true;
}

static void drain_all(void)
{
    task_drain();
    heap_drain();
    vm_drain();
    frame_drain();
}

void hoard_take_all(struct hoard *singles, unsigned count, struct hoard *rest)
{
    drain_all();
    while (singles->blocks < count && hoard_take(singles, 0))
        continue;
    for (unsigned order = FRAME_MAX_ORDER + 1; order-- > 0;) {
        while (hoard_take(rest, order))
            continue;
    }
}

static bool note_kind(const struct kind *kind, void *argument)
{
    struct slots *slots = argument;

    if (kind->owner && !kind->owner->boot)
        return true;
    slots->too_many = slots->count == KINDS;
    if (!slots->too_many)
        slots->kinds[slots->count++] = (struct kind *)(uint64_t)kind;
    return !slots->too_many;
}

void slots_note(struct slots *slots)
{
    memset(slots, 0, sizeof *slots);
    kinds_visit(note_kind, slots);
}

void slots_take(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        struct kind *kind = slots->kinds[i];
        size_t bytes = kind->object_bytes ?: 16;

        while (bytes >= sizeof(struct hoarded) && bytes <= 16384) {
            struct hoarded *taken =
                kind->object_bytes ? heap_alloc(kind) : heap_alloc_bytes(kind, bytes);

            if (taken) {
                taken->next = slots->first[i];
                slots->first[i] = taken;
            } else if (kind->object_bytes) {
                break;
            } else {
                bytes += bytes < 4096 ? bytes / 2 : 1024; /* visits every size of slot but 2,048 */
            }
        }
    }
}

void slots_give(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        while (slots->first[i]) {
            struct hoarded *given = slots->first[i];

            slots->first[i] = given->next;
            heap_free(slots->kinds[i], given);
        }
    }
}
