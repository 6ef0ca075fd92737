/**
 * @file nucleus/object_rules.h
 * What pack and the nucleus must agree on about a cell's object, in words of neither: limits, names, and the
 * types of relocations. pack refuses early and explains; the nucleus refuses what it cannot trust.
 */
#ifndef MITOS_NUCLEUS_OBJECT_RULES_H
#define MITOS_NUCLEUS_OBJECT_RULES_H

#include <stdbool.h>

#define ELF_MAX_BYTES (64ul << 20) /* of an object, and of its state */
#define ELF_MAX_SECTIONS 256u
#define ELF_MAX_GLOBALS 4096u /* symbols that are not local */
#define ELF_MAX_ALIGN 4096u   /* of a section */

/** Whether @p name is [a-z][a-z0-9_]{0,30}, up to a NUL or @p end: a cell's, an interface's or a set's. */
static inline bool is_cell_name(const char *name, char end)
{
    const char *at = name;

    while ((*at >= 'a' && *at <= 'z') || (at > name && ((*at >= '0' && *at <= '9') || *at == '_')))
        at++;
    return at > name && at - name <= 31 && (*at == '\0' || *at == end);
}

// clang-format off
/**
 * RELOCATIONS(TYPE) is TYPE(number, name, place) for each type of the RISC-V ELF psABI 1.0 (chapter
 * "Relocations"); what is refused has its name here, too. place: in which loaded sections of a cell it
 * may stand, TEXT, DATA, BOTH or NOWHERE.
 */
#define RELOCATIONS(TYPE) \
    TYPE(0, NONE, BOTH) TYPE(1, 32, NOWHERE) TYPE(2, 64, DATA) TYPE(3, RELATIVE, NOWHERE) \
    TYPE(4, COPY, NOWHERE) TYPE(5, JUMP_SLOT, NOWHERE) \
    TYPE(6, TLS_DTPMOD32, NOWHERE) TYPE(7, TLS_DTPMOD64, NOWHERE) TYPE(8, TLS_DTPREL32, NOWHERE) \
    TYPE(9, TLS_DTPREL64, NOWHERE) TYPE(10, TLS_TPREL32, NOWHERE) TYPE(11, TLS_TPREL64, NOWHERE) \
    TYPE(12, TLSDESC, NOWHERE) \
    TYPE(16, BRANCH, TEXT) TYPE(17, JAL, TEXT) TYPE(18, CALL, TEXT) TYPE(19, CALL_PLT, TEXT) \
    TYPE(20, GOT_HI20, NOWHERE) TYPE(21, TLS_GOT_HI20, NOWHERE) TYPE(22, TLS_GD_HI20, NOWHERE) \
    TYPE(23, PCREL_HI20, TEXT) TYPE(24, PCREL_LO12_I, TEXT) TYPE(25, PCREL_LO12_S, TEXT) \
    TYPE(26, HI20, NOWHERE) TYPE(27, LO12_I, NOWHERE) TYPE(28, LO12_S, NOWHERE) \
    TYPE(29, TPREL_HI20, NOWHERE) TYPE(30, TPREL_LO12_I, NOWHERE) TYPE(31, TPREL_LO12_S, NOWHERE) \
    TYPE(32, TPREL_ADD, NOWHERE) \
    TYPE(33, ADD8, DATA) TYPE(34, ADD16, DATA) TYPE(35, ADD32, DATA) TYPE(36, ADD64, DATA) \
    TYPE(37, SUB8, DATA) TYPE(38, SUB16, DATA) TYPE(39, SUB32, DATA) TYPE(40, SUB64, DATA) \
    TYPE(41, GOT32_PCREL, NOWHERE) TYPE(43, ALIGN, NOWHERE) \
    TYPE(44, RVC_BRANCH, TEXT) TYPE(45, RVC_JUMP, TEXT) TYPE(46, RVC_LUI, NOWHERE) \
    TYPE(47, GPREL_I, NOWHERE) TYPE(48, GPREL_S, NOWHERE) TYPE(49, TPREL_I, NOWHERE) \
    TYPE(50, TPREL_S, NOWHERE) TYPE(51, RELAX, BOTH) \
    TYPE(52, SUB6, DATA) TYPE(53, SET6, DATA) TYPE(54, SET8, DATA) TYPE(55, SET16, DATA) \
    TYPE(56, SET32, DATA) TYPE(57, 32_PCREL, DATA) TYPE(58, IRELATIVE, NOWHERE) \
    TYPE(59, PLT32, NOWHERE) TYPE(60, SET_ULEB128, NOWHERE) TYPE(61, SUB_ULEB128, NOWHERE) \
    TYPE(62, TLSDESC_HI20, NOWHERE) TYPE(63, TLSDESC_LOAD_LO12, NOWHERE) \
    TYPE(64, TLSDESC_ADD_LO12, NOWHERE) TYPE(65, TLSDESC_CALL, NOWHERE)
// clang-format on

#endif
