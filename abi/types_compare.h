/**
 * @file types_compare.h
 * What differs between two texts of types (types_text.h), down to a parameter, a member or an enumerator.
 *
 *     struct types_compare compare = {.a = a, .b = b, .layouts = true, .tell = tell};
 *     if (types_compare(&compare))
 *         ...                          // tell() has been called for each difference
 *
 * No cell provides it: each that uses it has its own, in the one of its files that defines TYPES_COMPARE_HERE before it
 * includes this.
 *
 * Items whose signatures are equal are not looked at. Else the item's own lines are compared, and then, nearest first, all
 * pairs of types that they reach and whose signatures differ. What many items reach is told once.
 */
#ifndef MITOS_TYPES_COMPARE_H
#define MITOS_TYPES_COMPARE_H

#include "types_text.h"

#define TYPES_MOST 256u /* so many definitions of a text, and pairs of them, are followed */

/** What differs between texts a and b. A span of 0 bytes: there is nothing of the kind. */
struct types_difference {
    struct types_span what;      /* the item is: "function" */
    struct types_span name;      /* "task_step" */
    struct types_span in_what;   /* the type that it reaches, in which the difference is: "struct" */
    struct types_span in_name;   /* "task" */
    const char *part;            /* "parameter", "result", "member", "enumerator", ... */
    unsigned number;             /* of a parameter: from 1; else 0 */
    struct types_span part_name; /* of a member or enumerator */
    struct types_span from;      /* in a */
    struct types_span to;        /* in b */
};

/** Zeroed, but for its first part, it is ready. */
struct types_compare {
    struct types_span a; /* types_open() gives it */
    struct types_span b;
    bool exports;           /* b is to take the place of a: what only one of them exports is a difference */
    bool layouts;           /* and is another version of it: so are its state and kinds */
    void (*tell)(void *argument, const struct types_difference *difference);
    void *argument;

    struct types_difference now; /* for tell() */
    bool tagless;                /* in the item, tags of complete structs do not count */
    unsigned item;               /* counts items */
    unsigned differences;
    unsigned pair_count, queue_count;
    struct types_pair {
        uint16_t a, b;
        bool told;     /* in an earlier item */
        unsigned item; /* that has reached it last */
    } pairs[TYPES_MOST];
    uint16_t queue[TYPES_MOST];     /* pairs that the item reaches */
    uint32_t places[2][TYPES_MOST]; /* where the definition of a number begins; 0, where an item does: none */
};

/** Compares two texts. @return whether anything differs. */
bool types_compare(struct types_compare *compare);
/**
 * Compares one item: @p what is "import", "export", or "function", which are the same here, "state" or "kind".
 * @return false: it does not differ, or is not in both.
 */
bool types_compare_item(struct types_compare *compare, const char *what, const char *name);

#ifdef TYPES_COMPARE_HERE

static void types_tell(struct types_compare *compare, const char *part, struct types_span from,
                              struct types_span to)
{
    compare->now.part = part;
    compare->now.from = from;
    compare->now.to = to;
    compare->differences++;
    compare->tell(compare->argument, &compare->now);
    compare->now.number = 0;
    compare->now.part_name.bytes = 0;
}

/* The record of a definition. */
static bool types_definition(const struct types_compare *compare, unsigned side, uint64_t number,
                                    struct types_record *record)
{
    struct types_span rest = side == 0 ? compare->a : compare->b;
    uint32_t place = number < TYPES_MOST ? compare->places[side][number] : 0;

    if (place == 0)
        return false;
    rest.at += place;
    rest.bytes -= place;
    return types_next(&rest, record);
}

static void types_find_definitions(struct types_compare *compare, unsigned side)
{
    const struct types_span text = side == 0 ? compare->a : compare->b;
    struct types_span rest = text, before = text;
    struct types_record record;

    for (; types_next(&rest, &record); before = rest) {
        if (record.number > 0 && record.number < TYPES_MOST)
            compare->places[side][record.number] = (uint32_t)(before.at - text.at);
    }
}

/* Two definitions that stand for each other are to be compared, too, unless they are equal or known. */
static void types_follow(struct types_compare *compare, uint64_t a, uint64_t b)
{
    struct types_record first, second;
    unsigned i = 0;

    if (!types_definition(compare, 0, a, &first) || !types_definition(compare, 1, b, &second) ||
        first.signature == second.signature)
        return;
    while (i < compare->pair_count && (compare->pairs[i].a != a || compare->pairs[i].b != b))
        i++;
    if (i == TYPES_MOST)
        return;
    if (i == compare->pair_count)
        compare->pairs[compare->pair_count++] = (struct types_pair){(uint16_t)a, (uint16_t)b, false, 0};
    if (compare->pairs[i].item == compare->item)
        return;
    compare->pairs[i].item = compare->item;
    compare->queue[compare->queue_count++] = (uint16_t)i;
}

