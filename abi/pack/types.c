/* Types as text (abi/types_text.h), and signatures: a signature is the hash of the text that tells one item alone, with
 * all that it reaches, numbered in the order in which it comes up. So recursion ends at a number, an incomplete type is
 * its tag, and parameters' names do not count. In layouts the tags of complete structs do not count either.
 *
 * GCC 12 writes the lengths of an array of arrays in reverse order, and so do we. */
#include "btf.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* A struct, union, enum or typedef that has been mentioned: one of an object, or one of another text. */
struct definition {
    const struct btf_unit *unit;
    uint32_t id;
    const struct types_file *file;
    const struct types_record *record;
    uint64_t signature;
};

/* 0 is left to mean that there is no signature. */
static uint64_t hash_of(const struct buffer *text)
{
    uint64_t hash = hash_bytes(text->bytes, text->length);

    return hash ? hash : 1;
}

static void is_wrong(struct types_writer *writer, const char *text)
{
    if (!writer->wrong)
        writer->wrong = text;
}

static size_t add_definition(struct types_writer *writer, const struct definition *definition)
{
    if (writer->count == writer->room) {
        size_t room = 2 * writer->room + 64;
        struct definition *larger = memory_take(room, sizeof *larger);

        if (writer->count > 0)
            memcpy(larger, writer->definitions, writer->count * sizeof *larger);
        writer->definitions = larger;
        writer->room = room;
    }
    writer->definitions[writer->count++] = *definition;
    return writer->count;
}

static void write_definitions(struct types_writer *writer, struct buffer *text);

/* Of a struct, union, enum or typedef by itself, tags included: equal ones stand in a text once. */
static uint64_t signature_of(struct types_writer *writer, const struct btf_unit *unit, uint32_t id)
{
    struct types_writer alone = {.canonical = true};
    struct buffer text = {0};

    if (unit->signatures[id] == 0) {
        add_definition(&alone, &(struct definition){.unit = unit, .id = id});
        write_definitions(&alone, &text);
        unit->signatures[id] = hash_of(&text);
        if (alone.wrong)
            is_wrong(writer, alone.wrong);
    }
    return unit->signatures[id];
}

static size_t number_of_type(struct types_writer *writer, const struct btf_unit *unit, uint32_t id)
{
    struct definition new = {.unit = unit, .id = id};

    if (!writer->canonical)
        new.signature = signature_of(writer, unit, id);
    for (size_t i = 0; i < writer->count; i++)
        if (writer->canonical ? writer->definitions[i].id == id
                              : writer->definitions[i].signature == new.signature)
            return i + 1;
    return add_definition(writer, &new);
}

/* ---- C declarations ---- */

static const char *declare(struct types_writer *writer, const struct btf_unit *unit, uint32_t id,
                           const char *inner, unsigned depth);

static const char *join(const char *before, const char *inner)
{
    return *inner ? text_format("%s %s", before, inner) : before;
}

static const char *declare_function(struct types_writer *writer, const struct btf_unit *unit,
                                    const struct btf_type *type, const char *inner, unsigned depth)
{
    const char *list = "";

    for (unsigned i = 0; i < btf_vlen(type); i++) {
        uint32_t id = btf_params(type)[i].type;

        list = text_format("%s%s%s", list, i > 0 ? ", " : "",
                           id == 0 ? "..." : declare(writer, unit, id, "", depth));
    }
    return declare(writer, unit, type->type, text_format("%s(%s)", inner, *list ? list : "void"),
                   depth);
}

static const char *declare_pointer(struct types_writer *writer, const struct btf_unit *unit,
                                   const struct btf_type *type, const char *inner, unsigned depth)
{
    const struct btf_type *target = btf_type_of(unit, type->type);
    bool needs_parentheses = target && (btf_is_array(target) || btf_is_func_proto(target));

    return declare(writer, unit, type->type,
                   text_format(needs_parentheses ? "(*%s)" : "*%s", inner), depth);
}

static const char *declare_qualified(struct types_writer *writer, const struct btf_unit *unit,
                                     const struct btf_type *type, const char *inner, unsigned depth)
{
    const char *word = btf_is_const(type) ? "const" : btf_is_volatile(type) ? "volatile" : "restrict";
    const struct btf_type *target = btf_type_of(unit, type->type);

    if (target && btf_is_array(target)) /* its elements say it, too */
        return declare(writer, unit, type->type, inner, depth);
    if (target && (btf_is_ptr(target) || btf_is_mod(target)))
        return declare(writer, unit, type->type, join(word, inner), depth);
    return text_format("%s %s", word, declare(writer, unit, type->type, inner, depth));
}

/* A name as it counts: in layouts without "_v1" or "_V1" at its end. One file cannot have two typedefs or enumerators of
 * one name, so a version calls those of an earlier one by another. */
