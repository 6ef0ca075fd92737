/* Applies what does not depend on where a cell will lie, so that the loader need not: jumps and calls
 * within a section, differences of labels of one section (jump tables, unwind tables). What then still
 * refers to a label, refers to its section instead, so that the labels can be dropped. The bytes that
 * result when the cell is linked are the same.
 *
 * What does not fit, or is not what its relocation says, is left as it is: the loader names it.
 * Reference: RISC-V ELF psABI, "Relocations"; RISC-V unprivileged specification, chapters 2 and 16. */
#include "pack.h"

#include <string.h>

static uint64_t load(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static void store(uint8_t *at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t bits(int64_t value, unsigned from, unsigned count, unsigned to)
{
    return (uint32_t)((uint64_t)value >> from & ((1u << count) - 1)) << to;
}

/* ---- jumps and calls ---- */

struct jump {
    uint32_t type, mask, match; /* of the instruction */
    unsigned bytes, reach;      /* of the instruction; bits of the distance, its sign included */
    uint32_t kept;              /* what of the instruction is not distance */
};

static const struct jump jumps[] = {
    {R_RISCV_BRANCH, 0x7f, 0x63, 4, 13, 0x01fff07f},
    {R_RISCV_JAL, 0x7f, 0x6f, 4, 21, 0xfff},
    {R_RISCV_RVC_BRANCH, 0xc003, 0xc001, 2, 9, 0xe383},
    {R_RISCV_RVC_JUMP, 0xe003, 0xa001, 2, 12, 0xe003},
};

static uint32_t encode_distance(uint32_t type, int64_t to)
{
    switch (type) {
    case R_RISCV_BRANCH:
        return bits(to, 12, 1, 31) | bits(to, 5, 6, 25) | bits(to, 1, 4, 8) | bits(to, 11, 1, 7);
    case R_RISCV_JAL:
        return bits(to, 20, 1, 31) | bits(to, 1, 10, 21) | bits(to, 11, 1, 20) |
               bits(to, 12, 8, 12);
    case R_RISCV_RVC_BRANCH:
        return bits(to, 8, 1, 12) | bits(to, 3, 2, 10) | bits(to, 6, 2, 5) | bits(to, 1, 2, 3) |
               bits(to, 5, 1, 2);
    default:
        return bits(to, 11, 1, 12) | bits(to, 4, 1, 11) | bits(to, 8, 2, 9) | bits(to, 10, 1, 8) |
               bits(to, 6, 1, 7) | bits(to, 7, 1, 6) | bits(to, 1, 3, 3) | bits(to, 5, 1, 2);
    }
}

static bool fits(int64_t value, unsigned width)
{
    return value >= -(INT64_C(1) << (width - 1)) && value < INT64_C(1) << (width - 1);
}

static bool apply_jump(const struct jump *jump, uint8_t *field, uint64_t room, int64_t distance)
{
    uint32_t word;

    if (room < jump->bytes || !fits(distance, jump->reach) || distance & 1)
        return false;
    word = (uint32_t)load(field, jump->bytes);
    if ((word & jump->mask) != jump->match)
        return false;
    store(field, jump->bytes, (word & jump->kept) | encode_distance(jump->type, distance));
    return true;
}

/* auipc and jalr of one register. */
static bool apply_call(uint8_t *field, uint64_t room, int64_t distance)
{
    uint32_t auipc, jalr;

    if (room < 8 || distance & 1 || !fits(distance, 33) || !fits(distance + 0x800, 32))
        return false;
    auipc = (uint32_t)load(field, 4);
    jalr = (uint32_t)load(field + 4, 4);
    if ((auipc & 0x7f) != 0x17 || (jalr & 0x707f) != 0x67 || (auipc >> 7 & 31) != (jalr >> 15 & 31))
        return false;
    store(field, 4, (auipc & 0xfff) | ((uint32_t)(distance + 0x800) & 0xfffff000));
    store(field + 4, 4, (jalr & 0xfffff) | bits(distance, 0, 12, 20));
    return true;
}

/* ---- one section's relocations ---- */

struct pass {
    const struct object *object;
    struct section *home;
    uint8_t *bytes; /* a copy of home's */
};

/* Where in @p home a relocation leads, unless it leads elsewhere. */
static bool target_in(const struct pass *pass, const struct section *home,
                      const struct relocation *relocation, uint64_t *offset)
{
    const struct symbol *symbol = &pass->object->symbols[relocation->symbol];

    *offset = symbol->entry.st_value + (uint64_t)relocation->addend;
    return symbol_section(pass->object, symbol) == home;
}

static bool apply_code(const struct pass *pass, const struct relocation *relocation)
{
    uint8_t *field = pass->bytes + relocation->offset;
    uint64_t target, room = pass->home->header.sh_size - relocation->offset;
    int64_t distance;

    if (!target_in(pass, pass->home, relocation, &target))
        return false;
    distance = (int64_t)(target - relocation->offset);
    if (relocation->type == R_RISCV_CALL || relocation->type == R_RISCV_CALL_PLT)
        return apply_call(field, room, distance);
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++)
        if (jumps[i].type == relocation->type)
            return apply_jump(&jumps[i], field, room, distance);
    return false;
}

/* The pairs that the assembler writes for `.word a - b` and the like: what is added or set, and what is
 * subtracted from the same field. */
static const struct pair {
    uint32_t first, second;
    unsigned bits;
    bool add;
} pairs[] = {
    {R_RISCV_ADD8, R_RISCV_SUB8, 8, true},     {R_RISCV_ADD16, R_RISCV_SUB16, 16, true},
    {R_RISCV_ADD32, R_RISCV_SUB32, 32, true},  {R_RISCV_ADD64, R_RISCV_SUB64, 64, true},
    {R_RISCV_SET6, R_RISCV_SUB6, 6, false},    {R_RISCV_SET8, R_RISCV_SUB8, 8, false},
    {R_RISCV_SET16, R_RISCV_SUB16, 16, false},
};

/* The nucleus refuses differences with functions outside of the unwind tables: it must still see them. */
static bool is_label(const struct object *object, uint32_t symbol)
{
    return ELF64_ST_TYPE(object->symbols[symbol].entry.st_info) != STT_FUNC;
}

static bool apply_difference(const struct pass *pass, const struct relocation *first)
{
    const struct relocation *second = first + 1;
    const struct section *home =
        symbol_section(pass->object, &pass->object->symbols[first->symbol]);
    uint64_t a, b, old, mask, room = pass->home->header.sh_size - first->offset;
    const struct pair *pair = pairs;

    while (pair < pairs + sizeof pairs / sizeof pairs[0] &&
           (pair->first != first->type || pair->second != second->type))
        pair++;
    if (pair == pairs + sizeof pairs / sizeof pairs[0] || first->offset != second->offset ||
        room < (pair->bits + 7) / 8 || !home || !target_in(pass, home, first, &a) ||
        !target_in(pass, home, second, &b) || !is_label(pass->object, first->symbol) ||
        !is_label(pass->object, second->symbol))
        return false;
    mask = UINT64_MAX >> (64 - pair->bits);
    old = load(pass->bytes + first->offset, (pair->bits + 7) / 8);
    store(pass->bytes + first->offset, (pair->bits + 7) / 8,
          (old & ~mask) | (((pair->add ? old : 0) + a - b) & mask));
    return true;
}

/* `.word label - table`, as in a jump table, is the distance from the word itself, further on by what the word
 * lies behind the table: one relocation for two. */
static bool merge_difference(const struct pass *pass, struct relocation *first)
{
    const struct relocation *second = first + 1;
    uint64_t table;

    if (first->type != R_RISCV_ADD32 || second->type != R_RISCV_SUB32 ||
        first->offset != second->offset || pass->home->header.sh_size - first->offset < 4 ||
        load(pass->bytes + first->offset, 4) != 0 || !target_in(pass, pass->home, second, &table) ||
        !is_label(pass->object, first->symbol) || !is_label(pass->object, second->symbol) ||
        !symbol_section(pass->object, &pass->object->symbols[first->symbol]))
        return false;
    first->type = R_RISCV_32_PCREL;
    first->addend = (int64_t)((uint64_t)first->addend + first->offset - table);
    return true;
}

/* Applies what it can and takes it out of the table. */
static void apply_table(struct object *object, struct section *table)
{
    struct section *home = &object->sections[table->header.sh_info];
    struct pass pass = {object, home, memory_take(1, home->header.sh_size)};
    bool text = section_has(home, SHF_EXECINSTR);
    size_t kept = 0;

    memcpy(pass.bytes, home->bytes, home->header.sh_size);
    for (size_t i = 0; i < table->relocation_count; i++) {
        struct relocation *relocation = &table->relocations[i];
        bool pair = !text && i + 1 < table->relocation_count;

        if (relocation->type == R_RISCV_NONE || relocation->type == R_RISCV_RELAX ||
            (text && apply_code(&pass, relocation)))
            continue;
        if (pair && apply_difference(&pass, relocation)) {
            i++;
            continue;
        }
        if (pair && merge_difference(&pass, relocation))
            i++;
        table->relocations[kept++] = *relocation;
    }
    table->relocation_count = kept;
    table->dropped = kept == 0;
    home->bytes = pass.bytes;
}

/* ---- from labels to sections ---- */

/* Whether the loader may be told "this far into the section" instead of a label: not where it looks for
 * the auipc at the label, and not where it must tell a function from a label (an address in text). */
static bool may_be_relative(const struct object *object, const struct relocation *relocation)
{
    const struct symbol *symbol = &object->symbols[relocation->symbol];
    const struct section *home = symbol_section(object, symbol);
    unsigned type = ELF64_ST_TYPE(symbol->entry.st_info);

    if (!home || ELF64_ST_BIND(symbol->entry.st_info) != STB_LOCAL ||
        (type != STT_NOTYPE && type != STT_OBJECT && type != STT_SECTION))
        return false;
    if (section_has(home, SHF_EXECINSTR))
        return relocation->type == R_RISCV_32_PCREL;
    return relocation->type == R_RISCV_64 || relocation->type == R_RISCV_PCREL_HI20 ||
           relocation->type == R_RISCV_32_PCREL;
}

/* The symbols that stand for their sections: existing ones, or labels that are made such. */
static uint32_t *find_section_symbols(struct object *object, const bool *needed)
{
    uint32_t *found = memory_take(object->section_count, sizeof *found);

    for (uint32_t i = 1; i < object->symbol_count; i++) {
        struct symbol *symbol = &object->symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->entry.st_info);

        if (ELF64_ST_BIND(symbol->entry.st_info) != STB_LOCAL || !symbol_section(object, symbol) ||
            needed[i] || found[symbol->entry.st_shndx] ||
            (type != STT_NOTYPE && type != STT_SECTION))
            continue;
        found[symbol->entry.st_shndx] = i;
    }
    return found;
}

