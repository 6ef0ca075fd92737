/*
 * A good object that a test damages in one place, and the check that the loader's stages refuse it with
 * a text that names the damage.
 */
#ifndef TESTS_ELF_VICTIM_H
#define TESTS_ELF_VICTIM_H

#include "elf_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct victim {
    struct object object;
    struct elf_header *header;
    struct elf_section *sections;
    struct elf_symbol *symbols;
    unsigned symbol_count;
    struct layout layout;
};

struct damage {
    const char *behaviour; /* the test's name */
    void (*apply)(struct victim *victim);
    const char *expected; /* part of the refusal's text; NULL: the object stays good */
    enum status status;
};

/* BAD(name, text, statements) is a test: after the statements, which damage victim `v`, the object is
 * refused with that text. Their places are collected by the host's linker. */
#define DAMAGE(name, expected, status, ...)                                                        \
    static void name(struct victim *v)                                                             \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    static const struct damage damage_##name = {#name, name, expected, status};                    \
    static const struct damage *const damage_at_##name __attribute__((section("damages"), used)) = \
        &damage_##name;
#define BAD(name, expected, ...) DAMAGE(name, expected, ERR_FORMAT, __VA_ARGS__)
#define NOT_OURS(name, expected, ...) DAMAGE(name, expected, ERR_UNSUPPORTED, __VA_ARGS__)
#define OUT_OF_REACH(name, expected, ...) DAMAGE(name, expected, ERR_LINK, __VA_ARGS__)
#define NOT_BAD(name, ...) DAMAGE(name, NULL, OK, __VA_ARGS__)

/** The object that all tests of this program start from: its path is the program's first argument. */
extern const char *victim_path;

void victim_open(struct victim *victim);
void victim_close(struct victim *victim);
/** The section of that name; the test fails when there is none. */
struct elf_section *victim_section(const struct victim *victim, const char *name);
unsigned victim_section_index(const struct victim *victim, const char *name);
uint8_t *victim_bytes(const struct victim *victim, const char *section);
struct elf_symbol *victim_symbol(const struct victim *victim, const char *name);
const char *victim_symbol_name(const struct victim *victim, const struct elf_symbol *symbol);
/** The first relocation of @p type in section @p name (not its .rela), whose symbol is of @p kind. */
enum victim_kind { ANY, IMPORT, LABEL, FUNCTION };
struct elf_relocation *victim_relocation(const struct victim *victim, const char *name,
                                         uint32_t type, enum victim_kind kind);

/** Runs all of this program's damages, each as a test. @return the number of failures. */
int damages_run(const char *group);

#endif
