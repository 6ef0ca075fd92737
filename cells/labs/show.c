/* Labs, steps and checks as the sets have them, and what was scored. */
#include "show.h"

#include "console.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "state.h"
#include "text.h"

#define COLUMNS 80u

static bool find_lab(uint32_t number, struct lab *lab)
{
    for (unsigned i = 0; set_get("lab", i, lab, sizeof *lab, NULL); i++) {
        if (lab->number == number)
            return true;
    }
    return false;
}

static bool load_checks(const char *command, const char *cell) REQUIRES(may_park);
static bool load_checks(const char *command, const char *cell)
{
    struct why why = {{0}};
    enum status status = cell_load(cell, &why);

    if (status == OK || status == ERR_EXISTS)
        return true;
    print("%s: %s\n", command, why.text[0] ? why.text : status_name(status));
    return false;
}

bool lab_open(const char *command, const char *word, struct lab *lab)
{
    uint64_t number;
    char cell[CELL_NAME_ROOM], file[CELL_NAME_ROOM + 8];
    const char *name;
    const void *image;
    size_t bytes;

    if (!string_to_u64(word, &number) || number == 0 || number > 99) {
        print("%s: a lab has a number, \"%s\" is none; `labs` lists them\n", command, word);
        return false;
    }
    format(cell, sizeof cell, "lab%u_checks", (unsigned)number);
    format(file, sizeof file, "%s.cell", cell);
    if (!archive_get(file, 0, &name, &image, &bytes)) {
        print("%s: there is no lab %u; `labs` lists them\n", command, (unsigned)number);
        return false;
    }
    return load_checks(command, cell) && find_lab((uint32_t)number, lab);
}

void labs_open(void)
{
    char cell[CELL_NAME_ROOM];
    const char *name;
    const void *image;
    size_t bytes;

    for (unsigned i = 0; archive_get(NULL, i, &name, &image, &bytes); i++) {
        if (!string_matches(name, "lab*_checks.cell") || strlen(name) >= sizeof cell)
            continue;
        string_copy(cell, strlen(name) - strlen(".cell") + 1, name);
        (void)load_checks("labs", cell);
    }
}

bool lab_check_get(uint32_t lab, unsigned index, struct lab_check *check)
{
    for (unsigned i = 0; set_get("lab_check", i, check, sizeof *check, NULL); i++) {
        if (check->lab == lab && check->number == index + 1)
            return true;
    }
    return false;
}

bool lab_step_get(uint32_t lab, unsigned index, struct lab_step *step)
{
    for (unsigned i = 0; set_get("lab_step", i, step, sizeof *step, NULL); i++) {
        if (step->lab == lab && index-- == 0)
            return true;
    }
    return false;
}

void score_of(uint32_t lab, uint32_t step, struct score *score)
{
    struct lab_check check;
    uint32_t points;

    score->points = score->most = score->run = score->checks = 0;
    for (unsigned i = 0; lab_check_get(lab, i, &check); i++) {
        if (step && check.step != step)
            continue;
        score->checks++;
        score->most += check.points;
        if (!result_find(lab, check.name, &points))
            continue;
        score->run++;
        score->points += points;
    }
}

bool lab_next_step(uint32_t lab, struct lab_step *step)
{
    struct score score;
    bool any = false;

    for (unsigned i = 0; lab_step_get(lab, i, step); i++) {
        any = true;
        score_of(lab, step->number, &score);
        if (score.points < score.most)
            break;
    }
    return any;
}

void show_text(const char *text, unsigned indent)
{
    while (*text) {
        unsigned room = COLUMNS - indent, length = 0, fits = 0;

        for (; text[length] && text[length] != '\n' && length <= room; length++) {
            if (text[length] == ' ')
                fits = length;
        }
        if (length > room)
            length = fits ? fits : room;
        print("%*s%.*s\n", (int)indent, "", (int)length, text);
        text += length;
        text += *text == ' ' || *text == '\n';
    }
}
