/**
 * @file nucleus/heap.h
 * The heap: a slab allocator (Bonwick, USENIX Summer 1994) in which every object belongs to a kind.
 *
 * A kind has a name, a size, an alignment and an owning cell; it is created in the cell's init() and
 * kept in its state. So the system can say what any address is, list all live objects of a kind and
 * count them per cell. Only the owning cell allocates and frees. Objects are not cleared. Freed memory
 * is poisoned (0x5a, the first 64 bytes; all of it in `debug`); freeing twice or freeing a foreign
 * address is a fault of the cell that does it. Never sleeps; callable with interrupts off.
 */
#ifndef MITOS_NUCLEUS_HEAP_H
#define MITOS_NUCLEUS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"

struct cell;
struct kind;

/** Largest object of a fixed kind or buffer of a variable one. */
#define HEAP_MAX_BYTES (4ul << 20)
#define KIND_NAME_ROOM 24

/** What a cell declares of a kind (KIND below): an entry of its section .cell.kinds. */
struct kind_type {
    const char *name;                  /* less than KIND_NAME_ROOM */
    uint64_t object_bytes;             /* 1 .. HEAP_MAX_BYTES; 0: buffers of any size (heap_alloc_bytes()) */
    uint64_t alignment;                /* a power of two, 8 .. 4096; of buffers 16 */
    uint64_t room;                     /* so many bytes more can an object of a later version have */
    uint64_t signature;                /* of the type; pack fills it in. 0: buffers */
    const struct kind_type *body;      /* NULL, or that of which each object has one (evolve.h, SPLIT) */
};

/** Declares the kind `kind_TAG` of objects of @p type: KIND(mapping, "mapping", struct mapping_object, .room = 32); */
#define KIND(tag, name_, type, ...)                                                                \
    KIND_TYPE(tag, type);                                                                          \
    static const struct kind_type kind_##tag __attribute__((section(".cell.kinds"), used)) = {     \
        .name = name_,                                                                             \
        .object_bytes = sizeof(type),                                                              \
        .alignment = _Alignof(type) < 8 ? 8 : _Alignof(type),                                      \
        ##__VA_ARGS__}
/** The same of buffers of any size. */
#define KIND_OF_BUFFERS(tag, name_)                                                                \
    static const struct kind_type kind_##tag                                                       \
        __attribute__((section(".cell.kinds"), used)) = {.name = name_, .alignment = 16}
/* For pack: the type is in the object's BTF, and the section is not loaded. */
#define KIND_TYPE(tag, type)                                                                       \
    static type *const type_of_kind_##tag __attribute__((section(".mitos.type_of"), used)) = 0

/**
 * Creates a kind owned by the calling cell, as @p type says.
 * @return ERR_NOMEM; ERR_INVALID size or alignment; ERR_EXISTS the cell has a kind of that name.
 */
MUST_CHECK enum status kind_create(struct kind **kind, const struct kind_type *type);
/** The kind of that name that the calling cell owns, or is to own when a swap is done; NULL: none. For the functions of
 *  evolve.h, which run while all harts stand still: it takes no lock. */
struct kind *kind_find(const struct kind_type *type);
/** @return ERR_BUSY while objects live (and the kind stays). The nucleus does this when a cell goes. */
enum status kind_destroy(struct kind *kind);

/** Frees what heap_alloc*() of @p kind returned. NULL is allowed. A wrong address is a fault. */
void heap_free(struct kind *kind, void *object);
/** One object of a fixed kind, or NULL. */
void *heap_alloc(struct kind *kind) FREED_BY(heap_free, 2);
/** @p bytes of a variable kind, or NULL. Zeroes lie behind them, to the end of the slot. */
void *heap_alloc_bytes(struct kind *kind, size_t bytes) FREED_BY(heap_free, 2);
/** Gives empty slabs back to the frame allocator, so that figures can be compared. */
void heap_drain(void);

#endif
