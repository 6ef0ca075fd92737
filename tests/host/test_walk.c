/*
 * The interpreter of call frame information against `readelf --debug-dump=frames-interp`: the row for every
 * pc of every function, of all cells and of the nucleus. And walks that must end, over stacks that are
 * made here. Arguments: readelf's command, then the guest's build folder.
 */
#include "tables_support.h"
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *readelf, *guest;
static unsigned long files, functions, rows, pcs;
static const struct eh_frame *tables_now; /* what eh_frame_at() knows */

const struct eh_frame *eh_frame_at(uint64_t pc)
{
    return pc - tables_now->text < tables_now->text_bytes ? tables_now : NULL;
}

uint64_t stub_target(uint64_t pc)
{
    return pc;
}

/* readelf's table of one function. */
struct table {
    uint64_t start, end; /* as readelf has them */
    bool is_signal;
    unsigned columns;
    unsigned numbers[LAST_REGISTER + 1]; /* of registers, per column */
    char cfa[16], rules[LAST_REGISTER + 1][16];
};

static unsigned register_number(const char *name)
{
    static const char *const names[] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2",
                                        "s0",   "s1", "a0", "a1", "a2",  "a3",  "a4", "a5",
                                        "a6",   "a7", "s2", "s3", "s4",  "s5",  "s6", "s7",
                                        "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

    for (unsigned i = 0; i <= LAST_REGISTER; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fail_msg("readelf names a register %s", name);
    return 0;
}

static void compare_row(const struct table *table, const struct walk_row *row, uint64_t pc)
{
    char name[16];
    int offset;
    uint32_t saved = 0;

    assert_int_equal(sscanf(table->cfa, "%15[a-z0-9]%d", name, &offset), 2);
    if (register_number(name) != row->rules.cfa_register || offset != row->rules.cfa_offset)
        fail_msg("pc 0x%lx: the CFA is x%u%+ld, readelf has %s", pc, row->rules.cfa_register,
                 row->rules.cfa_offset, table->cfa);
    for (unsigned i = 0; i < table->columns; i++) {
        unsigned number = table->numbers[i];

        if (strcmp(table->rules[i], "u") == 0)
            continue;
        saved |= 1u << number;
        if (sscanf(table->rules[i], "c%d", &offset) != 1 || !(row->rules.saved & 1u << number) ||
            row->offsets[number] != offset)
            fail_msg("pc 0x%lx: x%u is %s for readelf", pc, number, table->rules[i]);
    }
    if (saved != row->rules.saved)
        fail_msg("pc 0x%lx: saved are 0x%x, not 0x%x", pc, row->rules.saved, saved);
}

/* The pcs [from, to) of the function have the table's last row. */
static void compare(const struct table *table, const struct eh_frame *tables, uint64_t shift,
                    uint64_t from, uint64_t to)
{
    struct walk_row row = {.tables = NULL};

    for (uint64_t pc = from; pc < to; pc += 2) {
        enum walk_step step = walk_row(&row, tables, pc + shift);

        assert_int_equal(step, table->is_signal ? WALK_TRAP : WALK_FRAME);
        if (step == WALK_FRAME)
            compare_row(table, &row, pc);
        pcs++;
    }
    rows++;
}

static void read_columns(struct table *table, char *line)
{
    table->columns = 0;
    strtok(line, " \n"); /* LOC */
    strtok(NULL, " \n"); /* CFA */
    for (char *name; (name = strtok(NULL, " \n")) != NULL;)
        if (!table->is_signal)
            table->numbers[table->columns++] = register_number(name);
}

static void read_rules(struct table *table, char *line)
{
    strtok(line, " \n");
    strcpy(table->cfa, strtok(NULL, " \n"));
    for (unsigned i = 0; i < table->columns; i++)
        strcpy(table->rules[i], strtok(NULL, " \n"));
}

/* Of every function that readelf prints, in @p path; its addresses plus @p shift are those of @p tables. */
static void compare_file(const char *path, const struct eh_frame *tables, uint64_t shift)
{
    char command[600], line[1000], *at;
    struct table table = {0};
    uint64_t from = 0, next;
    bool in_function = false;
    unsigned long signal_cie = ~0ul, cie;
    FILE *pipe;

    snprintf(command, sizeof command, "%s --debug-dump=frames-interp %s", readelf, path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) {
        if ((at = strstr(line, " FDE ")) != NULL || line[0] == '\n' || strstr(line, " CIE ")) {
            if (in_function)
                compare(&table, tables, shift, from, table.end);
            in_function = false;
            if (strstr(line, "\"zRS\""))
                assert_int_equal(sscanf(line, "%lx", &signal_cie), 1);
            if (!at)
                continue;
            in_function = true;
            functions++;
            assert_int_equal(
                sscanf(at, " FDE cie=%lx pc=%lx..%lx", &cie, &table.start, &table.end), 3);
            from = table.start;
            table.columns = 0;
            strcpy(table.cfa, "sp+0"); /* as every CIE says; readelf prints no row where there is but that */
            table.is_signal = cie == signal_cie;
        } else if (in_function && strstr(line, "   LOC ") == line) {
            read_columns(&table, line);
        } else if (in_function && sscanf(line, "%lx", &next) == 1 && line[0] != ' ') {
            if (next > from)
                compare(&table, tables, shift, from, next);
            from = next;
            read_rules(&table, line);
        }
    }
    assert_int_equal(pclose(pipe), 0);
    files++;
}

static void compare_cell(const char *path, const struct eh_frame *tables)
{
    compare_file(path, tables, layout_near.text); /* a cell has one section of text */
}

static void rows_of_cells_equal_those_of_readelf(void **state)
{
    (void)state;
    each_cell(guest, compare_cell);
    print_message("%lu files, %lu functions, %lu rows, %lu pcs\n", files, functions, rows, pcs);
    assert_true(files > 10 && functions > 500 && rows > functions && pcs > 10000);
}

static void rows_of_the_nucleus_equal_those_of_readelf(void **state)
{
    char path[500];
    struct object file = nucleus_read(guest, path);
    struct eh_frame tables = nucleus_tables(&file);
    unsigned long before = functions;

    (void)state;
    compare_file(path, &tables, 0);
    assert_int_equal(functions - before, tables.index_count);
    free(tables.index);
    object_free(&file);
}

/* No pc of the nucleus is without a row; and only the bottoms of stacks have no caller. */
static void every_function_of_the_nucleus_can_be_walked(void **state)
{
    char path[500];
    struct object file = nucleus_read(guest, path);
    struct eh_frame tables = nucleus_tables(&file);
    const struct elf_section *table = section_named(&file, ".symtab");
    const struct elf_symbol *symbols = (const void *)(file.bytes + table->offset);
    const char *names = (const char *)file.bytes + section_named(&file, ".strtab")->offset;
    unsigned bottoms = 0, traps = 0;

    (void)state;
    for (uint64_t i = 0; i < table->size / sizeof *symbols; i++) {
        const char *name = names + symbols[i].name;
        bool bottom = false, trap = false;

        if ((symbols[i].info & 15) != STT_FUNC)
            continue;
        for (uint64_t pc = symbols[i].value; pc < symbols[i].value + symbols[i].size; pc += 2) {
            struct walk_row row = {0};
            enum walk_step step = walk_row(&row, &tables, pc);

            if (step == WALK_LOST)
                fail_msg("%s: no row for pc 0x%lx", name, pc);
            bottom |= step == WALK_FRAME && row.rules.undefined;
            trap |= step == WALK_TRAP;
        }
        bottoms += bottom;
        traps += trap;
        if (bottom && strcmp(name, "task_first") && strcmp(name, "resume") &&
            strcmp(name, "_entry") && strcmp(name, "switch_out"))
            fail_msg("%s says that it has no caller", name);
        if (trap)
            assert_string_equal(name, "trap_entry");
    }
    assert_int_equal(bottoms, 4);
    assert_int_equal(traps, 1);
    free(tables.index);
    object_free(&file);
}

enum { TEXT = 0x10000, FRAMES = 0x20000, FUNCTION = TEXT, BOTTOM = TEXT + 0x20, WORDS = 16 };

/* A function of 32 bytes with a frame of 32 from its second instruction on, ra at CFA - 8; and a bottom. */
// clang-format off
static const uint8_t small[] = {
    /* 0x00 */ 16, 0, 0, 0, 0, 0, 0, 0, 3, 'z', 'R', 0, 1, 0x7c, 1, 1, 0x1b, 0x0d, 2, 0,
    /* 0x14 */ 20, 0, 0, 0, 24, 0, 0, 0, 0xe4, 0xff, 0xfe, 0xff, 32, 0, 0, 0, 0, 0x42, 0x0e, 32, 0x81, 2, 0, 0,
    /* 0x2c */ 16, 0, 0, 0, 48, 0, 0, 0, 0xec, 0xff, 0xfe, 0xff, 32, 0, 0, 0, 0, 0x07, 1, 0};
// clang-format on

/* Walks from @p saved over a stack of WORDS words. @return how it ended; @p frames: how many it left. */
static enum walk_step walk_over(const uint64_t *stack, const struct registers *saved,
                                unsigned *frames)
{
    struct eh_frame tables = {.frames = small,
                              .frames_address = FRAMES,
                              .frames_bytes = sizeof small,
                              .text = TEXT,
                              .text_bytes = 0x48}; /* 8 bytes more than the functions */
    struct walk walk;
    enum walk_step step;

    tables_index(&tables);
    tables_now = &tables;
    walk_begin(&walk, saved, (uint64_t)stack, (uint64_t)(stack + WORDS));
    for (*frames = 0; (step = walk_next(&walk)) == WALK_FRAME; ++*frames)
        assert_true(*frames < WORDS);
    free(tables.index);
    return step;
}

static void walks_end(void **state)
{
    static const struct {
        const char *what;
        uint64_t pc, status, ra, sp, returns[4]; /* sp in words */
        enum walk_step step;
        unsigned frames;
    } cases[] = {
        {"to the bottom", FUNCTION + 8, 0, 1, 0, {FUNCTION + 8, FUNCTION + 8, BOTTOM + 4}, WALK_END, 3},
        {"from the bottom", BOTTOM, 1, 1, WORDS, {0}, WALK_END, 0},
        {"ra is live", FUNCTION, 1, BOTTOM + 4, WORDS, {0}, WALK_END, 1},
        {"a call in the last instruction", FUNCTION + 32, 0, 1, 8, {0, 0, BOTTOM + 32}, WALK_END, 1},
        {"a call without a frame", FUNCTION + 1, 0, BOTTOM + 4, 8, {0}, WALK_LOST, 0},
        {"that frame, interrupted", FUNCTION + 1, 1, BOTTOM + 4, 8, {0}, WALK_END, 1},
        {"beyond the stack", FUNCTION + 8, 0, 1, 0, {FUNCTION + 8, FUNCTION + 8, FUNCTION + 8, FUNCTION + 8}, WALK_LOST, 4},
        {"no text", FUNCTION + 8, 0, 1, 0, {FUNCTION + 8, 0x5000}, WALK_LOST, 2},
        {"no function", FUNCTION + 8, 0, 1, 0, {FUNCTION + 8, TEXT + 0x44}, WALK_LOST, 2},
        {"sp below", FUNCTION + 8, 1, 1, -4ul, {BOTTOM + 4, BOTTOM + 4}, WALK_LOST, 0},
        {"sp above", FUNCTION + 8, 1, 1, WORDS + 4, {BOTTOM + 4}, WALK_LOST, 0},
        {"sp at the top", FUNCTION + 8, 1, 1, WORDS, {BOTTOM + 4}, WALK_LOST, 0},
    };
    uint64_t stack[WORDS] __attribute__((aligned(16)));

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct registers saved = {.pc = cases[i].pc, .status = cases[i].status};
        unsigned frames;

        memset(stack, 0, sizeof stack);
        for (unsigned j = 0; j < 4; j++)
            stack[4 * j + 3] = cases[i].returns[j];
        saved.x[1] = cases[i].ra;
        saved.x[2] = (uint64_t)stack + 8 * cases[i].sp;
        if (walk_over(stack, &saved, &frames) != cases[i].step || frames != cases[i].frames)
            fail_msg("%s: %u frames", cases[i].what, frames);
        saved.x[2] += 8;
        if (cases[i].frames > 1)
            assert_int_equal(walk_over(stack, &saved, &frames), WALK_LOST); /* odd sp */
    }
}

