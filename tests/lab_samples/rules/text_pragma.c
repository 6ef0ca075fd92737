/* Pragmas, which switch warnings off.
 *
 * rejected: #pragma changes how the compiler checks: leave it out
 * rejected: _Pragma changes how the compiler checks: leave it out
 * rule off: lab-pragma
 */
#ifdef WRONG
#pragma GCC diagnostic ignored "-Wconversion"
_Pragma("GCC diagnostic ignored \"-Wshadow\"")
#else
static const int one __attribute__((unused)) = 1;
#endif
