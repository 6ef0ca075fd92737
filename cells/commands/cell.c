/* The manifest and the state of the cell, and what the commands share. */
#include "commands.h"
#include "inspect.h"
#include "text.h"

#include "nucleus/format.h"

CELL_STATE(struct commands_state);

struct commands_state *commands_state(void)
{
    return &state;
}

bool option_take(int *argc, char **argv, const char *option)
{
    int kept = 0;

    for (int i = 0; i < *argc; i++)
        if (i == 0 || strcmp(argv[i], option) != 0)
            argv[kept++] = argv[i];
    if (kept == *argc)
        return false;
    *argc = kept;
    return true;
}

bool words_fit(int argc, char **argv, int least, int most)
{
    for (int i = 1; i < argc; i++)
        if (string_starts(argv[i], "--"))
            return false;
    return argc >= least && argc <= most;
}

int usage_error(const char *name)
{
    struct command command;

    if (command_find(name, &command, NULL))
        print("usage: %s\n", command.usage);
    return 2;
}

static void write_json(void *sink, const char *text, size_t bytes)
{
    (void)sink;
    role_assert_may_park(); /* json_to_console() required it of whoever writes */
    console_write(text, bytes);
}

void json_to_console(struct json *json)
{
    json_begin(json, write_json, NULL);
}

/* UNCHECKED: this makes the handle. */
bool buffer_make(buffer *room, size_t bytes) UNCHECKED
{
    room->bytes = heap_alloc_bytes(state.buffers, bytes);
    return room->bytes != NULL;
}

/* UNCHECKED: this is the drop. */
void buffer_drop(buffer *room) UNCHECKED
{
    heap_free(state.buffers, room->bytes);
    room->bytes = NULL;
}

void buffer_unwind(buffer *room)
{
    if (room->bytes)
        buffer_drop(room);
}

/* The cell in a file called NAME.cell. @return false: it is called otherwise. */
static bool cell_of_file(const char *file, char name[CELL_NAME_ROOM])
{
    const char *end = strstr(file, ".cell");

    if (!end || end[5] || end - file >= CELL_NAME_ROOM)
        return false;
    memcpy(name, file, (size_t)(end - file));
    name[end - file] = '\0';
    return true;
}

bool archive_cell(unsigned index, char name[CELL_NAME_ROOM])
{
    const char *file;
    const void *bytes;
    size_t length;

    if (!archive_get(NULL, index, &file, &bytes, &length))
        return false;
    if (strchr(file, '/') || !cell_of_file(file, name))
        name[0] = '\0';
    return true;
}

bool cell_source_find(struct cell_source *source, const char *word, struct why *why)
{
    const char *base = word, *slash, *name;

    *source = (struct cell_source){.name = word};
    while ((slash = strchr(base, '/')))
        base = slash + 1;
    if (base == word)
        return true;
    source->name = source->room;
    if (cell_of_file(base, source->room) &&
        archive_get(word, 0, &name, &source->image, &source->bytes))
        return true;
    why_set(why, ERR_NOT_FOUND, "the boot archive has no file %s that is called NAME.cell", word);
    return false;
}

void describe_code(uint64_t address, char *room, size_t bytes)
{
    struct symbol_info symbol;

    if (!symbol_at(address, &symbol))
        format(room, bytes, "0x%016llx", (unsigned long long)address);
    else if (symbol.address == address)
        format(room, bytes, "%s:%s", symbol.cell, symbol.name);
    else
        format(room, bytes, "%s:%s+0x%llx", symbol.cell, symbol.name,
               (unsigned long long)(address - symbol.address));
}

KIND_OF_BUFFERS(buffer, "buffer");

static enum status init(enum cell_reason reason)
{
    /* No `return kind_create()`: a tail call would come from the caller's cell, which then owned
     * the kind. */
    if (reason != REASON_SWAP && kind_create(&state.buffers, &kind_buffer) != OK)
        return ERR_NOMEM;
    return OK;
}

CELL(.name = "commands", .version = "1.0",
     .summary = "The basic commands of the shell, and what runs the tests.", .provides = "test",
     .init = init);
