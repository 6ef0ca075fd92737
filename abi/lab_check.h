/**
 * @file lab_check.h
 * For the checks of a lab: how a check is written, and what it may do with the student's cells.
 *
 *     LAB_CHECK(tally_counts)
 *     {
 *         if (!lab_load(run, "tally"))
 *             return;
 *         AWARD(run, 5, LAB_CALL(tally_count)() == 0, "tally_count() of a new tally is not 0");
 *     }
 *
 * Each begins with none of the lab's cells loaded. The student's functions are found by name when they are called, so a
 * cell that is missing costs the checks that need it and no others, and after a swap the new version is called.
 */
#ifndef MITOS_LAB_CHECK_H
#define MITOS_LAB_CHECK_H

#include "command.h"
#include "lab.h"
#include "nucleus/cells.h"
#include "status.h"
#include "swap.h"

/**
 * Defines and contributes one check. Its name, with _ for the dot, its points, its step and its limit are those of
 * lab.json, through rubric.h, which the build makes of it.
 */
#define LAB_CHECK(ident)                                                                           \
    static void check_##ident(struct check_run *run) REQUIRES(may_park);                           \
    CELL_SET_ENTRY(lab_check, struct lab_check, ident) = {RUBRIC_##ident, .run = check_##ident};   \
    static void check_##ident(struct check_run *run)

/** Gives @p points of the check's points if @p good; else the student reads the message. @return @p good. */
#define AWARD(run, points, good, ...) check_award((run), (points), (good), __VA_ARGS__)
/** Without it there is nothing more to check. Usage: if (!NEEDED(run, ...)) return; */
#define NEEDED(run, good, ...) check_award((run), 0, (good), __VA_ARGS__)

/** Calls exported function @p function of a student's cell, with the type that its header states: LAB_CALL(f)(1, 2).
 *  A function that no loaded cell has is a fault of the check; lab_has() asks first. */
#define LAB_CALL(function) ((__typeof__(&function))check_function(#function))

/** Whether a loaded cell exports @p function; if none does, the student reads so. */
static inline bool lab_has(struct check_run *run, const char *function)
{
    return NEEDED(run, check_function(function) != 0, "no loaded cell exports %s()", function);
}

/** Loads a cell of the student's. @return false, and said why. */
static inline bool lab_load(struct check_run *run, const char *cell) REQUIRES(may_park);
static inline bool lab_load(struct check_run *run, const char *cell)
{
    struct why why = {{0}};
    enum status status = cell_load(cell, &why);

    return NEEDED(run, status == OK, "load %s: %s", cell, why.text[0] ? why.text : status_name(status));
}

/** Swaps loaded cell @p cell for @p file of the boot archive ("next/tally.cell"). @return false, and said why. */
static inline bool lab_swap(struct check_run *run, const char *cell, const char *file) REQUIRES(may_park);
static inline bool lab_swap(struct check_run *run, const char *cell, const char *file)
{
    OWN(swap_request) request = {0};
    struct swap_report report;
    const void *image;
    const char *name;
    enum status status;
    size_t bytes;

    if (!NEEDED(run, archive_get(file, 0, &name, &image, &bytes), "there is no %s", file))
        return false;
    if (!cell_swap(&request, cell, cell, image, bytes, false, &report.why))
        return NEEDED(run, false, "swap %s %s: %s", cell, file, report.why.text);
    status = swap_wait(&request, &report);
    return NEEDED(run, status == OK && report.status == OK, "swap %s %s: %s", cell, file,
                  report.why.text[0] ? report.why.text : status_name(report.status));
}

/** Runs the command @p argv[0] of the cell @p cell. @return its status; -1: it has none of that name, which was said. */
static inline int lab_command(struct check_run *run, const char *cell, int argc, char **argv)
    REQUIRES(may_park);
static inline int lab_command(struct check_run *run, const char *cell, int argc, char **argv)
{
    struct command command;
    char owner[CELL_NAME_ROOM];
    bool found = command_find(argv[0], &command, owner) && strcmp(owner, cell) == 0 && command.run;

    if (!NEEDED(run, found, "the cell %s has no command `%s`", cell, argv[0]))
        return -1;
    return command.run(argc, argv);
}

#endif
