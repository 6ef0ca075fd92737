/* From the firmware to the first task: entry.S calls boot() on the boot stack, in the upper half, with
 * interrupts off. Each step says in one line what it found and how long it took. */
#include "boot.h"

#include "arena.h"
#include "archive.h"
#include "cell_private.h"
#include "dt.h"
#include "frame_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "report.h"
#include "sbi_calls.h"

#define DT_MOST (4ul << 20)

extern char image_start[], text_end[], rodata_end[], image_end[];
static uint64_t step_start;

_Noreturn void boot(uint64_t hart, uint64_t dtb, uint64_t instructions);

/* Instructions since the last step; under -icount these are exact. */
static uint64_t step_cost(void)
{
    uint64_t now = hart_instructions();
    uint64_t cost = now - step_start;

    step_start = now;
    return cost;
}

/* Maps the gigapages of a physical range in the boot table. */
static void boot_map(uint64_t base, uint64_t bytes)
{
    for (uint64_t page = base >> 30; page <= (base + bytes - 1) >> 30; page++) {
        if (page < DIRECT_MAP_BYTES >> 30)
            boot_table[256 + page] = page << 28 | 0xcf; /* D A X W R V */
    }
    __asm__ volatile("sfence.vma" : : : "memory");
}

static void read_device_tree(uint64_t dtb)
{
    struct why why;

    boot_map(dtb, DT_MOST);
    if (dt_open(physical_to_pointer((paddr){dtb}), DT_MOST, &why) != OK)
        panic("device tree at 0x%lx: %s", dtb, why.text);
    boot_map(0, 1); /* devices: below RAM on every machine that the device tree may describe */
    machine_find_exit();
}

/* The memory map of RAM range @p base .. @p end: the one that holds the image is divided. */
static void note_ram(uint64_t base, uint64_t end)
{
    uint64_t low = base + DIRECT_MAP_BASE, high = end + DIRECT_MAP_BASE;

    if ((uint64_t)image_start - low >= high - low) {
        memory_note(low, high, ACCESS_RW);
        return;
    }
    memory_note(low, (uint64_t)image_start, ACCESS_NONE); /* firmware */
    memory_note((uint64_t)image_start, (uint64_t)text_end, ACCESS_RX);
    memory_note((uint64_t)text_end, (uint64_t)rodata_end, ACCESS_R);
    memory_note((uint64_t)rodata_end, high, ACCESS_RW);
}

static void take_memory(uint64_t dtb)
{
    struct physical_range rams[FRAME_MAX_RAMS], reserved[FRAME_MAX_RESERVED];
    unsigned ram_count = 0, count = 0;
    uint64_t image = pointer_to_physical(image_start).value;
    struct why why;
    uint64_t base, bytes;

    memory_note(DIRECT_MAP_BASE, DIRECT_MAP_BASE + GIGAPAGE_BYTES, ACCESS_RW); /* devices */
    for (; ram_count < FRAME_MAX_RAMS && dt_memory(ram_count, &base, &bytes); ram_count++) {
        boot_map(base, bytes);
        note_ram(base, base + bytes);
        rams[ram_count] = (struct physical_range){base, bytes};
        if (image - base < bytes) /* the firmware lies below the nucleus */
            reserved[count++] = (struct physical_range){base, image - base};
    }
    reserved[count++] = (struct physical_range){image, (uint64_t)(image_end - image_start)};
    reserved[count++] = (struct physical_range){dtb, dt_tree()->bytes};
    if (dt_initrd(&base, &bytes))
        reserved[count++] = (struct physical_range){base, bytes};
    for (unsigned i = 0; count < FRAME_MAX_RESERVED && dt_reserved(i, &base, &bytes); i++)
        reserved[count++] = (struct physical_range){base, bytes};
    if (frame_init(rams, ram_count, reserved, count, &why) != OK)
        panic("memory: %s", why.text);
}

static void open_archive(void)
{
    uint64_t base, bytes;
    struct why why;

    if (!dt_initrd(&base, &bytes))
        machine_fail("there is no boot archive (give QEMU -initrd mitos.cpio)");
    if (archive_open(physical_to_pointer((paddr){base}), bytes, &why) != OK)
        machine_fail(why.text);
    log_print("boot: archive of %lu KiB (%lu instructions)", bytes >> 10, step_cost());
}

static void load_boot_set(void)
{
    struct why why = {.text = ""};
    unsigned count = 0;

    if (cells_boot(&count, &why) != OK) {
        why_prefix(&why, "boot set");
        machine_fail(why.text);
    }
    log_print("boot: %u cells loaded and started (%lu instructions)", count, step_cost());
    machine_note_loaded();
}

void boot(uint64_t hart, uint64_t dtb, uint64_t instructions)
{
    struct frame_stats stats;

    role_assert_irqs_off();
    harts_init_boot(hart);
    machine_note_entry(instructions);
    step_start = instructions;
    read_device_tree(dtb);
    take_memory(dtb);
    frame_stats(&stats);
    log_print("Mitos on %lu MiB, %lu frames free (%lu instructions)",
              stats.total * PAGE_BYTES >> 20, stats.free, step_cost());
    heap_init();
    arena_init();
    cell_table_init();
    harts_start();
    log_print("boot: %u hart(s), this is hart %lu (%lu instructions)", hart_count(), hart,
              step_cost());
    open_archive();
    load_boot_set();
    harts_join();
}
