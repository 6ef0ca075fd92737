/* Another spelling of #, which a search for directives does not know.
 *
 * rejected: %: is another spelling of [ ] { } or #: write that
 * rule off: lab-digraph
 */
#ifdef WRONG
%:define ONE 1
#else
#define ONE 1
#endif
