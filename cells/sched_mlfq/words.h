/*
 * A task's place in the feedback queue, kept in its own task->sched[]: the level, what it has
 * used of its turn there, and since when it runs. All are 0 while the
 * task has not been here yet.
 */
#ifndef MLFQ_WORDS_H
#define MLFQ_WORDS_H

#include "levels.h"
#include "nucleus/task.h"

enum {
    WORD_LEVEL,
    WORD_USED,  /* ticks of the turn on this level used so far */
    WORD_SINCE, /* hart_ticks() when it was picked last */
};

static inline unsigned task_level(const struct task *task)
{
    return (unsigned)task->sched[WORD_LEVEL];
}

static inline void task_enter_level(struct task *task, unsigned level)
{
    task->sched[WORD_LEVEL] = level;
    task->sched[WORD_USED] = 0;
}

/** Sets up the words of a task that comes for the first time; it begins on level 0. */
static inline void task_know(struct task *task, uint64_t now)
{
    if (!task->sched[WORD_SINCE])
        task->sched[WORD_SINCE] = now;
}

/** The task at the head of the first level that has one, on the level where it is now. */
static inline struct task *levels_take_task(struct levels *levels)
{
    unsigned level;
    struct list *first = levels_take(levels, &level);
    struct task *task;

    if (!first)
        return NULL;
    task = list_entry(first, struct task, run_link);
    if (task_level(task) != level)
        task_enter_level(task, level); /* all were raised meanwhile */
    return task;
}

#endif
