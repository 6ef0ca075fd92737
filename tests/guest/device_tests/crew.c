/* A crew of tasks (crew.h). */
#include "crew.h"

#include "task.h"

struct HOLDS member {
    task_handle task; /* crew_run() joins it */
    int (*work)(void *shared, unsigned number);
    void *shared;
    unsigned number;
};

static int member_main(void *argument)
{
    const struct member *member = argument;

    return member->work(member->shared, member->number);
}

/* Unchecked: clang cannot follow handles in an array. */
bool crew_run(int (*work)(void *shared, unsigned number), void *shared, unsigned count) UNCHECKED
{
    struct member members[CREW_MOST];
    unsigned started = 0;
    bool good = true;

    for (; started < count; started++) {
        struct member *member = &members[started];

        *member = (struct member){.work = work, .shared = shared, .number = started};
        if (!task_spawn(&member->task, "crew", member_main, member))
            break;
    }
    for (unsigned i = 0; i < started; i++)
        good = task_join(&members[i].task, NULL) == OK && good;
    return good && started == count;
}
