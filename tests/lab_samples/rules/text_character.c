/* A backslash in a name is another spelling of a letter.
 *
 * rejected: '\\' outside of a text, or a quote without its partner [lint:lab-character]
 * rule off: none, the compilers refuse it, too
 */
#ifdef WRONG
static const int on\u0065 __attribute__((unused)) = 1;
#else
static const int one __attribute__((unused)) = 1;
#endif
