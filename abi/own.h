/**
 * @file own.h
 * Ownership and locks, checked when the code is compiled.
 *
 * GCC builds, clang checks: every build runs clang's thread-safety analysis over every file and takes
 * its findings as errors. What the analysis cannot see is forbidden by lints. docs/ownership.md lists the
 * resources, the rules, and what is not found.
 *
 * **Handles.** A handle is a struct, often of one pointer, that must be given up exactly once. A function that
 * makes one says MAKES (or TRY_MAKES, when it may fail and returns true on success); one that consumes
 * it (drops it, or moves it elsewhere) says TAKES; one that looks at it BORROWS, one that changes the
 * object behind it BORROWS_MUT. A leak, a double drop, a use after a move and an unchecked creation do
 * not compile:
 *
 *     OWN(mapping) m = {0};
 *     if (!mapping_map(&m, 4096, MAP_WRITE))
 *         return ERR_NOMEM;
 *     ...
 *     mapping_drop(&m);          // leave this out on one path, and clang names the path
 *
 * A move: the address of the frame goes into a page table, which owns it from then on.
 *
 *     OWN(frames) frame = {0};
 *     if (!frames_alloc(&frame, 0, FRAME_MAPPED))
 *         return false;
 *     entry_store(entry, entry_make(pointer_to_physical(frames_leak(&frame)), flags));
 *
 * A task: joined, or detached; a wait: ended whether it was woken or not; both also where a step fails.
 *
 *     OWN(task_handle) task = {0};               OWN(wait_op) op = {0};
 *     if (!task_spawn(&task, ...))               wait_begin(&op);
 *         return ERR_NOMEM;                      while ((status = console_read_step(&op, ...)) == AGAIN)
 *     status = task_join(&task, &result);            task_park();
 *                                                wait_end(&op);
 *
 * A lock, and interrupts off: the guard is the handle. What the lock guards is reached by an accessor.
 *
 *     OWN(spin_guard) guard = {0};               OWN(irq_guard) guard = {0};
 *     spin_lock(&guard, &queue->lock);           irq_disable(&guard);
 *     ready_of(queue)->length++;                 here = hart_index();
 *     spin_unlock(&guard, &queue->lock);         irq_restore(&guard);
 *
 * OWN adds GCC's cleanup attribute, which clang ignores: the explicit drop is proved, and the cleanup
 * serves the unwind path only. For that each handle type T defines T_unwind(T *), which drops what is
 * still held; drops leave the handle empty ({0}), so the cleanup after an explicit drop does nothing.
 * A type of one's own takes this much (test_claim in cells/commands/tests.c is one):
 *
 *     typedef struct LINEAR("claim") claim {
 *         struct thing *thing;                   // NULL: empty
 *     } claim;
 *     bool claim_take(claim *c, struct thing *thing) TRY_MAKES(*c);   // these bodies are UNCHECKED
 *     void claim_drop(claim *c) TAKES(*c);
 *     void claim_unwind(claim *c) UNCHECKED;     // if (c->thing) claim_drop(c);
 *
 * **Roles.** A role is a capability that no object stands for. `may_park` is the right to sleep: a
 * task's entry has it, a function that a cell exports has not, so "calls never sleep" is checked.
 * `irqs_off` is held while interrupts are off on this hart; whatever parks excludes it, so waiting
 * under a spinlock does not compile:
 *
 *     static void print_all(struct list *list) REQUIRES(may_park);    // its callers need it, too
 */
#ifndef MITOS_OWN_H
#define MITOS_OWN_H

#ifdef __clang__
#define TSA(x) __attribute__((x))
#else
#define TSA(x)
#endif

/** Declares a struct type to be linear; @p name appears in clang's messages. */
#define LINEAR(name) TSA(capability(name))
/** Says of a struct that handles are members of it, which the analysis does not follow: `struct HOLDS job {`.
 *  A comment beside each member says who gives it up, and when. */
#define HOLDS TSA(annotate("holds"))
#define MAKES(...) TSA(acquire_capability(__VA_ARGS__))
#define TRY_MAKES(...) TSA(try_acquire_capability(true, __VA_ARGS__)) MUST_CHECK_BOOL
#define TAKES(...) TSA(release_capability(__VA_ARGS__))
#define BORROWS(...) TSA(requires_shared_capability(__VA_ARGS__))
#define BORROWS_MUT(...) TSA(requires_capability(__VA_ARGS__))
#define MUST_CHECK_BOOL __attribute__((warn_unused_result))

/** Locks and roles, in the words of their trade. */
#define CAPABILITY(name) TSA(capability(name))
#define ACQUIRES(...) TSA(acquire_capability(__VA_ARGS__))
#define RELEASES(...) TSA(release_capability(__VA_ARGS__))
#define REQUIRES(...) TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) TSA(locks_excluded(__VA_ARGS__))

/**
 * The body is not analysed. For the function that implements a transition (a lock's own code, a drop)
 * and for nothing else; each use says why in one line.
 */
#define UNCHECKED TSA(no_thread_safety_analysis)

/**
 * For GCC, of a function that returns memory to be freed by @p function, whose argument number @p n it is. A use
 * after that call, a second one, and a call of another function of the sort are errors where one function does
 * both (-Wuse-after-free=3, -Wmismatched-dealloc; more with -fanalyzer, see docs/ownership.md). Not on the host,
 * where the tests of the heap make these errors on purpose.
 */
#if defined __clang__ || defined MITOS_HOST
#define FREED_BY(function, n)
#else
#define FREED_BY(function, n) __attribute__((malloc, malloc(function, n)))
#endif

/** A variable whose handle is dropped by T_unwind() when a fault cuts its block short. */
#ifndef MITOS_WITHOUT_GUARDS /* which measures what they cost: tests/bench/flags.py */
#define OWN(T) __attribute__((cleanup(T##_unwind))) T
#else
#define OWN(T) T
#endif

struct CAPABILITY("role") role {
    char unused;
};

/** Held by code that may park: task entries and what they call. Never by exported functions. */
extern struct role may_park;
/** Held while this hart takes no interrupts. */
extern struct role irqs_off;
/* Whoever needs the right to park needs interrupts on, too: so what parks cannot be called under a spinlock,
 * through any number of functions. (`!&` is how C, which has no operator ! for structs, says "not held".) */
#ifdef __clang__
#define may_park may_park, !&irqs_off
#endif

/** Says that the caller holds @p role by construction (a task's entry, an interrupt hook). */
static inline void role_assert_may_park(void) TSA(assert_capability(may_park));
static inline void role_assert_may_park(void)
{
}
/** The same for interrupts: they are off (the entry of a hook). */
static inline void role_assert_irqs_off(void) TSA(assert_capability(irqs_off));
static inline void role_assert_irqs_off(void)
{
}

#endif
