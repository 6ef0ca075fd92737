/* Steps of the boot that live beside what they prepare. */
#ifndef NUCLEUS_BOOT_H
#define NUCLEUS_BOOT_H

#include <stdint.h>

#include "nucleus/address.h"

#define MAX_RAMS 4u

/** machine.c: finds the device that ends the machine, so that failures have a status from then on. */
void machine_find_exit(void);
/** machine.c: a range of RAM, for the memory map. */
void machine_note_ram(paddr base, uint64_t bytes);
void machine_note_entry(uint64_t instructions);
void machine_note_loaded(void);

#endif
