/* A text that some tools end elsewhere than others.
 *
 * rejected: R"..." is not read alike by all tools: write "..." [lint:lab-raw-string]
 * rule off: none, clang does not know the form
 */
#ifdef WRONG
static const char one[] __attribute__((unused)) = R"(one)";
#else
static const char one[] __attribute__((unused)) = "one";
#endif
