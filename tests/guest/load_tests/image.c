/* Loads, unloads and objects for tests (image.h). */
#include "image.h"

#include "figures.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"

#define LOG_BYTES 20000u
/* Offsets in the ELF header (ELF-64 Object File Format 1.5, figure 2). */
#define ELF_SECTIONS 40u
#define ELF_SECTION_COUNT 60u
#define ELF_NAMES 62u
#define SECTION_BYTES 64u

struct load_tests_state {
    struct kind *buffers;
};
CELL_STATE(struct load_tests_state);

struct kind *test_buffers(void)
{
    return state.buffers;
}

static bool find_file(const char *name, const void **bytes, size_t *length)
{
    size_t name_length = strlen(name);
    const char *file;

    for (unsigned i = 0; archive_get(NULL, i, &file, bytes, length); i++) {
        if (string_starts(file, name) && strcmp(file + name_length, ".cell") == 0)
            return true;
    }
    return false;
}

bool image_copy(struct test_run *t, struct image *image, const char *name, size_t room)
{
    const void *bytes;
    size_t length;

    *image = (struct image){0};
    if (!CHECK(t, find_file(name, &bytes, &length), "%s is not in the archive", name))
        return false;
    image->bytes = heap_alloc_bytes(state.buffers, length + room);
    if (!CHECK(t, image->bytes, "no memory"))
        return false;
    image->length = length + room;
    memcpy(image->bytes, bytes, length);
    memset(image->bytes + length, 0, room);
    return true;
}

void image_free(struct image *image)
{
    heap_free(state.buffers, image->bytes);
    image->bytes = NULL;
}

void image_plan(struct image *image, unsigned plan)
{
    const uint64_t magic = ACTOR_MAGIC;

    for (size_t i = 0; i + 16 <= image->length; i += 8) {
        if (memcmp(image->bytes + i, &magic, sizeof magic) == 0)
            memcpy(image->bytes + i + 8, &(uint64_t){plan}, 8);
    }
}

void *image_section_field(struct image *image, const char *name, unsigned field)
{
    uint64_t sections, names;
    uint16_t count, names_section;

    memcpy(&sections, image->bytes + ELF_SECTIONS, sizeof sections);
    memcpy(&count, image->bytes + ELF_SECTION_COUNT, sizeof count);
    memcpy(&names_section, image->bytes + ELF_NAMES, sizeof names_section);
    memcpy(&names, image->bytes + sections + names_section * SECTION_BYTES + SECTION_OFFSET,
           sizeof names);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *section = image->bytes + sections + i * SECTION_BYTES;
        uint32_t section_name;

        memcpy(&section_name, section, sizeof section_name);
        if (strcmp((const char *)image->bytes + names + section_name, name) == 0)
            return section + field;
    }
    return NULL;
}

static enum status load(const char *name, const struct image *image, struct why *why)
    REQUIRES(may_park);
static enum status load(const char *name, const struct image *image, struct why *why)
{
    return image ? cell_load_image(name, image->bytes, image->length, why) : cell_load(name, why);
}

bool load_good(struct test_run *t, const char *name, const struct image *image)
{
    struct why why = {.text = ""};
    enum status status = load(name, image, &why);

    return CHECK(t, status == OK, "%s: %s: %s", name, status_name(status), why.text) &&
           CHECK(t, is_loaded(name), "%s is not there", name);
}

/* Copies the next word of *@p list, and moves *@p list behind it. */
static bool next_word(const char **list, char *word, size_t room)
{
    size_t length = 0;

    while (**list == ' ')
        ++*list;
    while ((*list)[length] && (*list)[length] != ' ' && length < room - 1)
        length++;
    memcpy(word, *list, length);
    word[length] = '\0';
    *list += length;
    return length > 0;
}

void unload_good(struct test_run *t, const char *names)
{
    char name[CELL_NAME_ROOM] = "";

    while (next_word(&names, name, sizeof name)) {
        struct why why = {.text = ""};
        enum status status = cell_unload(name, &why);

        CHECK(t, status == OK, "%s: %s: %s", name, status_name(status), why.text);
        CHECK(t, !is_loaded(name), "%s is still there", name);
    }
}

static void check_refusal(struct test_run *t, const char *name, enum status status,
                          enum status wanted, const struct why *why, const char *const *texts)
{
    CHECK(t, status == wanted, "%s: %s, not %s: %s", name, status_name(status),
          status_name(wanted), why->text);
    CHECK(t, has_in_order(why->text, texts), "%s: says \"%s\", without \"%s\" ...", name, why->text,
          texts[0]);
}

void load_bad(struct test_run *t, const char *name, const struct image *image, enum status status,
              const char *const *texts)
{
    struct why why = {.text = ""};
    struct figures before;

    figures_take(&before);
    check_refusal(t, name, load(name, image, &why), status, &why, texts);
    figures_check(t, &before, name);
}

void unload_bad(struct test_run *t, const char *name, enum status status, const char *const *texts)
{
    struct why why = {.text = ""};
    struct figures before;

    figures_take(&before);
    check_refusal(t, name, cell_unload(name, &why), status, &why, texts);
    figures_check(t, &before, name);
}

bool is_loaded(const char *name)
{
    struct cell_info cell;

    return cell_find(name, &cell);
}

uint64_t function_named(const char *name)
{
    struct symbol_info symbol;

    return symbol_find(name, &symbol) ? symbol.address : 0;
}

enum status run_apart(int (*entry)(void *argument), void *argument)
{
    OWN(task_handle) handle = {0};

    if (!task_spawn(&handle, "apart", entry, argument))
        return ERR_NOMEM;
    return task_join(&handle, NULL);
}

void log_check(struct test_run *t, uint64_t from, const char *const *texts)
{
    char *log = heap_alloc_bytes(state.buffers, LOG_BYTES);

    if (!CHECK(t, log, "no memory"))
        return;
    log_copy(from, log, LOG_BYTES);
    CHECK(t, has_in_order(log, texts), "the log has not \"%s\" ... but: %s", texts[0], log);
    heap_free(state.buffers, log);
}

KIND_OF_BUFFERS(image, "image");

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.buffers, &kind_image);
}

CELL(.name = "load_tests", .version = "1.0", .summary = "Tests of the loader: test load",
     .init = init);
