/* See elf_support.h. */
#include "elf_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "nucleus/address.h"
#include "nucleus/string.h"

/* State and placed bytes together: what a test will spend on one object. */
#define ROOM_BYTES (16ul << 20)

const struct layout layout_near = {.text = 0xffffffc080200000,
                                   .rodata = 0xffffffc080400000,
                                   .state = 0xffffffc081000000,
                                   .imports = 0xffffffc080000000,
                                   .stubs = 0};

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
    linked->sections = calloc(image->section_count, sizeof *linked->sections);
    for (uint32_t i = 1; i < image->section_count; i++) {
        enum section_class class = image->classes[i];
        uint64_t *area = area_of(&next, class), bytes = image->sections[i].size;
        size_t align = image->sections[i].addralign ?: 1;
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
            memcpy(staging, image->bytes + image->sections[i].offset, bytes);
        linked->sections[i].staging = staging;
    }
    linked->text_bytes = next.text - layout->text;
    return true;
}

uint64_t import_address(const struct linked *linked, uint32_t symbol)
{
    uint32_t hash = 0;

    for (const char *at = elf_symbol_name(&linked->image, symbol); *at; at++)
        hash = hash * 31 + (uint8_t)*at;
    return linked->layout.imports + 16 * (hash % 4096);
}

static enum status resolve(void *argument, uint32_t symbol, bool keep, uint64_t *address,
                           struct why *why)
{
    struct linked *linked = argument;
    const struct elf_image *image = &linked->image;

    linked->resolved++;
    if (elf_symbol_is_import(image, symbol)) {
        *address = import_address(linked, symbol);
        return OK;
    }
    if (!keep || !elf_symbol_is_function(image, symbol))
        return why_set(why, ERR_INVALID, "asked for symbol %u without need", symbol);
    *address =
        linked->sections[image->symbols[symbol].shndx].address + image->symbols[symbol].value;
    if (linked->layout.stubs)
        *address += linked->layout.stubs - linked->layout.text;
    return OK;
}

static enum status count_site(void *argument, uint32_t section,
                              const struct elf_relocation *relocation)
{
    struct linked *linked = argument;

    linked->sites++;
    return elf_symbol_is_import(&linked->image, relocation->symbol) && relocation->addend == 0 &&
                   relocation->offset < linked->image.sections[section].size
               ? OK
               : ERR_INVALID;
}

struct eh_frame linked_tables(const struct linked *linked)
{
    const struct elf_image *image = &linked->image;
    const struct section *frames = &linked->sections[image->eh_frame];
    const struct section *table = &linked->sections[image->except_table];

    return (struct eh_frame){
        .frames = frames->staging,
        .frames_address = frames->address,
        .frames_bytes = image->eh_frame ? image->sections[image->eh_frame].size : 0,
        .except_table = table->staging,
        .except_table_address = table->address,
        .except_table_bytes = image->except_table ? image->sections[image->except_table].size : 0,
        .text = linked->layout.text,
        .text_bytes = linked->text_bytes};
}

/* Moves the sections of a cell to where @p model has them. */
static void place_like(struct linked *linked, const struct linked *model)
{
    for (uint32_t i = 1; i < linked->image.section_count; i++)
        for (uint32_t j = 1; j < model->image.section_count; j++)
            if (linked->sections[i].address && strcmp(elf_section_name(&linked->image, i),
                                                      elf_section_name(&model->image, j)) == 0)
                linked->sections[i].address = model->sections[j].address;
}

/* As the loader does with tables that are sound: the index must have each function once, in order. */
static void index_frames(const struct eh_frame *tables)
{
    uint32_t count = eh_frame_index(tables, NULL);
    uint64_t *index = calloc(count + 1, sizeof *index);

    if (!index || eh_frame_index(tables, index) != count)
        abort();
    for (uint32_t i = 1; i < count; i++) {
        if (index[i] < index[i - 1])
            abort();
    }
    free(index);
}

static enum status run(struct linked *linked, const struct object *object,
                       const struct layout *layout, const struct linked *model, struct why *why)
{
    struct link_context context = {.image = &linked->image,
                                   .resolve = resolve,
                                   .site = count_site,
                                   .argument = linked,
                                   .why = why};
    struct eh_frame tables;
    enum status status;

    *linked = (struct linked){0};
    status = elf_open(&linked->image, object->bytes, object->length, why);
    if (status != OK)
        return status;
    if (!linked_place(linked, layout))
        return why_set(why, ERR_NOMEM, "too large for the test");
    if (model)
        place_like(linked, model);
    context.sections = linked->sections;
    status = link_apply(&context);
    if (status == OK && linked->image.manifest != 0)
        status = manifest_read(&linked->manifest, &linked->image, linked->sections, why);
    tables = linked_tables(linked);
    if (status == OK)
        status = eh_frame_validate(&tables, why);
    if (status == OK)
        index_frames(&tables);
    return status;
}

enum status linked_run(struct linked *linked, const struct object *object,
                       const struct layout *layout, struct why *why)
{
    return run(linked, object, layout, NULL, why);
}

enum status linked_run_like(struct linked *linked, const struct object *object,
                            const struct linked *model, struct why *why)
{
    return run(linked, object, &model->layout, model, why);
}

void linked_free(struct linked *linked)
{
    for (uint32_t i = 0; linked->sections && i < linked->image.section_count; i++)
        free(linked->sections[i].staging);
    free(linked->sections);
    linked->sections = NULL;
}