/* Cuts the first byte of a span that is not empty. */
static char types_step(struct types_span *span)
{
    span->bytes--;
    return *span->at++;
}

static bool types_in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Cuts a tag that does not count: "struct order{3}" and "struct order_v1{2}" are the same then. */
static void types_skip_tag(struct types_span *span)
{
    struct types_span tag = *span, word = types_cut(&tag, ' ');
    size_t bytes = 0;

    if (!types_equal(word, types_word("struct")) && !types_equal(word, types_word("union")))
        return;
    while (bytes < tag.bytes && types_in_word(tag.at[bytes]))
        bytes++;
    if (bytes < tag.bytes && tag.at[bytes] == '{')
        *span = (struct types_span){tag.at + bytes, tag.bytes - bytes};
}

/* Whether two types read the same, numbers aside. @p follow: then those that the numbers stand for are to be compared. */
static bool types_read_same(struct types_compare *compare, struct types_span a,
                                   struct types_span b, bool follow)
{
    for (;;) {
        uint64_t first, second;

        if (compare->tagless) {
            types_skip_tag(&a);
            types_skip_tag(&b);
        }
        if (a.bytes == 0 || b.bytes == 0)
            return a.bytes == b.bytes;
        if (*a.at != *b.at)
            return false;
        types_step(&a);
        if (types_step(&b) != '{')
            continue;
        if (types_number(types_cut(&a, '}'), 10, &first) && types_number(types_cut(&b, '}'), 10, &second) &&
            follow)
            types_follow(compare, first, second);
    }
}

static const char *types_part(const struct types_line *line)
{
    static const struct {
        const char *word, *part;
    } parts[] = {{"at", "member"}, {"value", "enumerator"}, {"takes", "parameter"},
                 {"returns", "result"}, {"is", "type"}, {"bytes", "bytes"}, {"version", "version"}};

    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (types_equal(line->word, types_word(parts[i].word)))
            return parts[i].part;
    }
    return "line";
}

static void types_tell_line(struct types_compare *compare, const struct types_line *line, unsigned nth,
                                   struct types_span from, struct types_span to)
{
    bool takes = types_equal(line->word, types_word("takes"));

    compare->now.number = takes ? nth + 1 : 0;
    compare->now.part_name = line->name;
    types_tell(compare, types_part(line), from, to);
}

/* Lines that one of two records has and the other has not, or with another type. Sizes are for types_compare_places(). */
static void types_compare_lines(struct types_compare *compare, struct types_span a,
                                       struct types_span b)
{
    const struct types_span none = {a.at, 0};
    struct types_span rest = a;
    struct types_line line, other;

    while (types_next_line(&rest, &line)) {
        unsigned nth = types_nth(a, &line);

        if (!types_find_line(b, &line, nth, &other))
            types_tell_line(compare, &line, nth, line.value, none);
        else if (types_equal(line.word, types_word("bytes")))
            continue;
        else if (!types_read_same(compare, line.value, other.value, false))
            types_tell_line(compare, &line, nth, line.value, other.value);
        else
            types_read_same(compare, line.value, other.value, true);
    }
    for (rest = b; types_next_line(&rest, &line);) {
        unsigned nth = types_nth(b, &line);

        if (!types_find_line(a, &line, nth, &other))
            types_tell_line(compare, &line, nth, none, line.value);
    }
}

/* Members that have moved, and sizes: that goes without saying where a member has changed. */
static void types_compare_places(struct types_compare *compare, struct types_span a,
                                        struct types_span b)
{
    struct types_span rest = a;
    struct types_line line, other;

    while (types_next_line(&rest, &line)) {
        unsigned nth = types_nth(a, &line);
        bool size = types_equal(line.word, types_word("bytes"));

        if (!types_find_line(b, &line, nth, &other))
            continue;
        if (size && !types_equal(line.value, other.value))
            types_tell_line(compare, &line, nth, line.value, other.value);
        if (!types_equal(line.place, other.place)) {
            compare->now.part_name = line.name;
            types_tell(compare, "place of member", line.place, other.place);
        }
    }
}

