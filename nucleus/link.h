/**
 * @file link.h
 * Relocation of one cell against final addresses, into staging bytes that the loader copies to text.
 *
 * Calls are bound directly. An address taken of a function is bound to a stub, so that it survives a
 * swap; which address that is, the loader says through resolve(). Exempt are .cell.manifest, .eh_frame,
 * .gcc_except_table and .rodata.DW.ref*, whose function addresses only the nucleus reads: they bind
 * directly.
 */
#ifndef MITOS_NUCLEUS_LINK_H
#define MITOS_NUCLEUS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "elf.h"

/** Where section number i of the object goes. One per section index, entry 0 included. */
struct link_section {
    uint64_t address; /* final; 0: not loaded */
    uint8_t *staging; /* a copy of its bytes, aligned like it, relocated in place; NULL for state */
};

enum link_use {
    LINK_CALL,    /* the function itself is wanted */
    LINK_ADDRESS, /* an address to keep is wanted: the function's stub */
};

struct link_context {
    const struct elf_image *image;
    struct link_section *sections;
    /**
     * The address to use for @p symbol: for every undefined symbol, and with LINK_ADDRESS for defined
     * functions whose address is taken. May be asked twice for the same site.
     */
    enum status (*resolve)(void *argument, uint32_t symbol, enum link_use use, uint64_t *address,
                           struct why *why);
    /** Told of every site that refers to an undefined symbol; may be NULL. */
    enum status (*site)(void *argument, uint32_t section, uint64_t offset, uint32_t type,
                        uint32_t symbol, int64_t addend);
    void *argument;
};

/**
 * Visits each relocation whose symbol is undefined (LINK_CALL or LINK_ADDRESS) or a defined function
 * whose address is taken (LINK_ADDRESS), so that the loader can count before it allocates. Checks all
 * that can be known before addresses are, so link_apply() is called only after link_scan() returned OK.
 * @return OK; ERR_UNSUPPORTED; ERR_FORMAT; ERR_LINK; or what @p visit returned.
 */
MUST_CHECK enum status link_scan(const struct elf_image *image,
                                 enum status (*visit)(void *argument, uint32_t symbol,
                                                      enum link_use use),
                                 void *argument, struct why *why);

/**
 * Applies all relocations of the loaded sections.
 * @return OK; ERR_LINK a target is out of reach or misaligned; ERR_FORMAT; or what resolve() and site()
 * returned. After an error the staging bytes are undefined.
 */
MUST_CHECK enum status link_apply(const struct link_context *context, struct why *why);

/** Whether a call at @p from reaches @p to. */
bool link_reaches(uint64_t from, uint64_t to);
/**
 * Makes the two instructions (auipc+jalr) of the call site at @p address reach @p target. @p pair is
 * 2-aligned.
 * @return OK; ERR_LINK out of reach or odd; ERR_FORMAT @p pair is no such pair.
 */
MUST_CHECK enum status link_patch_pair(uint64_t address, uint64_t target, uint8_t pair[8]);
/** The name of a relocation type, "R_RISCV_CALL_PLT". "unknown" for numbers that have none. */
const char *link_type_name(uint32_t type);

#endif
