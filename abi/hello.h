/**
 * @file hello.h
 * Interface `hello`: the smallest one there is. Tests look at the call sites that it makes.
 */
#ifndef MITOS_HELLO_H
#define MITOS_HELLO_H

#include <stdint.h>

/** @return @p a + @p b, modulo 2^64. */
uint64_t hello_add(uint64_t a, uint64_t b);

#endif
