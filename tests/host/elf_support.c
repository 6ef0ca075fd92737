/* See elf_support.h. */
#include "elf_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "eh_frame.h"
#include "nucleus/address.h"
#include "nucleus/string.h"

/* State and placed bytes together: what a test will spend on one object. */
#define ROOM_BYTES (16ul << 20)

const struct layout layout_near = {.text = 0xffffffc080200000,
                                   .rodata = 0xffffffc080400000,
                                   .state = 0xffffffc081000000,
                                   .imports = 0xffffffc080000000,
                                   .stubs = 0};

/* For why.c. nucleus/string.c would bring its own memcpy() and take the sanitizer's place. */
bool string_copy(char *to, size_t room, const char *from)
{
    return (size_t)snprintf(to, room, "%s", from) < room;
}

struct object object_read(const char *path)
{
    struct object object = {0};
    FILE *file = fopen(path, "rb");
    long length;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
        perror(path);
        abort();
    }
    rewind(file);
    object.length = (size_t)length;
    object.bytes = malloc(object.length);
    if (fread(object.bytes, 1, object.length, file) != object.length) {
        perror(path);
        abort();
    }
    fclose(file);
    return object;
}

struct object object_copy(const struct object *object)
{
    struct object copy = {malloc(object->length), object->length};

    memcpy(copy.bytes, object->bytes, object->length);
    return copy;
}

void object_free(struct object *object)
{
    free(object->bytes);
    *object = (struct object){0};
}

static uint64_t *area_of(struct layout *layout, enum section_class class)
{
    if (class == SECTION_TEXT)
        return &layout->text;
    return class == SECTION_STATE ? &layout->state : &layout->rodata;
}

bool linked_place(struct linked *linked, const struct layout *layout)
{
    const struct elf_image *image = &linked->image;
    struct layout next = *layout;
    uint64_t room = ROOM_BYTES;

    linked->layout = *layout;
    linked->sections = calloc(elf_section_count(image), sizeof *linked->sections);
    for (uint32_t i = 1; i < elf_section_count(image); i++) {
        enum section_class class = elf_section_class(image, i);
        uint64_t *area = area_of(&next, class), bytes = elf_section_bytes(image, i);
        size_t align = elf_section_align(image, i);
        void *staging = NULL;

        if (class == SECTION_IGNORED)
            continue;
        if (bytes > room)
            return false;
        room -= bytes;
        linked->sections[i].address = *area = align_up(*area, align);
        *area += bytes;
        if (class == SECTION_STATE)
            continue;
        if (posix_memalign(&staging, align < 8 ? 8 : align, bytes) != 0)
            return false;
        if (bytes)
            memcpy(staging, elf_section_data(image, i), bytes);
        linked->sections[i].staging = staging;
    }
    return true;
}

uint64_t import_address(const struct linked *linked, uint32_t symbol)
{
    return linked->layout.imports + 16 * symbol;
}

static enum status count_visit(void *argument, uint32_t symbol, enum link_use use)
{
    struct linked *linked = argument;

    linked->visits++;
    return symbol < elf_symbol_count(&linked->image) && use <= LINK_ADDRESS ? OK : ERR_INVALID;
}

static enum status resolve(void *argument, uint32_t symbol, enum link_use use, uint64_t *address,
                           struct why *why)
{
    struct linked *linked = argument;
    const struct elf_image *image = &linked->image;

    linked->resolved++;
    if (elf_symbol_is_import(image, symbol)) {
        *address = import_address(linked, symbol);
        return OK;
    }
    if (use != LINK_ADDRESS || !elf_symbol_is_function(image, symbol))
        return why_set(why, ERR_INVALID, "asked for symbol %u without need", symbol);
    *address = linked->sections[elf_symbol_section(image, symbol)].address +
               elf_symbol_value(image, symbol);
    if (linked->layout.stubs)
        *address += linked->layout.stubs - linked->layout.text;
    return OK;
}

static enum status count_site(void *argument, uint32_t section, uint64_t offset, uint32_t type,
                              uint32_t symbol, int64_t addend)
{
    struct linked *linked = argument;

    linked->sites++;
    (void)type;
    return elf_symbol_is_import(&linked->image, symbol) && addend == 0 &&
                   offset < elf_section_bytes(&linked->image, section)
               ? OK
               : ERR_INVALID;
}

enum status linked_run(struct linked *linked, const struct object *object,
                       const struct layout *layout, struct why *why)
{
    const struct link_context context = {
        .image = &linked->image, .resolve = resolve, .site = count_site, .argument = linked};
    struct link_context placed = context;
    struct eh_frame_view view;
    enum status status;

    *linked = (struct linked){0};
    status = elf_open(&linked->image, object->bytes, object->length, why);
    if (status == OK)
        status = link_scan(&linked->image, count_visit, linked, why);
    if (status != OK)
        return status;
    if (!linked_place(linked, layout))
        return why_set(why, ERR_NOMEM, "too large for the test");
    placed.sections = linked->sections;
    status = link_apply(&placed, why);
    if (status == OK && linked->image.manifest != 0)
        status = manifest_read(&linked->manifest, &linked->image, linked->sections, why);
    eh_frame_view_make(&view, &linked->image, linked->sections);
    return status == OK ? eh_frame_validate(&view, why) : status;
}

void linked_free(struct linked *linked)
{
    for (uint32_t i = 0; linked->sections && i < elf_section_count(&linked->image); i++)
        free(linked->sections[i].staging);
    free(linked->sections);
    linked->sections = NULL;
}
