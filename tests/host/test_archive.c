/* The boot archive: such as cpio writes, cut, damaged, and with indexes that are wrong. */
#include "archive.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"

#define ARCHIVE_MOST 65536

static const char good_index[] = "mitos-index 2\n"
                                 "a hello\n"
                                 "boot.00 vm\n"
                                 "boot.01 task\n"
                                 "boot.02 sched_rr\n"
                                 "default.sched sched_rr\n"
                                 "default.vm vm\n"
                                 "sched_pick sched_rr\n"
                                 "sched_pick2 sched_mlfq\n"
                                 "task_spawn task\n"
                                 "vm_map vm\n";

/* An archive in memory of exactly its length, so that the sanitizer sees every step outside. */
struct image {
    char *bytes;
    size_t length;
};

static struct image image_copy(const char *bytes, size_t length)
{
    struct image image = {malloc(length ? length : 1), length};

    memcpy(image.bytes, bytes, length);
    return image;
}

static void put_entry(char *bytes, size_t *length, const char *name, unsigned mode,
                      const void *data, size_t data_bytes)
{
    int header = snprintf(bytes + *length, 200,
                          "070701%08x%08x%08x%08x%08x%08x%08zX%08x%08x%08x%08x%08zx%08x%s", 1, mode,
                          0, 0, 1, 0, data_bytes, 0, 0, 0, 0, strlen(name) + 1, 0, name);

    *length += (size_t)header + 1;
    while (*length % 4)
        bytes[(*length)++] = '\0';
    memcpy(bytes + *length, data, data_bytes);
    *length += data_bytes;
    while (*length % 4)
        bytes[(*length)++] = '\0';
}

/* Two files and the index @p index. */
static struct image image_make(const char *index, size_t index_bytes)
{
    char bytes[ARCHIVE_MOST];
    size_t length = 0;

    put_entry(bytes, &length, "vm.cell", 0100644, "vm cell", 7);
    put_entry(bytes, &length, "folder", 0040755, "", 0);
    put_entry(bytes, &length, "mitos.index", 0100644, index, index_bytes);
    put_entry(bytes, &length, "empty", 0100644, "", 0);
    put_entry(bytes, &length, "TRAILER!!!", 0, "", 0);
    return image_copy(bytes, length);
}

static enum status open_index(const char *index)
{
    struct image image = image_make(index, strlen(index));
    struct why why = {""};
    enum status status = archive_open(image.bytes, image.length, &why);

    if (status != OK)
        assert_true(platform_text_holds(why.text, "mitos.index"));
    assert_int_equal(archive_open("", 0, NULL), ERR_FORMAT);
    free(image.bytes);
    return status;
}

static struct image opened(void)
{
    struct image image = image_make(good_index, strlen(good_index));

    assert_int_equal(archive_open(image.bytes, image.length, NULL), OK);
    return image;
}

static bool file_named(const char *name, const void **bytes, size_t *length)
{
    const char *found = NULL;

    if (!archive_get(name, 0, &found, bytes, length))
        return false;
    assert_string_equal(found, name);
    return true;
}

/* Every reader, over whatever is open. */
static void read_everything(void)
{
    static const char *const keys[] = {"boot.00",    "boot.01", "default.sched",
                                       "task_spawn", "",        "zzz"};
    char cell[CELL_NAME_ROOM];
    const char *name;
    const void *bytes;
    size_t length, sum = 0;

    for (unsigned i = 0; archive_get(NULL, i, &name, &bytes, &length); i++) {
        for (size_t at = 0; at < length; at++)
            sum += ((const unsigned char *)bytes)[at];
        assert_true(file_named(name, &bytes, &length));
    }
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (archive_provider(keys[i], cell))
            sum += strlen(cell);
    }
    assert_true(sum < SIZE_MAX);
}