static void types_compare_records(struct types_compare *compare, const struct types_record *a,
                                         const struct types_record *b)
{
    unsigned before = compare->differences;

    types_compare_lines(compare, a->lines, b->lines);
    if (compare->differences == before)
        types_compare_places(compare, a->lines, b->lines);
}

static void types_compare_pair(struct types_compare *compare, struct types_pair *pair)
{
    struct types_record a, b;
    unsigned before = compare->differences;

    if (!types_definition(compare, 0, pair->a, &a) || !types_definition(compare, 1, pair->b, &b))
        return;
    compare->now.in_what = a.what;
    compare->now.in_name = a.name;
    if (pair->told) {
        types_tell(compare, "as told above", (struct types_span){a.name.at, 0}, (struct types_span){a.name.at, 0});
        return;
    }
    types_compare_records(compare, &a, &b);
    pair->told = compare->differences != before;
}

/* @return whether they differ. */
static bool types_compare_items(struct types_compare *compare, const struct types_record *a,
                                       const struct types_record *b)
{
    const struct types_span none = {a->name.at, 0};
    unsigned before = compare->differences;

    if (a->signature == b->signature)
        return false;
    compare->item++;
    compare->queue_count = 0;
    compare->now.in_what = compare->now.in_name = none;
    types_compare_records(compare, a, b);
    for (unsigned i = 0; i < compare->queue_count; i++)
        types_compare_pair(compare, &compare->pairs[compare->queue[i]]);
    compare->now.in_what = compare->now.in_name = none;
    if (compare->differences == before) /* it lies deeper than is followed */
        types_tell(compare, "signature", none, none);
    return true;
}

/* What only one of the texts has. */
static void types_tell_only(struct types_compare *compare, const char *part, const char *from,
                                   const char *to)
{
    compare->now.in_what = compare->now.in_name = types_word("");
    types_tell(compare, part, types_word(from), types_word(to));
}

static void types_compare_function(struct types_compare *compare, const struct types_record *a)
{
    const struct types_span export = types_word("export");
    struct types_record b;
    bool found = types_find(compare->b, a->what, a->name, &b);

    compare->tagless = false;
    compare->now.what = types_word("function");
    if (found)
        types_compare_items(compare, a, &b);
    if (compare->exports && types_equal(a->what, export) && !(found && types_equal(b.what, export)))
        types_tell_only(compare, "export", "exported", "");
}

static void types_compare_layout(struct types_compare *compare, const struct types_record *a)
{
    struct types_record b;

    compare->tagless = true;
    if (types_find(compare->b, a->what, a->name, &b))
        types_compare_items(compare, a, &b);
    else
        types_tell_only(compare, "declaration", "declared", "");
}

static bool types_is_layout(struct types_span what)
{
    return types_equal(what, types_word("state")) || types_equal(what, types_word("kind"));
}

/* What b alone has. */
static void types_compare_new(struct types_compare *compare, const struct types_record *b)
{
    const struct types_span export = types_word("export");
    struct types_record a;
    bool found = types_find(compare->a, b->what, b->name, &a);

    if (compare->exports && types_equal(b->what, export) && !(found && types_equal(a.what, export))) {
        compare->now.what = types_word("function");
        types_tell_only(compare, "export", "", "exported");
    }
    if (compare->layouts && types_is_layout(b->what) && !found)
        types_tell_only(compare, "declaration", "", "declared");
}

bool types_compare(struct types_compare *compare)
{
    struct types_span rest = compare->a;
    struct types_record record;

    types_find_definitions(compare, 0);
    types_find_definitions(compare, 1);
    while (types_next(&rest, &record)) {
        compare->now = (struct types_difference){.what = record.what, .name = record.name};
        if (types_is_function(record.what))
            types_compare_function(compare, &record);
        else if (compare->layouts && types_is_layout(record.what))
            types_compare_layout(compare, &record);
    }
    for (rest = compare->b; types_next(&rest, &record);) {
        compare->now = (struct types_difference){.what = record.what, .name = record.name};
        types_compare_new(compare, &record);
    }
    return compare->differences > 0;
}

bool types_compare_item(struct types_compare *compare, const char *what, const char *name)
{
    struct types_record a, b;

    if (!types_find(compare->a, types_word(what), types_word(name), &a) ||
        !types_find(compare->b, types_word(what), types_word(name), &b))
        return false;
    types_find_definitions(compare, 0);
    types_find_definitions(compare, 1);
    compare->tagless = !types_is_function(a.what);
    compare->now = (struct types_difference){.what = compare->tagless ? a.what : types_word("function"),
                                             .name = a.name};
    return types_compare_items(compare, &a, &b);
}

#endif
#endif