/* Calls @p visit for each relocation that is loaded. */
static void each_relocation(struct object *object,
                            void (*visit)(struct object *object, struct relocation *relocation,
                                          void *argument),
                            void *argument)
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        for (size_t j = 0; !table->dropped && j < table->relocation_count; j++)
            visit(object, &table->relocations[j], argument);
    }
}

static void note_needed(struct object *object, struct relocation *relocation, void *argument)
{
    bool *needed = argument;

    if (!may_be_relative(object, relocation))
        needed[relocation->symbol] = true;
}

static void make_relative(struct object *object, struct relocation *relocation, void *argument)
{
    const uint32_t *section_symbols = argument;
    const struct symbol *symbol = &object->symbols[relocation->symbol];

    if (!may_be_relative(object, relocation) || !section_symbols[symbol->entry.st_shndx])
        return;
    relocation->addend = (int64_t)((uint64_t)relocation->addend + symbol->entry.st_value);
    relocation->symbol = section_symbols[symbol->entry.st_shndx];
}

void prelink(struct object *object)
{
    bool *needed = memory_take(object->symbol_count, sizeof *needed);
    uint32_t *section_symbols;

    for (size_t i = 1; i < object->section_count; i++) {
        struct section *table = &object->sections[i];

        if (table->header.sh_type == SHT_RELA && !table->dropped &&
            section_has(&object->sections[table->header.sh_info], SHF_ALLOC) &&
            object->sections[table->header.sh_info].bytes)
            apply_table(object, table);
    }
    each_relocation(object, note_needed, needed);
    section_symbols = find_section_symbols(object, needed);
    each_relocation(object, make_relative, section_symbols);
    for (size_t i = 1; i < object->section_count; i++) {
        struct symbol *symbol = &object->symbols[section_symbols[i]];

        if (section_symbols[i] == 0)
            continue;
        symbol->entry.st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION);
        symbol->entry.st_value = 0;
        symbol->entry.st_size = 0;
        symbol->name = "";
    }
}
