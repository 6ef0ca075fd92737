/* What the files of this cell share: its state, a slot of the machine for a device, and a queue. */
#ifndef VIRTIO_CELL_H
#define VIRTIO_CELL_H

#include "irq.h"
#include "nucleus/heap.h"
#include "nucleus/spinlock.h"
#include "ring.h"
#include "task.h"
#include "virtio.h"
#include "vm.h"

/**
 * A place where the machine has a modern device. There are as many as the device tree names; they live from start()
 * to stop(), and each has one owner or none.
 */
struct HOLDS virtio_slot {
    uint64_t base;  /* physical address of the registers, for messages */
    uint64_t bytes; /* of the registers */
    uint32_t device_id;
    uint32_t source;
    mapping page;                 /* slots_drop() */
    volatile uint32_t *registers; /* in it */
    irq_line line;                /* while it is taken; slot_release() */
    struct wait_queue changed;    /* woken by the interrupt; has a lock of its own */
    uint64_t features;            /* what was agreed on */
    uint64_t resets;              /* atomic; a queue that was made before the last one is dead */
    uint32_t failed;      /* atomic: the device asked for a reset */
    struct spinlock lock; /* also of the registers that come with a selector */
    /* lock guards: */
    bool taken;
    bool stuck; /* it did not answer to the last reset, and may use what it was told of */
};

struct virtio_ring {
    struct virtio_slot *slot;
    uint64_t resets; /* of the slot, when it was made */
    uint32_t index;
    struct ring ring;
};

struct virtio_state {
    struct kind *slots_kind, *rings_kind;
    struct virtio_slot *slots; /* in the order of the device tree */
    unsigned count;
};

struct virtio_state *virtio_state(void);

static inline volatile uint32_t *registers_locked(struct virtio_slot *slot) REQUIRES(slot->lock);
static inline volatile uint32_t *registers_locked(struct virtio_slot *slot)
{
    return slot->registers;
}

/** Finds the devices, from start(). */
enum status slots_make(void);
void slots_drop(void);

/** Makes the device forget all (2.1.2): it uses no memory of any queue any more. @return false: it does not answer,
 *  and may still do so. */
bool slot_reset(struct virtio_slot *slot) REQUIRES(slot->lock);
/** Turns the interrupt on again, which a predecessor that was cut short in its handler has off. */
void slot_resume(struct virtio_slot *slot);
bool slot_is_taken(struct virtio_slot *slot);
/** Whether the device may still use memory of a queue that was made before the last reset. */
bool slot_is_stuck(struct virtio_slot *slot) REQUIRES(slot->lock);

#endif
