/* What lab cells print: kept while a check runs, so that the check can look at it and no student's cell can write
 * what looks like a result; else to the console, each line with the name of the cell in front. */
#include "console.h"
#include "nucleus/format.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "state.h"

static inline struct output *output_locked(struct output *output) REQUIRES(output->lock);
static inline struct output *output_locked(struct output *output)
{
    return output;
}

struct caller {
    uint64_t address;
    char name[CELL_NAME_ROOM];
};

static bool note_name(const struct cell *cell, void *argument)
{
    struct caller *caller = argument;

    if (caller->address - (uint64_t)cell->text.base >= cell->text.bytes)
        return true;
    string_copy(caller->name, sizeof caller->name, cell->manifest.name);
    return false;
}

void output_keep(bool kept)
{
    OWN(spin_guard) guard = {0};
    struct output *output = &labs_state()->output;

    spin_lock(&guard, &output->lock);
    output_locked(output)->kept = kept;
    output_locked(output)->printed = 0;
    output_locked(output)->used = 0;
    spin_unlock(&guard, &output->lock);
}

static void keep(struct output *output, const char *text, size_t bytes) REQUIRES(output->lock);
static void keep(struct output *output, const char *text, size_t bytes)
{
    size_t room = sizeof output->text - output->used;
    size_t fits = bytes < room ? bytes : room;

    memcpy(output->text + output->used, text, fits);
    output->used += fits;
    output->printed += bytes;
}

/* Makes the next piece for the console: the rest of a line, or as much of it as there is room for.
 * @return how many bytes of @p text it has. */
static size_t compose(struct output *output, const char *cell, const char *text, size_t bytes)
    REQUIRES(output->lock);
static size_t compose(struct output *output, const char *cell, const char *text, size_t bytes)
{
    bool goes_on = strcmp(output->cell, cell) == 0;
    size_t length = 0, taken = 0;

    if (!goes_on)
        length = format(output->line, sizeof output->line, "%s[%s] ", output->cell[0] ? "\n" : "", cell);
    string_copy(output->cell, sizeof output->cell, cell);
    while (taken < bytes && length < sizeof output->line) {
        output->line[length++] = text[taken];
        if (text[taken++] == '\n') {
            output->cell[0] = '\0';
            break;
        }
    }
    output->length = length;
    output->sent = 0;
    return taken;
}

static enum status tag(struct output *output, wait_op *op, const char *cell, const char *text, size_t bytes,
                       size_t *done) REQUIRES(output->lock) BORROWS_MUT(*op);
static enum status tag(struct output *output, wait_op *op, const char *cell, const char *text, size_t bytes,
                       size_t *done)
{
    for (;;) {
        enum status status = OK;

        if (output->sent < output->length)
            status = console_write_step(op, output->line, output->length, &output->sent);
        if (status != OK || *done == bytes)
            return status;
        *done += compose(output, cell, text + *done, bytes - *done);
    }
}

EXPORT enum status lab_console_write_step(wait_op *op, const char *text, size_t bytes, size_t *done)
{
    struct caller caller = {.address = (uint64_t)__builtin_return_address(0) - 1};
    OWN(spin_guard) guard = {0};
    struct output *output = &labs_state()->output;
    enum status status = OK;

    cells_visit(note_name, &caller);
    spin_lock(&guard, &output->lock);
    if (output_locked(output)->kept) {
        keep(output, text + *done, bytes - *done);
        *done = bytes;
    } else {
        status = tag(output, op, caller.name, text, bytes, done);
    }
    spin_unlock(&guard, &output->lock);
    return status;
}

EXPORT size_t check_output(char *to, size_t room)
{
    OWN(spin_guard) guard = {0};
    struct output *output = &labs_state()->output;
    size_t printed, fits;

    spin_lock(&guard, &output->lock);
    printed = output_locked(output)->printed;
    fits = output->used < room - 1 ? output->used : room - 1;
    memcpy(to, output->text, fits);
    to[fits] = '\0';
    spin_unlock(&guard, &output->lock);
    return printed;
}

EXPORT void check_output_clear(void)
{
    output_keep(true);
}
