/* Calls border by the border.h that it is built with. */
#include "border.h"

#include "cell.h"

static bool scale_works(void)
{
#ifdef WITHOUT_SCALE
    return true;
#else
    return border_scale(3, 4) == 12;
#endif
}

EXPORT bool border_user_works(void)
{
    const struct border_item item = {.amount = 2, .price = 5};
    const struct border_list second = {&item, 0}, first = {&item, &second};

    return scale_works() && border_total(&first) == 20 && border_fold(BORDER_SUM, 7, 2) == 9 &&
           border_fold(BORDER_DIFFERENCE, 7, 2) == 5;
}

CELL(.name = "border_user", .version = "1.0", .summary = "Uses border, by one of its interfaces");
