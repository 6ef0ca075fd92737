/* What tasks cost (figures.h). */
#include "figures.h"

#include "clock.h"
#include "inspect.h"
#include "nucleus/frame.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "task.h"
#include "vm.h"

#define MS 1000000u

static uint64_t live_tasks(void)
{
    struct kind_info kind;
    uint64_t live = 0;

    for (unsigned i = 0; kind_get(i, &kind); i++) {
        if (strcmp(kind.owner, "task") == 0)
            live += kind.live;
    }
    return live;
}

struct figures figures_now(void)
{
    struct figures figures = {0};
    struct frame_stats frames;
    struct vm_stats vm;

    task_drain();
    vm_drain();
    heap_drain();
    frame_drain();
    frame_stats(&frames);
    vm_stats(&vm);
    figures.live_tasks = live_tasks();
    figures.free_frames = frames.free;
    figures.mappings = vm.mappings;
    figures.page_tables = vm.page_tables;
    return figures;
}

void figures_check(struct test_run *t, const struct figures *before)
{
    struct figures now = figures_now();

    CHECK(t, now.live_tasks == before->live_tasks, "%lu, were %lu", now.live_tasks,
          before->live_tasks);
    CHECK(t, now.mappings == before->mappings, "%lu, were %lu", now.mappings, before->mappings);
    CHECK(t, now.page_tables == before->page_tables, "%lu, were %lu", now.page_tables,
          before->page_tables);
    CHECK(t, now.free_frames == before->free_frames, "%lu, were %lu", now.free_frames,
          before->free_frames);
}

void figures_settle(const struct figures *before)
{
    for (unsigned i = 0; i < 1000 && figures_now().live_tasks != before->live_tasks; i++)
        clock_sleep(MS);
}
