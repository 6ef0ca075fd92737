/**
 * @file nucleus/runtime.h
 * Functions that GCC calls by itself on rv64imac (its libgcc interface), supplied by the nucleus with
 * unwind tables. Not for calling by hand. Others (128-bit division, 1- and 2-byte atomics, floating
 * point) are refused by pack: write the code without them.
 */
#ifndef MITOS_NUCLEUS_RUNTIME_H
#define MITOS_NUCLEUS_RUNTIME_H

int __popcountdi2(long value);
int __ctzdi2(long value);
int __clzdi2(long value);
int __ffsdi2(long value);
unsigned int __bswapsi2(unsigned int value);
unsigned long __bswapdi2(unsigned long value);
void __gcc_personality_v0(void);
_Noreturn void _Unwind_Resume(void *exception);

#endif
