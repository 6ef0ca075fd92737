/* Code that only one of the compilers sees.
 *
 * rejected: #ifndef __clang__: what depends on the compiler is checked by one and compiled by another
 * rejected: __clang__: names that begin with __
 * rule off: lab-condition
 * rule off: lab-compiler-name
 * rule off: lab-two-readings
 */
#ifdef WRONG
#ifndef __clang__
static const int one __attribute__((unused)) = 1;
#endif // clang
#else
#if defined(SNIPPET_TALKS) && SNIPPET_TALKS > 1
static const int one __attribute__((unused)) = 1;
#endif // talks
#endif
