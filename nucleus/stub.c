/* Function-address stubs: one jump per function whose address somebody took. Each has a piece of an
 * arena of its own, apart from the cells' text, because it outlives the versions of its cell. */
#include "arena.h"
#include "cell_private.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "report.h"
#include "walk.h"

struct stub *stub_take(struct cell *cell, uint64_t function, bool own)
{
    /* auipc t1, 0; jalr zero, 0(t1): link_patch_pair() fills in the distance. */
    uint8_t jump[STUB_BYTES] = {0x17, 0x03, 0x00, 0x00, 0x67, 0x00, 0x03, 0x00};
    struct stub *stub;

    list_each(node, &cell->stubs) {
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
    if (--stub->uses == 0 && !stub->own)
        stub_drop(stub);
}

void stub_drop(struct stub *stub)
{
    arena_free((void *)stub->address, STUB_BYTES);
    list_remove(&stub->link);
    heap_free(stub_kind, stub);
}

/* A stub is known by its instructions, auipc t1 and jalr t1 or zero: its list changes in a swap. */
uint64_t stub_target(uint64_t pc)
{
    uint64_t start = pc & -(uint64_t)ARENA_ALIGN, jump;

    if (pc - start >= STUB_BYTES || eh_frame_at(pc) || !arena_has_text(pc))
        return pc;
    jump = *(const uint64_t *)start;
    if ((jump & 0x000ffcff00000fff) != 0x0003006700000317)
        return pc;
    return start + (uint64_t)((int32_t)jump & ~0xfff) + (uint64_t)((int64_t)jump >> 52);
}

void stub_report(uint64_t end)
{
    char place[100], name[100];

    hooks.code_describe((uint64_t)__builtin_return_address(0), place, sizeof place);
    hooks.code_describe(end - STUB_BYTES, name, sizeof name);
    fault_caller("%s called %s, which went with its cell", place, name);
}
