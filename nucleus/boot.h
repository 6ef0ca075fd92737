/* Steps of the boot that live beside what they prepare. */
#ifndef NUCLEUS_BOOT_H
#define NUCLEUS_BOOT_H

#include <stdint.h>

#include "nucleus/memory_map.h"

/** machine.c: finds the device that ends the machine, so that failures have a status from then on. */
void machine_find_exit(void);
/** machine.c: adds virtual addresses from .. to - 1 of the direct map to the memory map. */
void memory_note(uint64_t from, uint64_t to, enum memory_access access);
void machine_note_entry(uint64_t instructions);
void machine_note_loaded(void);

#endif
