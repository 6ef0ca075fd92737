/*
 * The linker against `ld --no-relax`: the same object at the same addresses must give the same bytes in
 * every loaded section. And the copies of cells in the boot archive, linked in part already by pack, must
 * come out as the cells themselves do. Arguments: ld's command, then objects, or folders of the guest's
 * build: their cells/[*].cell and mitos.cpio are taken.
 */
#include "elf_support.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *ld, *guest;
static char **paths;
static size_t path_count;
static char folder[] = "/tmp/mitos-oracle-XXXXXX";
static unsigned long objects, relocations, bytes_compared;

/* Stubs and imports a whole 2 GiB away, as far as a pair reaches; and everything close together. */
static const struct layout layouts[] = {
    {.text = 0xffffffc080200000,
     .rodata = 0xffffffc080400000,
     .state = 0xffffffc081000000,
     .imports = 0xffffffc080000000},
    {.text = 0xffffffc080200800,
     .rodata = 0xffffffc0ff000ff8,
     .state = 0xffffffc0ff100000,
     .imports = 0xffffffc000300000},
    {.text = 0x40000000, .rodata = 0x40100004, .state = 0x3ff00000, .imports = 0x10000},
};

static void path_in(char *path, size_t room, const char *name)
{
    assert_true((size_t)snprintf(path, room, "%s/%s", folder, name) < room);
}

/* ld merges strings: with SHF_MERGE cleared it leaves them where they are. */
static void write_object(const struct object *object, const char *path)
{
    struct object copy = object_copy(object);
    const struct elf_header *header = (const void *)copy.bytes;
    struct elf_section *sections = (void *)(copy.bytes + header->shoff);
    FILE *file = fopen(path, "wb");

    for (unsigned i = 1; i < header->shnum; i++)
        sections[i].flags &= ~(uint64_t)(SHF_MERGE | SHF_STRINGS);
    assert_non_null(file);
    assert_int_equal(fwrite(copy.bytes, 1, copy.length, file), copy.length);
    assert_int_equal(fclose(file), 0);
    object_free(&copy);
}

static void write_script(const struct linked *linked, const char *path)
{
    const struct elf_image *image = &linked->image;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs("SECTIONS {\n", file);
    for (uint32_t i = 1; i < image->section_count; i++)
        if (linked->sections[i].address)
            fprintf(file, "\"%s\" 0x%lx : { *(\"%s\") }\n", elf_section_name(image, i),
                    linked->sections[i].address, elf_section_name(image, i));
    fputs("/DISCARD/ : { *(.debug* .comment .riscv.attributes .BTF*) }\n}\n", file);
    for (uint32_t i = 1; i < image->symbol_count; i++)
        if (elf_symbol_is_import(image, i))
            fprintf(file, "%s = 0x%lx;\n", elf_symbol_name(image, i), import_address(linked, i));
    assert_int_equal(fclose(file), 0);
}

/* The bytes of section @p name in what ld wrote; NULL when it left the section out. */
static const uint8_t *find_bytes(const struct object *file, const char *name, uint64_t address,
                                 uint64_t bytes)
{
    const struct elf_header *header = (const void *)file->bytes;
    const struct elf_section *sections = (const void *)(file->bytes + header->shoff);
    const char *names = (const char *)file->bytes + sections[header->shstrndx].offset;

    for (unsigned i = 1; i < header->shnum; i++) {
        if (strcmp(names + sections[i].name, name) != 0)
            continue;
        assert_int_equal(sections[i].addr, address);
        assert_int_equal(sections[i].size, bytes);
        return file->bytes + sections[i].offset;
    }
    return NULL;
}

static void compare(const struct linked *linked, const struct object *file, const char *path)
{
    const struct elf_image *image = &linked->image;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const char *name = elf_section_name(image, i);
        uint64_t bytes = image->sections[i].size;
        const uint8_t *expected, *actual = linked->sections[i].staging;

        if (!actual || bytes == 0)
            continue;
        expected = find_bytes(file, name, linked->sections[i].address, bytes);
        if (!expected)
            fail_msg("%s: ld has no section %s", path, name);
        for (uint64_t j = 0; expected && j < bytes; j++)
            if (expected[j] != actual[j])
                fail_msg("%s: %s+0x%lx is 0x%02x, ld has 0x%02x", path, name, j, actual[j],
                         expected[j]);
        bytes_compared += bytes;
    }
    for (uint32_t i = 1; i < image->section_count; i++)
        if (image->sections[i].type == SHT_RELA &&
            linked->sections[image->sections[i].info].staging)
            relocations += image->sections[i].size / sizeof(struct elf_relocation);
}

