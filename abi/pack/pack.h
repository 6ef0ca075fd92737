/**
 * @file pack.h
 * The host tool pack: what its parts share.
 *
 * pack turns the output of `ld -r` into a cell, refuses what a cell must not contain, and joins
 * cells to the boot archive. A run is short, so memory is kept until it ends (memory.c) and nothing
 * is freed by hand. Bad input is never a reason to crash: object.c checks every offset, size and
 * index once, and the rest may rely on that.
 */
#ifndef MITOS_PACK_H
#define MITOS_PACK_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PACK_VERSION "1"

/* Exit statuses. */
enum { PACK_OK = 0, PACK_REFUSED = 1, PACK_USAGE = 2 };

/* ---- memory.c: kept until the program ends ---- */

/** Zeroed memory; ends the program when there is none. */
void *memory_take(size_t count, size_t bytes);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_copy(const char *text, size_t length);
/** FNV-1a of 64 bits (draft-eastlake-fnv, 2). */
uint64_t hash_bytes(const void *bytes, size_t length);

/** A growing run of bytes. */
struct buffer {
    uint8_t *bytes;
    size_t length, room;
};
void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Adds zeroes up to the next multiple of @p alignment (any number above 0). */
void buffer_align(struct buffer *buffer, size_t alignment);

/* ---- file.c ---- */

/** Reads a whole file; says why not on standard error. */
bool file_read(const char *path, uint8_t **bytes, size_t *length);
/** Writes @p path in one step: under a temporary name in the same folder, then renamed. */
bool file_write(const char *path, const struct buffer *content);
bool file_exists(const char *path);
/** The last part of a path without the ending ".cell": "build/cells/vm.cell" is "vm". */
char *file_cell_name(const char *path);

/* ---- object.c: a relocatable object, decoded and checked ---- */

struct relocation {
    uint64_t offset;
    uint32_t type, symbol;
    int64_t addend;
};

struct section {
    const char *name;
    Elf64_Shdr header;
    const uint8_t *bytes;           /* NULL for SHT_NOBITS and empty sections */
    struct relocation *relocations; /* of an SHT_RELA section */
    size_t relocation_count;
    bool dropped; /* not written by image.c */
};

struct symbol {
    const char *name;
    const char *file; /* of a local symbol: its source file, or NULL */
    Elf64_Sym entry;
    bool dropped;
};

struct manifest {
    const char *name, *version, *summary, *provides;
    bool found;
};

struct object {
    const char *path;
    Elf64_Ehdr header;
    struct section *sections; /* [0] is the null section */
    size_t section_count;
    struct symbol *symbols; /* [0] is the null symbol */
    size_t symbol_count;
    size_t symtab; /* its section */
    struct manifest manifest;
    unsigned findings;
    bool stand_in;        /* it needs no hooks */
    bool quiet;           /* findings are counted, not printed */
    const char *accepted; /* what a finding says that does not count; NULL: all count */
};

/** Reads and decodes. @return false: no well-formed RISC-V object (a finding says why). */
bool object_read(struct object *object, const char *path);
/** The section that a symbol is defined in, or NULL (undefined, absolute, common). */
struct section *symbol_section(const struct object *object, const struct symbol *symbol);
bool symbol_is_import(const struct symbol *symbol);
bool symbol_is_export(const struct symbol *symbol);
struct section *section_find(const struct object *object, const char *name);
static inline bool section_has(const struct section *section, uint64_t flags)
{
    return (section->header.sh_flags & flags) == flags;
}

/* ---- finding.c: what is wrong, one line each on standard error ---- */

