/* A contribution to a set that is not for students: a driver is called with a device.
 *
 * rejected: driver: this part may not contribute to this set, only to: command
 * rule off: this part may not contribute to this set
 */
#include "command.h"

static int use(int argc, char **argv)
{
    return argc + argv[0][0];
}

#ifdef WRONG
CELL_SET_ENTRY(driver, struct command, mine) = {.name = "virtio,mmio", .run = use};
#else
COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
#endif