static void test_files_are_found_by_name_and_number(void **unused)
{
    struct image image = opened();
    const char *name;
    const void *bytes;
    size_t length;

    (void)unused;
    assert_true(file_named("vm.cell", &bytes, &length));
    assert_int_equal(length, 7);
    assert_memory_equal(bytes, "vm cell", 7);
    assert_true(file_named("empty", &bytes, &length));
    assert_int_equal(length, 0);
    assert_false(file_named("folder", &bytes, &length));
    assert_false(file_named("vm", &bytes, &length));
    assert_false(file_named("TRAILER!!!", &bytes, &length));
    assert_true(archive_get(NULL, 0, &name, &bytes, &length));
    assert_string_equal(name, "vm.cell");
    assert_true(archive_get(NULL, 1, &name, &bytes, &length));
    assert_string_equal(name, "mitos.index");
    assert_true(archive_get(NULL, 2, &name, &bytes, &length));
    assert_string_equal(name, "empty");
    assert_false(archive_get(NULL, 3, &name, &bytes, &length));
    assert_false(archive_get("empty", 1, &name, &bytes, &length));
    free(image.bytes);
}

static void test_index_answers(void **unused)
{
    static const char *const known[][2] = {
        {"boot.00", "vm"},          {"boot.01", "task"},
        {"boot.02", "sched_rr"},    {"default.sched", "sched_rr"},
        {"default.vm", "vm"},       {"a", "hello"},
        {"sched_pick", "sched_rr"}, {"sched_pick2", "sched_mlfq"},
        {"task_spawn", "task"},     {"vm_map", "vm"}};
    static const char *const unknown[] = {
        "boot.03", "boot.0", "boot", "default.sche", "default.schedx", "default", "sched_pic",
        "A",       "zzz",    "",     "vm",           "mitos-index"};
    struct image image = opened();
    char cell[CELL_NAME_ROOM];

    (void)unused;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(archive_provider(known[i][0], cell));
        assert_string_equal(cell, known[i][1]);
    }
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_false(archive_provider(unknown[i], cell));
    free(image.bytes);
}

static void test_every_one_of_many_symbols_is_found(void **unused)
{
    static char index[60000];

    (void)unused;
    for (unsigned count = 0; count < 260; count += count < 20 ? 1 : 40) {
        size_t length = (size_t)snprintf(index, sizeof index, "mitos-index 2\n");
        struct image image;
        char name[64], cell[CELL_NAME_ROOM], expected[CELL_NAME_ROOM];

        for (unsigned i = 0; i < count; i++)
            length +=
                (size_t)snprintf(index + length, sizeof index - length, "s%03u%.*s cell%u\n", i,
                                 (int)(i % 40), "________________________________________", i);
        image = image_make(index, length);
        assert_int_equal(archive_open(image.bytes, image.length, NULL), OK);
        for (unsigned i = 0; i < count; i++) {
            snprintf(name, sizeof name, "s%03u%.*s", i, (int)(i % 40),
                     "________________________________________");
            snprintf(expected, sizeof expected, "cell%u", i);
            assert_true(archive_provider(name, cell));
            assert_string_equal(cell, expected);
            name[strlen(name) - 1] ^= 1;
            archive_provider(name, cell);
            strcat(name, "x");
            assert_false(archive_provider(name, cell));
        }
        free(image.bytes);
    }
}

static void test_wrong_indexes_are_refused(void **unused)
{
    static const char *const bad[] = {
        "",
        "mitos-index 2",
        "mitos-index 1\n",
        "boot.00 vm\n",
        "mitos-index 2\n\n",
        "mitos-index 2\nboot.00 vm",
        "mitos-index 2\nboot.00 ",
        "mitos-index 2\nboot.00",
        "mitos-index 2\nboot.00\n",
        "mitos-index 2\nboot.00 \n",
        "mitos-index 2\nboot.00  vm\n",
        "mitos-index 2\n boot.00 vm\n",
        "mitos-index 2\nboot.00 vm \n",
        "mitos-index 2\nboot.00 vm task\n",
        "mitos-index 2\nboot.00\tvm\n",
        "mitos-index 2\nboot.00 v\377m\n",
        "mitos-index 2\nbo\377t.00 vm\n",
        "mitos-index 2\nb x\na x\n",
        "mitos-index 2\na x\na y\n",
        "mitos-index 2\nab x\na y\n",
        "mitos-index 2\na x\nboot.00 vm\nZ y\n",
        "mitos-index 2\nboot.00 a_name_of_thirty_two_characters_\n",
    };

    (void)unused;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (open_index(bad[i]) != ERR_FORMAT)
            fail_msg("accepted: %s", bad[i]);
    }
    assert_int_equal(open_index("mitos-index 2\n"), OK);
    assert_int_equal(open_index("mitos-index 2\nboot.00 a_name_of_thirty_one_characters\n"), OK);
    assert_int_equal(open_index(good_index), OK);
}

