/* The machine as a whole: its memory map, the firmware, its end. */
#include "nucleus/machine.h"

#include "boot.h"
#include "dt.h"
#include "harts.h"
#include "sbi_calls.h"

/* The sifive,test device (QEMU, docs/system/riscv/virt): a write ends the machine. */
#define TEST_PASS 0x5555u
#define TEST_FAIL 0x3333u

#define MAX_RANGES 16u

static volatile uint32_t *exit_device;
static struct boot_figures figures;
static struct memory_range ranges[MAX_RANGES];
static unsigned range_count;

void machine_find_exit(void)
{
    uint64_t base, bytes;

    if (dt_device("sifive,test0", &base, &bytes))
        exit_device = physical_to_pointer((paddr){base});
}

void machine_exit(unsigned status)
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    if (exit_device)
        *exit_device = status ? (status & 0x7fu) << 16 | TEST_FAIL : TEST_PASS;
    sbi_shutdown();
    for (;;)
        __asm__ volatile("wfi");
}

uint64_t machine_timebase(void)
{
    static uint64_t timebase; /* asked for with every slice and every line of the log */

    if (!timebase)
        timebase = dt_timebase();
    return timebase;
}

void machine_sbi(struct sbi_info *info)
{
    uint64_t version = (uint64_t)sbi_base(0);

    info->spec_major = (uint32_t)(version >> 24 & 0x7f);
    info->spec_minor = (uint32_t)(version & 0xffffff);
    info->implementation = (uint64_t)sbi_base(1);
    info->implementation_version = (uint64_t)sbi_base(2);
}

bool machine_sbi_has(uint32_t extension)
{
    return sbi_has(extension);
}

void machine_note_entry(uint64_t instructions)
{
    figures.entry = instructions;
}

void machine_note_loaded(void)
{
    figures.loaded = hart_instructions();
}

void machine_note_prompt(void)
{
    figures.prompt = hart_instructions();
}

void machine_boot_figures(struct boot_figures *copy)
{
    *copy = figures;
}

void memory_note(uint64_t from, uint64_t to, enum memory_access access)
{
    if (range_count == MAX_RANGES)
        panic("more than %u ranges of memory", MAX_RANGES);
    if (from < to)
        ranges[range_count++] = (struct memory_range){from, to - from, access};
}

bool memory_map_get(unsigned index, struct memory_range *range)
{
    if (index >= range_count)
        return false;
    *range = ranges[index];
    return true;
}
