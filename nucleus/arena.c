/* Arenas for text and read-only data (arena.h): all their pieces in one list, used and free ones, those
 * of an arena in the order of their addresses. First fit; neighbours that are free become one. */
#include "arena.h"

#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/frame.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "nucleus/string.h"
#include "sbi_calls.h"

#define ARENA_ORDER 9u /* 2 MiB */
#define CHUNK_BYTES 512u
#define SATP_SV39 (8ul << 60)

struct piece {
    struct list link;
    uint8_t *base;
    size_t bytes;
    bool executable, used;
};

static struct list pieces = {&pieces, &pieces};
static struct kind *piece_kind;

void arena_init(void)
{
    if (kind_create_for(NULL, &piece_kind, "arena piece", sizeof(struct piece), 8) != OK)
        panic("no memory for the first kinds");
}

static uint64_t boot_satp(void)
{
    return SATP_SV39 | pointer_to_physical(boot_table).value >> PAGE_SHIFT;
}

void text_write(void *to, const void *from, size_t bytes)
{
    /* c.ebreak: late use of freed text faults. */
    static const uint64_t poison[CHUNK_BYTES / 8] = {[0 ... CHUNK_BYTES / 8 - 1] =
                                                         0x9002900290029002};
    for (size_t done = 0; done < bytes; done += CHUNK_BYTES) {
        OWN(irq_guard) guard = {0};
        size_t now = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;

        irq_disable(&guard);
        text_copy_words((uint8_t *)to + done,
                        from ? (const uint8_t *)from + done : (const void *)poison, now / 8,
                        boot_satp());
        irq_restore(&guard);
    }
}

_Static_assert(sizeof(struct text_pair) == 24, "trap.S: PAIR_BYTES");

void text_write_pairs(const struct text_pair *pairs, uint64_t count, bool forward)
{
    text_copy_pairs(pairs, count,
                    forward ? offsetof(struct text_pair, becomes) : offsetof(struct text_pair, was),
                    boot_satp());
}

void text_write_pair(uint64_t address, const uint8_t bytes[8])
{
    static struct text_pair pair; /* in the direct map, which a stack need not be */
    OWN(irq_guard) guard = {0};

    pair.address = address;
    memcpy(&pair.becomes, bytes, 8);
    irq_disable(&guard);
    text_write_pairs(&pair, 1, true);
    irq_restore(&guard);
}

/* Enters a free piece behind @p previous. @return NULL: no memory. */
static struct piece *piece_make(struct list *previous, uint8_t *base, size_t bytes, bool executable)
{
    struct piece *piece = heap_alloc(piece_kind);

    if (!piece)
        return NULL;
    *piece = (struct piece){.base = base, .bytes = bytes, .executable = executable};
    list_push_front(previous, &piece->link);
    return piece;
}

static struct piece *arena_make(bool executable)
{
    frames block = {0};
    struct piece *piece;

    if (!frames_alloc(&block, ARENA_ORDER, executable ? FRAME_TEXT : FRAME_RODATA))
        return NULL;
    piece = piece_make(pieces.previous, block.base, MEGAPAGE_BYTES, executable);
    if (!piece) {
        frames_drop(&block);
        return NULL;
    }
    hooks.vm_arena_added(frames_leak(&block), executable);
    return piece;
}

void *arena_alloc(size_t bytes, bool executable)
{
    struct piece *found = NULL;

    bytes = align_up(bytes ?: 1, ARENA_ALIGN); /* no two pieces have one base */
    list_each(node, &pieces) {
        struct piece *piece = list_entry(node, struct piece, link);

        if (!piece->used && piece->executable == executable && piece->bytes >= bytes) {
            found = piece;
            break;
        }
    }
    if (!found && bytes <= MEGAPAGE_BYTES)
        found = arena_make(executable);
    if (!found || (found->bytes > bytes && !piece_make(&found->link, found->base + bytes,
                                                       found->bytes - bytes, executable)))
        return NULL;
    found->bytes = bytes;
    found->used = true;
    return found->base;
}

/* Makes @p piece and the one behind it one, if both are free and of one arena. */
static void merge(struct piece *piece)
{
    struct piece *next = list_entry(piece->link.next, struct piece, link);

    if (&piece->link == &pieces || piece->link.next == &pieces || piece->used || next->used ||
        (uint64_t)next->base % MEGAPAGE_BYTES == 0)
        return;
    piece->bytes += next->bytes;
    list_remove(&next->link);
    heap_free(piece_kind, next);
}

void arena_free(void *base)
{
    list_each(node, &pieces) {
        struct piece *piece = list_entry(node, struct piece, link);

        if (piece->base != base)
            continue;
        text_write(base, NULL, piece->bytes);
        piece->used = false;
        merge(piece);
        merge(list_entry(node->previous, struct piece, link));
        return;
    }
    ASSERT(!base);
}

bool memory_arena_get(unsigned index, void **base, bool *executable)
{
    list_each(node, &pieces) {
        struct piece *piece = list_entry(node, struct piece, link);

        *base = piece->base;
        *executable = piece->executable;
        if ((uint64_t)piece->base % MEGAPAGE_BYTES == 0 && index-- == 0)
            return true;
    }
    return false;
}
