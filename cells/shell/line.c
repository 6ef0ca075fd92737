/* The line editor: keys and text. What the screen shows is screen.c's affair. A byte changes the
 * text and the cursor here, then the screen is brought up to date in one of three ways: append
 * (the common case: a character typed at the end), move (only the cursor), or redraw. */
#include "line.h"

#include "nucleus/string.h"
#include "screen.h"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE 0x7f

/* Whether @p byte continues a UTF-8 character rather than beginning one. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static unsigned before(const struct line *line, unsigned at)
{
    do
        at--;
    while (at > 0 && continues(line->text[at]));
    return at;
}

static unsigned behind(const struct line *line, unsigned at)
{
    do
        at++;
    while (at < line->length && continues(line->text[at]));
    return at;
}

static unsigned word_before(const struct line *line)
{
    unsigned at = line->cursor;

    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

static unsigned word_behind(const struct line *line)
{
    unsigned at = line->cursor;

    while (at < line->length && line->text[at] == ' ')
        at++;
    while (at < line->length && line->text[at] != ' ')
        at++;
    return at;
}

void line_init(struct line *line, const char *prompt)
{
    (void)string_copy(line->prompt, sizeof line->prompt, prompt);
}

void line_start(struct line *line)
{
    line->length = line->cursor = 0;
    line->text[0] = '\0';
    line->browsed = line->tabs = line->character_bytes = 0;
    line->mode = MODE_TEXT;
    line_show(line);
}

void line_insert(struct line *line, const char *text, unsigned bytes)
{
    bool at_end = line->cursor == line->length;

    if (bytes > LINE_BYTES - line->length) {
        line_bell(line);
        return;
    }
    memmove(line->text + line->cursor + bytes, line->text + line->cursor,
            line->length - line->cursor + 1);
    memcpy(line->text + line->cursor, text, bytes);
    line->cursor += bytes;
    line->length += bytes;
    if (at_end)
        screen_append(line, bytes);
    else
        screen_redraw(line);
}

/* Deletes the bytes from @p from up to @p to; the cursor goes there. */
static void erase(struct line *line, unsigned from, unsigned to)
{
    if (from == to) {
        line_bell(line);
        return;
    }
    memmove(line->text + from, line->text + to, line->length - to + 1);
    line->length -= to - from;
    line->cursor = from;
    screen_redraw(line);
}

static void move_to(struct line *line, unsigned cursor)
{
    line->cursor = cursor;
    screen_move(line);
}

static void replace(struct line *line, const char *text)
{
    line->length = line->cursor = (unsigned)strlen(text);
    memcpy(line->text, text, line->length + 1);
    screen_redraw(line);
}

/* Shows the line entered @p back lines ago; 0 is the one that is being written. */
static void browse(struct line *line, unsigned back)
{
    const char *text = back == 0 ? line->own : history_line(&line->history, back);

    if (!text) {
        line_bell(line);
        return;
    }
    if (line->browsed == 0)
        memcpy(line->own, line->text, line->length + 1);
    line->browsed = back;
    replace(line, text);
}

static void go_left(struct line *line)
{
    if (line->cursor > 0)
        move_to(line, before(line, line->cursor));
}

static void go_right(struct line *line)
{
    if (line->cursor < line->length)
        move_to(line, behind(line, line->cursor));
}

static void go_older(struct line *line)
{
    browse(line, line->browsed + 1);
}

static void go_newer(struct line *line)
{
    if (line->browsed > 0)
        browse(line, line->browsed - 1);
}

static void delete_under_cursor(struct line *line)
{
    erase(line, line->cursor,
          line->cursor < line->length ? behind(line, line->cursor) : line->cursor);
}

static void delete_before_cursor(struct line *line)
{
    erase(line, line->cursor > 0 ? before(line, line->cursor) : 0, line->cursor);
}

/* The keys that send ESC [ LETTER or ESC O LETTER; with a modifier (as in ESC [ 1 ; 5 C) by
 * words. */
static void take_letter_key(struct line *line, char letter)
{
    bool modified = line->parameter_done;

    if (letter == 'A')
        go_older(line);
    else if (letter == 'B')
        go_newer(line);
    else if (letter == 'C' && modified)
        move_to(line, word_behind(line));
    else if (letter == 'C')
        go_right(line);
    else if (letter == 'D' && modified)
        move_to(line, word_before(line));
    else if (letter == 'D')
        go_left(line);
    else if (letter == 'H')
        move_to(line, 0);
    else if (letter == 'F')
        move_to(line, line->length);
}

/* The keys that send ESC [ NUMBER ~ (VT220). */
static void take_number_key(struct line *line)
{
    if (line->parameter == 1 || line->parameter == 7)
        move_to(line, 0);
    else if (line->parameter == 4 || line->parameter == 8)
        move_to(line, line->length);
    else if (line->parameter == 3)
        delete_under_cursor(line);
}

