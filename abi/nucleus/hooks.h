/**
 * @file nucleus/hooks.h
 * Where the nucleus calls cells: a small table of hooks, each with a default in the nucleus.
 *
 * A cell binds a hook by exporting the function of that name (from the header of its interface); the
 * loader binds and patches it as any other site. While nobody provides it the default acts.
 *
 * | hook               | interface header | default                                      |
 * |--------------------|------------------|----------------------------------------------|
 * | sched_pick         | sched.h          | no task: idle                                |
 * | sched_ready        | sched.h          | refused: the machine stops with a report     |
 * | clock_interrupt    | clock.h          | turns end each 10 ms; no timer goes off      |
 * | clock_nudge        | clock.h          | nothing: a task that computes is not killed  |
 * | irq_interrupt      | irq.h            | masks external interrupts on this hart       |
 * | vm_page_fault      | vm.h             | not handled: a fault of the task             |
 * | vm_reserve_open    | vm.h             | it stays closed: no room for cleanups        |
 * | vm_arena_added     | vm.h             | nothing: the boot table maps all             |
 * | console_emergency  | console.h        | the SBI console                              |
 * | task_ended         | task.h           | nothing                                      |
 * | code_describe      | inspect.h        | the number of the address                    |
 * | fault_report       | faults.h         | two lines of numbers                         |
 * | fault_outcome      | faults.h         | nothing                                      |
 * | evolve             | evolve.h         | refused: nothing can be swapped              |
 * | evolve_explain     | evolve.h         | nothing                                      |
 * | fault_planted      | inject.h         | it was not                                   |
 * | fault_unplant      | inject.h         | nothing                                      |
 * | swap_next          | swap.h           | nothing to swap                              |
 * | swap_over          | swap.h           | nothing                                      |
 * | zombie_look        | reclaim.h        | busy: no cell that was replaced is freed     |
 *
 * All run on the hart's interrupt stack or the caller's and never sleep; interrupts are off, but for
 * vm_arena_added, console_emergency, code_describe, fault_unplant, swap_next, swap_over, evolve_explain and zombie_look,
 * which may be called with them on.
 */
#ifndef MITOS_NUCLEUS_HOOKS_H
#define MITOS_NUCLEUS_HOOKS_H

/** X(name) for each. */
#define EACH_HOOK_NAME(X)                                                                          \
    X(sched_pick) X(sched_ready) X(clock_interrupt) X(clock_nudge) X(irq_interrupt)                \
    X(vm_page_fault) X(vm_reserve_open) X(vm_arena_added) X(console_emergency) X(task_ended)       \
    X(code_describe) X(fault_report) X(fault_outcome) X(fault_planted)                               \
    X(fault_unplant) X(swap_next) X(swap_over) X(evolve) X(evolve_explain) X(zombie_look)

#endif
