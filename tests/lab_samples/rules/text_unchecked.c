/* UNCHECKED, which switches the analysis off.
 *
 * rejected: UNCHECKED switches the analysis of ownership off
 * rejected: TSA is for own.h
 * rule off: lab-unchecked
 */
#include "own.h"

#ifdef WRONG
static inline void one(void) UNCHECKED;
static inline void one(void)
{
}
static inline void two(void) TSA(no_thread_safety_analysis);
static inline void two(void)
{
}
#else
static inline void one(void) REQUIRES(may_park);
static inline void one(void)
{
}
#endif
