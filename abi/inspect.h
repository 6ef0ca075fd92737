/**
 * @file inspect.h
 * Interface `inspect`: what is loaded and what memory is used for, as copies; for commands, completion,
 * tools.
 *
 * Everything is numbered from 0 in order of load. Between two calls cells may come and go, so a walk
 * may miss or repeat one; no call ever shows a cell that is half loaded. None sleeps.
 */
#ifndef MITOS_INSPECT_H
#define MITOS_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/cells.h"
#include "nucleus/frame.h"
#include "nucleus/heap.h"

struct cell_info {
    char name[CELL_NAME_ROOM];
    char version[16];
    char summary[120];
    char provides[64];
    uint64_t text, text_bytes, rodata, rodata_bytes, state, state_bytes;
    unsigned exports, imports, sites, stubs, users; /* users: cells that depend on it */
    bool boot; /* part of the boot set */
};
/** Cell number @p index. @return false past the last. */
bool cell_get(unsigned index, struct cell_info *info);
/** The cell called @p name. @return false: no such cell is loaded. */
bool cell_find(const char *name, struct cell_info *info);

#define CELL_HOLDER_ROOM 80
/** A cell that was replaced, and whose memory is not free yet. */
struct zombie_info {
    char name[CELL_NAME_ROOM];
    char version[16];
    char holder[CELL_HOLDER_ROOM]; /* what may still point into it */
    uint64_t text, text_bytes, rodata_bytes;
};
/** Zombie number @p index. @return false past the last. */
bool zombie_get(unsigned index, struct zombie_info *info);

/** One section of a cell's object as it lies in memory. */
struct section_info {
    char name[40];
    uint64_t address, bytes;
    char access[4]; /* "rx", "r", "rw" */
};
/** Section number @p index of @p cell. @return false past the last, or no such cell. */
bool cell_section(const char *cell, unsigned index, struct section_info *info);

/** One import of a cell: a symbol and who provides it. */
struct import_info {
    char symbol[SYMBOL_NAME_ROOM];
    char provider[CELL_NAME_ROOM]; /* a cell, or "nucleus" */
    unsigned sites;                /* places in the text that call or refer to it */
};
/** Import number @p index of @p cell. @return false past the last, or no such cell. */
bool cell_import(const char *cell, unsigned index, struct import_info *info);

/** Export number @p index of all (the nucleus' first). @return false past the last. */
bool symbol_get(unsigned index, struct symbol_info *info);
/** The export called @p name. @return false: there is none. */
bool symbol_find(const char *name, struct symbol_info *info);
/** The function that holds @p address, private ones and stubs too; of the nucleus the nearest exported one
 *  below. @return false: not in any text. */
bool symbol_at(uint64_t address, struct symbol_info *info);
/** For the nucleus' reports (hook): writes "CELL:function+0x12" for an address in text. @return @p to. */
const char *code_describe(uint64_t address, char *to, size_t room);

/**
 * Copies entry number @p index of @p set (COMMAND, TEST, DRIVER: "command" ...) into @p entry, of
 * @p bytes, which must be the size of the set's type. Function pointers in it are stubs; strings in it
 * live as long as the cell, and longer while they are pointed to. @p owner, NULL or room for the cell's name.
 * @return false past the last entry, or when no such set exists.
 */
bool set_get(const char *set, unsigned index, void *entry, size_t bytes, char owner[CELL_NAME_ROOM]);

/** A hook of the nucleus (nucleus/hooks.h). */
struct hook_info {
    const char *name;
    char bound_to[CELL_NAME_ROOM]; /* a cell's name, or "" for the default */
};
/** Hook number @p index. @return false past the last. */
bool hook_get(unsigned index, struct hook_info *info);

/** What all frames of RAM are used for, counted now. */
struct frame_stats {
    uint64_t total, free;      /* frames; free includes the harts' caches */
    uint64_t cached;           /* frames in the caches of all harts */
    uint64_t used[FRAME_USES]; /* none are FRAME_INSIDE */
    uint64_t largest_free;     /* frames in the largest free block */
};
/** Counts all frames. */
void frame_stats(struct frame_stats *stats);
/** What the frame at @p pa is (cached counts as free), and the base and order of its block.
 *  @return ERR_NOT_FOUND: not RAM. */
enum status frame_describe(paddr pa, enum frame_use *use, paddr *base, unsigned *order);
/** A word for a use: "slab". */
const char *frame_use_name(enum frame_use use);

struct kind_info {
    char name[KIND_NAME_ROOM];
    char owner[CELL_NAME_ROOM]; /* a cell's name, or "nucleus" */
    size_t object_bytes, alignment;
    uint64_t live;       /* objects */
    uint64_t live_bytes; /* what was asked for, rounded to the slot size */
    uint64_t slab_bytes; /* memory held for them */
};
/** Kind number @p index, in order of creation. @return false past the last. */
bool kind_get(unsigned index, struct kind_info *info);
/**
 * What the heap knows of any address: its kind, the object's start (NULL: in the heap's own memory), whether
 * it lives.
 * @return ERR_NOT_FOUND not in a slab.
 */
enum status heap_describe(const void *address, struct kind_info *kind, void **object, bool *live);

enum holder_type {
    HOLDER_NONE,  /* nothing that is looked at */
    HOLDER_STATE, /* the state of a cell */
    HOLDER_KIND,  /* objects of a kind */
    HOLDER_TASK,  /* a task: its head, its registers, its stack */
};
/** How many live objects of a kind one holder holds: has a word that leads to, or into, them. */
struct holding {
    char kind[KIND_NAME_ROOM], owner[CELL_NAME_ROOM]; /* of the objects */
    enum holder_type type;
    char holder[CELL_NAME_ROOM];      /* the cell, with HOLDER_KIND the owner; the name of the task */
    char holder_kind[KIND_NAME_ROOM]; /* with HOLDER_KIND */
    uint64_t task;                    /* with HOLDER_TASK: its number */
    uint64_t objects;
};
#define HOLDINGS_LEAST_BYTES 65536u
/**
 * Who holds what of the heap, as a snapshot that stops nothing, and conservative: any word counts that could
 * be an address, also on the stack of a task that runs what is left of earlier calls. Not looked at are the
 * nucleus' own data, interrupt stacks, what lies behind mappings but for stacks, and the object at @p room.
 * @p room, of @p bytes and aligned to 8, is used for all of it; *@p rows, *@p count of them, lie in it then.
 * The work is n log n in the number of objects and words.
 * @return ERR_NOMEM: the room is too small.
 */
MUST_CHECK enum status heap_holdings(void *room, size_t bytes, const struct holding **rows,
                                     unsigned *count);

#endif
