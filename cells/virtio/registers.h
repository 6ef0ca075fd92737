/*
 * The registers of a device on the MMIO transport (virtio 1.2, table 4.1), as words of 32 bits; and the bits of
 * its status (section 2.1).
 */
#ifndef VIRTIO_REGISTERS_H
#define VIRTIO_REGISTERS_H

#include <stdint.h>

#include "nucleus/address.h"

enum virtio_register {
    MAGIC = 0x000 / 4, /* MAGIC_VALUE */
    VERSION = 0x004 / 4,
    DEVICE_ID = 0x008 / 4, /* 0: the slot is empty */
    DEVICE_FEATURES = 0x010 / 4,
    DEVICE_FEATURES_SELECT = 0x014 / 4,
    DRIVER_FEATURES = 0x020 / 4,
    DRIVER_FEATURES_SELECT = 0x024 / 4,
    QUEUE_SELECT = 0x030 / 4,
    QUEUE_SIZE_MOST = 0x034 / 4, /* 0: there is no such queue */
    QUEUE_SIZE = 0x038 / 4,
    QUEUE_READY = 0x044 / 4,
    QUEUE_NOTIFY = 0x050 / 4,
    INTERRUPT_STATUS = 0x060 / 4,
    INTERRUPT_ACKNOWLEDGE = 0x064 / 4,
    STATUS = 0x070 / 4,
    QUEUE_DESCRIPTORS = 0x080 / 4, /* these three: half an address, the high one behind it */
    QUEUE_AVAILABLE = 0x090 / 4,
    QUEUE_USED = 0x0a0 / 4,
    CONFIG_GENERATION = 0x0fc / 4,
};
#define CONFIG_BASE 0x100u

#define MAGIC_VALUE 0x74726976u /* "virt" */
#define VERSION_LEGACY 1u
#define VERSION_MODERN 2u

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED 128u

#define FEATURE_VERSION_1 (1ul << 32)

static inline void address_write(volatile uint32_t *registers, enum virtio_register which,
                                 paddr address)
{
    registers[which] = (uint32_t)address.value;
    registers[which + 1] = (uint32_t)(address.value >> 32);
}

#endif
