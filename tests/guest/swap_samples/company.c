/* What comes with the second version of swap_samples, and needs it (swap_samples.h). */
#include "swap_samples.h"
#include "cell.h"

EXPORT unsigned company_calls(void)
{
    return samples_version();
}

EXPORT unsigned company_points(void)
{
    unsigned (*volatile pointer)(void) = samples_version;

    return pointer();
}

CELL(.name = "swap_company", .version = "1.0", .summary = "Comes with the second swap_samples, and calls it");
