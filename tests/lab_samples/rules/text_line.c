/* A directive that says that what follows is a header's.
 *
 * rejected: #line: a part of a lab uses only #include, #define, #undef, #if and its like, and #error [lint:lab-directive]
 * rule off: none, what follows would be a header that has changed
 */
#ifdef WRONG
#line 7 "nucleus/address.h"
#else
static const int one __attribute__((unused)) = 1;
#endif
