/*
 * Devices: who has which, how they begin and end (virtio 1.2, section 3.1), their features, configuration, interrupt.
 *
 * A device is reset when its owner comes, and when it goes; what it was told of memory holds for one owner only.
 */
#include "cell.h"
#include "nucleus/fence.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "registers.h"
#include "virtio_cell.h"

#define ALL_WAITERS UINT32_MAX
#define RESETS_PER_SECOND 10u /* a device has so much of a second for one */
#define GENERATIONS_MOST 100u /* reads of a field that changes, before it is given up */

static inline struct virtio_slot *slot_locked(struct virtio_slot *slot) REQUIRES(slot->lock);
static inline struct virtio_slot *slot_locked(struct virtio_slot *slot)
{
    return slot;
}

bool slot_is_stuck(struct virtio_slot *slot)
{
    return slot_locked(slot)->stuck;
}

bool slot_is_taken(struct virtio_slot *slot)
{
    OWN(spin_guard) guard = {0};
    bool taken;

    spin_lock(&guard, &slot->lock);
    taken = slot_locked(slot)->taken;
    spin_unlock(&guard, &slot->lock);
    return taken;
}

static bool slot_take(struct virtio_slot *slot)
{
    OWN(spin_guard) guard = {0};
    bool taken;

    spin_lock(&guard, &slot->lock);
    taken = slot_locked(slot)->taken;
    slot_locked(slot)->taken = true;
    spin_unlock(&guard, &slot->lock);
    return !taken;
}

/* The new number first: calls with an older ring then leave it alone. */
bool slot_reset(struct virtio_slot *slot)
{
    volatile uint32_t *registers = registers_locked(slot);
    uint64_t start = hart_ticks();

    __atomic_fetch_add(&slot->resets, 1, __ATOMIC_RELEASE);
    fence_device();
    registers[STATUS] = 0;
    while (registers[STATUS] != 0 && hart_ticks() - start <= machine_timebase() / RESETS_PER_SECOND)
        continue;
    slot_locked(slot)->stuck = registers[STATUS] != 0;
    if (slot_locked(slot)->stuck)
        log_write(
            "virtio: the device at 0x%lx does not answer to a reset: what it was lent stays lent",
            slot->base);
    fence_device(); /* what it wrote before is there */
    return !slot_locked(slot)->stuck;
}

static bool slot_reset_alone(struct virtio_slot *slot)
{
    OWN(spin_guard) guard = {0};
    bool good;

    spin_lock(&guard, &slot->lock);
    good = slot_reset(slot);
    spin_unlock(&guard, &slot->lock);
    return good;
}

/** 4.2.3.4: says which reasons were seen, and wakes who waits; what has happened they look up. */
static void interrupt(void *argument)
{
    struct virtio_slot *slot = argument;

    slot->registers[INTERRUPT_ACKNOWLEDGE] = slot->registers[INTERRUPT_STATUS];
    if (slot->registers[STATUS] & STATUS_NEEDS_RESET &&
        !__atomic_exchange_n(&slot->failed, 1, __ATOMIC_RELAXED))
        log_write("virtio: the device with id %u at 0x%lx gave up: it wants a reset",
                  slot->device_id, slot->base);
    fence_device();
    (void)wait_wake(&slot->changed, ALL_WAITERS);
}

/* Unchecked, these three: the line lives in the slot. */
static bool line_attach(struct virtio_slot *slot) UNCHECKED
{
    return irq_attach(&slot->line, slot->source, interrupt, slot);
}

static void line_detach(struct virtio_slot *slot) UNCHECKED
{
    irq_line_unwind(&slot->line);
}

static enum status line_enable(struct virtio_slot *slot) UNCHECKED
{
    return slot->line.line ? irq_enable(&slot->line) : OK;
}

void slot_resume(struct virtio_slot *slot)
{
    enum status status = line_enable(slot);

    if (status != OK)
        log_write("virtio: interrupt source %u stays off: %s", slot->source, status_name(status));
}

/** Steps 2 to 6 of 3.1.1. */
static enum status features_agree(struct virtio_slot *slot, uint64_t wanted) REQUIRES(slot->lock);
static enum status features_agree(struct virtio_slot *slot, uint64_t wanted)
{
    volatile uint32_t *registers = registers_locked(slot);
    uint64_t offered = 0;

