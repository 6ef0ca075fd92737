/* What of a lab the commands look up and show. */
#ifndef LABS_SHOW_H
#define LABS_SHOW_H

#include "lab.h"

/** Loads the checks of lab number @p word, unless they are loaded, and finds it. @return false, and said why. */
bool lab_open(const char *command, const char *word, struct lab *lab) REQUIRES(may_park);
/** Loads the checks of all labs in the boot archive. */
void labs_open(void) REQUIRES(may_park);
/** Check number @p index of the lab. @return false past the last. */
bool lab_check_get(uint32_t lab, unsigned index, struct lab_check *check);
bool lab_step_get(uint32_t lab, unsigned index, struct lab_step *step);

/** Points of the checks of a lab, or of one of its steps (0: of all). */
struct score {
    uint32_t points, most, run, checks;
};
void score_of(uint32_t lab, uint32_t step, struct score *score);
/** The first step that has not all its points, or the last. @return false: the lab has no steps. */
bool lab_next_step(uint32_t lab, struct lab_step *step);
/** Prints @p text with @p indent blanks in front of each line, broken at blanks to 80 columns. */
void show_text(const char *text, unsigned indent) REQUIRES(may_park);

#endif
