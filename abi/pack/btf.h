/**
 * @file btf.h
 * pack: the types of an object (btf.c), and signatures and texts made of them (types.c).
 */
#ifndef MITOS_PACK_BTF_H
#define MITOS_PACK_BTF_H

#include "../types_text.h"
#include "pack.h"

#include <bpf/btf.h>

/** No type is nested deeper; BTF that is, leads in a circle. */
#define BTF_DEPTH 64u
/** And no declaration has more parts, but one that is made up. */
#define BTF_PARTS 10000u

/** The types of one source file. */
struct btf_unit {
    struct btf *btf;
    uint32_t count;
    uint64_t *signatures; /* of structs, unions, enums and typedefs by their number; 0: not known yet */
};

struct btf_units {
    struct btf_unit *units;
    size_t count;
};

/** @return false: what there is is malformed (a finding says so). No BTF is no unit. */
bool btf_read(struct object *object, struct btf_units *units);
/** NULL: there is no such type. */
const struct btf_type *btf_type_of(const struct btf_unit *unit, uint32_t id);
const char *btf_name(const struct btf_unit *unit, uint32_t offset);
/** Goes to the next variable; *id starts as 0. */
bool btf_variable_next(const struct btf_unit *unit, uint32_t *id, const char **name, uint32_t *type);
/** How many variables of the name there are, and the type of the last one. */
unsigned btf_find_variable(const struct btf_units *units, const char *name,
                           const struct btf_unit **unit, uint32_t *type);
/** The same for those of a section. */
unsigned btf_find_in_section(const struct btf_units *units, const char *section,
                             const struct btf_unit **unit, uint32_t *type);
/** What a pointer type leads to; UINT32_MAX: it is none. */
uint32_t btf_pointee(const struct btf_unit *unit, uint32_t id);

/* ---- types_file.c ---- */

/** A text that has been read. */
struct types_file {
    const char *path;
    struct types_record *records;
    size_t count;
};
/** Says on standard error what is wrong. */
bool types_read(struct types_file *file, const char *path);
/** The same of text in memory. */
bool types_parse(struct types_file *file, const char *path, const void *bytes, size_t length);
/** NULL: there is no such item. */
const struct types_record *types_file_find(const struct types_file *file, const char *what,
                                      const char *name);
/** The definition that the text calls {@p number}; NULL: there is none. */
const struct types_record *types_file_numbered(const struct types_file *file, uint64_t number);

/* ---- types.c ---- */

/** A text that is being written. Zeroed, it is empty. */
struct types_writer {
    struct buffer items;
    struct definition *definitions;
    size_t count, room;
    bool canonical; /* of one item alone, to be hashed */
    bool tagless;   /* tags of structs and unions that are complete do not count */
    unsigned parts; /* of the declaration that is being written */
    const char *wrong; /* what cannot be told of a type; NULL: nothing */
};

/** Adds a function, and returns its signature. @p version: of its header; 0: none is stated. */
uint64_t types_add_function(struct types_writer *writer, const char *name,
                            const struct btf_unit *unit, uint32_t prototype, uint32_t version);
/** Adds the layout of a state, a kind, or the source of a migration. */
uint64_t types_add_layout(struct types_writer *writer, const char *what, const char *name,
                          const struct btf_unit *unit, uint32_t type);
/** Adds an item of another text as @p what. */
void types_add_record(struct types_writer *writer, const char *what, const struct types_file *file,
                      const struct types_record *record);
/** The whole text. */
void types_finish(struct types_writer *writer, struct buffer *text);

#endif
