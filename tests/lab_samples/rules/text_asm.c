/* Assembly outside of functions; the lint for all cells looks for it in the first column only.
 *
 * rejected: inline assembly: the nucleus has what needs it [lint:lab-assembly]
 * rule off: lab-assembly
 */
#ifdef WRONG
static const int one __attribute__((unused)) = 1; asm(".equ thing, 3");
#else
static const int one __attribute__((unused)) = 1;
#endif
