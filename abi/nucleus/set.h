/**
 * @file nucleus/set.h
 * Named sets: what cells contribute (COMMAND, TEST, DRIVER). Copied out at load, gone with the cell.
 */
#ifndef MITOS_NUCLEUS_SET_H
#define MITOS_NUCLEUS_SET_H

#include <stdbool.h>
#include <stddef.h>

struct cell;

/**
 * Copies entry number @p index of @p set (0, 1, ... in order of load) into @p entry, of @p bytes, which
 * must be the size of the set's type. Function pointers in it are stubs; strings in it live as long as
 * the cell. @p owner may be NULL. @return false past the last entry, or when no such set exists.
 */
bool set_get(const char *set, unsigned index, void *entry, size_t bytes,
             const struct cell **owner);

#endif
