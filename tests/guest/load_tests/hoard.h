/* Memory that a test takes away, all of it, to give it back by and by. */
#ifndef LOAD_TESTS_HOARD_H
#define LOAD_TESTS_HOARD_H

#include <stdbool.h>

struct kind;

/** Blocks, each with the place of the next in it. */
struct hoard {
    struct hoarded {
        struct hoarded *next;
    } * first;
    unsigned blocks;
};
/** Gives the block back that was taken last. @return false: there is none. */
bool hoard_give(struct hoard *hoard);
/** Takes all memory: first up to @p count frames one by one, then the rest. */
void hoard_take_all(struct hoard *singles, unsigned count, struct hoard *rest);

#define KINDS 96u
/** The free slots of the slabs that there are: without them every object needs a frame. */
struct slots {
    struct kind *kinds[KINDS];
    struct hoarded *first[KINDS];
    unsigned count;
    bool too_many;
};
/** Before hoard_take_all(): notes which kinds the nucleus and cells of the boot set have. Others may be those of cells that
 *  are replaced, whose objects are not to be trifled with. */
void slots_note(struct slots *slots);
/** When no frame is left. Slots for 2,048 bytes stay. */
void slots_take(struct slots *slots);
void slots_give(struct slots *slots);

#endif
