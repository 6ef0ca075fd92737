/* Which kinds of heap objects a cell creates. Kinds come to be when kind_create() (abi/nucleus/heap.h) is called,
 * so an object only tells where it is called, and the name when that is a constant: then the code before the
 * call has an address in a1, made by auipc and addi, whose relocations lead to the text (RISC-V ELF psABI
 * 1.0, "PC-Relative Symbol Addresses"). */
#include "pack.h"

#include <string.h>

#define CREATE "kind_create"
#define REACH_BYTES 64u /* how far before the call the name is looked for */
#define REGISTER_A1 11u
#define OPCODE_ADDI 0x13u

static bool is_call(const struct relocation *relocation)
{
    return relocation->type == R_RISCV_CALL || relocation->type == R_RISCV_CALL_PLT;
}

/* Whether the instruction at @p offset is addi a1, ... */
static bool sets_a1(const struct section *text, uint64_t offset)
{
    const uint8_t *bytes = text->bytes;
    uint32_t word;

    if (!bytes || text->header.sh_size < 4 || offset > text->header.sh_size - 4)
        return false;
    word = bytes[offset] | (uint32_t)bytes[offset + 1] << 8 | (uint32_t)bytes[offset + 2] << 16 |
           (uint32_t)bytes[offset + 3] << 24;
    return (word & 0x707f) == OPCODE_ADDI && (word >> 7 & 31) == REGISTER_A1;
}

/* The text that the auipc at @p offset leads to, or NULL. */
static const char *text_at(const struct object *object, const struct section *table,
                           uint64_t offset)
{
    for (size_t i = 0; i < table->relocation_count; i++) {
        const struct relocation *high = &table->relocations[i];
        const struct symbol *symbol = &object->symbols[high->symbol];
        const struct section *section = symbol_section(object, symbol);
        uint64_t start = symbol->entry.st_value + (uint64_t)high->addend;

        if (high->type != R_RISCV_PCREL_HI20 || high->offset != offset)
            continue;
        if (!section || !section->bytes || start >= section->header.sh_size ||
            !memchr(section->bytes + start, '\0', section->header.sh_size - start))
            return NULL;
        return (const char *)section->bytes + start;
    }
    return NULL;
}

/* The name that the call at @p call passes, or NULL: no constant, or not made as described above. */
static const char *name_at(const struct object *object, const struct section *table, uint64_t call)
{
    const struct section *text = &object->sections[table->header.sh_info];
    const struct relocation *nearest = NULL;

    for (size_t i = 0; i < table->relocation_count; i++) {
        const struct relocation *at = &table->relocations[i];

        if (at->offset >= call || call - at->offset > REACH_BYTES ||
            (nearest && at->offset <= nearest->offset))
            continue;
        if (is_call(at) || (at->type == R_RISCV_PCREL_LO12_I && sets_a1(text, at->offset)))
            nearest = at; /* a call leaves nothing in a1 that is known */
    }
    if (!nearest || is_call(nearest))
        return NULL;
    return text_at(object, table, object->symbols[nearest->symbol].entry.st_value);
}

bool kind_call_next(const struct object *object, struct kind_call *call)
{
    for (; call->section < object->section_count; call->section++, call->index = 0) {
        const struct section *table = &object->sections[call->section];

        while (call->index < table->relocation_count) {
            const struct relocation *at = &table->relocations[call->index++];
            const struct section *text = &object->sections[table->header.sh_info];
            const struct symbol *function;

            if (!is_call(at) || !symbol_is_import(&object->symbols[at->symbol]) ||
                strcmp(object->symbols[at->symbol].name, CREATE) != 0)
                continue;
            function = finding_function_at(object, text, at->offset);
            call->function = function ? function->name : "?";
            call->name = name_at(object, table, at->offset);
            return true;
        }
    }
    return false;
}
