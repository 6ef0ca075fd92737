/*
 * Unwind tables: those of real cells pass (test_link_oracle.c runs them all), and each kind of rubbish is
 * refused, so that an interpreter of what passed needs no checks. Argument: an object of elf_cells/.
 */
#include "elf_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT = 0x10000, TEXT_BYTES = 0x1000, FRAMES = 0x20000, TABLE = 0x30000 };

/* A CIE with LSDA, and one FDE: [TEXT, TEXT + 0x100), LSDA at TABLE. Offsets of its fields follow. */
// clang-format off
static const uint8_t good_frames[] = {
    /* 0x00 CIE */ 24, 0, 0, 0, 0, 0, 0, 0, 3, 'z', 'P', 'L', 'R', 0, 1, 0x7c, 1,
    /* 0x11 augmentation */ 7, 0x9b, 0, 0, 0, 0, 0x1b, 0x1b,
    /* 0x19 def_cfa_register sp, nop */ 0x0d, 2, 0,
    /* 0x1c FDE */ 37, 0, 0, 0, 32, 0, 0, 0, 0xdc, 0xff, 0xfe, 0xff, 0, 1, 0, 0,
    /* 0x2c LSDA */ 4, 0xd3, 0xff, 0, 0,
    /* 0x31 advance 2, def_cfa_offset 32, offset ra, advance 16, remember */
    0x42, 0x0e, 32, 0x81, 2, 0x02, 0x10, 0x0a,
    /* 0x39 restore ra, def_cfa_offset 0, advance 1, restore state, advance 0, nops */
    0xc1, 0x0e, 0, 0x41, 0x0b, 0x04, 0, 0, 0, 0, 0, 0};
// clang-format on
enum {
    AT_VERSION = 8,
    AT_LETTERS = 9,
    AT_CODE = 14,
    AT_DATA = 15,
    AT_RA = 16,
    AT_AUGMENT = 17,
    AT_ENCODING_P = 18,
    AT_ENCODING_L = 23,
    AT_ENCODING_R = 24,
    AT_CIE_PROGRAM = 25,
    AT_FDE = 28,
    AT_FDE_CIE = 32,
    AT_START = 36,
    AT_RANGE = 40,
    AT_FDE_AUGMENT = 44,
    AT_LSDA = 45,
    AT_PROGRAM = 49
};

/* Two call sites: [0, 0x10) without, [0x10, 0x20) with a landing pad. */
static const uint8_t good_table[] = {0xff, 0xff, 1, 9, 0, 0x10, 0, 0, 0x10, 0x10, 0xa0, 1, 0};
static const uint8_t wide_table[] = {0xff, 0xff, 3, 13,   0, 0, 0, 0, 0x10,
                                     0,    0,    0, 0x20, 0, 0, 0, 0};

struct tables {
    uint8_t frames[sizeof good_frames];
    uint8_t table[sizeof good_table];
};

static enum status check(const uint8_t *frames, size_t frames_bytes, const uint8_t *table,
                         size_t table_bytes, struct why *why)
{
    struct eh_frame tables = {.frames = malloc(frames_bytes),
                              .frames_address = FRAMES,
                              .frames_bytes = frames_bytes,
                              .except_table = malloc(table_bytes),
                              .except_table_address = TABLE,
                              .except_table_bytes = table_bytes,
                              .text = TEXT,
                              .text_bytes = TEXT_BYTES};
    enum status status;

    memcpy((uint8_t *)(uintptr_t)tables.frames, frames, frames_bytes);
    memcpy((uint8_t *)(uintptr_t)tables.except_table, table, table_bytes);
    *why = (struct why){""};
    status = eh_frame_validate(&tables, why);
    free((uint8_t *)(uintptr_t)tables.frames);
    free((uint8_t *)(uintptr_t)tables.except_table);
    return status;
}

/* One row: @p count bytes at @p at are replaced; NULL as text: still good. */
struct change {
    const char *expected;
    unsigned at, count;
    const char *bytes;
};

