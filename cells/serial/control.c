/*
 * The device and its control queues (virtio 1.2, section 5.3.6.2). The driver says that it is ready; the device names its
 * ports; the driver says which of them it knows, and which are open.
 *
 * There is no task for it and no interrupt: whoever steps serves the queues, with the lock held. What is to be told
 * is found by comparing what is with what was told, so nothing waits in a list, and no message gets lost when all
 * buffers are with the device. All functions are UNCHECKED where they use handles: these are in the state.
 */
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "serial_cell.h"

#define FEATURE_MULTIPORT (1ul << 1) /* 5.3.3 */
#define CONFIG_PORTS_MOST 4u         /* 5.3.4: max_nr_ports, 4 bytes */
#define CONTROL_IN 2u                /* 5.3.2 */
#define CONTROL_OUT 3u
#define ROUNDS_MOST 64u /* of one visit to the control queues */

/** 5.3.2: the queues of port 0, then the two for control, then those of the others. */
static unsigned queue_number(uint32_t port, bool transmit)
{
    return (port == 0 ? 0 : 2 * port + 2) + transmit;
}

void device_fail(struct serial_device *device, enum status status)
{
    if (status == ERR_QUARANTINED)
        return; /* virtio, which will come back, and find the device as it is */
    if (device->status == OK)
        log_write(
            "serial: the device failed (%s); its ports are of no use until serial is loaded anew",
            status_name(status));
    device->status = ERR_IO;
}

static char *message_in(struct serial_device *device, uint64_t number) UNCHECKED
{
    return (char *)device->messages.base + number * MESSAGE_ROOM;
}

static struct message *message_out(struct serial_device *device, uint64_t number) UNCHECKED
{
    return (struct message *)(void *)(message_in(device, MESSAGES) +
                                      number * sizeof(struct message));
}

static enum status message_lend(struct serial_device *device, uint64_t number) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(message_in(device, number)), MESSAGE_ROOM, true};

    return virtio_put(&device->control_in, &part, 1, number);
}

/** Sends a message. @return AGAIN: all buffers are with the device. */
static enum status message_send(struct serial_device *device, uint32_t port,
                                enum message_event event, bool value) UNCHECKED
{
    struct virtio_part part = {.bytes = sizeof(struct message)};
    uint64_t number = 0;
    enum status status;

    while (number < MESSAGES && device->sending >> number & 1)
        number++;
    if (number == MESSAGES)
        return AGAIN;
    *message_out(device, number) =
        (struct message){.port = port, .event = (uint16_t)event, .value = value};
    part.address = pointer_to_physical(message_out(device, number));
    status = virtio_put(&device->control_out, &part, 1, number);
    if (status == OK)
        device->sending |= 1u << number;
    return status;
}

/** Keeps a name that fits; another one is none that anybody can ask for. */
static void name_keep(struct serial_place *place, const char *name, uint32_t bytes)
{
    uint32_t length = 0;

    while (length < bytes && name[length])
        length++;
    memset(place->name, 0, sizeof place->name);
    if (length < sizeof place->name)
        memcpy(place->name, name, length);
}

static void port_remove(struct serial_place *place)
{
    place->present = place->told_ready = place->told_open = place->connected = false;
    place->gone = place->taken;
    memset(place->name, 0, sizeof place->name);
}

static void message_hear(struct serial_device *device, const struct message *message,
                         uint32_t bytes)
{
    struct serial_place *place;

    if (bytes < sizeof *message)
        return;
    if (message->port >= device->ports) {
        if (message->event == PORT_ADD)
            log_write("serial: port %u is left alone: only those below %u are used", message->port,
                      device->ports);
        return;
    }
    place = &device->places[message->port];
    switch (message->event) {
    case PORT_ADD:
        place->present = true;
        break;
    case PORT_REMOVE:
        port_remove(place);
        break;
    case PORT_OPEN:
        place->connected = message->value != 0;
        break;
    case PORT_NAME:
        name_keep(place, message->name, bytes - (uint32_t)sizeof *message);
        break;
    default: /* console ports and their size: nothing to us */
        break;
    }
}

/** Takes back what was sent. */
static enum status sent_take(struct serial_device *device) UNCHECKED
{
    uint64_t number;
    uint32_t bytes;
    enum status status;

    while ((status = virtio_take(&device->control_out, &number, &bytes)) == OK)
        device->sending &= ~(1u << number);
    return status;
}

/** Hears one message. The device writes only while it has the buffer, so what is read here stays as it is. */
static enum status message_take(struct serial_device *device) UNCHECKED
{
    uint64_t number;
    uint32_t bytes;
    enum status status = virtio_take(&device->control_in, &number, &bytes);

    if (status != OK)
        return status;
    message_hear(device, (const struct message *)(const void *)message_in(device, number), bytes);
    status = message_lend(device, number);
    virtio_notify(&device->control_in);
    return status;
}

