/*
 * One hart's run queue: the tasks that are ready there, and what the scheduler knows of the task
 * that runs. Each part says who may touch it.
 */
#ifndef SCHED_RR_RUN_QUEUE_H
#define SCHED_RR_RUN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/task.h"

struct run_queue {
    struct spinlock lock;
    /* lock guards (length may be read without it, as a hint): */
    uint32_t length;   /* INV-RQ-1: length == number of tasks in ready */
    uint32_t sliced;   /* the hart looks here by itself within a turn: its timer is set */
    struct list ready; /* struct task by run_link, the one that waits longest first */
    /* of the queue's own hart alone, interrupts off: */
    struct task *returning; /* gave up the hart just now; sched_pick(), called next, queues it */
    uint32_t keeps_turn;    /* the returning task was interrupted within its turn */
    uint32_t armed;         /* sliced, and not yet gone off */
    uint64_t since;         /* hart_ticks() at the start of the running task's turn */
    uint64_t picks, steals, preemptions;
} __attribute__((aligned(128)));

static inline uint32_t queue_length(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->length, __ATOMIC_RELAXED);
}

static inline void ready_append(struct run_queue *queue, struct task *task) REQUIRES(queue->lock);
static inline void ready_append(struct run_queue *queue, struct task *task)
{
    list_push_back(&queue->ready, &task->run_link);
    queue->length++;
}

static inline struct task *ready_take(struct run_queue *queue) REQUIRES(queue->lock);
static inline struct task *ready_take(struct run_queue *queue)
{
    struct list *first = list_pop_front(&queue->ready);

    if (!first)
        return NULL;
    queue->length--;
    return list_entry(first, struct task, run_link);
}

/** Puts @p task last and takes the first one; neither changes the length. */
static inline struct task *ready_rotate(struct run_queue *queue, struct task *task)
    REQUIRES(queue->lock);
static inline struct task *ready_rotate(struct run_queue *queue, struct task *task)
{
    struct list *first = list_pop_front(&queue->ready);

    if (!first) {
        queue->sliced = queue->armed;
        return task;
    }
    list_push_back(&queue->ready, &task->run_link);
    return list_entry(first, struct task, run_link);
}

#endif
