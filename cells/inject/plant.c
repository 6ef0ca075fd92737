/* The other half of the command fault, for which that loads this cell: a fault in the text of any cell, once. */
#include "command.h"
#include "console.h"
#include "inject.h"
#include "text.h"

/* scause of the kinds that an instruction anywhere can seem to have done, and its stval. */
static const struct {
    const char *name;
    uint64_t cause, value;
} causes[] = {
    {"null", 13, 8}, {"load", 13, 0x123456780}, {"store", 15, 0x123456780}, {"illegal", 2, 0},
};
#define CAUSES (sizeof causes / sizeof causes[0])

/* The function @p name, static ones too, in the text of @p cell. */
static bool function_find(const char *cell, const char *name, struct symbol_info *info)
{
    struct section_info text;
    unsigned i = 0;

    do {
        if (!cell_section(cell, i++, &text))
            return false;
    } while (strcmp(text.access, "rx") != 0);
    for (uint64_t at = text.address; at < text.address + text.bytes;) {
        bool known = symbol_at(at, info) && strcmp(info->cell, cell) == 0;

        if (known && strcmp(info->name, name) == 0)
            return true;
        at = known && info->address + info->bytes > at ? info->address + info->bytes : at + 2;
    }
    return false;
}

/* Takes "CELL:FUNCTION+OFFSET" apart. @return false: it is none. */
static bool place_split(char *place, char **function, uint64_t *offset)
{
    char *colon = strchr(place, ':'), *plus;

    if (!colon)
        return false;
    *colon = '\0';
    *function = colon + 1;
    plus = strchr(*function, '+');
    *offset = 0;
    if (!plus)
        return true;
    *plus = '\0';
    return string_to_u64(plus + 1, offset);
}

static int place_is_wrong(const char *place) REQUIRES(may_park);
static int place_is_wrong(const char *place)
{
    print("fault: %s is no place: self, or CELL:FUNCTION, or CELL:FUNCTION+OFFSET\n", place);
    return 2;
}

static int plant(uint64_t pc, unsigned kind, const char *place) REQUIRES(may_park);
static int plant(uint64_t pc, unsigned kind, const char *place)
{
    switch (fault_plant(pc, causes[kind].cause, causes[kind].value)) {
    case OK:
        print("fault: whoever comes to %s next, faults\n", place);
        return 0;
    case ERR_EXISTS:
        print("fault: one is planted already; `fault off` takes it back\n");
        return 1;
    case ERR_BUSY:
        print("fault: a load or swap is under way; try again\n");
        return 1;
    default:
        print("fault: no instruction that can fault begins at %s\n", place);
        return 1;
    }
}

static int run_plant(int argc, char **argv)
{
    char whole[CELL_NAME_ROOM + SYMBOL_NAME_ROOM + 24], *function;
    struct symbol_info symbol;
    uint64_t offset;
    unsigned i = 0;

    role_assert_may_park();
    if (argc == 2 && strcmp(argv[1], "off") == 0) {
        print(fault_unplant() ? "fault: taken back\n" : "fault: none is planted\n");
        return 0;
    }
    if (argc != 3) {
        print("usage: plant KIND CELL:FUNCTION[+OFFSET] | plant off\n");
        return 2;
    }
    if (!string_copy(whole, sizeof whole, argv[2]) || !place_split(argv[2], &function, &offset))
        return place_is_wrong(whole);
    while (i < CAUSES && strcmp(causes[i].name, argv[1]) != 0)
        i++;
    if (i == CAUSES) {
        print("fault: %s cannot be planted elsewhere; null, load, store and illegal can\n", argv[1]);
        return 2;
    }
    if (!function_find(argv[2], function, &symbol)) {
        print("fault: there is no function %s in a loaded cell %s; see symbols\n", function,
              argv[2]);
        return 1;
    }
    return plant(symbol.address + offset, i, whole);
}

COMMAND(plant, .run = run_plant, .usage = "plant KIND CELL:FUNCTION[+OFFSET] | plant off",
        .help = "Plants a fault in the text of a cell, or takes it back: `fault KIND PLACE`.\n"
                "\n"
                "The command fault loads this cell, and says more.");
