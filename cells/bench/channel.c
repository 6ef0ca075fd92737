/*
 * A message of one byte from one task to another, with whichever provider of `channel` is bound: one of many, as the sender
 * goes on to send; and one alone, for which a receiver waits that then answers. With chan_async the first needs a task
 * switch for every ninth message, the second one for each; with chan_sync both need one for each.
 */
#include "bench.h"
#include "channel.h"
#include "nucleus/hart.h"
#include "task.h"

#define MESSAGES 128u
#define HELD 16u

/** A line of two channels. */
struct HOLDS line {
    chan_sender there, back; /* line_end() drops all four */
    chan_receiver end_there, end_back;
};

/* Unchecked, all: the ends stay in the line from line_make() to line_end(). */
static UNCHECKED void line_end(struct line *line)
{
    chan_sender_unwind(&line->there);
    chan_receiver_unwind(&line->end_there);
    chan_sender_unwind(&line->back);
    chan_receiver_unwind(&line->end_back);
}

static UNCHECKED bool line_make(struct line *line)
{
    if (chan_make(&line->there, &line->end_there, 1, HELD) &&
        chan_make(&line->back, &line->end_back, 1, HELD))
        return true;
    line_end(line);
    return false;
}

/* Sends back what comes, until nobody sends. */
static int answer_each(void *argument) UNCHECKED;
static int answer_each(void *argument)
{
    const struct line *line = argument;
    uint8_t byte;

    while (chan_receive(&line->end_there, &byte, 1) == OK)
        if (chan_send(&line->back, &byte, 1) != OK)
            return 1;
    return 0;
}

/* Sends back one for each MESSAGES that come. */
static int answer_all(void *argument) UNCHECKED;
static int answer_all(void *argument)
{
    const struct line *line = argument;
    uint8_t byte = 0;

    for (;;) {
        for (unsigned i = 0; i < MESSAGES; i++)
            if (chan_receive(&line->end_there, &byte, 1) != OK)
                return 0;
        if (chan_send(&line->back, &byte, 1) != OK)
            return 1;
    }
}

/* Sends @p count messages, and waits for the answer. @return whether it is the last one. */
static UNCHECKED bool send_some(const struct line *line, unsigned count)
{
    uint8_t byte, answer = 0;

    for (unsigned i = 0; i < count; i++) {
        byte = (uint8_t)i;
        if (chan_send(&line->there, &byte, 1) != OK)
            return false;
    }
    return chan_receive(&line->end_back, &answer, 1) == OK && answer == byte;
}

/* Sends @p rounds times @p count messages to a task that answers each time, and says what one of all of them cost. */
static enum status run_line(int (*entry)(void *), unsigned rounds, unsigned count, uint64_t *instructions)
    UNCHECKED
{
    OWN(task_handle) task = {0};
    struct line line = {0};
    uint64_t start;
    bool good;

    if (!line_make(&line))
        return ERR_NOMEM;
    if (!task_spawn(&task, "answerer", entry, &line)) {
        line_end(&line);
        return ERR_NOMEM;
    }
    good = send_some(&line, count); /* from here on the other waits when a message comes */
    start = hart_instructions();
    for (unsigned i = 0; i < rounds; i++)
        good &= send_some(&line, count);
    *instructions = (hart_instructions() - start) / (rounds * (count + 1));
    chan_sender_drop(&line.there);
    good &= task_join(&task, NULL) == OK;
    line_end(&line);
    return good ? OK : ERR_FAULT;
}

static enum status run_channel(uint64_t *instructions) UNCHECKED
{
    return run_line(answer_all, 2, MESSAGES, instructions);
}
BENCH(channel_async, .help = "one of many messages of a byte, from task to task", .cell = "chan_async",
      .goal = 350, .runs = 15, .run = run_channel);
BENCH(channel_sync, .help = "the same, where each waits for its receiver", .cell = "chan_sync", .goal = 500,
      .runs = 15, .run = run_channel);

static enum status run_channel_alone(uint64_t *instructions) UNCHECKED
{
    return run_line(answer_each, MESSAGES / 2, 1, instructions);
}
BENCH(channel_alone, .help = "a message for which another task waits, with the switch to it", .runs = 15,
      .run = run_channel_alone);
