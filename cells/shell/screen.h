/**
 * @file screen.h
 * How the line editor's text gets to the screen: a terminal that understands ECMA-48 (VT100 and
 * later). Everything here only adds to line->output.
 */
#ifndef MITOS_SHELL_SCREEN_H
#define MITOS_SHELL_SCREEN_H

#include "line.h"

/** The last @p bytes of the text were added at its end. */
void screen_append(struct line *line, unsigned bytes);
/** Only the cursor has changed. */
void screen_move(struct line *line);
/** Everything may have changed. */
void screen_redraw(struct line *line);
/** Clears the whole screen, and draws the line at its top. */
void screen_clear(struct line *line);

#endif
