/* Function-address stubs: one jump of 8 bytes per function whose address somebody took. They lie in
 * blocks of one granule of text, apart from the cells' own text, because they outlive its versions. */
#include "arena.h"
#include "cell_private.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

#define SLOT_BYTES 8u
#define SLOTS (ARENA_GRANULE_BYTES / SLOT_BYTES)

/* A block of slots; exists while a slot is in use. */
struct stub_block {
    struct list link;
    uint8_t *text;
    uint32_t used; /* bit n: slot n */
};
_Static_assert(SLOTS == 32, "struct stub_block.used has a bit per slot");

static struct list blocks = {&blocks, &blocks};

/* auipc t1, 0; jalr zero, 0(t1): link_patch_pair() fills in the distance. */
static const uint8_t jump[SLOT_BYTES] = {0x17, 0x03, 0x00, 0x00, 0x67, 0x00, 0x03, 0x00};

static struct stub_block *block_with_room(void)
{
    struct stub_block *block;

    list_each(node, &blocks)
    {
        block = list_entry(node, struct stub_block, link);
        if (block->used != UINT32_MAX)
            return block;
    }
    block = heap_alloc_bytes(buffer_kind, sizeof *block);
    if (!block)
        return NULL;
    block->used = 0;
    block->text = arena_alloc(ARENA_GRANULE_BYTES, true);
    if (!block->text) {
        heap_free(buffer_kind, block);
        return NULL;
    }
    list_push_back(&blocks, &block->link);
    return block;
}

static void block_release(struct stub_block *block, uint32_t slot)
{
    block->used &= ~(1u << slot);
    if (block->used)
        return;
    list_remove(&block->link);
    arena_free(block->text, ARENA_GRANULE_BYTES);
    heap_free(buffer_kind, block);
}

static void write_jump(const struct stub *stub)
{
    /* 8-aligned and in the direct map, as text_write() wants its source. */
    uint64_t pair;

    memcpy(&pair, jump, sizeof pair);
    if (link_patch_pair(stub->address, stub->function, (uint8_t *)&pair) != OK)
        panic("stub at 0x%lx does not reach 0x%lx", stub->address, stub->function);
    text_write_word(stub->address, pair);
}

struct stub *stub_take(struct cell *cell, uint64_t function)
{
    struct stub *stub;
    struct stub_block *block;
    uint32_t slot;

    list_each(node, &cell->stubs)
    {
        stub = list_entry(node, struct stub, link);
        if (stub->function == function) {
            stub->uses++;
            return stub;
        }
    }
    stub = heap_alloc(stub_kind);
    if (!stub)
        return NULL;
    block = block_with_room();
    if (!block) {
        heap_free(stub_kind, stub);
        return NULL;
    }
    slot = (uint32_t)__builtin_ctz(~block->used);
    block->used |= 1u << slot;
    stub->address = (uint64_t)block->text + (uint64_t)slot * SLOT_BYTES;
    stub->function = function;
    stub->uses = 1;
    list_push_back(&cell->stubs, &stub->link);
    cell->stub_count++;
    write_jump(stub);
    return stub;
}

void stub_release(struct cell *cell, struct stub *stub)
{
    if (--stub->uses)
        return;
    list_each(node, &blocks)
    {
        struct stub_block *block = list_entry(node, struct stub_block, link);
        uint64_t offset = stub->address - (uint64_t)block->text;

        if (offset < ARENA_GRANULE_BYTES) {
            text_write_word(stub->address, 0x9002900290029002); /* c.ebreak */
            block_release(block, (uint32_t)(offset / SLOT_BYTES));
            break;
        }
    }
    list_remove(&stub->link);
    cell->stub_count--;
    heap_free(stub_kind, stub);
}