static const char *name_of(const struct types_writer *writer, const struct btf_unit *unit, uint32_t offset)
{
    const char *name = btf_name(unit, offset);
    size_t length = strlen(name), end = length;

    while (end > 0 && isdigit((unsigned char)name[end - 1]))
        end--;
    if (!writer->tagless || end == length || end < 3 || name[end - 2] != '_' || !strchr("vV", name[end - 1]))
        return name;
    return text_copy(name, end - 2);
}

static const char *tag_of(const struct types_writer *writer, const struct btf_unit *unit,
                          const struct btf_type *type)
{
    const char *name = name_of(writer, unit, type->name_off);

    return *name ? name : "-";
}

static const char *word_of(const struct btf_type *type)
{
    switch (btf_kind(type)) {
    case BTF_KIND_STRUCT: return "struct";
    case BTF_KIND_UNION: return "union";
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64: return "enum";
    case BTF_KIND_TYPEDEF: return "typedef";
    default: return btf_kflag(type) ? "union" : "struct"; /* BTF_KIND_FWD */
    }
}

/* "struct task{4}", "struct {5}", "paddr{6}" */
static const char *declare_defined(struct types_writer *writer, const struct btf_unit *unit,
                                   uint32_t id, const struct btf_type *type)
{
    bool tagless = writer->tagless && btf_is_composite(type);
    size_t number = number_of_type(writer, unit, id);
    const char *name = tagless ? "" : name_of(writer, unit, type->name_off);

    if (btf_is_typedef(type))
        return text_format("%s{%zu}", name, number);
    return text_format("%s %s{%zu}", word_of(type), name, number);
}

static const char *declare(struct types_writer *writer, const struct btf_unit *unit, uint32_t id,
                           const char *inner, unsigned depth)
{
    const struct btf_type *type = btf_type_of(unit, id);

    if (depth == 0)
        writer->parts = 0;
    if (!type || depth == BTF_DEPTH || writer->parts++ == BTF_PARTS)
        is_wrong(writer, "the BTF is malformed");
    if (writer->wrong)
        return "";
    depth++;
    switch (btf_kind(type)) {
    case BTF_KIND_UNKN: return join("void", inner);
    case BTF_KIND_INT:
    case BTF_KIND_FLOAT: return join(btf_name(unit, type->name_off), inner);
    case BTF_KIND_PTR: return declare_pointer(writer, unit, type, inner, depth);
    case BTF_KIND_ARRAY:
        return declare(writer, unit, btf_array(type)->type,
                       text_format("%s[%u]", inner, btf_array(type)->nelems), depth);
    case BTF_KIND_FUNC_PROTO: return declare_function(writer, unit, type, inner, depth);
    case BTF_KIND_CONST:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_RESTRICT: return declare_qualified(writer, unit, type, inner, depth);
    case BTF_KIND_FWD:
        return join(text_format("incomplete %s %s", word_of(type), tag_of(writer, unit, type)), inner);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
    case BTF_KIND_TYPEDEF: return join(declare_defined(writer, unit, id, type), inner);
    default: is_wrong(writer, "it is of a kind that C has not"); return "";
    }
}

/* ---- what stands below the head of a record ---- */

static void write_members(struct types_writer *writer, const struct btf_unit *unit,
                          const struct btf_type *type, struct buffer *text)
{
    buffer_print(text, " bytes %u\n", type->size);
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        const struct btf_member *member = &btf_members(type)[i];
        uint32_t offset = btf_member_bit_offset(type, i);
        uint32_t bits = btf_member_bitfield_size(type, i);
        const char *name = btf_name(unit, member->name_off);
        const char *its = declare(writer, unit, member->type, "", 0);

        if (bits > 0)
            buffer_print(text, " at %u.%u %s %s : %u\n", offset / 8, offset % 8,
                         *name ? name : "-", its, bits);
        else
            buffer_print(text, " at %u %s %s\n", offset / 8, *name ? name : "-", its);
    }
}

static void write_enumerators(struct types_writer *writer, const struct btf_unit *unit,
                              const struct btf_type *type, struct buffer *text)
{
    if (btf_is_enum64(type) || type->size > 4)
        is_wrong(writer, text_format("enum %s has a value that does not fit in 32 bits, and BTF "
                                     "does not tell such; use a macro",
                                     tag_of(writer, unit, type)));
    buffer_print(text, " bytes %u\n", type->size);
    for (unsigned i = 0; !writer->wrong && i < btf_vlen(type); i++)
        buffer_print(text, " value %s %d\n", name_of(writer, unit, btf_enum(type)[i].name_off),
                     btf_enum(type)[i].val);
}

static void write_function(struct types_writer *writer, const struct btf_unit *unit,
                           uint32_t prototype, uint32_t version, struct buffer *text)
{
    const struct btf_type *type = btf_type_of(unit, prototype);

    if (!type || !btf_is_func_proto(type)) {
        is_wrong(writer, "the BTF is malformed");
        return;
    }
    if (version > 0)
        buffer_print(text, " version %u\n", version);
    buffer_print(text, " returns %s\n", declare(writer, unit, type->type, "", 0));
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        uint32_t id = btf_params(type)[i].type;

        buffer_print(text, " takes %s\n", id == 0 ? "..." : declare(writer, unit, id, "", 0));
    }
}

