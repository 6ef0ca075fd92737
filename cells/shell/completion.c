/* The part of completion that needs no names at hand: which word, and what its candidates agree
 * on. The names themselves are walked in names.c. */
#include "completion.h"
#include "text.h"

#include "nucleus/string.h"

/* What the arguments of our commands are. Others get cells and symbols. */
static const struct {
    const char *command;
    unsigned sources;
} argument_names[] = {
    {"cell", NAMES_CELLS},
    {"deps", NAMES_CELLS},
    {"help", NAMES_COMMANDS},
    {"load", NAMES_CELLS | NAMES_FILES},
    {"run", NAMES_CELLS},
    {"symbols", NAMES_SYMBOLS},
    {"swap", NAMES_CELLS | NAMES_FILES},
    {"time", NAMES_COMMANDS},
    {"unload", NAMES_CELLS},
    {"what", NAMES_SYMBOLS},
};

static bool separates_commands(char byte)
{
    return byte == ';' || byte == '&';
}

/* The sources for an argument of the command whose name begins at @p command. */
static unsigned sources_for(const char *command)
{
    for (unsigned i = 0; i < sizeof argument_names / sizeof argument_names[0]; i++) {
        const char *name = argument_names[i].command;

        if (string_starts(command, name) && command[strlen(name)] == ' ')
            return argument_names[i].sources;
    }
    return NAMES_CELLS | NAMES_SYMBOLS;
}

bool completion_begin(struct completion *completion, const struct line *line)
{
    unsigned start = line->cursor;
    unsigned command;

    while (start > 0 && line->text[start - 1] != ' ' && !separates_commands(line->text[start - 1]))
        start--;
    command = start;
    while (command > 0 && !separates_commands(line->text[command - 1]))
        command--;
    while (line->text[command] == ' ')
        command++;

    completion->count = 0;
    completion->common[0] = '\0';
    completion->word_bytes = line->cursor - start;
    if (completion->word_bytes >= COMPLETION_BYTES)
        return false;
    memcpy(completion->word, line->text + start, completion->word_bytes);
    completion->word[completion->word_bytes] = '\0';
    completion->sources = command >= start ? NAMES_COMMANDS : sources_for(line->text + command);
    return true;
}

bool completion_offer(struct completion *completion, const char *name)
{
    unsigned same = 0;

    if (!string_starts(name, completion->word))
        return false;
    if (completion->count++ == 0) {
        string_copy(completion->common, COMPLETION_BYTES, name);
        return true;
    }
    while (completion->common[same] && completion->common[same] == name[same])
        same++;
    completion->common[same] = '\0';
    return true;
}

bool completion_insert(const struct completion *completion, struct line *line)
{
    unsigned common = (unsigned)strlen(completion->common);

    if (completion->count == 0)
        return false;
    if (common > completion->word_bytes)
        line_insert(line, completion->common + completion->word_bytes,
                    common - completion->word_bytes);
    if (completion->count == 1)
        line_insert(line, " ", 1);
    return completion->count == 1 || common > completion->word_bytes;
}
