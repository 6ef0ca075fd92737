/* Formatted text (abi/nucleus/format.h), and the explanations of failures (abi/nucleus/why.h). One pass over the
 * text, byte by byte into the buffer. What does not fit is counted and dropped, so the length is that of the whole. */
#include "nucleus/format.h"

#include "nucleus/string.h"
#include "nucleus/why.h"

#define WIDTH_MOST 100000 /* absurd widths are cut, so that nothing overflows */

struct output {
    char *to;
    size_t room, length;
};

/* One conversion, %[-0][width][.precision][length]letter, and what it gives: prefix, zeros, text. */
struct conversion {
    bool zero;
    int width, precision; /* width < 0: it stands left; precision < 0: none */
    int bits;             /* of an integer */
    char letter;
    const char *prefix, *text;
    int zeros, length; /* length: of text */
    char room[20];
};

/* The bytes of @p text, or, with @p step 0, the first one again and again. */
static void put(struct output *out, const char *text, int step, long times)
{
    for (; times > 0; times--, out->length++, text += step) {
        if (out->length < out->room)
            out->to[out->length] = *text;
    }
}

/* @return false: the letter is none of a number. */
static bool number(struct conversion *how, va_list *arguments)
{
    const char *digits = how->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    bool is_signed = how->letter == 'd' || how->letter == 'i';
    bool is_hex = how->letter == 'x' || how->letter == 'X' || how->letter == 'p';
    char *end = how->room + sizeof how->room, *start = end;
    unsigned base = is_hex ? 16 : 10;
    int unused = 64 - how->bits;
    uint64_t value;

    if (!is_signed && !is_hex && how->letter != 'u')
        return false;
    value = how->bits > 32 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
    value <<= unused;
    if (is_signed && value >> 63) {
        how->prefix = "-";
        value = -value;
    }
    for (value >>= unused; value > 0 || (start == end && how->precision < 0); value /= base)
        *--start = digits[value % base];
    how->text = start;
    how->length = (int)(end - start);
    how->zeros = how->precision - how->length;
    if (how->precision < 0 && how->zero)
        how->zeros = how->width - (int)strlen(how->prefix) - how->length;
    return true;
}

/* Reads digits, or takes an argument for a star. */
static const char *number_parse(const char *text, int *value, va_list *arguments)
{
    *value = 0;
    if (*text == '*') {
        *value = va_arg(*arguments, int);
        *value = *value < -WIDTH_MOST ? -WIDTH_MOST : *value;
        return text + 1;
    }
    for (; *text >= '0' && *text <= '9'; text++)
        *value = *value < WIDTH_MOST ? *value * 10 + (*text - '0') : *value;
    return text;
}

/* @p text stands behind the percent sign. @return where the conversion's letter stands. */
static const char *conversion_parse(const char *text, struct conversion *how, va_list *arguments)
{
    bool left = false;

    *how = (struct conversion){.precision = -1, .bits = 32, .prefix = "", .text = "%", .length = 1};
    for (; *text == '-' || *text == '0'; text++) {
        left |= *text == '-';
        how->zero |= *text == '0';
    }
    text = number_parse(text, &how->width, arguments);
    if (left && how->width > 0)
        how->width = -how->width;
    if (*text == '.')
        text = number_parse(text + 1, &how->precision, arguments);
    for (; *text == 'h' || *text == 'l' || *text == 'z'; text++)
        how->bits = *text != 'h' ? 64 : how->bits == 32 ? 16 : 8;
    how->letter = *text;
    if (*text == 'p') {
        how->bits = 64;
        how->precision = 16;
        how->prefix = "0x";
    }
    return text;
}

/* Does what the letter says, with blanks on the side where they belong. @return false: it is none of ours. */
static bool convert(struct output *out, struct conversion *how, va_list *arguments)
{
    long used;

    if (how->letter == 's') {
        how->text = va_arg(*arguments, const char *);
        how->text = how->text ? how->text : "(null)";
        for (how->length = 0; how->length != how->precision && how->text[how->length];)
            how->length++;
    } else if (how->letter == 'c') {
        how->room[0] = (char)va_arg(*arguments, int);
        how->text = how->room;
    } else if (how->letter != '%' && !number(how, arguments)) {
        return false;
    }
    used = (long)strlen(how->prefix) + (how->zeros > 0 ? how->zeros : 0) + how->length;
    put(out, " ", 0, how->width - used);
    put(out, how->prefix, 1, (long)strlen(how->prefix));
    put(out, "0", 0, how->zeros);
    put(out, how->text, 1, how->length);
    put(out, " ", 0, -how->width - used);
    return true;
}

size_t format_list(char *to, size_t room, const char *text, va_list arguments)
{
    struct output out = {.to = to, .room = room};
    struct conversion how;
    va_list rest;

    va_copy(rest, arguments);
    while (*text) {
        const char *end = *text == '%' ? conversion_parse(text + 1, &how, &rest) : text;

        if (end > text && *end && convert(&out, &how, &rest))
            text = end + 1;
        else /* as it stands, also what is not understood */
            put(&out, text++, 1, 1);
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

/* By way of a copy, so that the arguments may be parts of the old text. */
enum status why_set(struct why *why, enum status status, const char *format, ...)
{
    va_list arguments;
    struct why made;

    if (!why)
        return status;
    va_start(arguments, format);
    if (format_list(made.text, sizeof made.text, format, arguments) >= sizeof made.text)
        memcpy(made.text + sizeof made.text - 4, "...", 4);
    va_end(arguments);
    string_copy(why->text, sizeof why->text, made.text);
    return status;
}

void why_prefix(struct why *why, const char *prefix)
{
    if (why)
        why_set(why, OK, "%s: %s", prefix, why->text);
}
