/* A fault after which nothing of the task's frames is found. */
#ifndef TASK_TESTS_PEERS_H
#define TASK_TESTS_PEERS_H

/** Overwrites each word on the stack that may be a return address of this cell, and faults. */
void lose_stack(void);

#endif