static void compare_object(const char *path, const struct layout *layout)
{
    struct object object = object_read(path), output;
    char input_path[64], script_path[64], output_path[64], command[600];
    struct linked linked;
    struct why why = {""};

    if (linked_run(&linked, &object, layout, &why) != OK)
        fail_msg("%s: %s", path, why.text);
    path_in(input_path, sizeof input_path, "input.o");
    path_in(script_path, sizeof script_path, "script.ld");
    path_in(output_path, sizeof output_path, "output");
    write_object(&object, input_path);
    write_script(&linked, script_path);
    snprintf(command, sizeof command,
             "%s --no-relax --traditional-format --no-warn-rwx-segments -e 0 -T %s -o %s %s", ld,
             script_path, output_path, input_path);
    if (system(command) != 0)
        fail_msg("%s: ld refused it", path);
    output = object_read(output_path);
    compare(&linked, &output, path);
    assert_int_equal(unlink(input_path) | unlink(script_path) | unlink(output_path), 0);
    linked_free(&linked);
    object_free(&object);
    object_free(&output);
    objects++;
}

static void sections_equal_those_of_ld(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < path_count; i++)
        for (size_t j = 0; j < sizeof layouts / sizeof layouts[0]; j++)
            compare_object(paths[i], &layouts[j]);
    assert_int_equal(rmdir(folder), 0);
    print_message("%lu links, %lu relocations, %lu bytes compared\n", objects, relocations,
                  bytes_compared);
    assert_true(objects > 0 && relocations > 0 && bytes_compared > 0);
}

/* The stripped copy of a cell against the cell: equal bytes, in every section that is loaded. */
static void compare_copy(const char *path, const struct object *copy, const struct layout *layout)
{
    struct object object = object_read(path);
    struct linked whole, stripped;
    struct why why = {""};

    if (linked_run(&whole, &object, layout, &why) != OK ||
        linked_run_like(&stripped, copy, &whole, &why) != OK)
        fail_msg("%s: %s", path, why.text);
    for (uint32_t i = 1, j; i < whole.image.section_count; i++) {
        uint64_t bytes = whole.image.sections[i].size;

        if (!whole.sections[i].staging || bytes == 0)
            continue;
        for (j = 1; j < stripped.image.section_count; j++)
            if (stripped.sections[j].staging &&
                stripped.sections[j].address == whole.sections[i].address)
                break;
        if (j == stripped.image.section_count || stripped.image.sections[j].size != bytes ||
            memcmp(stripped.sections[j].staging, whole.sections[i].staging, bytes) != 0)
            fail_msg("%s: %s differs in the archive", path, elf_section_name(&whole.image, i));
    }
    assert_true(stripped.image.function_count == whole.image.function_count &&
                stripped.image.export_count == whole.image.export_count &&
                stripped.image.import_count == whole.image.import_count);
    assert_string_equal(stripped.manifest.name, whole.manifest.name);
    linked_free(&whole);
    linked_free(&stripped);
    object_free(&object);
}

/* A number of the header of a cpio member: eight hexadecimal digits. */
static size_t cpio_field(const uint8_t *header, unsigned number)
{
    char digits[9] = {0};

    memcpy(digits, header + 6 + 8 * number, 8);
    return strtoul(digits, NULL, 16);
}

static void copies_equal_their_cells(void **state)
{
    struct object archive;
    char path[500];
    unsigned copies = 0;

    (void)state;
    assert_non_null(guest); /* a folder of the guest's build is among the arguments */
    snprintf(path, sizeof path, "%s/mitos.cpio", guest);
    archive = object_read(path);
    for (size_t at = 0; at + 110 < archive.length;) {
        const uint8_t *header = archive.bytes + at;
        const char *name = (const char *)header + 110;
        size_t data = (at + 110 + cpio_field(header, 11) + 3) / 4 * 4;
        struct object copy = {malloc(cpio_field(header, 6)), cpio_field(header, 6)};

        memcpy(copy.bytes, archive.bytes + data, copy.length);
        snprintf(path, sizeof path, "%s/cells/%s", guest, name);
        for (size_t i = 0; i < sizeof layouts / sizeof layouts[0] && strstr(name, ".cell"); i++)
            compare_copy(path, &copy, &layouts[i]);
        copies += strstr(name, ".cell") != NULL;
        object_free(&copy);
        at = (data + cpio_field(header, 6) + 3) / 4 * 4;
    }
    print_message("%u copies compared\n", copies);
    assert_true(copies > 0);
    object_free(&archive);
}

/* A folder stands for its cells, which exist once the guest has been built. @return false: there is nothing. */
static bool add_path(const char *path, glob_t *found)
{
    char pattern[500];
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        guest = path;
        snprintf(pattern, sizeof pattern, "%s/cells/*.cell", path);
    } else {
        snprintf(pattern, sizeof pattern, "%s", path);
    }
    return glob(pattern, found->gl_pathc ? GLOB_APPEND : 0, NULL, found) == 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_equal_those_of_ld),
        cmocka_unit_test(copies_equal_their_cells),
    };
    glob_t found = {0};
    int failed;

    if (argc < 3)
        return 2;
    ld = argv[1];
    for (int i = 2; i < argc; i++) {
        if (!add_path(argv[i], &found)) {
            fprintf(stderr, "%s: there is no such object, or no cell below it\n", argv[i]);
            return 2;
        }
    }
    paths = found.gl_pathv;
    path_count = found.gl_pathc;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    globfree(&found);
    return failed;
}
