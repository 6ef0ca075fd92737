/* See platform.h. Faults are caught by longjmp, which runs no cleanups: so a function that faults must
 * have given its locks back before, which EXPECT_FAULT() checks. */
#include "platform.h"

#include <stdio.h>
#include <string.h>

#include "heap_private.h"
#include "nucleus/cells.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"

#define DEPTH_MOST 8

_Alignas(ARENA_ALIGNMENT) uint8_t platform_arena[ARENA_BYTES];
unsigned platform_hart;
struct cell *platform_caller;
char platform_fault[256];
jmp_buf platform_boundary;
bool platform_boundary_set;

static struct spinlock *held[DEPTH_MOST]; /* in the order in which they were taken */
static unsigned depth;
static bool interrupts_off;

static void take(spin_guard *guard, struct spinlock *lock)
{
    if (lock->held)
        fail_msg("deadlock: this lock is held by the same hart");
    if (guard->lock)
        fail_msg("the guard is in use");
    assert_in_range(depth, 0, DEPTH_MOST - 1);
    held[depth++] = lock;
    lock->held = 1;
    guard->lock = lock;
}

static void release(spin_guard *guard, struct spinlock *lock)
{
    assert_ptr_equal(guard->lock, lock);
    if (depth == 0 || held[depth - 1] != lock)
        fail_msg("locks are not given back in the reverse order");
    depth--;
    lock->held = 0;
    guard->lock = NULL;
}

void spin_lock(spin_guard *guard, struct spinlock *lock)
{
    guard->saved = interrupts_off;
    interrupts_off = true;
    take(guard, lock);
}

void spin_unlock(spin_guard *guard, struct spinlock *lock)
{
    release(guard, lock);
    interrupts_off = guard->saved;
}

void spin_lock_nested(spin_guard *guard, struct spinlock *lock)
{
    if (!interrupts_off)
        fail_msg("a nested lock with interrupts on");
    take(guard, lock);
}

void spin_unlock_nested(spin_guard *guard, struct spinlock *lock)
{
    release(guard, lock);
}

void spin_guard_unwind(spin_guard *guard)
{
    if (guard->lock)
        fail_msg("a function left a lock held");
}

void irq_disable(irq_guard *guard)
{
    guard->saved = (uint64_t)interrupts_off | 1ul << 63;
    interrupts_off = true;
}

void irq_restore(irq_guard *guard)
{
    interrupts_off = guard->saved & 1;
    guard->saved = 0;
}

void irq_guard_unwind(irq_guard *guard)
{
    if (guard->saved)
        fail_msg("a function left interrupts off");
}

unsigned hart_index(void)
{
    return platform_hart;
}

struct cell *cell_of_caller(uint64_t pc)
{
    (void)pc;
    return platform_caller;
}

bool harts_are_held(void)
{
    return false;
}

const char *cell_name(const struct cell *cell)
{
    static char name[32];

    snprintf(name, sizeof name, "cell %p", (const void *)cell);
    return cell ? name : "nucleus";
}

void platform_check_idle(void)
{
    if (depth > 0 || interrupts_off)
        fail_msg("%u locks are held, interrupts are %s", depth, interrupts_off ? "off" : "on");
}

static _Noreturn void fault(const char *text, va_list arguments)
{
    vsnprintf(platform_fault, sizeof platform_fault, text, arguments);
    if (platform_boundary_set) {
        platform_boundary_set = false;
        longjmp(platform_boundary, 1);
    }
    fail_msg("unexpected fault: %s", platform_fault);
    __builtin_unreachable();
}

void fault_caller(const char *text, ...)
{
    va_list arguments;

    va_start(arguments, text);
    fault(text, arguments);
}

void panic(const char *text, ...)
{
    va_list arguments;

    va_start(arguments, text);
    fault(text, arguments);
}

bool platform_text_holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1du;
}

uint64_t random_below(struct random *random, uint64_t below)
{
    return random_next(random) % below;
}