static void test_an_archive_without_index_is_refused(void **unused)
{
    char bytes[1000];
    size_t length = 0;
    struct why why = {""};

    (void)unused;
    put_entry(bytes, &length, "vm.cell", 0100644, "vm cell", 7);
    put_entry(bytes, &length, "TRAILER!!!", 0, "", 0);
    assert_int_equal(archive_open(bytes, length, &why), ERR_FORMAT);
    assert_true(platform_text_holds(why.text, "has no mitos.index"));
    read_everything();
}

static void test_an_archive_that_is_cut_anywhere_is_refused(void **unused)
{
    struct image whole = image_make(good_index, strlen(good_index));

    (void)unused;
    for (size_t length = 0; length < whole.length - 1; length++) {
        struct image image = image_copy(whole.bytes, length);

        /* The padding behind the last name may be missing. */
        if (length < whole.length - 3)
            assert_int_equal(archive_open(image.bytes, image.length, NULL), ERR_FORMAT);
        if (archive_open(image.bytes, image.length, NULL) == OK)
            read_everything();
        assert_int_equal(archive_open("", 0, NULL), ERR_FORMAT);
        free(image.bytes);
    }
    free(whole.bytes);
}

/* Every byte in place of every digit of the mode, the size and the name's length of the first entry. */
static void test_headers_need_hexadecimal_digits(void **unused)
{
    struct image image = image_make(good_index, strlen(good_index));

    (void)unused;
    for (unsigned byte = 0; byte < 256; byte++) {
        enum status expected = isxdigit((int)byte) ? OK : ERR_FORMAT;
        char *digit = image.bytes + 6 + 8 + 7; /* the last one of the mode */
        char before = *digit;

        *digit = (char)byte;
        assert_int_equal(archive_open(image.bytes, image.length, NULL), expected);
        *digit = before;
        if (expected == OK)
            continue;
        for (unsigned place = 6 + 8 * 6; place < 6 + 8 * 7; place++) {
            before = image.bytes[place];
            image.bytes[place] = (char)byte;
            assert_int_equal(archive_open(image.bytes, image.length, NULL), ERR_FORMAT);
            image.bytes[place] = before;
        }
    }
    free(image.bytes);
}

static void test_names_and_data_end_inside(void **unused)
{
    struct image image = image_make(good_index, strlen(good_index));
    char *trailer = image.bytes + image.length - 124; /* its header and name, padded */

    (void)unused;
    assert_memory_equal(trailer, "070701", 6);
    memcpy(trailer + 6 + 8 * 6, "00000001", 8);
    assert_int_equal(archive_open(image.bytes, image.length, NULL), ERR_FORMAT);
    memcpy(trailer + 6 + 8 * 6, "00000000", 8);
    assert_int_equal(archive_open(image.bytes, image.length, NULL), OK);
    memcpy(trailer + 6 + 8 * 11, "0000000a", 8); /* without its NUL */
    assert_int_equal(archive_open(image.bytes, image.length, NULL), ERR_FORMAT);
    memcpy(trailer + 6 + 8 * 11, "00000000", 8);
    trailer[109] = '\0';
    assert_int_equal(archive_open(image.bytes, image.length, NULL), ERR_FORMAT);
    free(image.bytes);
}

