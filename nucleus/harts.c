/* Harts: starting them, telling them apart, timers, fences, calls on all of them, waiting for locks. */
#include "harts.h"

#include "dt.h"
#include "nucleus/format.h"
#include "nucleus/machine.h"
#include "sbi_calls.h"

#define SATP_SV39 (8ul << 60)
#define SATP_ASID_VM (1ul << 44)
#define STIMECMP 0x14d

struct hart harts[MAX_HARTS];
/* For entry.S: one set of stacks for each hart; the hart that is being started. */
uint8_t hart_stacks[MAX_HARTS][HART_STACK_BYTES] __attribute__((aligned(4096), section(".noinit")));
struct hart *starting_hart;
static unsigned count;      /* of harts that run nucleus code; atomic */
static bool joined;         /* all harts may run tasks: the boot is over; atomic */
static uint64_t everywhere; /* the hardware ids of all harts, as a mask */

unsigned hart_count(void)
{
    return count;
}

unsigned hart_index(void)
{
    return this_hart()->index;
}

uint64_t hart_id(unsigned index)
{
    return harts[index].id;
}

uint64_t hart_ticks(void)
{
    return csr_read(time);
}

uint64_t hart_instructions(void)
{
    return csr_read(instret);
}

/* Stacks, upwards: 16 KiB for traps of tasks, one page for each trap inside of those, the rest is the idle
 * context's. */
static struct hart *hart_init(unsigned index, uint64_t id)
{
    struct hart *hart = &harts[index];
    uint64_t stack = (uint64_t)hart_stacks[index] + 16384;
    char name[TASK_NAME_ROOM];

    hart->index = index;
    hart->id = id;
    everywhere |= 1ul << id;
    for (unsigned i = 0; i < TRAP_LEVELS; i++)
        hart->levels[i].stack = stack + i * 4096;
    stack = hart->levels[TRAP_LEVELS - 1].stack;
    hart->idle_stack = (uint64_t)hart_stacks[index + 1];
    format(name, sizeof name, "idle/%u", index);
    task_head_init(&hart->idle, name, NULL, NULL, (void *)stack, hart->idle_stack - stack);
    hart->idle.state_word = TASK_RUNNING;
    hart->idle.hart = index;
    hart->current = &hart->idle;
    return hart;
}

static void enter(struct hart *hart)
{
    csr_write(sscratch, &hart->idle.registers);
    csr_write(stvec, trap_entry);
    csr_set(sie, SIE_SSIE | SIE_STIE | SIE_SEIE);
    __atomic_fetch_add(&count, 1, __ATOMIC_RELEASE);
}

void harts_init(uint64_t hardware_id)
{
    enter(hart_init(0, hardware_id));
}

/* Called by entry.S on the idle stack of a hart that was started. */
_Noreturn void hart_main(void);
_Noreturn void hart_main(void)
{
    enter(this_hart());
    csr_set(sstatus, SSTATUS_SIE);
    while (!harts_joined())
        __asm__ volatile("wfi");
    hart_idle();
}

bool harts_joined(void)
{
    return __atomic_load_n(&joined, __ATOMIC_ACQUIRE);
}

void harts_join(void)
{
    __atomic_store_n(&joined, true, __ATOMIC_RELEASE);
    for (unsigned i = 1; i < count; i++)
        hart_kick(i);
    hart_idle();
}

void harts_start(void)
{
    uint64_t entry = pointer_to_physical((void *)_entry).value;
    uint64_t id;

    for (unsigned i = 0; dt_hart(i, &id); i++) {
        unsigned index = count;

        if (id == harts[0].id)
            continue;
        if (index == MAX_HARTS || id >= 64)
            panic("the device tree has more harts than the %u that Mitos supports", MAX_HARTS);
        __atomic_store_n(&starting_hart, hart_init(index, id), __ATOMIC_SEQ_CST);
        if (sbi_call(SBI_HSM, 0, id, entry, 0, 0).error != 0)
            panic("hart %lu did not start", id);
        while (__atomic_load_n(&count, __ATOMIC_ACQUIRE) == index)
            continue;
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
        __asm__ volatile("csrw %0, %1" : : "i"(STIMECMP), "r"(ticks) : "memory");
    else
        sbi_call(SBI_TIME, 0, ticks, 0, 0, 0);
    csr_set(sie, SIE_STIE);
}

/* The call that hart_each() makes; lock guards it until the last hart has answered. */
static struct {
    struct spinlock lock;
    void (*function)(void *argument);
    void *argument;
} each;

void hart_poll(void)
{
    struct hart *hart = this_hart();

    if (!__atomic_load_n(&hart->call_pending, __ATOMIC_ACQUIRE))
        return;
    each.function(each.argument);
    __atomic_store_n(&hart->call_pending, 0, __ATOMIC_RELEASE);
}

void hart_each(void (*function)(void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &each.lock);
    each.function = function;
    each.argument = argument;
    for (unsigned i = 0; i < count; i++) {
        if (i == hart_index())
            continue;
        __atomic_store_n(&harts[i].call_pending, 1, __ATOMIC_RELEASE);
        hart_kick(i);
    }
    for (unsigned i = 0; i < count; i++) {
        while (__atomic_load_n(&harts[i].call_pending, __ATOMIC_ACQUIRE))
            continue;
    }
    function(argument);
    spin_unlock(&guard, &each.lock);
}

/* A spinner serves calls from other harts' hart_each(), so that a hart which waits for all others cannot
 * deadlock with one that waits for a lock. */
void spin_wait(struct spinlock *lock)
{
    role_assert_irqs_off();
    do {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
            hart_poll();
    } while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE));
}

/* Unchecked: it releases what the cut-off frame had taken. */
UNCHECKED void spin_abandon(spin_guard *guard)
{
    guard->lock->poisoned = 1;
    spin_unlock(guard, guard->lock);
}
