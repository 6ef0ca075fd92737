/* The clients (clients.h). They park on the nucleus' own means between two stages, so that nothing but their
 * handles is in the service's hands. */
#include "clients.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"

/* Does what it is told. Unchecked, like all below: clang cannot follow handles in an array. */
static UNCHECKED void reach(struct client *client, enum stage stage)
{
    const struct service *service = client->all->service;
    bool has = client->reached == OPENED && !client->refused;

    if (stage == OPENED)
        client->refused = !service->open(client);
    else if (has)
        service->close(client);
    client->reached = stage;
}

static int client_main(void *argument)
{
    struct client *client = argument;
    struct clients *all = client->all;
    struct task *owner = all->owner;

    role_assert_may_park();
    while (client->reached != ENDED) {
        enum stage stage = __atomic_load_n(&client->wanted, __ATOMIC_ACQUIRE);

        if (stage != client->reached) {
            reach(client, stage);
            if (__atomic_sub_fetch(&all->pending, 1, __ATOMIC_ACQ_REL) == 0)
                task_unpark(owner);
        } else if (stage == OPENED && all->service->busy) {
            task_yield();
        } else {
            task_park();
        }
    }
    return 0;
}

static void wait_for_all(struct clients *clients) REQUIRES(may_park);
static void wait_for_all(struct clients *clients)
{
    while (__atomic_load_n(&clients->pending, __ATOMIC_ACQUIRE))
        task_park();
}

/* Brings clients number @p first to before @p end to a stage. */
static void clients_reach(struct clients *clients, unsigned first, unsigned end, enum stage stage)
    REQUIRES(may_park);
static void clients_reach(struct clients *clients, unsigned first, unsigned end, enum stage stage)
    UNCHECKED
{
    __atomic_store_n(&clients->pending, end - first, __ATOMIC_RELEASE);
    for (unsigned i = first; i < end; i++) {
        __atomic_store_n(&clients->list[i].wanted, stage, __ATOMIC_RELEASE);
        task_unpark(clients->list[i].task.task);
    }
    wait_for_all(clients);
}

struct clients *clients_start(void) UNCHECKED
{
    struct clients *clients = heap_alloc_bytes(spill_state()->clients_kind, sizeof(struct clients));

    if (!clients)
        return NULL;
    memset(clients, 0, sizeof *clients);
    clients->owner = task_current();
    wait_queue_init(&clients->queue);
    for (; clients->count < CLIENTS + 1; clients->count++) {
        struct client *client = &clients->list[clients->count];

        client->all = clients;
        client->number = clients->count;
        if (!task_spawn(&client->task, "client", client_main, client)) {
            clients_end(clients);
            return NULL;
        }
    }
    return clients;
}

void clients_end(struct clients *clients) UNCHECKED
{
    clients_reach(clients, 0, clients->count, ENDED);
    for (unsigned i = 0; i < clients->count; i++)
        (void)task_join(&clients->list[i].task, NULL);
    heap_free(spill_state()->clients_kind, clients);
}

static void find_refused(const struct clients *clients, unsigned end, struct verdict *verdict)
{
    for (unsigned i = 0; i < end; i++) {
        if (clients->list[i].refused) {
            verdict_add(verdict, "client number %u got no handle", i + 1);
            return;
        }
    }
}

void service_judge(struct clients *clients, const struct service *service, struct verdict *verdict)
{
    *verdict = (struct verdict){0};
    clients->service = service;
    if (!charges_begin(service)) {
        verdict_add(verdict, "the state of %s, or the list of kinds, has no room here",
                    service->cell);
        return;
    }
    clients_reach(clients, 0, HALF, OPENED);
    charges_with(service, HALF, verdict);
    clients_reach(clients, HALF, CLIENTS, OPENED);
    charges_with(service, CLIENTS, verdict);
    clients_reach(clients, CLIENTS, CLIENTS + 1, OPENED);
    find_refused(clients, CLIENTS + 1, verdict);
    /* One by one: where each drop fences all harts, many at a time wait for each other. But each of those
     * that run all the time would wait for all others. */
    for (unsigned i = 0, some = service->busy ? CLIENTS + 1 : 1; i < CLIENTS + 1; i += some)
        clients_reach(clients, i, i + some, CLOSED);
    charges_end(service, verdict);
}
