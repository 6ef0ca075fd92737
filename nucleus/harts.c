/* Harts: starting them, telling them apart, timers, fences, calls on all of them, waiting for locks. */
#include "harts.h"

#include "dt.h"
#include "nucleus/format.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "report.h"
#include "sbi_calls.h"
#include "walk.h"

#define SATP_ASID_VM (1ul << 44)

struct hart harts[MAX_HARTS] __attribute__((section(".noinit")));
static unsigned count;      /* of harts that run; atomic */
static bool joined;         /* they may run tasks: the boot is over; atomic */
static uint64_t everywhere; /* their hardware ids, as a mask */

unsigned hart_count(void)
{
    return count;
}

uint64_t hart_id(unsigned index)
{
    return harts[index].id;
}

void hart_enter(uint64_t hardware_id, unsigned index)
{
    struct hart *hart = &harts[index];
    char name[TASK_NAME_ROOM];

    memset(hart, 0, offsetof(struct hart, stacks));
    hart->index = index;
    hart->id = hardware_id;
    hart->current = &hart->idle;
    for (unsigned i = 0; i < TRAP_LEVELS; i++)
        hart->levels[i].stack = (uint64_t)hart->stacks + 16384 + i * 4096;
    format(name, sizeof name, "idle/%u", index);
    task_head_init(&hart->idle, name, NULL, NULL, hart->stacks + TRAP_STACK_BYTES,
                   HART_STACK_BYTES - TRAP_STACK_BYTES);
    hart->idle.state_word = TASK_RUNNING;
    hart->idle.hart = index;
    csr_write(sscratch, &hart->idle.registers);
    csr_write(stvec, trap_entry);
    csr_set(sie, SIE_SSIE | SIE_STIE | SIE_SEIE);
    everywhere |= 1ul << hardware_id;
    __atomic_fetch_add(&count, 1, __ATOMIC_RELEASE);
}

void harts_start(void)
{
    uint64_t id, unused;

    for (unsigned i = 0; dt_range_find("cpus", "device_type", "cpu", i, &id, &unused); i++) {
        unsigned before = count;

        if (id == harts[0].id)
            continue;
        if (before == MAX_HARTS || id >= 64)
            panic("the device tree has more harts than the %u that Mitos supports", MAX_HARTS);
        if (sbi_call(SBI_HSM, 0, id, pointer_to_physical((void *)_entry).value, 0, 0).error != 0)
            panic("hart %lu did not start", id);
        while (__atomic_load_n(&count, __ATOMIC_ACQUIRE) == before)
            continue;
    }
}

void harts_join(void)
{
    __atomic_store_n(&joined, true, __ATOMIC_RELEASE);
    for (unsigned i = 1; i < count; i++)
        hart_kick(i);
}

#define HANDLER_FRAMES 1024u /* of one that stands still; some 400 bytes */

/* What handlers left on their stack is dead, but within the frames of later ones, which do not write all of them, it would
 * look as if they had it: for as long as this hart idles it would keep a cell that was replaced (cell reclaim). */
static void forget_handlers(void)
{
    uint64_t top = this_hart()->levels[0].stack;

    memset((void *)(top - HANDLER_FRAMES), 0, HANDLER_FRAMES);
}

void hart_idle(void)
{
    for (;;) {
        csr_clear(sstatus, SSTATUS_SIE);
        role_assert_irqs_off();
        if (__atomic_load_n(&joined, __ATOMIC_ACQUIRE)) {
            switch_out(TASK_RUNNING);
            forget_handlers();
        }
        __asm__ volatile("wfi"); /* ends as soon as an interrupt is pending: none is lost */
        csr_set(sstatus, SSTATUS_SIE);
    }
}

void hart_kick(unsigned index)
{
    sbi_call(SBI_IPI, 0, 1, harts[index].id, 0, 0);
}

void hart_reschedule(void)
{
    this_hart()->reschedule = 1;
}

bool hart_is_idle(void)
{
    return is_idle(this_hart()->current);
}

/* The firmware's remote fences serve this hart as well: it may be another one than before the call. */
void hart_fence_mappings(const void *address, uint64_t bytes)
{
    __asm__ volatile("fence rw, rw" : : : "memory");
    if (count > 1)
        sbi_call(SBI_RFENCE, SBI_FENCE_VMA, everywhere, 0, (uint64_t)address, bytes);
    else if (bytes == PAGE_BYTES)
        __asm__ volatile("sfence.vma %0" : : "r"(address) : "memory");
    else
        __asm__ volatile("sfence.vma" : : : "memory");
}

void harts_fence_i(void)
{
    __asm__ volatile("fence rw, rw\n\tfence.i" : : : "memory");
    if (count > 1)
        sbi_call(SBI_RFENCE, SBI_FENCE_I, everywhere, 0, 0, 0);
}

void hart_set_page_table(paddr root)
{
    csr_write(satp, SATP_SV39 | SATP_ASID_VM | root.value >> PAGE_SHIFT);
    __asm__ volatile("sfence.vma" : : : "memory");
}

void hart_timer(uint64_t ticks, bool by_sstc)
{
    if (by_sstc)
        csr_write(0x14d, ticks); /* stimecmp; not all assemblers know it */
    else
        sbi_call(SBI_TIME, 0, ticks, 0, 0, 0);
    csr_set(sie, SIE_STIE);
}

/* The call that hart_each() makes; lock guards it until the last hart has answered. */
static struct {
    struct spinlock lock;
    uint64_t pending; /* hardware ids of the harts that have not answered, as a mask; atomic */
    void (*function)(void *argument);
    void *argument;
} each;

/* The holds of swap.c, and their ends, counted: odd while all harts are to stand still; atomic. */
static uint32_t hold_turn;
static uint64_t hold_since, hold_longest; /* instructions of the hart that holds; its own */

