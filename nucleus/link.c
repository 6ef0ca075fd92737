/*
 * The linker: what may be relocated, and how (RISC-V ELF psABI 1.0, chapter "Relocations"; immediates as
 * in the RISC-V unprivileged specification, chapters 2 and 16). elf_open() has checked the symbols'
 * numbers and nothing else of a relocation.
 */
#include "link.h"

#include "nucleus/string.h"
#include "text.h"

#define INLINED inline __attribute__((always_inline))

/* How a relocation changes its field. Up to CALL it is one of instructions, from SYMBOL on one of data; HI20
 * to PCREL may refer to functions of others. */
// clang-format off
enum form { REFUSED, IGNORED, JUMP, LO12, HI20, CALL, SYMBOL, PCREL, SET, ADD, SUB };

#define DATA(type, form, bits, align) \
    [R_RISCV_##type] = {form, (bits + 7) / 8, bits, align, 0, 0, {{0, bits, 0}}}
static const struct kind {
    uint8_t form, bytes, bits; /* of the field; bits: of the value in it */
    uint8_t align;             /* not 0: the value is a distance, which must fit and be aligned */
    uint64_t mask, match;      /* how to tell an instruction of the right format */
    struct part { uint8_t from, count, to; } parts[9]; /* where bits of the value go, up to count 0 */
} kinds[RELOCATION_TYPES] = {
    [R_RISCV_NONE] = {.form = IGNORED}, [R_RISCV_RELAX] = {.form = IGNORED},
    [R_RISCV_BRANCH] = {JUMP, 4, 13, 2, 0x7f, 0x63, {{12, 1, 31}, {5, 6, 25}, {1, 4, 8}, {11, 1, 7}}},
    [R_RISCV_JAL] = {JUMP, 4, 21, 2, 0x7f, 0x6f, {{20, 1, 31}, {1, 10, 21}, {11, 1, 20}, {12, 8, 12}}},
    [R_RISCV_RVC_BRANCH] = {JUMP, 2, 9, 2, 0xc003, 0xc001,
                            {{8, 1, 12}, {3, 2, 10}, {6, 2, 5}, {1, 2, 3}, {5, 1, 2}}},
    [R_RISCV_RVC_JUMP] = {JUMP, 2, 12, 2, 0xe003, 0xa001, {{11, 1, 12}, {4, 1, 11}, {8, 2, 9},
                          {10, 1, 8}, {6, 1, 7}, {7, 1, 6}, {1, 3, 3}, {5, 1, 2}}},
    [R_RISCV_PCREL_HI20] = {HI20, 4, 32, 1, 0x7f, 0x17, {{12, 20, 12}}},
    [R_RISCV_PCREL_LO12_I] = {LO12, 4, 12, 0, 3, 3, {{0, 12, 20}}},
    [R_RISCV_PCREL_LO12_S] = {LO12, 4, 12, 0, 3, 3, {{5, 7, 25}, {0, 5, 7}}},
    [R_RISCV_CALL ... R_RISCV_CALL_PLT] = /* auipc and jalr */
        {CALL, 8, 32, 2, 0x707f0000007f, 0x6700000017, {{12, 20, 12}, {0, 12, 52}}},
    DATA(64, SYMBOL, 64, 0), DATA(32_PCREL, PCREL, 32, 1), DATA(SUB6, SUB, 6, 0),
    DATA(SET6, SET, 6, 0),   DATA(SET8, SET, 8, 0),        DATA(SET16, SET, 16, 0),
    DATA(SET32, SET, 32, 0), DATA(ADD8, ADD, 8, 0),        DATA(ADD16, ADD, 16, 0),
    DATA(ADD32, ADD, 32, 0), DATA(ADD64, ADD, 64, 0),      DATA(SUB8, SUB, 8, 0),
    DATA(SUB16, SUB, 16, 0), DATA(SUB32, SUB, 32, 0),      DATA(SUB64, SUB, 64, 0),
};

#define NAME(number, name, place) [number] = #name,
static const char *const names[] = {RELOCATIONS(NAME)};
// clang-format on

/* Faults that are more than a damaged object; the last: what a callback of the loader said. */
static const char too_far[] = "out of reach, or odd", loader[] = "";
static const char unsupported[] = "not supported: cells are built with -mcmodel=medany -mno-relax, "
                                  "without -fPIC and without thread-local data";

/* One section's relocations on their way through. */
struct pass {
    const struct link_context *context;
    const struct elf_relocation *entries, *entry, *end; /* entry: the one in hand */
    uint64_t address;
    uint32_t section;
    bool text, direct;
    enum status status; /* of a callback */
    /* The last PCREL_HI20: nearly always the one that the next PCREL_LO12 belongs to. */
    uint64_t hi_offset, hi_value;
};

static enum status fail(const struct pass *pass, const char *fault)
{
    const struct elf_image *image = pass->context->image;
    const char *symbol = elf_symbol_name(image, pass->entry->symbol);
    uint32_t home = image->symbols[pass->entry->symbol].shndx, type = pass->entry->type;
    enum status status = fault == too_far ? ERR_LINK : ERR_FORMAT;

    if (fault == loader)
        return pass->status;
    if (*symbol == '\0' && home < image->section_count)
        symbol = elf_section_name(image, home);
    return why_set(pass->context->why, fault == unsupported ? ERR_UNSUPPORTED : status,
                   "%s+0x%lx: R_RISCV_%s (%u) against %s: %s",
                   elf_section_name(image, pass->section), pass->entry->offset,
                   type < RELOCATION_TYPES && names[type] ? names[type] : "unknown", type, symbol,
                   fault);
}

/* Finds what @p relocation, of @p kind, puts into its field: the address it refers to, its addend included,
 * or the distance to it. For a function of others, or an own one whose address is kept, the loader says
 * the address. Like all functions here: the text of what is wrong, or NULL. */
static INLINED const char *find_value(struct pass *pass, const struct elf_relocation *relocation,
                                      const struct kind *kind, uint64_t *value)
{
    const struct link_context *context = pass->context;
    const struct elf_symbol *symbol = &context->image->symbols[relocation->symbol];
    uint32_t home = symbol->shndx, type = symbol->info & 15;
    bool import = home == SHN_UNDEF, function = import || type == STT_FUNC;
    bool keep = (kind->form == HI20 || kind->form == SYMBOL) && !pass->direct;

    if (relocation->symbol == 0)
        return "no symbol";
    if (!import && (home >= ELF_MAX_SECTIONS || context->image->classes[home] == SECTION_IGNORED))
        return "its section is not loaded";
    if (keep && type == STT_SECTION && context->image->classes[home] == SECTION_TEXT)
        return "text is addressed by section, so a function cannot be told from a label";
    if (relocation->addend != 0 && (import || (function && keep)))
        return "points into a function, not to its start";
    if (function && kind->form > SYMBOL && !pass->direct)
        return "a function's address may not be relative: it is that of a stub";
    if (import && (kind->form < HI20 || kind->form > PCREL))
        return "only calls and addresses may refer to a function of others";
    *value = context->sections[home].address + symbol->value + (uint64_t)relocation->addend;
    if (import || (function && keep))
        pass->status =
            context->resolve(context->argument, relocation->symbol, keep, value, context->why);
    if (import && pass->status == OK && relocation == pass->entry && context->site)
        pass->status = context->site(context->argument, pass->section, relocation);
    if (pass->status != OK)
        return loader;
    if (kind->align != 0)
        *value -= pass->address + relocation->offset;
    if (kind->form == HI20) {
        pass->hi_offset = relocation->offset;
        pass->hi_value = *value;
    }
    return NULL;
}

/* The value of an LO12, whose symbol is the label of its auipc, is that of the PCREL_HI20 found there. */
static INLINED const char *find_high(struct pass *pass, uint64_t *value)
{
    const struct elf_symbol *symbol = &pass->context->image->symbols[pass->entry->symbol];
    const struct elf_relocation *high = pass->entries;

    if (symbol->shndx != pass->section || pass->entry->addend != 0)
        return "no label of an auipc in this section";
    *value = pass->hi_value;
    if (symbol->value == pass->hi_offset)
        return NULL;
    for (size_t rest = (size_t)(pass->end - high); rest > 0; rest /= 2) /* they are sorted */
        if (high[rest / 2].offset < symbol->value) {
            high += rest / 2 + 1;
            rest--;
        }
    for (; high < pass->end && high->offset == symbol->value; high++)
        if (high->type == R_RISCV_PCREL_HI20)
            return find_value(pass, high, &kinds[R_RISCV_PCREL_HI20], value);
    return "no R_RISCV_PCREL_HI20 at its label";
}

typedef uint16_t __attribute__((may_alias)) half; /* what instructions are made of */

/* Puts a value into a field. Differences (ADD, then SUB) wrap, as the psABI has it. */
static INLINED const char *put(const struct kind *kind, uint8_t *at, uint64_t value)
{
    unsigned step = kind->form > CALL ? 1 : 2;                /* data have any alignment */
    bool fresh = kind->form == SYMBOL || kind->form == PCREL; /* nothing of the field stays */
    uint64_t field = 0;

    for (unsigned i = 0; i < kind->bytes && !fresh; i += step)
        field |= (uint64_t)(step == 1 ? at[i] : *(const half *)&at[i]) << 8 * i;
    if ((field & kind->mask) != kind->match ||
        (kind->form == CALL && (field >> 7 & 31) != (field >> 47 & 31)))
        return kind->form == CALL ? "no auipc and jalr of one register" : "another instruction";
    if (kind->form == HI20 || kind->form == CALL) /* the low part is signed */
        value += (value & 0x800) << 1;
    if (kind->align != 0 &&
        ((uint64_t)((int64_t)value >> (kind->bits - 1)) + 1 > 1 || value & (kind->align - 1u)))
        return too_far;
    if (kind->form >= ADD)
        value = kind->form == ADD ? field + value : field - value;
    for (const struct part *part = kind->parts; part->count != 0; part++) {
        uint64_t ones = UINT64_MAX >> (64 - part->count) << part->to;

        field = (field & ~ones) | (value >> part->from << part->to & ones);
    }
    for (unsigned i = 0; i < kind->bytes; i += step)
        if (step == 1)
            at[i] = (uint8_t)(field >> 8 * i);
        else
            *(half *)&at[i] = (uint16_t)(field >> 8 * i);
    return NULL;
}

bool link_reaches(uint64_t from, uint64_t to)
{
    return (int64_t)(to - from + 0x800) == (int32_t)(to - from + 0x800);
}

enum status link_patch_pair(uint64_t address, uint64_t target, uint8_t pair[8])
{
    const char *fault = put(&kinds[R_RISCV_CALL], pair, target - address);

    return !fault ? OK : fault == too_far ? ERR_LINK : ERR_FORMAT;
}

static INLINED const char *apply(struct pass *pass)
{
    const struct elf_relocation *relocation = pass->entry;
    uint32_t type = relocation->type;
    const struct kind *kind = &kinds[type < RELOCATION_TYPES ? type : R_RISCV_32];
    uint64_t offset = relocation->offset, value;
    const char *fault;
    uint8_t *field;

    if (kind->form == REFUSED)
        return unsupported;
    if (!elf_inside(offset, kind->bytes, pass->context->image->sections[pass->section].size))
        return "the field crosses the section's end";
    if (kind->form == IGNORED)
        return NULL;
    if (pass->text != (kind->form <= CALL))
        return "data within text, or an instruction within data";
    if (pass->text &&
        (offset & 1 || (relocation > pass->entries && offset < relocation[-1].offset)))
        return "at an odd offset, or not sorted by offset";
    fault =
        kind->form == LO12 ? find_high(pass, &value) : find_value(pass, relocation, kind, &value);
    if (fault)
        return fault;
    field = pass->context->sections[pass->section].staging + offset;
    /* the most frequent ones are compiled for themselves */
    return type == R_RISCV_CALL_PLT       ? put(&kinds[R_RISCV_CALL_PLT], field, value)
           : type == R_RISCV_PCREL_HI20   ? put(&kinds[R_RISCV_PCREL_HI20], field, value)
           : type == R_RISCV_PCREL_LO12_I ? put(&kinds[R_RISCV_PCREL_LO12_I], field, value)
           : type == R_RISCV_32_PCREL     ? put(&kinds[R_RISCV_32_PCREL], field, value)
           : type == R_RISCV_64           ? put(&kinds[R_RISCV_64], field, value)
                                          : put(kind, field, value);
}

enum status link_apply(const struct link_context *context)
{
    const struct elf_image *image = context->image;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *table = &image->sections[image->tables[i]]; /* 0 is empty */
        const struct elf_relocation *entries = (const void *)(image->bytes + table->offset);
        struct pass pass = {.context = context,
                            .entries = entries,
                            .end = entries + table->size / sizeof *entries,
                            .address = context->sections[i].address,
                            .section = i,
                            .text = image->classes[i] == SECTION_TEXT,
                            .hi_offset = UINT64_MAX};

        if (image->tables[i] == 0)
            continue;
        pass.direct = image->classes[i] == SECTION_MANIFEST || i == image->eh_frame || i == image->except_table ||
                      string_starts(elf_section_name(image, i), ".rodata.DW.ref");
        for (pass.entry = entries; pass.entry < pass.end; pass.entry++) {
            const char *fault = apply(&pass);

            if (fault)
                return fail(&pass, fault);
        }
    }
    return OK;
}
