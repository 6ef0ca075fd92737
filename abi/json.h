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
 * Every value has a key inside an object, and NULL for a key elsewhere. Elements of the outermost array or object
 * begin a line each, so that a long list can be read by people, too. Pure: it knows neither console nor tasks.
 *
 * No cell provides it: what it writes to may wait, so each cell that uses it has its own, in the one of its files that
 * defines JSON_WRITER_HERE before it includes this.
 */
#ifndef MITOS_JSON_H
#define MITOS_JSON_H

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

/** Begins a text, which goes to @p write(@p sink, ...) in pieces. */
void json_begin(struct json *json, void (*write)(void *sink, const char *text, size_t bytes),
                void *sink);
/** Opens an object; json_end() closes the innermost. */
void json_object(struct json *json, const char *key);
/** Opens an array; the same. */
void json_array(struct json *json, const char *key);
/** Closes the object or array that was opened last. */
void json_end(struct json *json);

/** A text; what is no UTF-8 in it becomes U+FFFD. */
void json_text(struct json *json, const char *key, const char *text);
/** A number. */
void json_number(struct json *json, const char *key, uint64_t number);
/** true or false. */
void json_boolean(struct json *json, const char *key, bool value);
/** A text such as "0xffffffc080200000": most readers of JSON lose the low bits of such a number. */
void json_address(struct json *json, const char *key, uint64_t address);

/** Ends the line and writes what is left. */
void json_finish(struct json *json);

#ifdef JSON_WRITER_HERE
#include "nucleus/format.h"
#include "nucleus/string.h"

static void json_flush(struct json *json)
{
    if (json->bytes > 0)
        json->write(json->sink, json->text, json->bytes);
    json->bytes = 0;
}

static void json_put(struct json *json, const char *text, size_t bytes)
{
    if (bytes > sizeof json->text - json->bytes)
        json_flush(json);
    memcpy(json->text + json->bytes, text, bytes);
    json->bytes += bytes;
}

static void json_put_short(struct json *json, const char *text)
{
    json_put(json, text, strlen(text));
}

/* Bytes of the UTF-8 character at @p text; 0: it is none (RFC 3629, 4; surrogates are let
 * through). */
static size_t json_character_bytes(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

static void json_put_character(struct json *json, const char *text, size_t bytes)
{
    char escape[8];

    if (bytes == 0) {
        json_put_short(json, "\\ufffd");
    } else if (*text == '"' || *text == '\\') {
        json_put_short(json, "\\");
        json_put(json, text, 1);
    } else if ((unsigned char)*text < ' ') {
        format(escape, sizeof escape, "\\u%04x", (unsigned)*text);
        json_put_short(json, escape);
    } else {
        json_put(json, text, bytes);
    }
}

static void json_put_string(struct json *json, const char *text)
{
    json_put_short(json, "\"");
    while (*text) {
        size_t bytes = json_character_bytes(text);

        json_put_character(json, text, bytes);
        text += bytes ? bytes : 1;
    }
    json_put_short(json, "\"");
}

/* What comes before a value: a comma, its key. */
static void json_put_key(struct json *json, const char *key)
{
    if (json->depth > 0) {
        bool *filled = &json->filled[json->depth - 1];

        if (*filled)
            json_put_short(json, json->depth == 1 ? ",\n " : ", ");
        *filled = true;
    }
    if (!key)
        return;
    json_put_string(json, key);
    json_put_short(json, ": ");
}

static void json_open(struct json *json, const char *key, const char *bracket, char closing)
{
    json_put_key(json, key);
    json_put_short(json, bracket);
    json->closing[json->depth] = closing;
    json->filled[json->depth] = false;
    json->depth++;
}

void json_begin(struct json *json, void (*write)(void *sink, const char *text, size_t bytes),
                void *sink)
{
    json->write = write;
    json->sink = sink;
    json->depth = 0;
    json->bytes = 0;
}

void json_object(struct json *json, const char *key)
{
    json_open(json, key, "{", '}');
}

void json_array(struct json *json, const char *key)
{
    json_open(json, key, "[", ']');
}

void json_end(struct json *json)
{
    json_put(json, &json->closing[--json->depth], 1);
}

void json_text(struct json *json, const char *key, const char *text)
{
    json_put_key(json, key);
    json_put_string(json, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    char digits[24];

    json_put_key(json, key);
    format(digits, sizeof digits, "%llu", (unsigned long long)number);
    json_put_short(json, digits);
}

void json_boolean(struct json *json, const char *key, bool value)
{
    json_put_key(json, key);
    json_put_short(json, value ? "true" : "false");
}

void json_address(struct json *json, const char *key, uint64_t address)
{
    char digits[24];

    format(digits, sizeof digits, "0x%016llx", (unsigned long long)address);
    json_text(json, key, digits);
}

void json_finish(struct json *json)
{
    json_put_short(json, "\n");
    json_flush(json);
}
#endif

#endif
