/* Formatted text (abi/nucleus/format.h): one pass over the text, byte by byte into the buffer. What
 * does not fit is counted and dropped, so the length is that of the whole. */
#include "nucleus/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/string.h"

#define WIDTH_MOST 100000

struct output {
    char *to;
    size_t room, length;
};

/* One conversion: %[-0][width][.precision][length]letter */
struct conversion {
    bool left, zero;
    int width, precision; /* precision: -1 for none */
    int length;           /* bytes of the argument, of an integer */
};

static void put(struct output *out, char byte)
{
    if (out->length < out->room)
        out->to[out->length] = byte;
    out->length++;
}

static void put_times(struct output *out, char byte, int times)
{
    while (times-- > 0)
        put(out, byte);
}

/* Prefix, zeros and text, with blanks on the side where they belong. */
static void put_field(struct output *out, const struct conversion *how, const char *prefix,
                      int zeros, const char *text, int length)
{
    int blanks = how->width - (int)strlen(prefix) - zeros - length;

    if (!how->left)
        put_times(out, ' ', blanks);
    while (*prefix)
        put(out, *prefix++);
    put_times(out, '0', zeros);
    while (length-- > 0)
        put(out, *text++);
    if (how->left)
        put_times(out, ' ', blanks);
}

static void put_string(struct output *out, const struct conversion *how, const char *text)
{
    int length = 0;

    if (!text)
        text = "(null)";
    while ((how->precision < 0 || length < how->precision) && text[length])
        length++;
    put_field(out, how, "", 0, text, length);
}

static void put_number(struct output *out, const struct conversion *how, const char *prefix,
                       uint64_t value, unsigned base, const char *digits)
{
    char text[20], *end = text + sizeof text, *start = end;
    int wanted = how->precision >= 0 ? how->precision : 1, zeros;

    if (how->precision < 0 && how->zero && !how->left && how->width > (int)strlen(prefix))
        wanted = how->width - (int)strlen(prefix);
    for (; value > 0; value /= base)
        *--start = digits[value % base];
    zeros = wanted - (int)(end - start);
    put_field(out, how, prefix, zeros > 0 ? zeros : 0, start, (int)(end - start));
}

static void put_integer(struct output *out, const struct conversion *how, char letter,
                        uint64_t value)
{
    int unused = 64 - 8 * how->length;
    int64_t number = (int64_t)(value << unused) >> unused;

    if (letter == 'd' || letter == 'i')
        put_number(out, how, number < 0 ? "-" : "",
                   number < 0 ? -(uint64_t)number : (uint64_t)number, 10, "0123456789");
    else
        put_number(out, how, "", value << unused >> unused, letter == 'u' ? 10 : 16,
                   letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef");
}

/* Reads a run of digits; absurd widths are cut, so that nothing overflows. */
static const char *number_parse(const char *text, int *value)
{
    *value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (*value < WIDTH_MOST)
            *value = *value * 10 + (*text - '0');
    }
    return text;
}

static const char *length_parse(const char *text, int *length)
{
    bool twice = text[0] && text[1] == text[0];

    *length = sizeof(int);
    if (*text == 'h')
        *length = twice ? sizeof(char) : sizeof(short);
    else if (*text == 'l' || *text == 'z')
        *length = sizeof(long);
    else
        return text;
    return text + (twice ? 2 : 1);
}

/* @p text stands behind the percent sign. @return the conversion's letter. */
static const char *conversion_parse(const char *text, struct conversion *how, va_list *arguments)
{
    *how = (struct conversion){.precision = -1};
    for (; *text == '-' || *text == '0'; text++) {
        how->left |= *text == '-';
        how->zero |= *text == '0';
    }
    if (*text == '*') {
        how->width = va_arg(*arguments, int);
        text++;
        if (how->width < 0) {
            how->left = true;
            how->width = how->width < -WIDTH_MOST ? WIDTH_MOST : -how->width;
        }
    } else {
        text = number_parse(text, &how->width);
    }
    if (*text == '.' && text[1] == '*') {
        how->precision = va_arg(*arguments, int);
        text += 2;
    } else if (*text == '.') {
        text = number_parse(text + 1, &how->precision);
    }
    return length_parse(text, &how->length);
}

/* Does what @p letter says. @return false: it is none of ours. */
static bool convert(struct output *out, struct conversion *how, char letter, va_list *arguments)
{
    switch (letter) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
        put_integer(out, how, letter,
                    how->length > 4 ? va_arg(*arguments, unsigned long)
                                    : va_arg(*arguments, unsigned));
        return true;
    case 'c':
        put_field(out, how, "", 0, (char[]){(char)va_arg(*arguments, int)}, 1);
        return true;
    case 's':
        put_string(out, how, va_arg(*arguments, const char *));
        return true;
    case 'p':
        how->precision = 16;
        put_number(out, how, "0x", (uint64_t)va_arg(*arguments, void *), 16, "0123456789abcdef");
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

size_t format_list(char *to, size_t room, const char *text, va_list arguments)
{
    struct output out = {.to = to, .room = room};
    va_list rest;

    va_copy(rest, arguments);
    while (*text) {
        const char *start = text;
        struct conversion how;

        if (*text != '%') {
            put(&out, *text++);
            continue;
        }
        text = conversion_parse(text + 1, &how, &rest);
        if (*text && convert(&out, &how, *text, &rest)) {
            text++;
            continue;
        }
        while (start < text) /* not understood: shown as it stands */
            put(&out, *start++);
    }
    va_end(rest);
    if (room > 0)
        to[out.length < room ? out.length : room - 1] = '\0';
    return out.length;
}

size_t format(char *to, size_t room, const char *text, ...)
{
    va_list arguments;
    size_t length;

    va_start(arguments, text);
    length = format_list(to, room, text, arguments);
    va_end(arguments);
    return length;
}
