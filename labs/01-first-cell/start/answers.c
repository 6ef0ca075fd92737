/* Lab 1, step 4: your answers. The handout has the questions. */
#include "answers.h"
#include "cell.h"

EXPORT const char *answers_to(unsigned number)
{
    switch (number) {
    case 1:
        return "";
    case 2:
        return "";
    case 3:
        return "";
    case 4:
        return "";
    default:
        return "";
    }
}

CELL(.name = "answers", .version = "1.0", .summary = "What was found out in lab 1", .provides = "answers");
