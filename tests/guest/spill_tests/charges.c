/* What the handles of a service cost beside themselves: objects of kinds, frames, words of its state. */
#include "clients.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/string.h"

#define KINDS_MOST 64u
#define STATE_WORDS_MOST 5120u
/* Words of a state that may change: figures, bits, ends of lists. A table of the clients has more. */
#define CHANGED_MOST (CLIENTS / 8)
/* Ends of lists, two for each hart. */
#define ENDS_MOST (2 * MAX_HARTS)

/* The kinds that have objects, and the frames by use. */
struct charges {
    struct charge {
        char kind[KIND_NAME_ROOM], owner[CELL_NAME_ROOM];
        uint64_t objects, bytes;
    } kinds[KINDS_MOST];
    unsigned count;
    uint64_t frames[FRAME_USES];
};

struct account {
    struct spill_state state;
    struct charges before, half, now;
    uint64_t words; /* of the state */
    uint64_t state_before[STATE_WORDS_MOST];
};
CELL_STATE(struct account);

struct spill_state *spill_state(void)
{
    return &state.state;
}

void verdict_add(struct verdict *verdict, const char *text, ...)
{
    size_t used = strlen(verdict->text), room = sizeof verdict->text - used, length;
    va_list arguments;

    va_start(arguments, text);
    length = format_list(verdict->text + used, room, text, arguments);
    va_end(arguments);
    if (length + 3 < room)
        string_copy(verdict->text + used + length, room - length, "; ");
    else
        verdict->text[used] = '\0';
    verdict->findings++;
}

static bool charge_kind(const struct kind *kind, void *argument)
{
    struct charges *charges = argument;
    struct charge *charge = &charges->kinds[charges->count];

    if (kind->live == 0)
        return true;
    if (charges->count++ >= KINDS_MOST)
        return false;
    *charge = (struct charge){.objects = kind->live};
    string_copy(charge->kind, sizeof charge->kind, kind->name);
    string_copy(charge->owner, sizeof charge->owner, cell_name(kind->owner));
    for (const struct list *node = kind->slabs.next; node != &kind->slabs; node = node->next) {
        const struct slab *slab = list_entry(node, struct slab, all);

        charge->bytes += slab->used * slab->bin->slot_bytes;
    }
    return true;
}

static void charges_take(struct charges *charges)
{
    struct frame_stats frames;

    memset(charges, 0, sizeof *charges);
    kinds_visit(charge_kind, charges);
    frame_stats(&frames);
    memcpy(charges->frames, frames.used, sizeof charges->frames);
}

/* What is charged for the kind that @p like describes; nothing when it has no objects. */
static struct charge charge_of(const struct charges *charges, const struct charge *like)
{
    for (unsigned i = 0; i < charges->count; i++)
        if (strcmp(charges->kinds[i].kind, like->kind) == 0 &&
            strcmp(charges->kinds[i].owner, like->owner) == 0)
            return charges->kinds[i];
    return (struct charge){0};
}

static bool is_body(const struct service *service, const struct charge *charge)
{
    for (unsigned i = 0; i < 2; i++)
        if (service->bodies[i].kind && strcmp(service->bodies[i].kind, charge->kind) == 0 &&
            strcmp(service->bodies[i].owner, charge->owner) == 0)
            return true;
    return false;
}

struct word_counts {
    uint64_t changed, leading; /* since the beginning; more that could be addresses */
};

static bool leads(uint64_t word)
{
    return word - DIRECT_MAP_BASE < DIRECT_MAP_BYTES || word - VM_AREA_BASE < VM_AREA_BYTES;
}

static struct word_counts count_words(const struct service *service)
{
    struct word_counts counts = {0};
    struct cell_info cell;
    const volatile uint64_t *words;

    if (!cell_find(service->cell, &cell))
        return counts;
    words = (const volatile uint64_t *)cell.state;
    for (uint64_t i = 0; i < state.words; i++) {
        uint64_t word = words[i], before = state.state_before[i];

        counts.changed += word != before;
        counts.leading += (uint64_t)leads(word) - leads(before);
    }
    return counts;
}

static bool state_copy(const struct service *service)
{
    struct cell_info cell;

    state.words = 0;
    if (strcmp(service->cell, "nucleus") == 0)
        return true;
    if (!cell_find(service->cell, &cell) || cell.state_bytes / 8 > STATE_WORDS_MOST)
        return false;
    state.words = cell.state_bytes / 8;
    memcpy(state.state_before, (const void *)cell.state, state.words * 8);
    return true;
}

