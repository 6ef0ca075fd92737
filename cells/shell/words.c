/* The command line's grammar, in one pass from left to right: words_next() reads a command,
 * take_word() a word of it, take_*() the pieces of a word. Pure: it changes nothing but the
 * caller's structs. */
#include "words.h"

#include "nucleus/format.h"
#include "nucleus/string.h"
#include "text.h"

struct reader {
    const char *at;
    struct words *words;
    unsigned used; /* bytes of words->text */
    int last_status;
    const char *error; /* NULL while all is well */
};

static void put(struct reader *reader, char byte)
{
    if (reader->used == WORDS_BYTES)
        reader->error = "the command is too long";
    else
        reader->words->text[reader->used++] = byte;
}

/* `$?` has been seen: its value, in decimal. */
static void put_status(struct reader *reader)
{
    char digits[12];

    format(digits, sizeof digits, "%d", reader->last_status);
    for (const char *digit = digits; *digit; digit++)
        put(reader, *digit);
    reader->at += 2;
}

static bool at_status(const struct reader *reader)
{
    return reader->at[0] == '$' && reader->at[1] == '?';
}

static void take_single_quoted(struct reader *reader)
{
    for (reader->at++; *reader->at && *reader->at != '\''; reader->at++)
        put(reader, *reader->at);
    if (*reader->at)
        reader->at++;
    else
        reader->error = "a ' has no partner";
}

static void take_double_quoted(struct reader *reader)
{
    reader->at++;
    while (*reader->at && *reader->at != '"') {
        if (at_status(reader)) {
            put_status(reader);
            continue;
        }
        if (reader->at[0] == '\\' && reader->at[1] && strchr("\\\"$", reader->at[1]))
            reader->at++;
        put(reader, *reader->at++);
    }
    if (*reader->at)
        reader->at++;
    else
        reader->error = "a \" has no partner";
}

static void take_escaped(struct reader *reader)
{
    if (!reader->at[1]) {
        reader->error = "a \\ stands at the end";
        return;
    }
    put(reader, reader->at[1]);
    reader->at += 2;
}

/* Whether @p byte ends a word. */
static bool ends_word(char byte)
{
    return byte == '\0' || strchr(" \t\r\n;&", byte);
}

static void take_word(struct reader *reader)
{
    struct words *words = reader->words;

    if (words->count == WORDS_MOST) {
        reader->error = "the command has more than 32 words";
        return;
    }
    words->argv[words->count++] = words->text + reader->used;
    while (!reader->error && !ends_word(*reader->at)) {
        if (*reader->at == '\'')
            take_single_quoted(reader);
        else if (*reader->at == '"')
            take_double_quoted(reader);
        else if (*reader->at == '\\')
            take_escaped(reader);
        else if (at_status(reader))
            put_status(reader);
        else
            put(reader, *reader->at++);
    }
    put(reader, '\0');
}

static void skip_blanks(struct reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r')
        reader->at++;
    if (*reader->at == '#')
        while (*reader->at && *reader->at != '\n')
            reader->at++;
}

/* Takes the words up to the command's end, and what ended it. */
static void take_command(struct reader *reader)
{
    for (;;) {
        skip_blanks(reader);
        if (ends_word(*reader->at))
            break;
        take_word(reader);
        if (reader->error)
            return;
    }
    if (*reader->at == '&') {
        reader->words->background = true;
        if (reader->words->count == 0)
            reader->error = "a & has no command before it";
    }
    if (*reader->at)
        reader->at++;
}

enum words_result words_next(const char **at, int last_status, struct words *words,
                             const char **error)
{
    struct reader reader = {.at = *at, .words = words, .last_status = last_status};

    words->count = 0;
    words->background = false;
    do {
        take_command(&reader);
    } while (!reader.error && words->count == 0 && *reader.at);

    *at = reader.at;
    *error = reader.error;
    if (reader.error)
        return WORDS_ERROR;
    words->argv[words->count] = NULL;
    return words->count > 0 ? WORDS_COMMAND : WORDS_END;
}
