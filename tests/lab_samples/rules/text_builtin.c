/* The compiler's own functions, which reach frames, other tasks' stacks, and jump.
 *
 * rejected: __builtin_frame_address: names that begin with __ or with _ and a capital are the compiler's own
 * rule off: lab-compiler-name
 */
#ifdef WRONG
static inline void *frame(void)
{
    return __builtin_frame_address(0);
}
#else
static inline const char *frame(void)
{
    return __func__;
}
#endif
