/*
 * For the tests of reader, linker and tables, and for their fuzzer: an object from a file, its sections
 * at addresses of the test's choice, each in a block of exactly its size so that the sanitizer sees
 * every step outside.
 */
#ifndef TESTS_ELF_SUPPORT_H
#define TESTS_ELF_SUPPORT_H

#include "link.h"

/* Types and flags that only tests speak of. */
enum {
    SHT_INIT_ARRAY = 14,
    SHF_MERGE = 0x10,
    SHF_STRINGS = 0x20,
    SHF_TLS = 0x400,
    SHF_COMPRESSED = 0x800,
    STT_TLS = 6
};

struct object {
    uint8_t *bytes; /* malloc */
    size_t length;
};

/** Where things go; sections of a class follow each other from these addresses. */
struct layout {
    uint64_t text, rodata, state;
    uint64_t imports; /* an import is up to 64 KiB further on, by its name; so is its stub */
    uint64_t
        stubs; /* 0: stubs of own functions are the functions; else function f's is stubs + f */
};
extern const struct layout layout_near;

struct linked {
    struct elf_image image;
    struct section *sections; /* NULL until placed */
    struct manifest manifest;
    struct layout layout;
    uint64_t text_bytes;
    unsigned sites, resolved; /* how often the callbacks were called */
};

struct object object_read(const char *path);
struct object object_copy(const struct object *object);
void object_free(struct object *object);

/** Allocates and fills the staging bytes of every loaded section. @return false: too large. */
bool linked_place(struct linked *linked, const struct layout *layout);
/** The addresses that linked_place() and linked_run() give to imports. */
uint64_t import_address(const struct linked *linked, uint32_t symbol);
/**
 * Everything that happens to an object when it is loaded: open, scan, place, apply, and, where it has
 * them, manifest and unwind tables. linked_free() in any case.
 */
enum status linked_run(struct linked *linked, const struct object *object,
                       const struct layout *layout, struct why *why);
/** The same with each section where the one of that name lies in @p model. */
enum status linked_run_like(struct linked *linked, const struct object *object,
                            const struct linked *model, struct why *why);
void linked_free(struct linked *linked);
/** The unwind tables of an object that is linked. */
struct eh_frame linked_tables(const struct linked *linked);

#endif
