/* From the firmware to the first task: entry.S calls boot() on the boot stack, in the upper half, with
 * interrupts off. Each step says in one line what it found and how long it took. And what the boot leaves
 * known of the machine, with the way to end it. */
#include "archive.h"
#include "cell_private.h"
#include "dt.h"
#include "frame_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "report.h"
#include "sbi_calls.h"

#define DT_MOST (4ul << 20)
/* The sifive,test device (QEMU, docs/system/riscv/virt): a write ends the machine. */
enum { TEST_FAIL = 0x3333, TEST_PASS = 0x5555 };

extern char image_start[], text_end[], rodata_end[], image_end[];
static volatile uint32_t *exit_device;
static uint64_t timebase = 1; /* until the device tree is read */
static uint64_t entry_instructions, step_start;

void boot(uint64_t dtb, uint64_t instructions);

void machine_exit(unsigned status)
{
    csr_clear(sstatus, SSTATUS_SIE);
    if (exit_device)
        *exit_device = status ? (status & 0x7fu) << 16 | TEST_FAIL : TEST_PASS;
    sbi_call(SBI_SRST, 0, 0, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}

uint64_t machine_timebase(void)
{
    return timebase;
}

long machine_sbi(unsigned function, uint64_t argument)
{
    return sbi_call(SBI_BASE, function, argument, 0, 0, 0).value;
}

uint64_t machine_boot_cost(bool ready)
{
    static uint64_t cost;

    if (ready && !cost)
        cost = hart_instructions() - entry_instructions;
    return cost;
}

struct memory_image memory_image(void)
{
    return (struct memory_image){(uint64_t)image_start, (uint64_t)text_end, (uint64_t)rodata_end};
}

/* Instructions since the last step; under -icount these are exact. */
static uint64_t step_cost(void)
{
    uint64_t cost = hart_instructions() - step_start;

    step_start += cost;
    return cost;
}

static void take_memory(uint64_t dtb)
{
    struct physical_range rams[FRAME_MAX_RAMS];
    struct physical_range reserved[FRAME_MAX_RESERVED] = {{dtb, dt_tree()->bytes}};
    unsigned ram_count = 0, count = 1;
    uint64_t image = pointer_to_physical(image_start).value;
    uint64_t end = pointer_to_physical(image_end).value;
    uint64_t base, bytes, sum = 0, free;
    struct why why;

    if (dt_initrd(&base, &bytes))
        reserved[count++] = (struct physical_range){base, bytes};
    for (; ram_count < FRAME_MAX_RAMS && dt_memory(ram_count, &base, &bytes); ram_count++) {
        rams[ram_count] = (struct physical_range){base, bytes};
        sum += bytes;
        if (image - base < bytes) /* the firmware lies below the nucleus */
            reserved[count++] = (struct physical_range){base, end - base};
    }
    for (unsigned i = 0; count < FRAME_MAX_RESERVED && dt_reserved(i, &base, &bytes); i++)
        reserved[count++] = (struct physical_range){base, bytes};
    if (frame_init(rams, ram_count, reserved, count, &free, &why) != OK)
        panic("memory: %s", why.text);
    log_print("Mitos on %lu MiB, %lu frames free (%lu instructions)", sum >> 20, free,
              step_cost());
}

void boot(uint64_t dtb, uint64_t instructions)
{
    struct why why = {.text = ""};
    uint64_t base, bytes;
    unsigned cells = 0;

    role_assert_irqs_off();
    entry_instructions = step_start = instructions;
    if (dt_open(physical_to_pointer((paddr){dtb}), DT_MOST, &why) != OK)
        panic("device tree at 0x%lx: %s", dtb, why.text);
    if (dt_range_find(NULL, "compatible", "sifive,test0", 0, &base, &bytes))
        exit_device = physical_to_pointer((paddr){base});
    if (!dt_timebase())
        machine_fail("the device tree does not say the timebase-frequency of its cpus");
    timebase = dt_timebase();
    take_memory(dtb);
    heap_init();
    cell_table_init();
    swap_init();
    harts_start();
    log_print("boot: %u hart(s), this is hart %lu (%lu instructions)", hart_count(), hart_id(0),
              step_cost());
    if (!dt_initrd(&base, &bytes))
        machine_fail("there is no boot archive (give QEMU -initrd mitos.cpio)");
    if (archive_open(physical_to_pointer((paddr){base}), bytes, &why) != OK)
        machine_fail(why.text);
    log_print("boot: archive of %lu KiB (%lu instructions)", bytes >> 10, step_cost());
    if (cells_boot(&cells, &why) != OK) {
        why_prefix(&why, "boot set");
        machine_fail(why.text);
    }
    log_print("boot: %u cells loaded and started (%lu instructions)", cells, step_cost());
    harts_join();
}
