/*
 * Fuzz target: whatever a file holds, opening it, scanning it, relocating it and reading its manifest and
 * unwind tables ends with a status, and touches nothing outside. Written for libFuzzer; drive.c runs
 * it without. The mutator knows the format: it changes one field of one header, symbol or relocation,
 * so most of what it makes gets past the first checks.
 */
#include <stdlib.h>
#include <string.h>

#include "../host/elf_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

/* The addresses: near, at the end of what a call reaches, and with stubs out of reach. */
static const struct layout layouts[4] = {
    {0xffffffc080200000, 0xffffffc080400000, 0xffffffc081000000, 0xffffffc080000000, 0},
    {0x40000000, 0x40100004, 0x3ff00000, 0x10000, 0x40200000},
    {0x40000000, 0xbfff0000, 0xc0000000, 0xc0000000, 0},
    {0x40000000, 0xc0000000, 0x30000000, 0x10000, 0x10000},
};

/* Accessors never fail once an object is open: so every one is called on everything. */
static uint64_t touch(const struct elf_image *image)
{
    uint64_t sum = 0;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *section = &image->sections[i];

        sum += strlen(elf_section_name(image, i));
        for (uint64_t j = 0; section->type != SHT_NOBITS && j < section->size; j += 61)
            sum += image->bytes[section->offset + j];
    }
    for (uint32_t i = 1; i < image->symbol_count; i++) {
        sum += strlen(elf_symbol_name(image, i)) + image->symbols[i].value + image->symbols[i].size;
        if (elf_symbol_is_function(image, i) || elf_symbol_is_export(image, i))
            sum += image->sections[image->symbols[i].shndx].size;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile uint64_t keep;
    struct object object = {malloc(size), size};
    struct elf_image image;
    struct linked linked;
    struct why why;

    memcpy(object.bytes, data, size);
    if (elf_open(&image, object.bytes, size, &why) == OK)
        keep += touch(&image);
    /* The header's e_entry means nothing in an object: it chooses the layout. */
    (void)!linked_run(&linked, &object, &layouts[size > 24 ? data[24] & 3 : 0], &why);
    linked_free(&linked);
    object_free(&object);
    return 0;
}

static uint64_t random_state;

static uint64_t pick(uint64_t below)
{
    random_state = random_state * 6364136223846793005 + 1442695040888963407;
    return below ? (random_state >> 33) % below : 0;
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

/* Another value for a field: near the old one, special, or any. */
static void change(uint8_t *at, unsigned bytes, size_t size)
{
    uint64_t value = get(at, bytes);

    switch (pick(10)) {
    case 0:
        value = 0;
        break;
    case 1:
        value = UINT64_MAX;
        break;
    case 2:
        value += 1;
        break;
    case 3:
        value -= 1;
        break;
    case 4:
        value += 8ul << pick(4);
        break;
    case 5:
        value ^= 1ul << pick(8 * bytes);
        break;
    case 6:
        value = pick(70);
        break;
    case 7:
        value = size - pick(64);
        break;
    case 8:
        value = 1ul << pick(64);
        break;
    default:
        value = pick(1ul << 31) << pick(33);
        break;
    }
    memcpy(at, &value, bytes);
}

struct field {
    uint8_t offset, bytes;
};
static const struct field header_fields[] = {{4, 1},  {5, 1},  {16, 2}, {18, 2}, {20, 4}, {24, 1},
                                             {40, 8}, {48, 4}, {52, 2}, {58, 2}, {60, 2}, {62, 2}};
static const struct field section_fields[] = {{0, 4},  {4, 4},  {8, 8},  {24, 8}, {32, 8},
                                              {40, 4}, {44, 4}, {48, 8}, {56, 8}};
static const struct field symbol_fields[] = {{0, 4}, {4, 1}, {5, 1}, {6, 2}, {8, 8}, {16, 8}};
static const struct field relocation_fields[] = {{0, 8}, {8, 4}, {8, 1}, {12, 4}, {16, 8}};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A field of entry number @p index of a table: changed, or taken over from another entry. */
static void change_entry(uint8_t *table, uint64_t count, unsigned entry_bytes,
                         const struct field *fields, size_t field_count, size_t size)
{
    uint8_t *entry = table + pick(count) * entry_bytes, *other = table + pick(count) * entry_bytes;
    const struct field *field = &fields[pick(field_count)];

    switch (pick(8)) {
    case 0:
        memmove(entry, other, entry_bytes);
        break;
    case 1:
    case 2:
    case 3:
        memmove(entry + field->offset, other + field->offset, field->bytes);
        break;
    default:
        change(entry + field->offset, field->bytes, size);
        break;
    }
}

/* The headers of a file, as far as they can be trusted to lie inside. */
static uint8_t *find_sections(uint8_t *data, size_t size, uint64_t *count)
{
    uint64_t offset = size < 64 ? size : get(data + 40, 8);

    *count = size < 64 ? 0 : get(data + 60, 2);
    if (*count == 0 || offset > size || *count * 64 > size - offset)
        return NULL;
    return data + offset;
}

static void change_contents(uint8_t *data, size_t size, const uint8_t *section)
{
    uint64_t type = get(section + 4, 4), offset = get(section + 24, 8);
    uint64_t bytes = get(section + 32, 8);

    if (offset > size || bytes > size - offset || bytes < 64 || type == SHT_NOBITS) {
        if (offset < size && bytes != 0 && bytes <= size - offset)
            change(data + offset + pick(bytes), 1, size);
        return;
    }
    if (type == SHT_SYMTAB)
        change_entry(data + offset, bytes / 24, 24, symbol_fields, COUNT(symbol_fields), size);
    else if (type == SHT_RELA)
        change_entry(data + offset, bytes / 24, 24, relocation_fields, COUNT(relocation_fields),
                     size);
    else
        change(data + offset + pick(bytes - 8), 1u << pick(3), size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    random_state = seed * 2654435761u + size;
    (void)room;
    for (uint64_t times = 1 + pick(3); times > 0; times--) {
        uint64_t count, what = pick(100);
        uint8_t *sections = find_sections(data, size, &count);

        if (!sections) {
            if (size > 0)
                change(data + pick(size), 1, size);
        } else if (what < 3) {
            const struct field *field = &header_fields[pick(COUNT(header_fields))];

            change(data + field->offset, field->bytes, size);
        } else if (what < 20) {
            change_entry(sections, count, 64, section_fields, COUNT(section_fields), size);
        } else if (what < 99) {
            change_contents(data, size, sections + 64 * pick(count));
        } else {
            size -= pick(size / 8);
        }
    }
    return size;
}