static void walk_says_whether_a_text_is_entered(void **state)
{
    struct eh_frame tables = {.frames = small,
                              .frames_address = FRAMES,
                              .frames_bytes = sizeof small,
                              .text = TEXT,
                              .text_bytes = 0x40};
    uint64_t stack[8] __attribute__((aligned(16))) = {[3] = BOTTOM + 4};
    struct registers saved = {.pc = FUNCTION + 8, .x[2] = (uint64_t)stack};
    uint64_t low = (uint64_t)stack, high = low + sizeof stack, where;

    (void)state;
    tables_index(&tables);
    tables_now = &tables;
    assert_int_equal(walk_enters(&saved, low, high, BOTTOM, 32, &where), WALK_INSIDE);
    assert_int_equal(where, BOTTOM + 4);
    assert_int_equal(walk_enters(&saved, low, high, FUNCTION + 7, 1, &where), WALK_INSIDE);
    assert_int_equal(walk_enters(&saved, low, high, FUNCTION + 8, 8, &where), WALK_OUTSIDE);
    saved.status = 1; /* now the pc is exact */
    assert_int_equal(walk_enters(&saved, low, high, FUNCTION + 7, 1, &where), WALK_OUTSIDE);
    assert_int_equal(walk_enters(&saved, low, high, FUNCTION + 8, 8, &where), WALK_INSIDE);
    stack[3] = 0x5000;
    assert_int_equal(walk_enters(&saved, low, high, BOTTOM, 32, &where), WALK_UNKNOWN);
    assert_int_equal(where, 0x5000);
    free(tables.index);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_end),
        cmocka_unit_test(walk_says_whether_a_text_is_entered),
        cmocka_unit_test(rows_of_cells_equal_those_of_readelf),
        cmocka_unit_test(rows_of_the_nucleus_equal_those_of_readelf),
        cmocka_unit_test(every_function_of_the_nucleus_can_be_walked),
    };

    if (argc != 3)
        return 2;
    readelf = argv[1];
    guest = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
