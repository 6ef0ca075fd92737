/* `pack explain`: what differs between the types that two cells tell of. */
#define TYPES_COMPARE_HERE
#include "../types_say.h"
#include "signatures.h"

#include <string.h>

struct side {
    struct object object;
    struct types_span text; /* behind its first line */
};

struct output {
    bool json;
    unsigned count;
};

/* Whether @p path is no cell, but a text by itself: that of `pack signatures`. */
static bool is_text(struct side *side, const char *path)
{
    uint8_t *bytes;
    size_t length;

    if (!file_exists(path) || !file_read(path, &bytes, &length) ||
        !types_open(bytes, length, &side->text))
        return false;
    side->object.manifest = (struct manifest){"", "", "", "", false};
    return true;
}

static bool side_read(struct side *side, const char *path)
{
    const struct section *section;

    if (is_text(side, path))
        return true;
    if (!object_read(&side->object, path))
        return false;
    manifest_check(&side->object);
    section = section_find(&side->object, SECTION_TYPES);
    if (section && section->bytes &&
        types_open(section->bytes, section->header.sh_size, &side->text))
        return side->object.findings == 0;
    finding_add(&side->object, path, SECTION_TYPES, "missing, or not what pack makes");
    return false;
}

static void print_json(const struct types_difference *difference, unsigned number)
{
    void (*const puts[])(struct types_out *, const struct types_difference *) = {
        types_put_item, types_put_type, types_put_part};
    static const char *const keys[] = {"item", "type", "part"};
    const struct types_span texts[] = {difference->from, difference->to};
    char text[512];

    printf("%s\n{", number > 0 ? "," : "");
    for (unsigned i = 0; i < 3; i++) {
        struct types_out out = {text, sizeof text, 0};

        text[0] = '\0';
        puts[i](&out, difference);
        printf("\"%s\":", keys[i]);
        json_print_string(stdout, text);
        printf(",");
    }
    for (unsigned i = 0; i < 2; i++) {
        struct types_out out = {text, sizeof text, 0};

        types_put(&out, texts[i]);
        printf("\"%s\":", i == 0 ? "from" : "to");
        json_print_string(stdout, text);
        printf(i == 0 ? "," : "}");
    }
}

static void tell(void *argument, const struct types_difference *difference)
{
    struct output *output = argument;
    char line[1024];

    if (output->json) {
        print_json(difference, output->count);
    } else {
        types_say(difference, line, sizeof line);
        printf("%s\n", line);
    }
    output->count++;
}

/* Whether one of B's interfaces is one of A's. */
static bool share_interface(const struct manifest *a, const struct manifest *b)
{
    const char *first = NULL, *second;
    char word[64], other[64];

    while (manifest_next_interface(a, &first, word))
        for (second = NULL; manifest_next_interface(b, &second, other);)
            if (strcmp(word, other) == 0)
                return true;
    return false;
}

static int explain(const struct side *a, const struct side *b, bool json)
{
    struct output output = {.json = json};
    struct types_compare compare = {.a = a->text, .b = b->text, .tell = tell, .argument = &output};
    bool differ;

    compare.layouts = a->object.manifest.found && b->object.manifest.found &&
                      strcmp(a->object.manifest.name, b->object.manifest.name) == 0;
    compare.exports =
        compare.layouts || share_interface(&a->object.manifest, &b->object.manifest);
    if (json)
        printf("[");
    differ = types_compare(&compare);
    if (json)
        printf("%s]\n", differ ? "\n" : "");
    return differ ? PACK_REFUSED : PACK_OK;
}

static int explain_run(int argc, char **argv)
{
    static struct side sides[2];
    const char *paths[2];
    int count = 0;
    bool json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (argv[i][0] == '-' || count == 2)
            return usage_error(&explain_command, "%s: unknown option, or one cell too many", argv[i]);
        else
            paths[count++] = argv[i];
    }
    if (count != 2)
        return usage_error(&explain_command, "it takes two cells");
    for (int i = 0; i < 2; i++)
        if (!side_read(&sides[i], paths[i]))
            return PACK_USAGE;
    return explain(&sides[0], &sides[1], json);
}

const struct command explain_command = {
    .name = "explain",
    .usage = "explain A.cell B.cell [--json]",
    .help = "Says what differs between the types of two cells: of functions that both know; when they\n"
            "provide one interface, what only one of them exports; in two versions of a cell state and\n"
            "kinds. One line each: ITEM: TYPE: PART: in A -> in B.\n"
            "A or B may be a text by itself: build/dev/interfaces.types has all interfaces of today.\n"
            "Exit status: 0 nothing differs; 1 something does; 2 wrong use, or not a cell.",
    .run = explain_run,
};
