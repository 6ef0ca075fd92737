/**
 * @file types_say.h
 * A difference between two texts of types (types_compare.h) as a line for people:
 *
 *     function task_step: struct task: member ticks: unsigned int -> uint64_t
 */
#ifndef MITOS_TYPES_SAY_H
#define MITOS_TYPES_SAY_H

#include "types_compare.h"

/** A text that is being written, cut off at its end. */
struct types_out {
    char *to;
    size_t room, bytes; /* room: the NUL at the end included */
};

/** Adds @p span, types without their {numbers}. */
static inline void types_put(struct types_out *out, struct types_span span)
{
    while (span.bytes > 0) {
        struct types_span part = types_cut(&span, '{');

        for (size_t i = 0; i < part.bytes; i++) {
            if (out->bytes + 1 < out->room)
                out->to[out->bytes++] = part.at[i];
        }
        types_cut(&span, '}');
    }
    if (out->room > 0)
        out->to[out->bytes] = '\0';
}

/** Adds a C string. */
static inline void types_put_text(struct types_out *out, const char *text)
{
    types_put(out, types_word(text));
}

/** Adds a number. */
static inline void types_put_number(struct types_out *out, unsigned number)
{
    if (number > 9)
        types_put_number(out, number / 10);
    types_put(out, (struct types_span){&"0123456789"[number % 10], 1});
}

/** "function task_step", "state", "kind mapping" */
static inline void types_put_item(struct types_out *out, const struct types_difference *difference)
{
    types_put(out, difference->what);
    if (types_equal(difference->what, difference->name))
        return;
    types_put_text(out, " ");
    types_put(out, difference->name);
}

/** "struct task"; nothing when the item itself differs. */
static inline void types_put_type(struct types_out *out, const struct types_difference *difference)
{
    types_put(out, difference->in_what);
    if (difference->in_what.bytes == 0)
        return;
    types_put_text(out, " ");
    types_put(out, types_equal(difference->in_name, types_word("-")) ? types_word("without a tag")
                                                                     : difference->in_name);
}

/** "parameter 2", "member ticks" */
static inline void types_put_part(struct types_out *out, const struct types_difference *difference)
{
    types_put_text(out, difference->part);
    if (difference->number > 0) {
        types_put_text(out, " ");
        types_put_number(out, difference->number);
    } else if (difference->part_name.bytes > 0) {
        types_put_text(out, " ");
        types_put(out, difference->part_name);
    }
}

/** All of it, without a line feed, in at most @p room bytes of @p to. */
static inline void types_say(const struct types_difference *difference, char *to, size_t room)
{
    struct types_out out = {to, room, 0};
    const struct types_span nothing = types_word("nothing");
    size_t from = difference->from.bytes, into = difference->to.bytes;

    types_put_item(&out, difference);
    types_put_text(&out, ": ");
    types_put_type(&out, difference);
    types_put_text(&out, difference->in_what.bytes > 0 ? ": " : "");
    types_put_part(&out, difference);
    if (from == 0 && into == 0)
        return;
    types_put_text(&out, ": ");
    types_put(&out, from > 0 ? difference->from : nothing);
    types_put_text(&out, " -> ");
    types_put(&out, into > 0 ? difference->to : nothing);
}

/** For types_differ(). */
static inline void types_keep_first(void *argument, const struct types_difference *difference)
{
    struct types_out *first = argument;

    if (first->bytes++ == 0)
        types_say(difference, first->to, first->room);
}

/**
 * Whether one item differs between @p a and @p b, whole texts, and as a line at @p to the first that does; @p what and
 * @p name as for types_compare_item(). @p work is for its use, and zeroed.
 */
static inline bool types_differ(struct types_compare *work, struct types_span a, struct types_span b,
                                const char *what, const char *name, char *to, size_t room)
{
    struct types_out first = {to, room, 0};

    work->tell = types_keep_first;
    work->argument = &first;
    return types_open(a.at, a.bytes, &work->a) && types_open(b.at, b.bytes, &work->b) &&
           types_compare_item(work, what, name);
}

#endif
