/*
 * Named ports: who has which, and the steps of their users. A step serves the control queues, tries, enters the
 * queue of those whom the device's interrupt wakes, and tries once more, as what it waits for may have come meanwhile.
 */
#include "serial.h"
#include "cell.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "serial_cell.h"

CELL_STATE(struct serial_state);

struct serial_state *serial_state(void)
{
    return &state;
}

/** What a step tries, with the lock held. */
struct attempt {
    struct serial_place *place;
    const char *from; /* to write, or NULL */
    char *to;         /* to read, or NULL */
    size_t bytes;
    size_t *done;
};

static enum status place_serve(struct serial_place *place, const struct attempt *attempt)
{
    enum status status = OK;

    if (attempt->from) {
        if (place->connected) /* else the device would throw it away */
            status = place_send(place, attempt->from, attempt->bytes, attempt->done);
        return status == OK && *attempt->done < attempt->bytes ? AGAIN : status;
    }
    if (attempt->to) {
        status = place_receive(place, attempt->to, attempt->bytes, attempt->done);
        return status == OK && *attempt->done == 0 ? AGAIN : status;
    }
    return place_sent(place);
}

static enum status attempt_make(const struct attempt *attempt)
{
    OWN(spin_guard) guard = {0};
    struct serial_device *device;
    enum status status;

    spin_lock(&guard, &state.lock);
    device = device_locked(&state);
    (void)control_serve(device);
    status = device->status;
    if (status == OK)
        status = attempt->place->gone ? ERR_CANCELLED : place_serve(attempt->place, attempt);
    if (status != OK && status != AGAIN && status != ERR_CANCELLED)
        device_fail(device, status);
    spin_unlock(&guard, &state.lock);
    return status;
}

/* Unchecked: the device is in the state. */
static enum status enter(wait_op *op) UNCHECKED
{
    return virtio_enter(op, &state.device.device);
}

static enum status step(wait_op *op, const struct attempt *attempt) BORROWS_MUT(*op);
static enum status step(wait_op *op, const struct attempt *attempt)
{
    enum status status = attempt_make(attempt), entered;

    if (status != AGAIN)
        return status;
    entered = enter(op);
    return entered == OK ? attempt_make(attempt) : entered;
}

EXPORT enum status serial_write_step(wait_op *op, const serial_port *port, const void *bytes,
                                     size_t length, size_t *done)
{
    struct attempt attempt = {.place = port->place, .from = bytes, .bytes = length, .done = done};

    return length == *done ? OK : step(op, &attempt);
}

EXPORT enum status serial_read_step(wait_op *op, const serial_port *port, void *to, size_t room,
                                    size_t *got)
{
    struct attempt attempt = {.place = port->place, .to = to, .bytes = room, .done = got};

    return step(op, &attempt);
}

EXPORT enum status serial_flush_step(wait_op *op, const serial_port *port)
{
    struct attempt attempt = {.place = port->place};

    return step(op, &attempt);
}

/** The port of that name. NULL: none, or none yet. */
static struct serial_place *place_find(struct serial_device *device, const char *name)
{
    for (uint32_t port = 0; port < device->ports; port++)
        if (device->places[port].present && strcmp(device->places[port].name, name) == 0)
            return &device->places[port];
    return NULL;
}

/** Takes the port of that name. @return ERR_NOT_FOUND, AGAIN while the device may still name one. */
static enum status place_take(struct serial_device *device, const char *name,
                              struct serial_place **taken)
{
    bool settled = device->status == OK && control_serve(device);
    struct serial_place *place = *name ? place_find(device, name) : NULL;
    enum status status = device->status;

    if (status != OK)
        return status;
    if (!place)
        return settled || !*name ? ERR_NOT_FOUND : AGAIN;
    if (place->taken)
        return ERR_BUSY;
    status = place_prepare(place);
    if (status != OK && status != ERR_NOMEM)
        device_fail(device, status);
    if (status != OK)
        return status;
    *taken = place; /* first: a fault in the rest gives it back */
    place->taken = true;
    (void)control_serve(device); /* tells the device */
    return OK;
}

static enum status try_open(const char *name, struct serial_place **taken)
{
    OWN(spin_guard) guard = {0};
    enum status status;

    spin_lock(&guard, &state.lock);
    status = place_take(device_locked(&state), name, taken);
    spin_unlock(&guard, &state.lock);
    return status;
}

/* Unchecked: makes the handle. */
EXPORT bool serial_open_step(wait_op *op, serial_port *port, const char *name, enum status *status)
    UNCHECKED
{
    *status = try_open(name, &port->place);
    if (*status == AGAIN) {
        *status = enter(op);
        if (*status == OK)
            *status = try_open(name, &port->place);
    }
    return *status == OK;
}

static void place_give(struct serial_place *place)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &state.lock);
    place->taken = place->gone = false;
    spin_unlock(&guard, &state.lock);
}

/* Unchecked: the drop of the handle. */
EXPORT void serial_close(serial_port *port) UNCHECKED
{
    place_give(port->place);
    port->place = NULL;
}

EXPORT void serial_port_unwind(serial_port *port)
{
    if (port->place)
        serial_close(port);
}

/** Whether somebody has the port, or something that was written is not sent yet. */
static bool place_is_in_use(const struct serial_device *device, struct serial_place *place)
{
    return place->taken ||
           (device->status == OK && place->buffers.base && place_sent(place) == AGAIN);
}

static bool is_in_use(void)
{
    OWN(spin_guard) guard = {0};
    struct serial_device *device;
    bool in_use = false;

    spin_lock(&guard, &state.lock);
    device = device_locked(&state);
    for (unsigned port = 0; port < SERIAL_PORTS_MOST && !in_use; port++)
        in_use = place_is_in_use(device, &device->places[port]);
    spin_unlock(&guard, &state.lock);
    return in_use;
}

/* Whoever may call is started later: without the lock. */
static enum status start(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's: the device, its queues, ports that are open */
    status = device_begin(&state.device);
    if (status == OK)
        return OK;
    device_end(&state.device);
    state.device.status = status;
    if (status != ERR_NOT_FOUND && status != ERR_UNSUPPORTED) {
        log_write("serial: the virtio console device cannot be used: %s", status_name(status));
        return status;
    }
    state.device.status = ERR_UNSUPPORTED; /* a client may do without */
    log_write("serial: no modern virtio console device with several ports; ./mitos run --port "
              "NAME=FILE makes one, as do QEMU's options "
              "-global virtio-mmio.force-legacy=false -device virtio-serial-device");
    return OK;
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    if (is_in_use())
        return ERR_BUSY;
    device_end(&state.device);
    return OK;
}

CELL(.name = "serial", .version = "1.0",
     .summary = "Named ports to the host, by a virtio console device", .provides = "serial",
     .start = start, .stop = stop);
