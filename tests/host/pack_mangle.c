/* pack_mangle OBJECT FOLDER: runs `pack cell` on damaged copies of OBJECT, each in a process of its
 * own: cut, at every byte of its last part, where the tables are, then with random bytes changed (always the same
 * ones). A cut object must be refused; a changed one may pass, but nothing may crash or trip a sanitizer. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANGED_COPIES 1500
#define SANITIZER_STATUS 99
#define TABLES_BYTES 2000u /* symbols' names and section headers, roughly */
#define CUT_BYTES 16u      /* before them */

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "exitcode=99:detect_leaks=0";
}

static int run_pack(char *path, char *output, bool archive)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        char *cell[] = {"cell", "--quiet", "-o", output, path, NULL};
        char *report[] = {"report", "--json", path, NULL};

        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(SANITIZER_STATUS);
        status = cell_command.run(5, cell);
        report_command.run(3, report);
        if (archive)
            archive_command.run(4, (char *[]){"archive", "-o", path, output, NULL});
        fflush(stdout);
        _exit(status);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int try_copy(const uint8_t *bytes, size_t length, const char *folder, bool archive)
{
    struct buffer copy = {(uint8_t *)bytes, length, 0};
    static char path[4096], output[4096];

    snprintf(path, sizeof path, "%s/mangled.o", folder);
    snprintf(output, sizeof output, "%s/sample.cell", folder);
    unlink(output);
    if (!file_write(path, &copy))
        return -1;
    return run_pack(path, output, archive);
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (uint32_t)(*seed >> 33);
}

/* Changes land in the tables as often as in the bulk: header and section headers are where offsets
 * are. */
static void change_bytes(uint8_t *bytes, size_t length, uint64_t *seed)
{
    static const uint8_t values[] = {0, 1, 2, 4, 8, 0x7f, 0x80, 0xff};
    uint64_t table;

    memcpy(&table, bytes + 40, sizeof table); /* e_shoff */
    for (unsigned count = 1 + next_random(seed) % 3; count > 0; count--) {
        size_t place = next_random(seed) % length;
        unsigned where = next_random(seed) % 4;

        if (where == 0)
            place = next_random(seed) % 64;
        else if (where < 3 && table < length)
            place = table + next_random(seed) % (length - table);
        bytes[place] = next_random(seed) % 2 ? values[next_random(seed) % sizeof values]
                                             : (uint8_t)next_random(seed);
    }
}

int main(int argc, char **argv)
{
    uint8_t *bytes;
    size_t length;
    uint64_t seed = 1;
    unsigned passed = 0, cuts = 0;

    if (argc != 3 || !file_read(argv[1], &bytes, &length))
        return PACK_USAGE;
    if (try_copy(bytes, length, argv[2], true) != PACK_OK) {
        printf("the whole object is refused\n");
        return 1;
    }
    for (size_t cut = 0; cut < length; cut += cut + TABLES_BYTES < length ? CUT_BYTES : 1) {
        cuts++;
        if (try_copy(bytes, cut, argv[2], false) != PACK_REFUSED) {
            printf("cut to %zu bytes: not refused\n", cut);
            return 1;
        }
    }
    for (unsigned i = 0; i < CHANGED_COPIES; i++) {
        uint8_t *copy = malloc(length);
        int status;

        if (!copy)
            return 1;
        memcpy(copy, bytes, length);
        change_bytes(copy, length, &seed);
        status = try_copy(copy, length, argv[2], true);
        free(copy);
        passed += status == PACK_OK;
        if (status != PACK_OK && status != PACK_REFUSED) {
            printf("changed copy %u: status %d\n", i, status);
            return 1;
        }
    }
    printf("%u cuts refused, %u changed copies survived (%u of them still cells)\n", cuts, CHANGED_COPIES,
           passed);
    return passed > 0 ? 0 : 1;
}