    registers[STATUS] = STATUS_ACKNOWLEDGE;
    registers[STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    for (unsigned half = 0; half < 2; half++) {
        registers[DEVICE_FEATURES_SELECT] = half;
        offered |= (uint64_t)registers[DEVICE_FEATURES] << 32 * half;
    }
    slot->features = offered & (wanted | FEATURE_VERSION_1);
    for (unsigned half = 0; half < 2; half++) {
        registers[DRIVER_FEATURES_SELECT] = half;
        registers[DRIVER_FEATURES] = (uint32_t)(slot->features >> 32 * half);
    }
    registers[STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
    if (slot->features & FEATURE_VERSION_1 && registers[STATUS] & STATUS_FEATURES_OK)
        return OK;
    registers[STATUS] = registers[STATUS] | STATUS_FAILED;
    return ERR_UNSUPPORTED;
}

static enum status slot_begin(struct virtio_slot *slot, uint64_t wanted)
{
    OWN(spin_guard) guard = {0};
    enum status status = ERR_IO;

    spin_lock(&guard, &slot->lock);
    __atomic_store_n(&slot->failed, 0, __ATOMIC_RELAXED);
    if (slot_reset(slot))
        status = features_agree(slot, wanted);
    spin_unlock(&guard, &slot->lock);
    return status;
}

/** Ends what an owner had. One that cannot be reset is not given to another. */
static void slot_release(struct virtio_slot *slot)
{
    OWN(spin_guard) guard = {0};

    line_detach(slot); /* first: no hart is in the handler from here on */
    if (!slot_reset_alone(slot))
        return;
    (void)wait_wake(&slot->changed, ALL_WAITERS);
    spin_lock(&guard, &slot->lock);
    slot_locked(slot)->taken = false;
    spin_unlock(&guard, &slot->lock);
}

/** Number @p nth of those with this id. */
static struct virtio_slot *slot_find(uint32_t id, unsigned nth)
{
    struct virtio_state *state = virtio_state();

    for (unsigned i = 0; i < state->count; i++)
        if (state->slots[i].device_id == id && nth-- == 0)
            return &state->slots[i];
    return NULL;
}

/* Unchecked: makes the handle. */
EXPORT bool virtio_open(virtio_device *device, uint32_t id, unsigned nth, uint64_t wanted,
                        enum status *status) UNCHECKED
{
    struct virtio_slot *slot = slot_find(id, nth);

    *status = !slot ? ERR_NOT_FOUND : slot_take(slot) ? OK : ERR_BUSY;
    if (*status != OK)
        return false;
    device->slot = slot; /* from here on a fault gives it back */
    *status = slot_begin(slot, wanted);
    if (*status == OK && !line_attach(slot))
        *status = ERR_BUSY;
    if (*status != OK)
        virtio_close(device);
    return *status == OK;
}

/* Unchecked: the drop of the handle. */
EXPORT void virtio_close(virtio_device *device) UNCHECKED
{
    slot_release(device->slot);
    device->slot = NULL;
}

EXPORT void virtio_device_unwind(virtio_device *device)
{
    if (device->slot)
        virtio_close(device);
}

EXPORT uint64_t virtio_features(const virtio_device *device)
{
    return device->slot->features;
}

/** 4.2.2.2: a field is read by its own width, one of 8 bytes in halves. */
static uint64_t field_read(const struct virtio_slot *slot, uint32_t offset, unsigned width)
{
    const volatile void *at = (const volatile char *)slot->registers + CONFIG_BASE + offset;
    const volatile uint32_t *words = at;

    switch (width) {
    case 1:
        return *(const volatile uint8_t *)at;
    case 2:
        return *(const volatile uint16_t *)at;
    case 4:
        return *words;
    default:
        return words[0] | (uint64_t)words[1] << 32;
    }
}

EXPORT enum status virtio_config(const virtio_device *device, uint32_t offset, unsigned width,
                                 uint64_t *value)
{
    const struct virtio_slot *slot = device->slot;

    if ((width != 1 && width != 2 && width != 4 && width != 8) ||
        offset % (width < 4 ? width : 4) != 0 || offset >= slot->bytes - CONFIG_BASE ||
        width > slot->bytes - CONFIG_BASE - offset)
        return ERR_INVALID;
    for (unsigned i = 0; i < GENERATIONS_MOST; i++) {
        uint32_t generation = slot->registers[CONFIG_GENERATION];

        *value = field_read(slot, offset, width);
        if (slot->registers[CONFIG_GENERATION] == generation)
            return OK;
    }
    return ERR_IO;
}

EXPORT enum status virtio_begin(const virtio_device *device)
{
    OWN(spin_guard) guard = {0};
    struct virtio_slot *slot = device->slot;
    uint32_t status;

    spin_lock(&guard, &slot->lock);
    status = registers_locked(slot)[STATUS] | STATUS_DRIVER_OK;
    registers_locked(slot)[STATUS] = status;
    status = registers_locked(slot)[STATUS];
    spin_unlock(&guard, &slot->lock);
    return status & STATUS_DRIVER_OK && !(status & STATUS_NEEDS_RESET) ? OK : ERR_IO;
}

EXPORT enum status virtio_enter(wait_op *op, const virtio_device *device)
{
    return wait_enter(op, &device->slot->changed);
}