/** "FILE: SYMBOL: TEXT"; @p file NULL: the object; @p symbol NULL: left out. */
void finding_add(struct object *object, const char *file, const char *symbol, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
/** The source file that a place of the object comes from, as far as local symbols tell; else NULL.
 */
const char *finding_file_at(const struct object *object, const struct section *section,
                            uint64_t offset);
const char *finding_file_of(const struct object *object, const struct symbol *symbol);
/** The function that a place lies in, or NULL. */
const struct symbol *finding_function_at(const struct object *object, const struct section *section,
                                         uint64_t offset);

/* ---- declared.c: the functions that the headers of abi/ declare ---- */

struct declared {
    struct declared_function {
        const char *name, *header;
    } * functions; /* sorted by name */
    size_t count, room;
};
/** Adds the lines "SYMBOL HEADER" of a file. */
bool declared_read(struct declared *declared, const char *path);
/** The same of text in memory; @p path is for messages. */
bool declared_parse(struct declared *declared, const char *path, const void *bytes, size_t length);
/** The header that declares @p name, or NULL. */
const char *declared_header(const struct declared *declared, const char *name);

/* ---- prototype.c: a function's declaration in a header ---- */

struct prototype {
    const char *before, *behind; /* the name: "MUST_CHECK enum status", "(...) BORROWS_MUT(*op)" */
};
/** @return false: the header at @p path cannot be read, or declares no function @p name. */
bool prototype_read(const char *path, const char *name, struct prototype *prototype);
/** Whether @p word stands in a part of it. */
bool prototype_has(const char *text, const char *word);

/* ---- stand_in.c ---- */

/** Whether the nucleus calls the function @p name (nucleus/hooks.h). */
bool is_hook(const char *name);
/** At the end of a stand-in's version. */
#define STAND_IN_VERSION "stand-in"

/* ---- the rules: check*.c, manifest.c ---- */

/** Applies all rules. @p declared may be NULL. @return whether nothing was found. */
bool check_object(struct object *object, const struct declared *declared);
void check_sections(struct object *object);
void check_symbols(struct object *object);
void check_relocations(struct object *object);
void check_interfaces(struct object *object, const struct declared *declared);
/** Reads the manifest into object->manifest and checks it. */
void manifest_check(struct object *object);
/** The string that a relocation points to, or NULL. */
const char *relocated_string(const struct object *object, const struct relocation *relocation);
/** Calls for each word of the manifest's `provides`: *at starts as NULL. @return false at the end.
 */
bool manifest_next_interface(const struct manifest *manifest, const char **at, char word[64]);

/* ---- check_part.c: what a part of a lab may do (cell --only FILE) ---- */

struct only {
    struct permission {
        const char *kind, *name, *other; /* other: bound in its place, or NULL */
    } * permissions;
    size_t count, room;
};
bool only_read(struct only *only, const char *path);
void check_part(struct object *object, const struct only *only);
/** Gives the imports that another function is bound for its name. After all checks. */
bool bind_others(struct object *object, const struct only *only, const struct declared *declared);

/** "R_RISCV_CALL_PLT"; a type without a name is "relocation type 99". */
const char *relocation_name(uint32_t type);

/** Sections and symbols by their part in a cell. */
#define SECTION_STATE ".cell.state"
#define SECTION_MANIFEST ".cell.manifest"
#define SECTION_KINDS ".cell.kinds"
#define SECTION_IMPORTS ".mitos.imports"
#define SECTION_NOTE ".mitos.note"
#define SECTION_BTF ".BTF"
#define PERSONALITY_REFERENCE "DW.ref.__gcc_personality_v0"
bool section_is_personality(const struct section *section);
bool section_is_debug(const struct object *object, const struct section *section);

/* ---- kinds.c: which kinds of heap objects a cell declares ---- */

/** A KIND of the cell. Zeroed, it stands before the first one. */
struct declared_kind {
    const char *name;     /* NULL: it is damaged */
    uint64_t bytes, room; /* bytes 0: buffers */
    size_t section, index;
};
/** Goes to the next one. @return false at the end. */
bool kind_next(const struct object *object, struct declared_kind *kind);

/* ---- image.c: an object as bytes again ---- */

/** Adds a section that is not loaded, one of SECTIONS_ADDED at most. */
#define SECTIONS_ADDED 4u
void object_add_text(struct object *object, const char *name, const struct buffer *text);
/** Builds the ELF file of what is not dropped, with sections and symbols renumbered. */
void image_build(const struct object *object, struct buffer *image);
/** prelink.c: applies the relocations that do not depend on addresses. */
void prelink(struct object *object);
/** Leaves out what only a debugger, or a linker, needs. */
void strip_debug(struct object *object);

/* ---- the commands ---- */

struct command {
    const char *name, *usage, *help;
    int (*run)(int argc, char **argv);
};
extern const struct command cell_command, check_command, report_command, archive_command,
    list_command, stand_in_command, signatures_command, explain_command;
/** usage.c: one line on wrong use; @return PACK_USAGE. */
int usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- cpio.c: SVR4 portable format without checksum ("newc") ---- */

/** Adds a member whose data begins at a multiple of 16 bytes. @p inode: 1, 2, ... */
void cpio_add(struct buffer *archive, uint32_t inode, const char *name, const void *bytes,
              size_t length);
void cpio_end(struct buffer *archive);
/** The member at *offset, which moves on; @return false at the trailer, or with *malformed set. */
bool cpio_next(const uint8_t *archive, size_t length, size_t *offset, const char **name,
               const uint8_t **bytes, size_t *size, bool *malformed);

/* ---- index.c: the member mitos.index ---- */

struct index_options {
    const char *boot;      /* names of cells, separated by spaces; NULL: none */
    const char **defaults; /* "IFACE=CELL" */
    size_t default_count;
};
#define INDEX_NAME "mitos.index"
/** Writes the index of @p cells; says what is wrong on standard error. */
bool index_build(const struct object *cells, size_t count, const struct index_options *options,
                 struct buffer *index);

/* ---- json.c ---- */

void json_print_string(FILE *out, const char *text);

#endif
