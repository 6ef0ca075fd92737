/**
 * @file names.h
 * The names that the shell knows: commands, cells, exported functions.
 */
#ifndef MITOS_SHELL_NAMES_H
#define MITOS_SHELL_NAMES_H

#include "own.h"

struct shell;

/** Completes the word before the cursor; a second Tab in a row lists what could stand there. */
void names_complete(struct shell *shell) REQUIRES(may_park);
/** Says that there is no command @p name, and what could be meant. */
void names_explain_unknown(const char *name) REQUIRES(may_park);

#endif
