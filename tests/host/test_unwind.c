/*
 * The landing pads that unwind() finds against GCC's own personality routine for C, from libgcc: at every pc of every
 * function of all cells and of the nucleus, interrupted there. Argument: the guest's build folder.
 */
#include "tables_support.h"
#include "unwind.h"
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unwind.h>

#include <cmocka.h>

static const char *guest;
static const struct eh_frame *tables_now; /* what eh_frame_at() knows */
static unsigned long functions, pcs, pads;

char guard_called[1];

/* No function of these objects is a hook's: frames above the first are not looked for. */
struct hook *hook_of(uint64_t function);
struct hook *hook_of(uint64_t function)
{
    (void)function;
    return NULL;
}

const struct eh_frame *eh_frame_at(uint64_t pc)
{
    return pc - tables_now->text < tables_now->text_bytes ? tables_now : NULL;
}

uint64_t stub_target(uint64_t pc)
{
    return pc;
}

/* What libgcc's routine asks its unwinder for: it is linked with these instead. */
struct _Unwind_Context {
    uint64_t pc, start, lsda; /* lsda: where its bytes are here */
    uint64_t pad;             /* what it has answered */
};

_Unwind_Ptr _Unwind_GetIPInfo(struct _Unwind_Context *context, int *before)
{
    *before = 1; /* the instruction itself, no return address */
    return context->pc;
}

void *_Unwind_GetLanguageSpecificData(struct _Unwind_Context *context)
{
    return (void *)context->lsda;
}

_Unwind_Ptr _Unwind_GetRegionStart(struct _Unwind_Context *context)
{
    return context->start;
}

_Unwind_Ptr _Unwind_GetTextRelBase(struct _Unwind_Context *context)
{
    (void)context;
    abort(); /* no table of ours has such pointers */
}

_Unwind_Ptr _Unwind_GetDataRelBase(struct _Unwind_Context *context)
{
    (void)context;
    abort();
}

/* Only its address counts (unwind.c). */
void _Unwind_Resume(struct _Unwind_Exception *exception)
{
    (void)exception;
    abort();
}

void _Unwind_SetGR(struct _Unwind_Context *context, int number, _Unwind_Word value)
{
    (void)context;
    (void)number;
    (void)value;
}

void _Unwind_SetIP(struct _Unwind_Context *context, _Unwind_Ptr pc)
{
    context->pad = pc;
}

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
                                         struct _Unwind_Exception *exception,
                                         struct _Unwind_Context *context);

static uint64_t pad_of_libgcc(const struct walk_row *row, uint64_t pc)
{
    struct _Unwind_Context context = {
        .pc = pc,
        .start = row->start,
        .lsda = (uint64_t)tables_now->except_table + (row->lsda - tables_now->except_table_address)};
    struct _Unwind_Exception exception = {0};
    _Unwind_Reason_Code code =
        __gcc_personality_v0(1, _UA_CLEANUP_PHASE | _UA_FORCE_UNWIND, 0, &exception, &context);

    assert_true(code == _URC_INSTALL_CONTEXT || code == _URC_CONTINUE_UNWIND);
    return code == _URC_INSTALL_CONTEXT ? context.pad : 0;
}

/* With no stack: what has no pad there is lost, or the bottom. */
static uint64_t pad_of_ours(uint64_t pc)
{
    struct registers registers = {.pc = pc, .status = 1};
    struct trapped from = {.registers = &registers};
    struct hook *hook;
    enum unwind_end end = unwind(&from, true, &hook);

    assert_true(end == UNWIND_CLEANUP || end == UNWIND_LOST || end == UNWIND_BOTTOM);
    return end == UNWIND_CLEANUP ? registers.pc : 0;
}

static void compare(const char *path, const struct eh_frame *tables)
{
    struct walk_row row = {.tables = NULL};
    uint64_t last = 0;

    tables_now = tables;
    for (uint64_t pc = tables->text; pc < tables->text + tables->text_bytes; pc += 2) {
        uint64_t ours, theirs;

        if (walk_row(&row, tables, pc) != WALK_FRAME || !row.lsda)
            continue;
        ours = pad_of_ours(pc);
        theirs = pad_of_libgcc(&row, pc);
        if (ours != theirs)
            fail_msg("%s: pc 0x%lx: pad 0x%lx, libgcc has 0x%lx", path, pc, ours, theirs);
        functions += row.start != last;
        last = row.start;
        pcs++;
        pads += ours != 0;
    }
}

static void pads_of_cells_equal_those_of_libgcc(void **state)
{
    (void)state;
    each_cell(guest, compare);
    print_message("%lu functions, %lu pcs, %lu with a pad\n", functions, pcs, pads);
    assert_true(functions > 100 && pcs > 5000 && pads > 1000 && pads < pcs);
}

static void pads_of_the_nucleus_equal_those_of_libgcc(void **state)
{
    char path[500];
    struct object file = nucleus_read(guest, path);
    struct eh_frame tables = nucleus_tables(&file);
    unsigned long before = functions;

    (void)state;
    compare(path, &tables);
    assert_true(functions - before > 20);
    free(tables.index);
    object_free(&file);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pads_of_cells_equal_those_of_libgcc),
        cmocka_unit_test(pads_of_the_nucleus_equal_those_of_libgcc),
    };

    if (argc != 2)
        return 2;
    guest = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
