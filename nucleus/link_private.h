/**
 * @file link_private.h
 * What the two halves of the linker, link.c and link_apply.c, share: the relocation types.
 */
#ifndef MITOS_NUCLEUS_LINK_PRIVATE_H
#define MITOS_NUCLEUS_LINK_PRIVATE_H

#include "link.h"

/** How a relocation changes its field. Those up to FORM_LAST_CODE occur in text, the others in data. */
// clang-format off
enum link_form {
    FORM_REFUSED, FORM_IGNORED,
    FORM_CALL, FORM_HI20, FORM_LO12_I, FORM_LO12_S, FORM_BRANCH, FORM_JAL, FORM_RVC_BRANCH,
    FORM_RVC_JUMP, FORM_LAST_CODE = FORM_RVC_JUMP,
    FORM_64, FORM_32_PCREL, FORM_ADD, FORM_SUB, FORM_SET, FORM_SUB6, FORM_SET6
};
// clang-format on

struct link_kind {
    uint8_t form, bytes; /* enum link_form; of the field */
};

#define LINK_KINDS 66u
extern const struct link_kind link_kinds[LINK_KINDS];

/** Whether addresses in @p section are bound to functions themselves, not to stubs (see link.h). */
bool link_section_is_direct(const struct elf_image *image, uint32_t section);

static inline bool link_takes_address(enum link_form form, bool direct)
{
    return (form == FORM_HI20 || form == FORM_64) && !direct;
}

/** Sets "SECTION+OFFSET: TYPE against SYMBOL @p fault", and returns @p status. */
enum status link_fail(const struct elf_image *image, uint32_t section,
                      const struct elf_relocation *relocation, enum status status,
                      const char *fault, struct why *why);

#endif