/* A control sequence (ECMA-48, 5.4): parameters, then one final byte from @ to ~. */
static void take_csi(struct line *line, char byte)
{
    if (byte >= '0' && byte <= '9') {
        if (!line->parameter_done && line->parameter < 1000)
            line->parameter = line->parameter * 10 + (unsigned)(byte - '0');
    } else if (byte == ';') {
        line->parameter_done = true;
    } else if (byte >= '@' && byte <= '~') {
        line->mode = MODE_TEXT;
        if (byte == '~')
            take_number_key(line);
        else
            take_letter_key(line, byte);
    } else if (byte < ' ' || byte > '~') {
        line->mode = MODE_TEXT; /* no control sequence: forget it */
    }
}

static void take_escape(struct line *line, char byte)
{
    line->parameter = 0;
    line->parameter_done = false;
    line->mode = MODE_TEXT;
    if (byte == '[')
        line->mode = MODE_CSI;
    else if (byte == 'O')
        line->mode = MODE_SS3;
    else if (byte == 'b')
        move_to(line, word_before(line));
    else if (byte == 'f')
        move_to(line, word_behind(line));
    else if (byte == DELETE)
        erase(line, word_before(line), line->cursor);
}

/* The cursor keys of a terminal in application mode. */
static void take_ss3(struct line *line, char byte)
{
    line->mode = MODE_TEXT;
    take_letter_key(line, byte);
}

/* Bytes that a character beginning with @p byte has; 0: no character begins so (RFC 3629, 4). */
static unsigned character_length(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    if (byte < 0xc2 || byte > 0xf4)
        return 0;
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Collects a character of several bytes, so that the line never holds half of one. */
static void take_text(struct line *line, char byte)
{
    if (line->character_bytes > 0 && !continues(byte)) {
        line->character_bytes = 0;
        line_bell(line);
    }
    if (line->character_bytes == 0) {
        line->character_needs = character_length((unsigned char)byte);
        if (line->character_needs == 0) {
            line_bell(line);
            return;
        }
    }
    line->character[line->character_bytes++] = byte;
    if (line->character_bytes < line->character_needs)
        return;
    line->character_bytes = 0;
    line_insert(line, line->character, line->character_needs);
}

static enum line_event enter(struct line *line, char byte)
{
    line->after_return = byte == '\r';
    line_leave(line, "");
    history_add(&line->history, line->text);
    return LINE_ENTERED;
}

static enum line_event take_control(struct line *line, char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return enter(line, byte);
    case '\t':
        line->tabs++;
        return LINE_COMPLETE;
    case '\x1b':
        line->mode = MODE_ESCAPE;
        break;
    case CONTROL('A'):
        move_to(line, 0);
        break;
    case CONTROL('B'):
        go_left(line);
        break;
    case CONTROL('C'):
        return LINE_INTERRUPTED;
    case CONTROL('D'):
        if (line->length == 0)
            return LINE_END;
        delete_under_cursor(line);
        break;
    case CONTROL('E'):
        move_to(line, line->length);
        break;
    case CONTROL('F'):
        go_right(line);
        break;
    case CONTROL('H'):
    case DELETE:
        delete_before_cursor(line);
        break;
    case CONTROL('K'):
        erase(line, line->cursor, line->length);
        break;
    case CONTROL('L'):
        screen_clear(line);
        break;
    case CONTROL('N'):
        go_newer(line);
        break;
    case CONTROL('P'):
        go_older(line);
        break;
    case CONTROL('U'):
        erase(line, 0, line->cursor);
        break;
    case CONTROL('W'):
        erase(line, word_before(line), line->cursor);
        break;
    default:
        line_bell(line);
    }
    return LINE_EDITED;
}

enum line_event line_take(struct line *line, char byte)
{
    bool control = (unsigned char)byte < ' ' || byte == DELETE;
    bool after_return = line->after_return;

    line->after_return = false;
    if (byte == '\n' && after_return)
        return LINE_EDITED;
    if (byte != '\t')
        line->tabs = 0;
    if (control)
        line->character_bytes = 0;
    if (control && !(line->mode == MODE_ESCAPE && byte == DELETE))
        line->mode = MODE_TEXT; /* a sequence that was cut short must not swallow a Ctrl-C */

    if (line->mode == MODE_ESCAPE)
        take_escape(line, byte);
    else if (line->mode == MODE_CSI)
        take_csi(line, byte);
    else if (line->mode == MODE_SS3)
        take_ss3(line, byte);
    else if (control)
        return take_control(line, byte);
    else
        take_text(line, byte);
    return LINE_EDITED;
}