/** Tells the device what it does not know yet of a port. From its first open on a port is open for the host: when it is
 *  told of a close, QEMU throws away what it is just reading for the port. */
static enum status port_tell(struct serial_device *device, uint32_t number) UNCHECKED
{
    struct serial_place *place = &device->places[number];
    enum status status = OK;

    if (!place->present)
        return OK;
    if (!place->told_ready) {
        status = message_send(device, number, PORT_READY, true);
        place->told_ready = status == OK;
    }
    if (status == OK && !place->told_open && place->buffers.base) {
        status = message_send(device, number, PORT_OPEN, true);
        place->told_open = status == OK;
    }
    return status;
}

/* Notified only of what was sent: QEMU answers each notification with an interrupt, which wakes whoever waits, who comes
 * here. */
static enum status ports_tell(struct serial_device *device) UNCHECKED
{
    uint32_t before = device->sending;
    enum status status = OK;

    for (uint32_t number = 0; number < device->ports && status == OK; number++)
        status = port_tell(device, number);
    if (device->sending != before)
        virtio_notify(&device->control_out);
    return status;
}

/*
 * The specification has no message for "these are all ports". We go by this: the device has answered a message when it
 * gives its buffer back. (QEMU does; of a device that does not, ports would be missing at the first open.)
 */
bool control_serve(struct serial_device *device)
{
    enum status status = OK;

    for (unsigned round = 0; round < ROUNDS_MOST && (status == OK || status == AGAIN); round++) {
        status = ports_tell(device);
        if (status == OK || status == AGAIN)
            status = sent_take(device);
        if (status != AGAIN)
            break;
        status = message_take(device);
        if (status == AGAIN)
            return device->sending == 0;
    }
    if (status != OK && status != AGAIN)
        device_fail(device, status);
    return false;
}

static enum status place_make(struct serial_device *device, uint32_t port) UNCHECKED
{
    struct serial_place *place = &device->places[port];
    enum status status = ERR_QUARANTINED;

    if (!virtio_queue_make(&place->receive_queue, &device->device, queue_number(port, false),
                           &status) ||
        !virtio_queue_make(&place->transmit_queue, &device->device, queue_number(port, true),
                           &status))
        return status;
    return OK;
}

static enum status queues_make(struct serial_device *device) UNCHECKED
{
    enum status status = OK;

    for (uint32_t port = 0; port < device->ports && status == OK; port++)
        status = place_make(device, port);
    if (status != OK)
        return status;
    status = ERR_QUARANTINED;
    if (!virtio_queue_make(&device->control_in, &device->device, CONTROL_IN, &status) ||
        !virtio_queue_make(&device->control_out, &device->device, CONTROL_OUT, &status))
        return status;
    return OK;
}

/** Lends the device as many messages as its queue has room for, and says that we are ready. */
static enum status control_begin(struct serial_device *device) UNCHECKED
{
    enum status status = virtio_begin(&device->device);

    for (uint64_t number = 0; number < MESSAGES && status == OK; number++)
        status = message_lend(device, number);
    if (status != OK && status != AGAIN)
        return status;
    virtio_notify(&device->control_in);
    status = message_send(device, 0, DEVICE_READY, true);
    virtio_notify(&device->control_out);
    return status;
}

enum status device_begin(struct serial_device *device) UNCHECKED
{
    uint64_t ports = 0;
    enum status status = ERR_QUARANTINED; /* a stand-in says no more than false */

    if (!virtio_open(&device->device, VIRTIO_ID_CONSOLE, 0, FEATURE_MULTIPORT, &status))
        return status;
    if (!(virtio_features(&device->device) & FEATURE_MULTIPORT))
        return ERR_UNSUPPORTED;
    status = virtio_config(&device->device, CONFIG_PORTS_MOST, 4, &ports);
    if (status != OK)
        return status;
    device->ports = ports < SERIAL_PORTS_MOST ? (uint32_t)ports : SERIAL_PORTS_MOST;
    if (!frames_alloc(&device->messages, MESSAGES_ORDER, FRAME_OTHER))
        return ERR_NOMEM;
    status = queues_make(device);
    return status == OK ? control_begin(device) : status;
}

/* The device first: then it has no memory of ours any more. */
void device_end(struct serial_device *device) UNCHECKED
{
    virtio_device_unwind(&device->device);
    virtio_queue_unwind(&device->control_in);
    virtio_queue_unwind(&device->control_out);
    for (uint32_t port = 0; port < SERIAL_PORTS_MOST; port++) {
        virtio_queue_unwind(&device->places[port].receive_queue);
        virtio_queue_unwind(&device->places[port].transmit_queue);
        frames_unwind(&device->places[port].buffers);
    }
    frames_unwind(&device->messages);
    memset(device, 0, sizeof *device);
}
