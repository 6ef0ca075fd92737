/*
 * The cell virtio: its state, and where the machine has devices. Modern ones get a slot; a legacy one (version 1, as
 * QEMU makes them unless told otherwise) speaks another language and is left alone.
 */
#include "cell.h"
#include "devicetree.h"
#include "driver.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "registers.h"
#include "virtio_cell.h"

#define COMPATIBLE "virtio,mmio"

CELL_STATE(struct virtio_state);

DRIVER(virtio_mmio, COMPATIBLE);

struct virtio_state *virtio_state(void)
{
    return &state;
}

/* Unchecked, the next two: the mapping lives in the slot, where slots_drop() finds it. */
static bool registers_map(struct virtio_slot *slot) UNCHECKED
{
    uint64_t offset = slot->base % PAGE_BYTES;

    if (!mapping_map_device(&slot->page, (paddr){slot->base - offset}, offset + slot->bytes))
        return false;
    slot->registers = (volatile uint32_t *)(void *)((char *)mapping_address(&slot->page) + offset);
    return true;
}

static void registers_unmap(struct virtio_slot *slot) UNCHECKED
{
    mapping_unwind(&slot->page);
}

static void slot_init(struct virtio_slot *slot)
{
    slot->device_id = slot->registers[DEVICE_ID];
    wait_queue_init(&slot->changed);
}

/** Whether the registers are those of a modern device; an empty slot has the device id 0 (4.2.2.2). */
static bool is_modern(const struct virtio_slot *slot)
{
    const volatile uint32_t *registers = slot->registers;

    return registers[MAGIC] == MAGIC_VALUE && registers[VERSION] == VERSION_MODERN &&
           registers[DEVICE_ID] != 0;
}

static bool is_legacy(const struct virtio_slot *slot)
{
    const volatile uint32_t *registers = slot->registers;

    return registers[MAGIC] == MAGIC_VALUE && registers[VERSION] == VERSION_LEGACY &&
           registers[DEVICE_ID] != 0;
}

static void say_legacy(const struct virtio_slot *slot)
{
    log_write("virtio: the device with id %u at 0x%lx is a legacy one, and left alone (said once); "
              "QEMU makes modern ones with -global virtio-mmio.force-legacy=false",
              slot->registers[DEVICE_ID], slot->base);
}

/** Reads what the device tree says of @p node into the empty @p slot. */
static bool node_read(dt_node node, struct virtio_slot *slot)
{
    paddr base;

    if (!dt_reg(node, 0, &base, &slot->bytes) || !dt_u32(node, "interrupts", 0, &slot->source))
        return false;
    slot->base = base.value;
    return slot->bytes > CONFIG_BASE && slot->base % sizeof(uint32_t) == 0;
}

/** Makes the next slot of @p node, if there is a modern device. */
static enum status slot_add(dt_node node, bool *legacy_said)
{
    struct virtio_slot *slot = &state.slots[state.count];

    if (!node_read(node, slot)) {
        log_write("virtio: a " COMPATIBLE " of the device tree lacks reg or interrupts");
        return OK;
    }
    if (!registers_map(slot))
        return ERR_NOMEM;
    if (is_modern(slot)) {
        slot_init(slot);
        state.count++;
        return OK;
    }
    if (is_legacy(slot) && !*legacy_said) {
        say_legacy(slot);
        *legacy_said = true;
    }
    registers_unmap(slot);
    return OK;
}

static unsigned nodes_count(void)
{
    const dt_node *after = NULL;
    unsigned count = 0;
    dt_node node;

    for (; dt_find_compatible(COMPATIBLE, after, &node); after = &node)
        count++;
    return count;
}

enum status slots_make(void)
{
    size_t bytes = (nodes_count() + 1) * sizeof(struct virtio_slot);
    enum status status = OK;
    const dt_node *after = NULL;
    bool legacy_said = false;
    dt_node node;

    state.slots = heap_alloc_bytes(state.slots_kind, bytes);
    if (!state.slots)
        return ERR_NOMEM;
    memset(state.slots, 0, bytes);
    for (; status == OK && dt_find_compatible(COMPATIBLE, after, &node); after = &node)
        status = slot_add(node, &legacy_said);
    if (status != OK)
        slots_drop();
    return status;
}

void slots_drop(void)
{
    for (unsigned i = 0; i < state.count; i++)
        registers_unmap(&state.slots[i]);
    state.count = 0;
    heap_free(state.slots_kind, state.slots);
    state.slots = NULL;
}

KIND_OF_BUFFERS(slots, "virtio slots");
KIND(ring, "virtio ring", struct virtio_ring);

static enum status init(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's: slots, their mappings and owners, rings */
    status = kind_create(&state.slots_kind, &kind_slots);
    if (status != OK)
        return status;
    return kind_create(&state.rings_kind, &kind_ring);
}

static enum status start(enum cell_reason reason)
{
    if (reason != REASON_SWAP)
        return slots_make();
    for (unsigned i = 0; i < state.count; i++)
        slot_resume(&state.slots[i]);
    return OK;
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    for (unsigned i = 0; i < state.count; i++)
        if (slot_is_taken(&state.slots[i]))
            return ERR_BUSY;
    slots_drop();
    return OK;
}

CELL(.name = "virtio", .version = "1.0",
     .summary = "Modern virtio devices on the MMIO transport, with split virtqueues and interrupts",
     .provides = "virtio", .init = init, .start = start, .stop = stop);
