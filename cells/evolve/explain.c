/* What differs between two cells' types, for a refusal: as the command explain says it, by the texts that both have. */
#define TYPES_COMPARE_HERE
#include "cell.h"
#include "evolution.h"
#include "nucleus/string.h"
#include "types_object.h"
#include "types_say.h"

#define LINE_ROOM 160u

void explain_add(const struct cell *from, const struct cell *to, const char *what, const char *name, struct why *why)
{
    struct types_compare *work = buffer_take(sizeof *work);
    struct types_span a, b;
    char line[LINE_ROOM];

    if (!work)
        return; /* that they differ is said all the same */
    memset(work, 0, sizeof *work);
    if (types_of_object(from->object, from->object_bytes, &a) && types_of_object(to->object, to->object_bytes, &b) &&
        types_differ(work, a, b, what, name, line, sizeof line))
        why_set(why, OK, "%s: %s", why->text, line);
    buffer_give(work, sizeof *work);
}

EXPORT void evolve_explain(const struct cell *user, const struct cell *provider, const char *function, struct why *why)
{
    if (provider && why)
        explain_add(user, provider, "import", function, why);
}
