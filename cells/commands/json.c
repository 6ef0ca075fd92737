/* The JSON writer. Elements of the outermost array or object begin a line each, so that a long
 * list can be read by people, too. */
#include "json.h"

#include "nucleus/format.h"
#include "nucleus/string.h"

static void flush(struct json *json)
{
    if (json->bytes > 0)
        json->write(json->sink, json->text, json->bytes);
    json->bytes = 0;
}

static void put(struct json *json, const char *text, size_t bytes)
{
    if (bytes > sizeof json->text - json->bytes)
        flush(json);
    memcpy(json->text + json->bytes, text, bytes);
    json->bytes += bytes;
}

static void put_short(struct json *json, const char *text)
{
    put(json, text, strlen(text));
}

/* Bytes of the UTF-8 character at @p text; 0: it is none (RFC 3629, 4; surrogates are let
 * through). */
static size_t character_bytes(const char *text)
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

static void put_character(struct json *json, const char *text, size_t bytes)
{
    char escape[8];

    if (bytes == 0) {
        put_short(json, "\\ufffd");
    } else if (*text == '"' || *text == '\\') {
        put_short(json, "\\");
        put(json, text, 1);
    } else if ((unsigned char)*text < ' ') {
        format(escape, sizeof escape, "\\u%04x", (unsigned)*text);
        put_short(json, escape);
    } else {
        put(json, text, bytes);
    }
}

static void put_string(struct json *json, const char *text)
{
    put_short(json, "\"");
    while (*text) {
        size_t bytes = character_bytes(text);

        put_character(json, text, bytes);
        text += bytes ? bytes : 1;
    }
    put_short(json, "\"");
}

/* What comes before a value: a comma, its key. */
static void put_key(struct json *json, const char *key)
{
    if (json->depth > 0) {
        bool *filled = &json->filled[json->depth - 1];

        if (*filled)
            put_short(json, json->depth == 1 ? ",\n " : ", ");
        *filled = true;
    }
    if (!key)
        return;
    put_string(json, key);
    put_short(json, ": ");
}

static void open(struct json *json, const char *key, const char *bracket, char closing)
{
    put_key(json, key);
    put_short(json, bracket);
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
    open(json, key, "{", '}');
}

void json_array(struct json *json, const char *key)
{
    open(json, key, "[", ']');
}

void json_end(struct json *json)
{
    put(json, &json->closing[--json->depth], 1);
}

void json_text(struct json *json, const char *key, const char *text)
{
    put_key(json, key);
    put_string(json, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    char digits[24];

    put_key(json, key);
    format(digits, sizeof digits, "%llu", (unsigned long long)number);
    put_short(json, digits);
}

void json_boolean(struct json *json, const char *key, bool value)
{
    put_key(json, key);
    put_short(json, value ? "true" : "false");
}

void json_address(struct json *json, const char *key, uint64_t address)
{
    char digits[24];

    format(digits, sizeof digits, "0x%016llx", (unsigned long long)address);
    json_text(json, key, digits);
}

void json_finish(struct json *json)
{
    put_short(json, "\n");
    flush(json);
}
