/*
 * The data of a port: buffers between the caller's bytes and the port's two queues. They are made at the first open
 * and stay, as the device has those to receive for as long as it lives.
 *
 * The lock is held. All is UNCHECKED where it uses handles: they are in the state.
 */
#include "nucleus/string.h"
#include "serial_cell.h"

/** Buffer @p number: BUFFERS to receive, then BUFFERS to transmit. */
static char *buffer(struct serial_place *place, uint64_t number) UNCHECKED
{
    return (char *)place->buffers.base + number * BUFFER_BYTES;
}

static enum status buffer_lend(struct serial_place *place, uint64_t number) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(buffer(place, number)), BUFFER_BYTES, true};
    enum status status = virtio_put(&place->receive_queue, &part, 1, number);

    virtio_notify(&place->receive_queue);
    return status;
}

enum status place_prepare(struct serial_place *place) UNCHECKED
{
    enum status status = OK;

    if (place->buffers.base)
        return OK;
    if (!frames_alloc(&place->buffers, BUFFERS_ORDER, FRAME_OTHER))
        return ERR_NOMEM;
    for (uint64_t number = 0; number < BUFFERS && status == OK; number++)
        status = buffer_lend(place, number);
    return status == AGAIN ? OK : status; /* a queue that has room for fewer */
}

/** Takes back the buffers that were sent. @return OK or what failed. */
static enum status sent_take(struct serial_place *place) UNCHECKED
{
    uint64_t number;
    uint32_t bytes;
    enum status status;

    while ((status = virtio_take(&place->transmit_queue, &number, &bytes)) == OK)
        place->sending &= ~(1u << number);
    return status == AGAIN ? OK : status;
}

/** Sends @p bytes <= BUFFER_BYTES from @p from in the buffer @p number. It is the device's after the copy: a fault in
 *  that, for a bad address, leaves all as it was. */
static enum status buffer_send(struct serial_place *place, uint32_t number, const char *from,
                               size_t bytes) UNCHECKED
{
    char *to = buffer(place, BUFFERS + number);
    struct virtio_part part = {pointer_to_physical(to), (uint32_t)bytes, false};
    enum status status;

    memcpy(to, from, bytes);
    status = virtio_put(&place->transmit_queue, &part, 1, number);
    if (status == OK)
        place->sending |= 1u << number;
    virtio_notify(&place->transmit_queue);
    return status;
}

enum status place_send(struct serial_place *place, const char *bytes, size_t length, size_t *done)
{
    enum status status = sent_take(place);

    for (uint32_t number = 0; number < BUFFERS && *done < length && status == OK; number++) {
        size_t part = length - *done < BUFFER_BYTES ? length - *done : BUFFER_BYTES;

        if (place->sending >> number & 1)
            continue;
        status = buffer_send(place, number, bytes + *done, part);
        if (status == OK)
            *done += part;
    }
    return status == AGAIN ? OK : status;
}

enum status place_sent(struct serial_place *place)
{
    enum status status = sent_take(place);

    return status == OK && place->sending ? AGAIN : status;
}

/** Notes which buffers the device has filled. */
static enum status arrived_take(struct serial_place *place) UNCHECKED
{
    struct receive *receive = &place->receive;
    uint64_t number;
    uint32_t bytes;
    enum status status;

    while ((status = virtio_take(&place->receive_queue, &number, &bytes)) == OK) {
        receive->arrived[(receive->first + receive->count) % BUFFERS] =
            (struct arrived){(uint32_t)number, bytes};
        receive->count++;
    }
    return status == AGAIN ? OK : status;
}

/** Copies from the first buffer that has arrived, and lends it again when it is read. @return how many bytes. */
static size_t first_read(struct serial_place *place, char *to, size_t room, enum status *status)
{
    struct receive *receive = &place->receive;
    struct arrived *first = &receive->arrived[receive->first];
    size_t bytes = first->bytes - receive->read;

    if (bytes > room)
        bytes = room;
    memcpy(to, buffer(place, first->buffer) + receive->read, bytes);
    receive->read += (uint32_t)bytes;
    if (receive->read < first->bytes)
        return bytes;
    receive->read = 0;
    receive->first = (receive->first + 1) % BUFFERS;
    receive->count--;
    *status = buffer_lend(place, first->buffer);
    return bytes;
}

enum status place_receive(struct serial_place *place, char *to, size_t room, size_t *got)
{
    enum status status = arrived_take(place);

    *got = 0;
    while (status == OK && place->receive.count > 0 && *got < room)
        *got += first_read(place, to + *got, room - *got, &status);
    return status;
}
