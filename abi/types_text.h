/**
 * @file types_text.h
 * The text that tells a cell's types: section .mitos.types, written by pack (docs/evolution.md), read by pack and by
 * cells. A line is the head of a record, or, when it begins with a blank, belongs to the record above it:
 *
 *     types 1
 *     export 1f6c3a52e0d41b07 task_step           the signature and what it is of
 *      returns enum status{1}
 *      takes struct task{2} *
 *     state 53ad0be6e2a0f3c4 state
 *      is struct task_state{3}
 *     enum 7be33011fd6e03f9 1 status              {1} above
 *      bytes 4
 *      value OK 0
 *     struct 04d2f6e9ab13c58e 2 task
 *      bytes 24
 *      at 0 link struct list{4}
 *
 * Items come first: functions (function, export, import), state, kind, migrates_state, migrates_kind. Then what they
 * reach, each once: struct, union, enum, typedef. A `-` is the tag of one that has none, and the name of a member that
 * has none. What the source does not complete is told so: takes incomplete struct task *.
 *
 * Pure, and without memory of its own: it runs on the host, too. A text may hold anything; what is not as above ends it.
 * types_compare.h compares two texts.
 */
#ifndef MITOS_TYPES_TEXT_H
#define MITOS_TYPES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TYPES_TEXT_FIRST "types 1\n"

/** A piece of a text. */
struct types_span {
    const char *at;
    size_t bytes;
};

struct types_record {
    struct types_span what;
    struct types_span name;
    uint64_t signature;
    uint32_t number;         /* of a struct, union, enum, typedef; 0: it is an item */
    struct types_span lines; /* that belong to it */
};

/* Here and below loops, and no memcmp() or strlen(): who runs out of stack in these would leave without its cleanups
 * (abi/cmake/lints/unwind_gaps.py). */
/** Whether two pieces read the same. */
static inline bool types_equal(struct types_span a, struct types_span b)
{
    for (size_t i = 0; i < a.bytes && i < b.bytes; i++) {
        if (a.at[i] != b.at[i])
            return false;
    }
    return a.bytes == b.bytes;
}

/** A C string as a piece of text. */
static inline struct types_span types_word(const char *text)
{
    struct types_span word = {text, 0};

    while (text[word.bytes])
        word.bytes++;
    return word;
}

/** Cuts @p span at the first @p end: returns what is before it, and leaves what is behind it. */
static inline struct types_span types_cut(struct types_span *span, char end)
{
    struct types_span part = {span->at, 0};

    while (part.bytes < span->bytes && part.at[part.bytes] != end)
        part.bytes++;
    span->at += part.bytes;
    span->bytes -= part.bytes;
    if (span->bytes > 0) {
        span->at++;
        span->bytes--;
    }
    return part;
}

/** @return false: @p span is not a number of @p base 10 or 16, of up to 16 digits. */
static inline bool types_number(struct types_span span, unsigned base, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < span.bytes; i++) {
        unsigned digit = (unsigned)(span.at[i] - '0');

        if (digit > 9)
            digit = (unsigned)(span.at[i] - 'a') + 10;
        if (digit >= base)
            return false;
        *number = *number * base + digit;
    }
    return span.bytes > 0 && span.bytes <= 16;
}

/** Whether a record with this first word is a definition, and no item. */
static inline bool types_is_definition(struct types_span what)
{
    return types_equal(what, types_word("struct")) || types_equal(what, types_word("union")) ||
           types_equal(what, types_word("enum")) || types_equal(what, types_word("typedef"));
}

/** The text behind its first line. @return false: it is none. */
static inline bool types_open(const void *text, size_t bytes, struct types_span *rest)
{
    const struct types_span first = types_word(TYPES_TEXT_FIRST);

    *rest = (struct types_span){text, bytes};
    if (bytes < first.bytes || !types_equal((struct types_span){text, first.bytes}, first))
        return false;
    rest->at += first.bytes;
    rest->bytes -= first.bytes;
    return true;
}

/** Takes the next record from @p rest. @return false: at the end, or, with something left of it, at what is none. */
static inline bool types_next(struct types_span *rest, struct types_record *record)
{
    struct types_span after = *rest, head = types_cut(&after, '\n');
    uint64_t number = 0;

    record->what = types_cut(&head, ' ');
    if (record->what.bytes == 0 || !types_number(types_cut(&head, ' '), 16, &record->signature))
        return false;
    if (types_is_definition(record->what) &&
        (!types_number(types_cut(&head, ' '), 10, &number) || number == 0 || number > UINT32_MAX))
        return false;
    if (head.bytes == 0)
        return false;
    record->number = (uint32_t)number;
    record->name = head;
    record->lines.at = after.at;
    while (after.bytes > 0 && *after.at == ' ')
        types_cut(&after, '\n');
    record->lines.bytes = (size_t)(after.at - record->lines.at);
    *rest = after;
    return true;
}

/** Whether it is that of a function. */
static inline bool types_is_function(struct types_span what)
{
    return types_equal(what, types_word("export")) || types_equal(what, types_word("import")) ||
           types_equal(what, types_word("function"));
}

/** Finds a record: a function, whatever its cell does with it, or an item of exactly that sort. */
static inline bool types_find(struct types_span text, struct types_span what, struct types_span name,
                              struct types_record *record)
{
    while (types_next(&text, record)) {
        if (types_equal(record->name, name) && record->number == 0 &&
            (types_equal(record->what, what) ||
             (types_is_function(what) && types_is_function(record->what))))
            return true;
    }
    return false;
}

/** A line of a record. */
struct types_line {
    struct types_span word;  /* "at", "takes" */
    struct types_span name;  /* of a member or enumerator: "link" */
    struct types_span value; /* "struct list{4}" */
    struct types_span place; /* of a member: "16" */
};

/** Takes the next line of a record. @return false: past the last. */
static inline bool types_next_line(struct types_span *lines, struct types_line *line)
{
    struct types_span rest = types_cut(lines, '\n'), none = {rest.at, 0};

    if (rest.bytes == 0)
        return false;
    types_cut(&rest, ' '); /* the blank */
    *line = (struct types_line){.word = types_cut(&rest, ' '), .name = none, .place = none};
    if (types_equal(line->word, types_word("at")))
        line->place = types_cut(&rest, ' ');
    if (line->place.bytes > 0 || types_equal(line->word, types_word("value")))
        line->name = types_cut(&rest, ' ');
    line->value = rest;
    return true;
}

/** The line of @p lines with the same word and name as @p like, of several number @p nth, from 0. */
static inline bool types_find_line(struct types_span lines, const struct types_line *like, unsigned nth,
                                   struct types_line *line)
{
    while (types_next_line(&lines, line)) {
        if (types_equal(line->word, like->word) && types_equal(line->name, like->name) && nth-- == 0)
            return true;
    }
    return false;
}

/** How many lines before @p line have its word and name. */
static inline unsigned types_nth(struct types_span lines, const struct types_line *line)
{
    struct types_line before;
    unsigned nth = 0;

    while (types_next_line(&lines, &before) && before.word.at != line->word.at)
        nth += types_equal(before.word, line->word) && types_equal(before.name, line->name);
    return nth;
}

#endif
