/* What the unwind tables refer to. A fault does not unwind yet, it ends its task; so no landing pad is
 * ever entered, and neither of these is ever called. */
#include "nucleus/machine.h"
#include "nucleus/runtime.h"

void __gcc_personality_v0(void)
{
    panic("the personality routine was called");
}

void _Unwind_Resume(void *exception)
{
    panic("a landing pad was entered (%p), and no unwinding is under way", exception);
}