static void write_layout(struct types_writer *writer, const struct btf_unit *unit, uint32_t type,
                         struct buffer *text)
{
    buffer_print(text, " is %s\n", declare(writer, unit, type, "", 0));
}

static void write_head(const struct types_writer *writer, const char *what, uint64_t signature,
                       size_t number, const char *name, struct buffer *text)
{
    if (writer->canonical)
        buffer_print(text, "%s %zu %s\n", what, number, name);
    else
        buffer_print(text, "%s %016" PRIx64 " %zu %s\n", what, signature, number, name);
}

static void write_type(struct types_writer *writer, size_t index, struct buffer *text)
{
    struct definition it = writer->definitions[index]; /* a copy: the list grows and moves */
    const struct btf_type *type = btf_type_of(it.unit, it.id);
    bool tagless = writer->tagless && btf_is_composite(type);

    write_head(writer, word_of(type), it.signature, index + 1, tagless ? "-" : tag_of(writer, it.unit, type), text);
    if (btf_is_composite(type))
        write_members(writer, it.unit, type, text);
    else if (btf_is_typedef(type))
        write_layout(writer, it.unit, type->type, text);
    else
        write_enumerators(writer, it.unit, type, text);
}

/* ---- from one text to another ---- */

static size_t number_of_record(struct types_writer *writer, const struct types_file *file,
                               uint64_t number)
{
    const struct types_record *record = types_file_numbered(file, number);

    if (!record) {
        is_wrong(writer, text_format("%s lacks type {%" PRIu64 "}", file->path, number));
        return 0;
    }
    for (size_t i = 0; i < writer->count; i++)
        if (writer->definitions[i].signature == record->signature)
            return i + 1;
    return add_definition(writer, &(struct definition){
                                      .file = file, .record = record, .signature = record->signature});
}

/* Copies lines, each {number} of theirs becoming one of ours. */
static void write_copy(struct types_writer *writer, const struct types_file *file,
                       struct types_span lines, struct buffer *text)
{
    while (lines.bytes > 0) {
        struct types_span part = types_cut(&lines, '{'), digits;
        uint64_t number;

        buffer_add(text, part.at, part.bytes);
        if (part.at + part.bytes == lines.at) /* the end, without a { */
            return;
        digits = types_cut(&lines, '}');
        if (!types_number(digits, 10, &number))
            is_wrong(writer, text_format("%s is malformed", file->path));
        else
            buffer_print(text, "{%zu}", number_of_record(writer, file, number));
    }
}

static void write_definitions(struct types_writer *writer, struct buffer *text)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct definition it = writer->definitions[i];

        if (it.unit) {
            write_type(writer, i, text);
            continue;
        }
        write_head(writer, text_copy(it.record->what.at, it.record->what.bytes), it.signature, i + 1,
                   text_copy(it.record->name.at, it.record->name.bytes), text);
        write_copy(writer, it.file, it.record->lines, text);
    }
}

/* ---- items ---- */

static uint64_t add_item(struct types_writer *writer, const char *what, const char *name,
                         struct types_writer *alone, struct buffer *told, const struct buffer *lines)
{
    uint64_t signature;

    write_definitions(alone, told);
    if (alone->wrong)
        is_wrong(writer, alone->wrong);
    signature = hash_of(told);
    buffer_print(&writer->items, "%s %016" PRIx64 " %s\n", what, signature, name);
    buffer_add(&writer->items, lines->bytes, lines->length);
    return signature;
}

uint64_t types_add_function(struct types_writer *writer, const char *name,
                            const struct btf_unit *unit, uint32_t prototype, uint32_t version)
{
    struct types_writer alone = {.canonical = true};
    struct buffer told = {0}, lines = {0};

    write_function(&alone, unit, prototype, version, &told);
    write_function(writer, unit, prototype, version, &lines);
    return add_item(writer, "function", name, &alone, &told, &lines);
}

uint64_t types_add_layout(struct types_writer *writer, const char *what, const char *name,
                          const struct btf_unit *unit, uint32_t type)
{
    struct types_writer alone = {.canonical = true, .tagless = true};
    struct buffer told = {0}, lines = {0};

    write_layout(&alone, unit, type, &told);
    write_layout(writer, unit, type, &lines);
    return add_item(writer, what, name, &alone, &told, &lines);
}

void types_add_record(struct types_writer *writer, const char *what, const struct types_file *file,
                      const struct types_record *record)
{
    buffer_print(&writer->items, "%s %016" PRIx64 " %.*s\n", what, record->signature,
                 (int)record->name.bytes, record->name.at);
    write_copy(writer, file, record->lines, &writer->items);
}

void types_finish(struct types_writer *writer, struct buffer *text)
{
    struct buffer definitions = {0};

    write_definitions(writer, &definitions);
    buffer_print(text, TYPES_TEXT_FIRST);
    buffer_add(text, writer->items.bytes, writer->items.length);
    buffer_add(text, definitions.bytes, definitions.length);
}
