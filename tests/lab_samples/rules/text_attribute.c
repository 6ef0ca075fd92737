/* An attribute that puts data or code elsewhere, or runs it unasked; also by way of a macro.
 *
 * rejected: __attribute__((section)): a part of a lab uses only these
 * rejected: __attribute__((constructor)): a part
 * rejected: pure is an attribute's name: choose another one for the macro
 * rule off: lab-attribute
 * rule off: constructor or destructor
 */
#ifdef WRONG
#define pure weak
static const int one __attribute__((section(".rodata.x"), unused)) = 1;
__attribute__((constructor)) static void run(void)
{
}
#else
static const int one __attribute__((unused)) = 1;
#endif
