/**
 * @file json.h
 * A writer of JSON (RFC 8259). It puts commas and escapes where they belong; the caller opens and
 * closes, at most JSON_DEPTH deep.
 *
 *     json_begin(&json, write, sink);
 *     json_object(&json, NULL);
 *     json_text(&json, "name", cell.name);
 *     json_end(&json);
 *     json_finish(&json);
 *
 * Every value has a key inside an object, and NULL for a key elsewhere. Pure: it knows neither
 * console nor tasks.
 */
#ifndef MITOS_COMMANDS_JSON_H
#define MITOS_COMMANDS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 16u

struct json {
    void (*write)(void *sink, const char *text, size_t bytes);
    void *sink;
    unsigned depth;           /* open objects and arrays */
    char closing[JSON_DEPTH]; /* how each is closed */
    bool filled[JSON_DEPTH];  /* whether something stands in it already */
    char text[256];           /* not written yet */
    size_t bytes;
};

void json_begin(struct json *json, void (*write)(void *sink, const char *text, size_t bytes),
                void *sink);
/** Opens an object or an array; json_end() closes the innermost. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end(struct json *json);

void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_boolean(struct json *json, const char *key, bool value);
/** A text such as "0xffffffc080200000": most readers of JSON lose the low bits of such a number. */
void json_address(struct json *json, const char *key, uint64_t address);

/** Ends the line and writes what is left. */
void json_finish(struct json *json);

#endif