static void drain_all(void)
{
    task_drain();
    heap_drain();
    vm_drain();
    heap_drain();
    frame_drain();
}

bool charges_begin(const struct service *service)
{
    drain_all();
    charges_take(&state.before);
    return state_copy(service) && state.before.count <= KINDS_MOST;
}

/* @p now is what one kind has come to. */
static void judge_kind(const struct service *service, const struct charge *now, unsigned clients,
                       struct verdict *verdict)
{
    struct charge before = charge_of(&state.before, now), half = charge_of(&state.half, now);

    if (!is_body(service, now)) {
        if (now->objects > before.objects || now->bytes > before.bytes)
            verdict_add(verdict, "%u clients: kind %s of %s grew by %lu objects, %lu bytes",
                        clients, now->kind, now->owner, now->objects - before.objects,
                        now->bytes - before.bytes);
        return;
    }
    if (now->objects - before.objects != clients)
        verdict_add(verdict, "%u clients: %lu objects of kind %s", clients,
                    now->objects - before.objects, now->kind);
    if (clients == CLIENTS && now->bytes - half.bytes != half.bytes - before.bytes)
        verdict_add(verdict, "the first %u handles: %lu bytes of kind %s, the next: %lu", HALF,
                    half.bytes - before.bytes, now->kind, now->bytes - half.bytes);
}

static void judge_state(const struct service *service, const char *when, struct verdict *verdict)
{
    struct word_counts words = count_words(service);
    uint64_t most = service->threaded ? ENDS_MOST : 0;

    if (words.changed > CHANGED_MOST)
        verdict_add(verdict, "%s %lu words of the state of %s changed", when, words.changed,
                    service->cell);
    if ((int64_t)words.leading > (int64_t)most)
        verdict_add(verdict, "%s %lu more words of the state of %s lead somewhere", when,
                    words.leading, service->cell);
}

void charges_with(const struct service *service, unsigned clients, struct verdict *verdict)
{
    char when[24];

    charges_take(&state.now);
    if (clients == HALF)
        state.half = state.now;
    for (unsigned i = 0; i < state.now.count && i < KINDS_MOST; i++)
        judge_kind(service, &state.now.kinds[i], clients, verdict);
    for (unsigned use = 0; use < FRAME_USES; use++) {
        bool brought = use == FRAME_SLAB || use == FRAME_CACHED || use == FRAME_FREE ||
                       service->frame_uses & 1u << use;

        if (!brought && state.now.frames[use] > state.before.frames[use])
            verdict_add(verdict, "%u clients: %lu more frames are %s", clients,
                        state.now.frames[use] - state.before.frames[use],
                        frame_use_name((enum frame_use)use));
    }
    format(when, sizeof when, "%u clients:", clients);
    judge_state(service, when, verdict);
}

void charges_end(const struct service *service, struct verdict *verdict)
{
    drain_all();
    charges_take(&state.now);
    for (unsigned i = 0; i < state.now.count && i < KINDS_MOST; i++) {
        const struct charge *now = &state.now.kinds[i];
        struct charge before = charge_of(&state.before, now);

        if (now->objects != before.objects || now->bytes != before.bytes)
            verdict_add(verdict, "after the drops %lu objects of kind %s of %s live, before %lu",
                        now->objects, now->kind, now->owner, before.objects);
    }
    for (unsigned use = FRAME_RESERVED; use < FRAME_USES; use++)
        if (state.now.frames[use] != state.before.frames[use])
            verdict_add(verdict, "after the drops %lu frames are %s, before %lu",
                        state.now.frames[use], frame_use_name((enum frame_use)use),
                        state.before.frames[use]);
    judge_state(service, "after the drops", verdict);
}

KIND_OF_BUFFERS(client, "client");
KIND_OF_BUFFERS(held, "held");

static enum status init(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK;
    status = kind_create(&state.state.clients_kind, &kind_client);
    if (status == OK)
        status = kind_create(&state.state.held_kind, &kind_held);
    return status;
}

CELL(.name = "spill_tests", .version = "1.0", .init = init,
     .summary = "Tests that services keep nothing of their clients");
