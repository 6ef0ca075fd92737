/**
 * @file lab.h
 * Interface `lab`: what the shell for labs does for a student's cell. Provider: labs.
 */
#ifndef MITOS_LAB_H
#define MITOS_LAB_H

#include <stddef.h>

#include "own.h"
#include "status.h"
#include "task.h"

/** console_write_step() of a part of a lab: pack binds this in its place. Says whose output it is. */
MUST_CHECK enum status lab_console_write_step(wait_op *op, const char *text, size_t bytes, size_t *done)
    BORROWS_MUT(*op);

#endif
