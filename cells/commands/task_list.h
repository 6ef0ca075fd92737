/**
 * @file task_list.h
 * A copy of the list of all tasks, for printing it when its lock is free again.
 */
#ifndef MITOS_COMMANDS_TASK_LIST_H
#define MITOS_COMMANDS_TASK_LIST_H

#include "commands.h"
#include "nucleus/task.h"

struct task_row {
    uint64_t number, switches, stack_low, stack_high, entry;
    char name[TASK_NAME_ROOM];
    enum task_state state;
    struct task_restarts restarts;
    uint32_t hart;
};

/** Copies all tasks into @p room, made here. @return false: no memory. */
bool task_list_copy(buffer *room, unsigned *count) TRY_MAKES(*room);
static inline const struct task_row *task_rows(const buffer *room) BORROWS(*room);
static inline const struct task_row *task_rows(const buffer *room)
{
    return room->bytes;
}

#endif