static uint32_t holding; /* some hart is in harts_hold() or behind it; atomic */
static uint32_t holder;  /* 1 + the hart for which all others stand still; 0: none. Atomic */

static bool is_held(void)
{
    return __atomic_load_n(&hold_turn, __ATOMIC_ACQUIRE) % 2;
}

/* The way out of a hold, for every hart: what it executes from here on is the text as it is now. */
static void fence_after_hold(void)
{
    struct hart *hart = this_hart();

    __asm__ volatile("fence.i" : : : "memory");
    csr_set(sie, SIE_SSIE | SIE_STIE | SIE_SEIE); /* the default of a hook may have turned one off */
    __atomic_store_n(&hart->hold_fences, hart->hold_fences + 1, __ATOMIC_RELAXED);
}

bool harts_have_left(void)
{
    bool all = true;

    for (unsigned i = 0; i < count; i++) {
        if (__atomic_load_n(&harts[i].stands, __ATOMIC_ACQUIRE) == hold_turn - 1)
            all &= __atomic_load_n(&harts[i].left, __ATOMIC_ACQUIRE) == hold_turn;
    }
    return all;
}

uint64_t harts_longest_hold(void)
{
    uint64_t longest = hold_longest;

    hold_longest = 0;
    return longest;
}

uint64_t hart_hold_fences(unsigned index)
{
    return __atomic_load_n(&harts[index].hold_fences, __ATOMIC_RELAXED);
}

/* The next hold may begin before this hart has seen the end of the one before: it takes part in each by number. */
static void stand_still(void)
{
    struct registers here = {0}; /* cell reclaim looks at all of the stack */
    uint32_t turn;

    registers_capture(&here);
    this_hart()->stopped = &here;
    while ((turn = __atomic_load_n(&hold_turn, __ATOMIC_ACQUIRE)) % 2) {
        __atomic_store_n(&this_hart()->stands, turn, __ATOMIC_RELEASE);
        csr_clear(sip, SIE_SSIE);
        if (__atomic_load_n(&hold_turn, __ATOMIC_ACQUIRE) == turn)
            __asm__ volatile("wfi"); /* until harts_release() kicks */
    }
    csr_set(sip, SIE_SSIE); /* other kicks may have been among those cleared */
    fence_after_hold();
    __atomic_store_n(&this_hart()->left, turn, __ATOMIC_RELEASE);
}

/* Ends a turn or begins one, and tells all other harts. @return its number. */
static uint32_t next_turn(void)
{
    uint32_t turn = __atomic_add_fetch(&hold_turn, 1, __ATOMIC_SEQ_CST);

    if (count > 1)
        sbi_call(SBI_IPI, 0, everywhere & ~(1ul << this_hart()->id), 0, 0, 0);
    return turn;
}

bool harts_hold(void)
{
    uint64_t deadline = hart_ticks() + machine_timebase();
    uint32_t turn;

    while (__atomic_exchange_n(&holding, 1, __ATOMIC_ACQUIRE))
        hart_poll();
    hold_since = hart_instructions();
    turn = next_turn();
    for (unsigned i = 0; i < count; i++) {
        while (&harts[i] != this_hart() &&
               __atomic_load_n(&harts[i].stands, __ATOMIC_ACQUIRE) != turn) {
            if (hart_ticks() > deadline) {
                harts_release();
                return false;
            }
        }
    }
    __atomic_store_n(&holder, this_hart()->index + 1, __ATOMIC_RELAXED);
    return true;
}

bool harts_are_held(void)
{
    return __atomic_load_n(&holder, __ATOMIC_RELAXED) == this_hart()->index + 1;
}

const struct registers *handler_context(unsigned index, unsigned level, uint64_t *low, uint64_t *high)
{
    const struct hart *hart = &harts[index];

    if (level >= hart->depth)
        return NULL;
    *low = (uint64_t)hart->stacks;
    *high = hart->levels[level].stack;
    return level + 1 < hart->depth ? &hart->levels[level].registers : hart->stopped;
}

void harts_release(void)
{
    uint64_t now = hart_instructions();

    __atomic_store_n(&holder, 0, __ATOMIC_RELAXED);
    if (now - hold_since > hold_longest)
        hold_longest = now - hold_since;
    (void)next_turn();
    fence_after_hold();
    __atomic_store_n(&holding, 0, __ATOMIC_RELEASE);
}

void hart_poll(void)
{
    uint64_t own = 1ul << this_hart()->id;

    if (is_held())
        stand_still();
    if (__atomic_load_n(&each.pending, __ATOMIC_ACQUIRE) & own) {
        each.function(each.argument);
        __atomic_fetch_and(&each.pending, ~own, __ATOMIC_RELEASE);
    }
}

void hart_each(void (*function)(void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &each.lock);
    each.function = function;
    each.argument = argument;
    __atomic_store_n(&each.pending, everywhere & ~(1ul << this_hart()->id), __ATOMIC_RELEASE);
    sbi_call(SBI_IPI, 0, each.pending, 0, 0, 0);
    while (__atomic_load_n(&each.pending, __ATOMIC_ACQUIRE)) {
        if (is_held())
            stand_still(); /* as the harts that are waited for may do */
    }
    function(argument);
    spin_unlock(&guard, &each.lock);
}

/* A spinner serves calls from other harts' hart_each(), so that a hart which waits for all others cannot
 * deadlock with one that waits for a lock. */
void spin_wait(struct spinlock *lock)
{
    role_assert_irqs_off();
    if (harts_are_held()) { /* who has it stands still */
        held_fault = (uint64_t)__builtin_return_address(0);
        fault_caller("it waits for a lock");
    }
    do {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
            hart_poll();
    } while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE));
}
