/* Function-address stubs: one jump per function whose address somebody took. Each has a piece of an
 * arena of its own, apart from the cells' text, because it outlives the versions of its cell. */
#include "arena.h"
#include "cell_private.h"
#include "nucleus/machine.h"

struct stub *stub_take(struct cell *cell, uint64_t function, bool own)
{
    /* auipc t1, 0; jalr zero, 0(t1): link_patch_pair() fills in the distance. */
    uint8_t jump[STUB_BYTES] = {0x17, 0x03, 0x00, 0x00, 0x67, 0x00, 0x03, 0x00};
    struct stub *stub;

    list_each(node, &cell->stubs)
    {
        stub = list_entry(node, struct stub, link);
        if (stub->function == function) {
            stub->own |= own;
            stub->uses += !own;
            return stub;
        }
    }
    stub = heap_alloc(stub_kind);
    if (!stub)
        return NULL;
    *stub = (struct stub){.function = function,
                          .address = (uint64_t)arena_alloc(STUB_BYTES, true),
                          .uses = !own,
                          .own = own};
    if (!stub->address) {
        heap_free(stub_kind, stub);
        return NULL;
    }
    list_push_back(&cell->stubs, &stub->link);
    if (link_patch_pair(stub->address, function, jump) != OK)
        panic("stub at 0x%lx does not reach 0x%lx", stub->address, function);
    text_write_pair(stub->address, jump);
    return stub;
}

void stub_release(struct stub *stub)
{
    if (--stub->uses || stub->own)
        return;
    stub_drop(stub);
}

void stub_drop(struct stub *stub)
{
    arena_free((void *)stub->address);
    list_remove(&stub->link);
    heap_free(stub_kind, stub);
}
