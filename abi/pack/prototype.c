/* What a header says about a function, as text: what it returns, and which macros of own.h stand behind its
 * parameters. The compiler's lists (declared.c) tell neither. */
#include "pack.h"

#include <ctype.h>
#include <string.h>

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Comments and preprocessor lines become blanks, so that what is left is declarations. */
static void blank_out(char *text)
{
    bool line_begins = true;

    for (char *at = text; *at; at++) {
        char *end = at;

        if (strncmp(at, "/*", 2) == 0)
            end = strstr(at, "*/") ? strstr(at, "*/") + 2 : at + strlen(at);
        else if (strncmp(at, "//", 2) == 0)
            end = at + strcspn(at, "\n");
        else if (*at == '#' && line_begins)
            do
                end += strcspn(end, "\n") + 1;
            while (end[-1] && end[-2] == '\\');
        line_begins = *at == '\n' || (line_begins && isspace((unsigned char)*at));
        if (end == at)
            continue;
        if (at[0] == '#')
            end--; /* the line's end stays */
        memset(at, ' ', (size_t)(end - at));
        at = end - 1;
    }
}

/* The text from @p from to @p to, words apart by one blank. */
static char *words_of(const char *from, const char *to)
{
    struct buffer words = {0};

    for (; from < to; from++)
        if (!isspace((unsigned char)*from))
            buffer_add(&words, from, 1);
        else if (words.length > 0 && words.bytes[words.length - 1] != ' ')
            buffer_add(&words, " ", 1);
    if (words.length > 0 && words.bytes[words.length - 1] == ' ')
        words.length--;
    return text_copy((const char *)words.bytes, words.length);
}

/* Whether the name at @p name is being declared, not called; *@p begin is where the declaration begins. */
static bool is_declaration(const char *text, const char *name, size_t length, const char **begin)
{
    const char *open = name + length;
    size_t before;

    if ((name > text && in_word(name[-1])) || in_word(*open))
        return false;
    while (isspace((unsigned char)*open))
        open++;
    *begin = name;
    while (*begin > text && !strchr(";{}", (*begin)[-1]))
        --*begin;
    before = strcspn(*begin, "=("); /* of a function that returns a pointer to one: "void (*NAME(...))" */
    return (*open == '(' && *begin + before > name) ||
           (strncmp(*begin + before, "(*", 2) == 0 && *begin + before + 2 == name);
}

bool prototype_read(const char *path, const char *name, struct prototype *prototype)
{
    uint8_t *bytes;
    size_t length;
    char *text;
    const char *begin;

    if (!file_read(path, &bytes, &length))
        return false;
    text = text_copy((const char *)bytes, length);
    blank_out(text);
    for (const char *at = text; (at = strstr(at, name)); at++) {
        if (!is_declaration(text, at, strlen(name), &begin))
            continue;
        prototype->before = words_of(begin, at);
        prototype->behind = words_of(at + strlen(name), at + strcspn(at, ";{"));
        if (*prototype->before && strcmp(prototype->before, "return") != 0)
            return true;
    }
    return false;
}

bool prototype_has(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at += length)
        if ((at == text || !in_word(at[-1])) && !in_word(at[length]))
            return true;
    return false;
}
