/* A comment without an end: what follows is not looked at.
 *
 * rejected: a comment without an end [lint:lab-comment]
 * rule off: none, the compilers refuse it, too
 */
#ifdef WRONG
static const int one __attribute__((unused)) = 1; /* one
#else
static const int one __attribute__((unused)) = 1;
#endif
