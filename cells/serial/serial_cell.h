/* What the files of this cell share: its state, a place for each port, and the messages about ports. */
#ifndef SERIAL_CELL_H
#define SERIAL_CELL_H

#include "nucleus/frame.h"
#include "nucleus/spinlock.h"
#include "serial.h"
#include "virtio.h"

#define BUFFER_BYTES PAGE_BYTES
#define BUFFERS 4u /* of a port, in each direction */
#define BUFFERS_ORDER 3u

/** For control messages, in each direction; the queue may have room for fewer. */
#define MESSAGES 32u
#define MESSAGE_ROOM 192u
#define MESSAGES_ORDER 1u

/** What is known of the memory of one direction of a port. */
struct receive {
    struct arrived {
        uint32_t buffer;
        uint32_t bytes;
    } arrived[BUFFERS]; /* what the host wrote, the first first; a ring */
    uint32_t first, count;
    uint32_t read; /* bytes of the first one that are taken */
};

struct HOLDS serial_place {
    virtio_queue receive_queue, transmit_queue; /* from start() to stop() */
    frames buffers; /* from the first open to stop(): BUFFERS to receive, then BUFFERS to transmit */
    struct receive receive;
    uint32_t sending; /* a bit for each transmit buffer that the device has */
    char name[SERIAL_NAME_ROOM];
    bool present;    /* the device says that it has the port */
    bool told_ready; /* the device knows that there is a driver for it */
    bool told_open;  /* the device knows that it is open; so it stays */
    bool connected;  /* somebody on the host has it open */
    bool taken;      /* somebody here has it */
    bool gone;       /* it was taken while the device took it away */
};

/** A message of the control queues (virtio 1.2, 5.3.6.2). */
struct message {
    uint32_t port;
    uint16_t event;
    uint16_t value;
    char name[]; /* with PORT_NAME, to the end, or to a NUL */
};
enum message_event {
    DEVICE_READY = 0, /* from the driver; value 1: it is */
    PORT_ADD = 1,
    PORT_REMOVE = 2,
    PORT_READY = 3, /* from the driver */
    CONSOLE_PORT = 4,
    RESIZE = 5,
    PORT_OPEN = 6, /* both ways; value: whether it is */
    PORT_NAME = 7,
};

struct HOLDS serial_state {
    struct spinlock lock;
    /* lock guards: */
    struct HOLDS serial_device {
        enum status status;   /* OK: it works; ERR_UNSUPPORTED: there is none; ERR_IO: it failed */
        virtio_device device; /* from start() to stop() ... */
        virtio_queue control_in, control_out; /* ... these as well */
        frames messages;  /* MESSAGES of MESSAGE_ROOM to receive, then 8 bytes each to send */
        uint32_t sending; /* a bit for each message that the device has */
        uint32_t ports;   /* places of which the device may have a port */
        struct serial_place places[SERIAL_PORTS_MOST]; /* by number of the port */
    } device;
};

struct serial_state *serial_state(void);

static inline struct serial_device *device_locked(struct serial_state *state) REQUIRES(state->lock);
static inline struct serial_device *device_locked(struct serial_state *state)
{
    return &state->device;
}

/** Makes the device's queues and begins. */
enum status device_begin(struct serial_device *device);
/** Gives all back that it has. */
void device_end(struct serial_device *device);
/** Serves the control queues: hears of ports, says which are open. @return whether the device has answered all;
 *  sets device->status when it failed. */
bool control_serve(struct serial_device *device);
/** Notes that the device failed, and says so once. */
void device_fail(struct serial_device *device, enum status status);

/** Makes the buffers of a port, and lends the device those to receive, unless that was done. */
enum status place_prepare(struct serial_place *place);
/** Sends what there are buffers for; adds it to @p done. */
enum status place_send(struct serial_place *place, const char *bytes, size_t length, size_t *done);
enum status place_receive(struct serial_place *place, char *to, size_t room, size_t *got);
/** OK when the device has taken all. */
enum status place_sent(struct serial_place *place);

#endif
