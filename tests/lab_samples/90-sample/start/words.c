#include "words.h"

#include "nucleus/string.h"

size_t words_bytes(int argc, char **argv)
{
    size_t bytes = 0;

    for (int i = 1; i < argc; i++)
        bytes += strlen(argv[i]);
    return bytes;
}
