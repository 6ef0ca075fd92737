#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

size_t words_bytes(int argc, char **argv);

#endif
