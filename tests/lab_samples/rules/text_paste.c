/* A word that is built by a macro.
 *
 * rejected: a macro with # or ## builds words that no check sees: write them out [lint:lab-paste]
 * rule off: lab-paste
 */
#ifdef WRONG
#define PASTE(a, b) a##b
static inline void *frame(void)
{
    return PASTE(_, _builtin_frame_address)(0);
}
#else
#define CALL(a, b) a(b)
static const int one __attribute__((unused)) = CALL(sizeof, int);
#endif
