/**
 * @file driver.h
 * Which devices a cell drives, so that a device found in the device tree leads to its cell.
 */
#ifndef MITOS_DRIVER_H
#define MITOS_DRIVER_H

#include "cell.h"

struct driver {
    const char *compatible; /* as in the device tree: "ns16550a" */
};

#define DRIVER(ident, compatible_string)                                                           \
    CELL_SET_ENTRY(driver, struct driver, ident) = {.compatible = compatible_string}

#endif
