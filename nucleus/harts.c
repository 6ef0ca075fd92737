/* Harts: starting them, telling them apart, timers, fences, calls on all of them. */
#include "harts.h"

#include "dt.h"
#include "nucleus/frame.h"
#include "nucleus/machine.h"
#include "sbi_calls.h"

#define SATP_SV39 (8ul << 60)
#define SATP_ASID_VM (1ul << 44)
#define STIMECMP 0x14d

struct hart harts[MAX_HARTS];
static unsigned count = 1;
extern char boot_stack[], boot_stack_top[];
static uint8_t boot_trap_stacks[HART_STACK_BYTES + 2 * 4096]
    __attribute__((aligned(4096), section(".noinit")));

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

/* Lays out a hart's stacks in @p memory: one for traps of tasks, one page for each trap inside those. */
static void set_up(struct hart *hart, unsigned index, uint64_t id, uint8_t *memory)
{
    hart->index = index;
    hart->id = id;
    hart->stacks[0] = (uint64_t)memory + HART_STACK_BYTES;
    for (unsigned i = 0; i < TRAP_LEVELS; i++) {
        hart->nested[i] = &hart->saved[i];
        if (i)
            hart->stacks[i] = hart->stacks[i - 1] + 4096;
    }
}

static void enable_traps(struct hart *hart)
{
    csr_write(sscratch, &hart->current->registers);
    csr_write(stvec, trap_entry);
    csr_set(sie, SIE_SSIE | SIE_STIE | SIE_SEIE);
}

void harts_init_boot(uint64_t hardware_id)
{
    struct hart *hart = &harts[0];

    __asm__ volatile("mv tp, %0" : : "r"(hart));
    task_list_init();
    set_up(hart, 0, hardware_id, boot_trap_stacks);
    task_head_idle(hart, (uint64_t)boot_stack, (uint64_t)boot_stack_top);
    hart->online = 1;
    enable_traps(hart);
}

/* Called by entry.S on the idle stack of a hart that was started. */
_Noreturn void hart_main(void);
_Noreturn void hart_main(void)
{
    struct hart *hart = this_hart();

    role_assert_irqs_off();
    enable_traps(hart);
    __atomic_store_n(&hart->online, 1, __ATOMIC_RELEASE);
    csr_set(sstatus, SSTATUS_SIE);
    while (!__atomic_load_n(&hart->joined, __ATOMIC_ACQUIRE))
        __asm__ volatile("wfi");
    hart_idle();
}

void harts_join(void)
{
    for (unsigned i = count; i-- > 0;) {
        __atomic_store_n(&harts[i].joined, 1, __ATOMIC_RELEASE);
        if (i)
            hart_kick(i);
    }
    hart_idle();
}

static bool start_one(unsigned index, uint64_t id)
{
    struct hart *hart = &harts[index];
    frames memory = {0};
    uint8_t *base;

    if (!frames_alloc(&memory, 3, FRAME_OTHER)) /* 32 KiB: traps 16, 4, 4, idle 8 */
        return false;
    base = frames_leak(&memory);
    set_up(hart, index, id, base);
    hart->idle_stack = (uint64_t)base + 32768;
    task_head_idle(hart, hart->idle_stack - 8192, hart->idle_stack);
    __atomic_store_n(&starting_hart, pointer_to_physical(hart).value, __ATOMIC_SEQ_CST);
    if (!sbi_start_hart(id, pointer_to_physical((void *)secondary_entry).value,
                        pointer_to_physical(hart).value))
        return false;
    while (!__atomic_load_n(&hart->online, __ATOMIC_ACQUIRE))
        continue;
    return true;
}

void harts_start(void)
{
    uint64_t id;

    for (unsigned i = 0; dt_hart(i, &id); i++) {
        if (id == harts[0].id)
            continue;
        if (count == MAX_HARTS || id >= 64)
            panic("the device tree has more harts than the %u that Mitos supports", MAX_HARTS);
        if (!start_one(count, id))
            panic("hart %lu did not start", id);
        count++;
    }
}

/* The hardware ids of all harts but this one, as a mask; for the firmware's remote fences. */
static uint64_t others(void) REQUIRES(irqs_off);
static uint64_t others(void)
{
    uint64_t mask = 0;

    for (unsigned i = 0; i < count; i++)
        mask |= 1ul << harts[i].id;
    return mask & ~(1ul << this_hart()->id);
}

void hart_kick(unsigned index)
{
    sbi_send_ipi(harts[index].id);
}

void hart_reschedule(void)
{
    this_hart()->reschedule = 1;
}

void hart_fence_mappings(const void *address, uint64_t bytes)
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    __asm__ volatile("fence rw, rw" : : : "memory");
    if (bytes == PAGE_BYTES)
        __asm__ volatile("sfence.vma %0" : : "r"(address) : "memory");
    else
        __asm__ volatile("sfence.vma" : : : "memory");
    if (count > 1)
        sbi_fence_vma(others(), (uint64_t)address, bytes);
    irq_restore(&guard);
}

void harts_fence_i(void)
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    __asm__ volatile("fence rw, rw\n\tfence.i" : : : "memory");
    if (count > 1)
        sbi_fence_i(others());
    irq_restore(&guard);
}

void hart_set_page_table(paddr root)
{
    csr_write(satp, SATP_SV39 | SATP_ASID_VM | root.value >> PAGE_SHIFT);
    __asm__ volatile("sfence.vma" : : : "memory");
}

void hart_timer_by_sbi(uint64_t ticks)
{
    sbi_timer(ticks);
    csr_set(sie, SIE_STIE);
}

void hart_timer_by_sstc(uint64_t ticks)
{
    __asm__ volatile("csrw %0, %1" : : "i"(STIMECMP), "r"(ticks) : "memory");
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
        sbi_send_ipi(harts[i].id);
    }
    for (unsigned i = 0; i < count; i++) {
        while (__atomic_load_n(&harts[i].call_pending, __ATOMIC_ACQUIRE))
            continue;
    }
    function(argument);
    spin_unlock(&guard, &each.lock);
}
