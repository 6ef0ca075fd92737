/* The command symbols: the exported functions. */
#include "commands.h"
#include "inspect.h"
#include "text.h"

static void symbol_to_json(struct json *json, const struct symbol_info *symbol)
{
    json_object(json, NULL);
    json_text(json, "name", symbol->name);
    json_text(json, "cell", symbol->cell);
    json_address(json, "address", symbol->address);
    json_number(json, "bytes", symbol->bytes);
    json_end(json);
}

static void print_symbol(const struct symbol_info *symbol) REQUIRES(may_park);
static void print_symbol(const struct symbol_info *symbol)
{
    print("0x%016llx %6llu %-14s %s\n", (unsigned long long)symbol->address,
          (unsigned long long)symbol->bytes, symbol->cell, symbol->name);
}

static int run_symbols(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    const char *pattern = argc > 1 ? argv[1] : "*";
    struct symbol_info symbol;
    unsigned found = 0;
    struct json json;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 2))
        return usage_error("symbols");
    json_to_console(&json);
    if (as_json)
        json_array(&json, NULL);
    for (unsigned i = 0; symbol_get(i, &symbol); i++) {
        if (!string_matches(symbol.name, pattern))
            continue;
        if (as_json)
            symbol_to_json(&json, &symbol);
        else
            print_symbol(&symbol);
        found++;
    }
    if (as_json) {
        json_end(&json);
        json_finish(&json);
    }
    if (found > 0 || as_json)
        return 0;
    print("symbols: no exported function matches %s\n", pattern);
    return 1;
}

COMMAND(symbols, .run = run_symbols, .usage = "symbols [PATTERN] [--json]",
        .help = "Lists the functions that cells can call.\n"
                "\n"
                "Shown are address, bytes, cell and name. In PATTERN * stands for any run of\n"
                "characters and ? for one. Private functions are not listed, but what ADDRESS\n"
                "names them.");
