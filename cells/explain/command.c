/* The command explain. */
#define JSON_WRITER_HERE
#include "command.h"
#include "console.h"
#include "json.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/records.h"
#include "private.h"
#include "text.h"
#include "types_object.h"

#define LINE_ROOM 240u

/* The text of a loaded cell, which may go while it is read: so it is copied, in a second visit. */
struct loaded {
    const char *name;
    bool found;
    size_t bytes; /* of its text; 0: it has none */
    char *copy;   /* NULL: only look how long it is */
};

static bool look(const struct cell *cell, void *argument)
{
    struct loaded *loaded = argument;
    struct types_span text = {0};

    if (!cell->live || cell->zombie || strcmp(cell->manifest.name, loaded->name) != 0)
        return true;
    loaded->found = true;
    if (!types_of_object(cell->object, cell->object_bytes, &text))
        text.bytes = 0;
    if (!loaded->copy)
        loaded->bytes = text.bytes;
    else if (loaded->bytes == text.bytes)
        memcpy(loaded->copy, text.at, text.bytes);
    else
        loaded->found = false; /* it has been replaced meanwhile */
    return false;
}

/* "NAME", or "FOLDER/NAME.cell" as it stands in the archive. Files of the archive stay. */
static bool archived(const char *word, struct types_span *text)
{
    char file[64];
    const char *name;
    const void *object;
    size_t bytes;

    format(file, sizeof file, strchr(word, '/') ? "%s" : "%s.cell", word);
    return archive_get(file, 0, &name, &object, &bytes) && types_of_object(object, bytes, text);
}

static bool is_name_of(const char *word, const char *name)
{
    const char *base = word, *slash;
    size_t length = strlen(name);

    while ((slash = strchr(base, '/')))
        base = slash + 1;
    return strncmp(base, name, length) == 0 && (base[length] == '\0' || base[length] == '.');
}

static void write_json(void *sink, const char *text, size_t bytes)
{
    (void)sink;
    role_assert_may_park(); /* run_explain() has it */
    console_write(text, bytes);
}

static void put_span(struct types_out *out, struct types_span span)
{
    out->bytes = 0;
    out->to[0] = '\0';
    types_put(out, span);
}

static void tell_json(void *argument, const struct types_difference *difference)
{
    struct json *json = argument;
    char text[LINE_ROOM] = "";
    struct types_out out = {text, sizeof text, 0};

    json_object(json, NULL);
    types_put_item(&out, difference);
    json_text(json, "item", text);
    put_span(&out, (struct types_span){text, 0});
    types_put_type(&out, difference);
    json_text(json, "type", text);
    put_span(&out, (struct types_span){text, 0});
    types_put_part(&out, difference);
    json_text(json, "part", text);
    put_span(&out, difference->from);
    json_text(json, "from", text);
    put_span(&out, difference->to);
    json_text(json, "to", text);
    json_end(json);
}

static void tell_line(void *argument, const struct types_difference *difference)
{
    char line[LINE_ROOM];

    (void)argument;
    role_assert_may_park(); /* run_explain() has it */
    types_say(difference, line, sizeof line);
    print("%s\n", line);
}

/* @return the command's status. */
static int compare(struct types_compare *work, bool as_json) REQUIRES(may_park);
static int compare(struct types_compare *work, bool as_json)
{
    struct json json;
    bool differ;

    work->tell = tell_line;
    if (!as_json)
        return types_compare(work) ? 1 : 0;
    json_begin(&json, write_json, NULL);
    json_array(&json, NULL);
    work->tell = tell_json;
    work->argument = &json;
    differ = types_compare(work);
    json_end(&json);
    json_finish(&json);
    return differ ? 1 : 0;
}

static int cannot(const char *what, const char *name) REQUIRES(may_park);
static int cannot(const char *what, const char *name)
{
    print("explain: %s %s\n", what, name);
    return 3;
}

static int explain(struct loaded *old, const char *new, bool as_json) REQUIRES(may_park);
static int explain(struct loaded *old, const char *new, bool as_json)
{
    OWN(scratch) room = {0};
    struct types_compare *work;
    struct types_span text = {0};
    int status;

    cells_visit(look, old);
    if (!old->found || old->bytes == 0)
        return cannot(old->found ? "nothing is told of the types of" : "no cell is loaded that is called", old->name);
    if (!archived(new, &text))
        return cannot("the boot archive has no cell that tells of its types and is called", new);
    if (!scratch_make(&room, sizeof *work + old->bytes))
        return cannot("no memory to compare with", new);
    work = room.bytes;
    memset(work, 0, sizeof *work);
    old->copy = (char *)(work + 1);
    old->found = false;
    cells_visit(look, old);
    work->exports = true;
    work->layouts = is_name_of(new, old->name);
    if (!old->found)
        status = cannot("replaced just now (try again):", old->name);
    else if (!types_open(old->copy, old->bytes, &work->a) || !types_open(text.at, text.bytes, &work->b))
        status = cannot("not in words that this cell understands:", new);
    else
        status = compare(work, as_json);
    scratch_drop(&room);
    return status;
}

static int run_explain(int argc, char **argv)
{
    struct loaded old = {0};
    const char *words[2] = {NULL, NULL};
    bool as_json = false;
    int count = 0;

    role_assert_may_park();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            as_json = true;
        else if (count < 2 && argv[i][0] != '-')
            words[count++] = argv[i];
        else
            count = 3;
    }
    if (count < 1 || count > 2) {
        print("usage: explain OLD [NEW] [--json]\n");
        return 2;
    }
    old.name = words[0];
    return explain(&old, count == 2 ? words[1] : words[0], as_json);
}

COMMAND(explain, .run = run_explain, .usage = "explain OLD [NEW] [--json]",
        .help = "Says what differs in types between a loaded cell and another.\n"
                "\n"
                "OLD is a loaded cell, NEW a name or, with a / in it, a file of the boot archive:\n"
                "FOLDER/NAME.cell; without it, what the archive has as OLD. One line each:\n"
                "ITEM: TYPE: PART: in OLD -> in NEW. State and kinds are compared between\n"
                "versions of one cell only. Status 0: nothing differs, 1: something does,\n"
                "3: cannot tell.");
