/* The log ring under writers that go round it while it is read. */
#include "logs.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "task.h"
#include "test.h"
#include "text.h"

#define LINES 2000u
#define LETTERS 100u
#define MARK "ring test "

/* Each line is of one letter. */
static int write_lines(void *unused)
{
    char text[LETTERS + 1];

    (void)unused;
    role_assert_may_park();
    for (unsigned i = 0; i < LINES; i++) {
        memset(text, 'a' + (int)(i % 26), LETTERS);
        text[LETTERS] = '\0';
        log_write(MARK "%s", text);
        if (i % 64 == 0)
            task_yield();
    }
    return 0;
}

static bool is_whole(const char *line)
{
    const char *letters = strstr(line, MARK);
    unsigned count = 0;

    if (!letters)
        return true; /* somebody else's */
    letters += sizeof MARK - 1;
    while (letters[count] && letters[count] == letters[0])
        count++;
    return count == LETTERS && !letters[count];
}

struct reader {
    uint64_t from;
    unsigned lines, jumps;
    char line[LOG_LINE_MOST];
    size_t length;
    bool skips; /* up to the next line: the ring went past it */
};

static void reader_begin(struct reader *reader, uint64_t from)
{
    memset(reader, 0, sizeof *reader);
    reader->from = from;
}

/* Reads what there is. @return false: a line is damaged, and stands in reader->line. */
static bool read_on(struct reader *reader)
{
    uint64_t before = reader->from;
    char part[200];
    size_t got = log_read(&reader->from, part, sizeof part);

    if (reader->from - got != before) {
        reader->skips = true;
        reader->jumps++;
    }
    for (size_t i = 0; i < got; i++) {
        if (part[i] != '\n') {
            reader->line[reader->length++ % LOG_LINE_MOST] = part[i];
            continue;
        }
        reader->line[reader->length % LOG_LINE_MOST] = '\0';
        if (!reader->skips && !is_whole(reader->line))
            return false;
        reader->lines += !reader->skips;
        reader->skips = false;
        reader->length = 0;
    }
    return true;
}

/* Reads the oldest bytes again and again, which the writer is about to write over. */
TEST(fault, ring_is_read_whole_while_it_is_written)
{
    OWN(task_handle) writer = {0};
    struct reader reader;
    uint64_t end = log_end() + LINES * (uint64_t)LETTERS;
    bool good = true;
    int result;

    if (!task_spawn(&writer, "writer", write_lines, NULL))
        return;
    while (good && log_end() < end) {
        reader_begin(&reader, 0);
        for (unsigned i = 0; i < 4 && good; i++)
            good = CHECK(t, read_on(&reader), "\"%s\"", reader.line);
        task_yield();
    }
    CHECK(t, task_join(&writer, &result) == OK, "the writer ended badly");
}

TEST(fault, ring_keeps_the_last_lines)
{
    struct reader reader;
    uint64_t end;

    reader_begin(&reader, 0);
    role_assert_may_park();
    (void)write_lines(NULL);
    end = log_end();
    while (reader.from < end && CHECK(t, read_on(&reader), "\"%s\"", reader.line))
        continue;
    CHECK(t, reader.jumps == 1 && reader.lines > 120, "%u lines, %u jumps", reader.lines, reader.jumps);
}
