/*
 * The registers of a 16550 (National Semiconductor PC16550D data sheet, 1995, table II).
 */
#ifndef UART_DEVICE_H
#define UART_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#define UART_FIFO_BYTES 16u

struct device {
    volatile uint8_t *registers;
    uint32_t shift; /* register n is at n << shift */
};

enum device_register {
    DATA = 0,             /* RBR when read, THR when written */
    INTERRUPT_ENABLE = 1, /* IER */
    FIFO_CONTROL = 2,     /* FCR; IIR when read */
    LINE_CONTROL = 3,     /* LCR */
    MODEM_CONTROL = 4,    /* MCR */
    LINE_STATUS = 5,      /* LSR */
};

/* INTERRUPT_ENABLE */
#define ENABLE_RECEIVED 0x01u
#define ENABLE_TRANSMITTER_EMPTY 0x02u
/* LINE_STATUS */
#define STATUS_RECEIVED 0x01u
#define STATUS_OVERRUN 0x02u
#define STATUS_FIFO_EMPTY 0x20u /* THRE: the device takes UART_FIFO_BYTES more */
#define STATUS_ALL_SENT 0x40u   /* TEMT: the last bit has left, too */

static inline uint8_t device_read(const struct device *device, enum device_register which)
{
    return device->registers[(uint64_t)which << device->shift];
}

static inline void device_write(const struct device *device, enum device_register which,
                                unsigned value)
{
    device->registers[(uint64_t)which << device->shift] = (uint8_t)value;
}

static inline bool device_status(const struct device *device, unsigned bits)
{
    return (device_read(device, LINE_STATUS) & bits) != 0;
}

/** 8 data bits, no parity; FIFOs on, as they are after the firmware, so that nothing in them is
 *  lost; no interrupts yet, but their line driven (OUT2). Speed stays as the firmware set it. */
static inline void device_prepare(const struct device *device)
{
    device_write(device, LINE_CONTROL, 0x03);
    device_write(device, FIFO_CONTROL, 0x01);
    device_write(device, MODEM_CONTROL, 0x0b);
    device_write(device, INTERRUPT_ENABLE, 0);
}

#endif
