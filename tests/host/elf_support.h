/*
 * For the tests of reader, linker and tables, and for their fuzzer: an object from a file, its sections
 * at addresses of the test's choice, each in a block of exactly its size so that the sanitizer sees
 * every step outside.
 */
#ifndef TESTS_ELF_SUPPORT_H
#define TESTS_ELF_SUPPORT_H

#include "elf.h"
#include "link.h"
#include "manifest.h"

struct object {
    uint8_t *bytes; /* malloc */
    size_t length;
};

/** Where things go; sections of a class follow each other from these addresses. */
struct layout {
    uint64_t text, rodata, state;
    uint64_t imports; /* import number n is at imports + 16 n; so is its stub */
    uint64_t
        stubs; /* 0: stubs of own functions are the functions; else function f's is stubs + f */
};
extern const struct layout layout_near;

struct linked {
    struct elf_image image;
    struct link_section *sections; /* NULL until placed */
    struct manifest manifest;
    struct layout layout;
    unsigned visits, sites, resolved; /* how often the callbacks were called */
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
void linked_free(struct linked *linked);

#endif
