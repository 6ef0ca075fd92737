/* A thousand clients of a service, each a task with a handle, and what they cost whom. */
#ifndef SPILL_TESTS_CLIENTS_H
#define SPILL_TESTS_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "clock.h"
#include "inspect.h"
#include "nucleus/frame.h"
#include "own.h"
#include "spill_cells.h"
#include "task.h"
#include "test.h"
#include "vm.h"

#define CLIENTS 1000u
#define HALF (CLIENTS / 2)
#define MS 1000000ul
#define LIMIT_NS (60000 * MS) /* for what must happen: a backstop */

struct service;

/** What a client wants, and then has reached. */
enum stage { CLOSED, OPENED, ENDED };

/** A task that opens a handle when told to, keeps it in here, and drops it when told to. */
struct HOLDS client {
    struct clients *all;
    uint32_t number;
    uint32_t wanted;  /* enum stage; atomic */
    uint32_t reached; /* its own until it has counted down all->pending */
    bool refused;
    task_handle task; /* clients_end() joins it */
    union HOLDS {     /* the client's task drops what it has opened */
        mapping mapping;
        task_handle child;
        wait_op wait;
        clock_op clock;
        frames frames;
        struct kind *kind;
        ledger_entry entry;
        struct HOLDS {
            chan_sender sender;
            chan_receiver receiver;
            chan_op op;
            uint64_t message;
        } channel;
    } handle;
};

struct clients {
    const struct service *service;
    struct task *owner;
    uint32_t pending;        /* that have not reached what they were told; atomic */
    const mapping *shared;   /* for mapping_share() */
    struct wait_queue queue; /* for wait_enter() */
    enum ledger_habit habit; /* for ledger_open() */
    unsigned count;          /* with a task */
    struct client list[CLIENTS + 1];
};

/** A handle that some cell hands out, and what it may cost. */
struct service {
    const char *cell; /* who serves; "nucleus": no state is looked at */
    struct {
        const char *kind, *owner;
    } bodies[2];          /* of the handles: so many bytes each, and with the handle they go */
    uint32_t frame_uses;  /* what frames the handle brings: 1 << enum frame_use */
    bool busy;            /* its clients run all the time that they have the handle */
    const char *threaded; /* NULL, or why the state may lead to some clients: the ends of lists */
    bool (*open)(struct client *client);
    void (*close)(struct client *client);
};

/** What is wrong with a service. */
struct verdict {
    unsigned findings;
    char text[900]; /* each with a "; " behind it, as many as fit */
};

/** Has CLIENTS tasks made. Room for one more is there. @return NULL: no memory. */
struct clients *clients_start(void) REQUIRES(may_park);
/** Ends them, and frees @p clients. */
void clients_end(struct clients *clients) REQUIRES(may_park);
/**
 * Lets all of them open a handle of @p service, half of them first, then one more, then drop it, and looks
 * each time what has grown, or is not as before in the end.
 */
void service_judge(struct clients *clients, const struct service *service, struct verdict *verdict)
    REQUIRES(may_park);

/* The accounts (charges.c). */

/** Notes what all kinds, frames and the state of @p service's cell are now, caches drained. @return false:
 *  more than there is room for. */
bool charges_begin(const struct service *service);
/** Says what has grown by the handles of @p clients; of HALF, and then of CLIENTS, also whether each costs as
 *  much. */
void charges_with(const struct service *service, unsigned clients, struct verdict *verdict);
/** Says what is not as it was at the beginning. */
void charges_end(const struct service *service, struct verdict *verdict);
/** Adds a finding. */
void verdict_add(struct verdict *verdict, const char *text, ...)
    __attribute__((format(printf, 2, 3)));

struct spill_state {
    struct kind *clients_kind;
    /* for holders.c: */
    struct kind *held_kind;
    void *in_state[3], *on_stack;
    uint64_t hidden; /* the complement of an address */
    uint32_t holds;
};
struct spill_state *spill_state(void);

#endif
