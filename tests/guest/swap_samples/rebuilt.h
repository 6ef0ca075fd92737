/* Read before the first line of a source: its cell calls itself version 1.1, whatever the source says. */
#ifndef SWAP_SAMPLES_REBUILT_H
#define SWAP_SAMPLES_REBUILT_H

#include "cell.h"

#undef CELL
#define CELL(...)                                                                                  \
    _Pragma("GCC diagnostic ignored \"-Woverride-init\"") static const struct cell_manifest        \
        cell_manifest_ __attribute__((section(".cell.manifest"), used)) = {                        \
            .abi_version = CELL_ABI_VERSION, __VA_ARGS__, .version = "1.1"}

#endif