static void test_damaged_bytes_never_crash(void **unused)
{
    struct image whole = image_make(good_index, strlen(good_index));
    unsigned accepted = 0;

    (void)unused;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct random random = {seed * 0x9e3779b97f4a7c15u};
        struct image image = image_copy(whole.bytes, whole.length);

        for (uint64_t flips = 1 + random_below(&random, 4); flips > 0; flips--) {
            static const char digits[] = "0123456789abcdefABCDEF \n";
            char *byte = &image.bytes[random_below(&random, image.length)];

            *byte = (char)random_next(&random);
            if (random_below(&random, 4))
                *byte = digits[random_below(&random, sizeof digits)];
        }
        if (archive_open(image.bytes, image.length, NULL) == OK) {
            accepted++;
            read_everything();
        }
        assert_int_equal(archive_open("", 0, NULL), ERR_FORMAT);
        free(image.bytes);
    }
    assert_in_range(accepted, 1000, 19000);
    free(whole.bytes);
}

static void test_nothing_is_found_when_none_is_open(void **unused)
{
    char cell[CELL_NAME_ROOM];
    const char *name;
    const void *bytes;
    size_t length;

    (void)unused;
    assert_int_equal(archive_open("rubbish", 7, NULL), ERR_FORMAT);
    assert_false(archive_get(NULL, 0, &name, &bytes, &length));
    assert_false(file_named("vm.cell", &bytes, &length));
    assert_false(archive_provider("boot.00", cell));
    assert_false(archive_provider("default.vm", cell));
    assert_false(archive_provider("vm_map", cell));
}

/* --- beside cpio itself --- */

static void write_file(const char *folder, const char *name, const char *bytes, size_t length)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static struct image run_cpio(const char *folder)
{
    static char bytes[ARCHIVE_MOST * 8];
    char command[400];
    size_t length;
    FILE *pipe;

    snprintf(command, sizeof command,
             "cd %s && find . -mindepth 1 | sed 's|^./||' | LC_ALL=C sort | "
             "cpio --quiet -o -H newc",
             folder);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    length = fread(bytes, 1, sizeof bytes, pipe);
    assert_int_equal(pclose(pipe), 0);
    return image_copy(bytes, length);
}

static void test_what_cpio_writes_is_read(void **unused)
{
    char folder[] = "/tmp/mitos-archive-XXXXXX", command[100], name[40], data[5000];
    struct image image;
    const void *bytes;
    size_t length;

    (void)unused;
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof name, "%s/sub", folder);
    assert_int_equal(mkdir(name, 0755), 0);
    memset(data, 'd', sizeof data);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%sfile%.*s%u.cell", i % 5 ? "" : "sub/", (int)(i % 7),
                 "xxxxxxx", i);
        write_file(folder, name, data, i * 113);
    }
    write_file(folder, "mitos.index", good_index, strlen(good_index));
    image = run_cpio(folder);
    assert_int_equal(archive_open(image.bytes, image.length, NULL), OK);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%sfile%.*s%u.cell", i % 5 ? "" : "sub/", (int)(i % 7),
                 "xxxxxxx", i);
        assert_true(file_named(name, &bytes, &length));
        assert_int_equal(length, i * 113);
        assert_memory_equal(bytes, data, length);
    }
    assert_false(file_named("sub", &bytes, &length));
    read_everything();
    assert_int_equal(archive_open("", 0, NULL), ERR_FORMAT);
    free(image.bytes);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_found_when_none_is_open),
        cmocka_unit_test(test_files_are_found_by_name_and_number),
        cmocka_unit_test(test_index_answers),
        cmocka_unit_test(test_every_one_of_many_symbols_is_found),
        cmocka_unit_test(test_wrong_indexes_are_refused),
        cmocka_unit_test(test_an_archive_without_index_is_refused),
        cmocka_unit_test(test_an_archive_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_headers_need_hexadecimal_digits),
        cmocka_unit_test(test_names_and_data_end_inside),
        cmocka_unit_test(test_damaged_bytes_never_crash),
        cmocka_unit_test(test_what_cpio_writes_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