static const struct change frame_changes[] = {
    {NULL, 0, 0, ""},
    {"unknown version or augmentation", AT_VERSION, 1, "\2"},
    {NULL, AT_VERSION, 1, "\1"},
    {"unknown version or augmentation", AT_LETTERS, 1, "e"},
    {"unknown version or augmentation", AT_LETTERS + 2, 1, "S"},
    {"out of range", AT_CODE, 1, "\0"},
    {"out of range", AT_CODE, 1, "\5"},
    {"out of range", AT_DATA, 1, "\0"},
    {"out of range", AT_RA, 1, "\40"},
    {"augmentation data of a wrong length", AT_AUGMENT, 1, "\10"},
    {"pointer encoding", AT_ENCODING_P, 1, "\33"},
    {"pointer encoding", AT_ENCODING_L, 1, "\0"},
    {"pointer encoding", AT_ENCODING_R, 1, "\3"},
    {"no rule for the CFA", AT_CIE_PROGRAM, 2, "\0\0"},
    {"a register that does not exist", AT_CIE_PROGRAM + 1, 1, "\40"},
    {"past the function's end, or in a CIE", AT_CIE_PROGRAM + 2, 1, "\101"},
    {"past the function's end, or in a CIE", AT_CIE_PROGRAM + 2, 1, "\12"},
    {"past the function's end, or in a CIE", AT_CIE_PROGRAM + 2, 1, "\301"},
    {"cut short", AT_CIE_PROGRAM + 2, 1, "\16"},
    {"cut short", 0, 1, "\3"},
    {"a record is empty", AT_FDE, 4, "\0\0\0\0"},
    {"cut short", AT_FDE, 4, "\xff\xff\xff\xff"},
    {"without a CIE", AT_FDE_CIE, 1, "\41"},
    {"without a CIE", AT_FDE_CIE, 1, "\1"},
    {"without a CIE", AT_FDE_CIE, 4, "\xf0\xff\xff\xff"},
    {"an FDE outside of the cell's text", AT_START, 1, "\xdb"},
    {"an FDE outside of the cell's text", AT_RANGE + 1, 1, "\21"},
    {NULL, AT_RANGE + 1, 1, "\20"},
    {"augmentation data of a wrong length", AT_FDE_AUGMENT, 1, "\5"},
    {"cut short", AT_FDE_AUGMENT, 1, "\200"},
    {NULL, AT_LSDA, 4, "\0\0\0\0"},
    {"an LSDA outside", AT_LSDA, 1, "\xd2"},
    {"an LSDA outside", AT_LSDA, 1, "\xe0"},
    {"is not known", AT_PROGRAM, 1, "\1"},  /* set_loc */
    {"is not known", AT_PROGRAM, 1, "\17"}, /* def_cfa_expression */
    {"is not known", AT_PROGRAM, 1, "\24"},
    {"is not known", AT_PROGRAM, 1, "\57"},
    {"a register that does not exist", AT_PROGRAM + 3, 1, "\240"},
    {"a register that does not exist", AT_PROGRAM + 8, 1, "\340"},
    {"past the function's end", AT_PROGRAM + 6, 1, "\xff"},
    {"past the function's end", AT_PROGRAM + 16, 1, "\1"},
    {"cut short", AT_PROGRAM + 13, 7, "\14\1\200\200\200\200\200"},
    {"restored without that", AT_PROGRAM + 7, 1, "\0"},
    {"too deep", AT_PROGRAM, 20, "\n\n\n\n\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
    {NULL, AT_PROGRAM, 20, "\n\n\n\n\13\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
    /* what GCC does not write for rv64: offset_extended, restore_extended, same_value, register,
     * offset_extended_sf, def_cfa_sf, def_cfa_offset_sf, args_size */
    {"is not known", AT_PROGRAM, 1, "\5"},
    {"is not known", AT_PROGRAM, 1, "\6"},
    {"is not known", AT_PROGRAM, 1, "\10"},
    {"is not known", AT_PROGRAM, 1, "\11"},
    {"is not known", AT_PROGRAM, 1, "\21"},
    {"is not known", AT_PROGRAM, 1, "\22"},
    {"is not known", AT_PROGRAM, 1, "\23"},
    {"is not known", AT_PROGRAM, 1, "\56"},
    /* each operand form once: undefined, def_cfa, def_cfa_register, advances, def_cfa_offset */
    {NULL, AT_PROGRAM, 20, "\7\1\14\2\1\15\2\2\1\3\1\0\4\1\0\0\0\16\200\1"},
};

static const struct change table_changes[] = {
    {"with types", 0, 1, "\33"},
    {"with types", 1, 1, "\233"},
    {"encoding is not known", 2, 1, "\4"},
    {"cut short", 3, 1, "\12"},
    {"with actions, or", 7, 1, "\1"},
    {"unsorted", 4, 1, "\21"},
    {"unsorted", 8, 1, "\17"},
    {"cut short", 12, 1, "\200"},
};

static void run_changes(const struct change *changes, size_t count, bool frames)
{
    for (size_t i = 0; i < count; i++) {
        const struct change *change = &changes[i];
        struct tables tables;
        struct why why;
        enum status status;

        memcpy(tables.frames, good_frames, sizeof good_frames);
        memcpy(tables.table, good_table, sizeof good_table);
        memcpy((frames ? tables.frames : tables.table) + change->at, change->bytes, change->count);
        status =
            check(tables.frames, sizeof tables.frames, tables.table, sizeof tables.table, &why);
        if (!change->expected && status != OK)
            fail_msg("row %zu: refused with %s", i, why.text);
        if (change->expected && (status != ERR_FORMAT || !strstr(why.text, change->expected)))
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, why.text, change->expected);
    }
}

static void changed_frames_are_refused(void **state)
{
    (void)state;
    run_changes(frame_changes, sizeof frame_changes / sizeof frame_changes[0], true);
}

static void changed_lsdas_are_refused(void **state)
{
    uint8_t wide[sizeof wide_table];
    struct why why;

    (void)state;
    run_changes(table_changes, sizeof table_changes / sizeof table_changes[0], false);
    memcpy(wide, wide_table, sizeof wide);
    assert_int_equal(check(good_frames, sizeof good_frames, wide, sizeof wide, &why), OK);
    wide[13] = 1; /* the landing pad, 0x120 */
    assert_int_equal(check(good_frames, sizeof good_frames, wide, sizeof wide, &why), ERR_FORMAT);
    wide[13] = 0;
    wide[11] = 0x80; /* the length, whose sum with the start exceeds 32 bits */
    assert_int_equal(check(good_frames, sizeof good_frames, wide, sizeof wide, &why), ERR_FORMAT);
}

/* A terminator, four zero bytes, may end the table and nothing else. */
static void terminator_ends_the_table(void **state)
{
    uint8_t frames[sizeof good_frames + 8] = {0};
    struct why why;

    (void)state;
    memcpy(frames, good_frames, sizeof good_frames);
    assert_int_equal(check(frames, sizeof good_frames + 4, good_table, sizeof good_table, &why),
                     OK);
    assert_int_equal(check(frames, sizeof good_frames + 8, good_table, sizeof good_table, &why),
                     ERR_FORMAT);
    assert_int_equal(check(frames, 0, good_table, 0, &why), OK);
}

static void cut_anywhere_is_refused(void **state)
{
    struct why why;

    (void)state;
    for (size_t i = 1; i < sizeof good_frames; i++)
        if (i != AT_FDE) /* a CIE alone is a table, too */
            assert_int_equal(check(good_frames, i, good_table, sizeof good_table, &why),
                             ERR_FORMAT);
    for (size_t i = 0; i < sizeof good_table; i++)
        assert_int_equal(check(good_frames, sizeof good_frames, good_table, i, &why), ERR_FORMAT);
}

/* Real tables with random bytes changed: whatever is said, nothing is read outside. */
static void rubbish_does_no_harm(void **state)
{
    struct object object = object_read(*state);
    struct linked linked;
    struct eh_frame view;
    unsigned refused = 0;
    uint32_t random = 1;

    assert_int_equal(linked_run(&linked, &object, &layout_near, NULL), OK);
    view = linked_tables(&linked);
    assert_true(view.frames_bytes > 0 && view.except_table_bytes > 0);
    for (unsigned i = 0; i < 20000; i++) {
        const uint8_t *area = i % 3 ? view.frames : view.except_table;
        uint64_t bytes = i % 3 ? view.frames_bytes : view.except_table_bytes;
        uint8_t *byte = (uint8_t *)(uintptr_t)area + (random >> 8) % bytes;
        uint8_t old = *byte;

        *byte = (uint8_t)random;
        refused += eh_frame_validate(&view, NULL) != OK;
        *byte = old;
        random = random * 1664525 + 1013904223;
    }
    assert_true(refused > 1000);
    linked_free(&linked);
    object_free(&object);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_frames_are_refused),
        cmocka_unit_test(changed_lsdas_are_refused),
        cmocka_unit_test(terminator_ends_the_table),
        cmocka_unit_test(cut_anywhere_is_refused),
        cmocka_unit_test_prestate(rubbish_does_no_harm, argv[1]),
    };

    return argc == 2 ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
