/* The machine as a whole: its memory map, the firmware, its end. */
#include "nucleus/machine.h"

#include "arena.h"
#include "boot.h"
#include "dt.h"
#include "harts.h"
#include "nucleus/log.h"
#include "nucleus/memory_map.h"
#include "nucleus/string.h"
#include "sbi_calls.h"

/* The sifive,test device (QEMU, docs/system/riscv/virt): a write ends the machine. */
#define TEST_PASS 0x5555u
#define TEST_FAIL 0x3333u

extern char image_start[], text_end[], rodata_end[], image_end[];
static volatile uint32_t *exit_device;
static struct boot_figures figures;
static struct memory_range rams[MAX_RAMS];
static unsigned ram_count;

void machine_find_exit(void)
{
    dt_node node;
    paddr base;
    uint64_t bytes;

    if (dt_find_compatible("sifive,test0", NULL, &node) && dt_reg(node, 0, &base, &bytes))
        exit_device = physical_to_pointer(base);
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

void machine_note_ram(paddr base, uint64_t bytes)
{
    if (ram_count < MAX_RAMS)
        rams[ram_count++] = (struct memory_range){base.value + DIRECT_MAP_BASE, bytes, ACCESS_RW};
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

/* The map is generated, in order: what starts next at or above @p from. */
static bool next_range(uint64_t from, struct memory_range *range)
{
    const struct memory_range nucleus[] = {
        {(uint64_t)image_start, (uint64_t)(text_end - image_start), ACCESS_RX},
        {(uint64_t)text_end, (uint64_t)(rodata_end - text_end), ACCESS_R},
        {(uint64_t)rodata_end, (uint64_t)(image_end - rodata_end), ACCESS_RW},
        {DIRECT_MAP_BASE, GIGAPAGE_BYTES, ACCESS_RW}, /* devices */
    };
    bool found = false, executable;
    void *base;

    for (unsigned i = 0; i < sizeof nucleus / sizeof nucleus[0]; i++) {
        if (nucleus[i].base >= from && (!found || nucleus[i].base < range->base)) {
            *range = nucleus[i];
            found = true;
        }
    }
    for (unsigned i = 0; arena_get(i, &base, &executable); i++) {
        if ((uint64_t)base >= from && (!found || (uint64_t)base < range->base)) {
            *range = (struct memory_range){(uint64_t)base, MEGAPAGE_BYTES,
                                           executable ? ACCESS_RX : ACCESS_R};
            found = true;
        }
    }
    return found;
}

/* The rest of RAM from @p from up to @p to: firmware below the image, else plain memory. */
static bool ram_between(uint64_t from, uint64_t to, struct memory_range *range)
{
    for (unsigned i = 0; i < ram_count; i++) {
        uint64_t low = rams[i].base, high = low + rams[i].bytes;

        if (low < from)
            low = from;
        if (high > to)
            high = to;
        if (low >= high)
            continue;
        *range = (struct memory_range){
            low, high - low, low < (uint64_t)image_start ? ACCESS_NONE : ACCESS_RW};
        return true;
    }
    return false;
}

bool memory_map_get(unsigned index, struct memory_range *range)
{
    uint64_t from = DIRECT_MAP_BASE;

    for (unsigned i = 0;; i++) {
        struct memory_range next;
        bool known = next_range(from, &next);
        uint64_t limit = known ? next.base : DIRECT_MAP_BASE + DIRECT_MAP_BYTES;

        if (ram_between(from, limit, range)) {
            from = range->base + range->bytes;
        } else if (known) {
            *range = next;
            from = next.base + next.bytes;
        } else {
            return false;
        }
        if (i == index)
            return true;
    }
}
