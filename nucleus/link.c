/*
 * The linker: what may be relocated, and how (RISC-V ELF psABI 1.0, chapter "Relocations"; immediates as
 * in the RISC-V unprivileged specification, chapters 2 and 16). elf_open() has checked the symbols'
 * numbers and nothing else of a relocation.
 */
#include "link.h"

#include "nucleus/string.h"
#include "text.h"

/* How a relocation changes its field. Up to CALL it is one of instructions, from SYMBOL on one of data; HI20
 * to PCREL may refer to functions of others. */
// clang-format off
#define KINDS 66u /* types of relocations that have names */

enum form { REFUSED, IGNORED, JUMP, LO12, HI20, CALL, SYMBOL, PCREL, SET, ADD, SUB };

static const struct kind {
    uint8_t form, bytes, bits; /* of the field; bits: of the value in it */
    uint8_t align;             /* not 0: the value is a distance, which must fit and be aligned */
    uint16_t mask, match;      /* how to tell an instruction of the right format */
    struct part { uint8_t from, count, to; } parts[9]; /* where bits of the value go, up to count 0 */
} kinds[KINDS] = {
    [0] = {.form = IGNORED}, [51] = {.form = IGNORED},
    [16] = {JUMP, 4, 13, 2, 0x7f, 0x63, {{12, 1, 31}, {5, 6, 25}, {1, 4, 8}, {11, 1, 7}}},
    [17] = {JUMP, 4, 21, 2, 0x7f, 0x6f, {{20, 1, 31}, {1, 10, 21}, {11, 1, 20}, {12, 8, 12}}},
    [44] = {JUMP, 2, 9, 2, 0xc003, 0xc001,
            {{8, 1, 12}, {3, 2, 10}, {6, 2, 5}, {1, 2, 3}, {5, 1, 2}}},
    [45] = {JUMP, 2, 12, 2, 0xe003, 0xa001, {{11, 1, 12}, {4, 1, 11}, {8, 2, 9}, {10, 1, 8},
                                             {6, 1, 7}, {7, 1, 6}, {1, 3, 3}, {5, 1, 2}}},
    [23] = {HI20, 4, 32, 1, 0x7f, 0x17, {{12, 20, 12}}},
    [24] = {LO12, 4, 12, 0, 3, 3, {{0, 12, 20}}},
    [25] = {LO12, 4, 12, 0, 3, 3, {{5, 7, 25}, {0, 5, 7}}},
    [18] = {CALL, 8, 32, 2, 0, 0, {{0}}}, [19] = {CALL, 8, 32, 2, 0, 0, {{0}}},
#define DATA(form, bits, align) {form, (bits + 7) / 8, bits, align, 0, 0, {{0}}}
    [2] = DATA(SYMBOL, 64, 0), [57] = DATA(PCREL, 32, 1), [52] = DATA(SUB, 6, 0),
    [53] = DATA(SET, 6, 0),    [54] = DATA(SET, 8, 0),    [55] = DATA(SET, 16, 0),
    [56] = DATA(SET, 32, 0),   [33] = DATA(ADD, 8, 0),    [34] = DATA(ADD, 16, 0),
    [35] = DATA(ADD, 32, 0),   [36] = DATA(ADD, 64, 0),   [37] = DATA(SUB, 8, 0),
    [38] = DATA(SUB, 16, 0),   [39] = DATA(SUB, 32, 0),   [40] = DATA(SUB, 64, 0),
};
/* Every type has its name, so that what is refused is refused by name; "" are reserved numbers. */
static const char *const names[KINDS] = {
    "NONE", "32", "64", "RELATIVE", "COPY", "JUMP_SLOT", "TLS_DTPMOD32", "TLS_DTPMOD64",
    "TLS_DTPREL32", "TLS_DTPREL64", "TLS_TPREL32", "TLS_TPREL64", "TLSDESC", "", "", "",
    "BRANCH", "JAL", "CALL", "CALL_PLT", "GOT_HI20", "TLS_GOT_HI20", "TLS_GD_HI20", "PCREL_HI20",
    "PCREL_LO12_I", "PCREL_LO12_S", "HI20", "LO12_I", "LO12_S", "TPREL_HI20", "TPREL_LO12_I",
    "TPREL_LO12_S", "TPREL_ADD", "ADD8", "ADD16", "ADD32", "ADD64", "SUB8", "SUB16", "SUB32",
    "SUB64", "GOT32_PCREL", "", "ALIGN", "RVC_BRANCH", "RVC_JUMP", "RVC_LUI", "GPREL_I", "GPREL_S",
    "TPREL_I", "TPREL_S", "RELAX", "SUB6", "SET6", "SET8", "SET16", "SET32", "32_PCREL",
    "IRELATIVE", "PLT32", "SET_ULEB128", "SUB_ULEB128", "TLSDESC_HI20", "TLSDESC_LOAD_LO12",
    "TLSDESC_ADD_LO12", "TLSDESC_CALL",
};
// clang-format on

/* Faults that are more than a damaged object; the last: what a callback of the loader said. */
static const char too_far[] = "out of reach, or odd", loader[] = "";
static const char unsupported[] = "not supported: cells are built with -mcmodel=medany -mno-relax, "
                                  "without -fPIC and without thread-local data";

/* One section's relocations on their way through. */
struct pass {
    const struct link_context *context;
    const struct elf_image *image;
    const struct elf_relocation *entries, *entry, *end; /* entry: the one in hand */
    uint8_t *staging;
    uint64_t address, bytes, least; /* text's relocations are sorted: the last offset */
    uint32_t section;
    bool text, direct;
    enum status status; /* of a callback */
    /* The last PCREL_HI20: nearly always the one that the next PCREL_LO12 belongs to. */
    uint64_t hi_offset, hi_value;
};

static enum status fail(const struct pass *pass, const char *fault)
{
    const struct elf_image *image = pass->image;
    const struct elf_relocation *relocation = pass->entry;
    const char *symbol = elf_symbol_name(image, relocation->symbol);
    uint32_t home = image->symbols[relocation->symbol].shndx, type = relocation->type;
    enum status status = fault == too_far ? ERR_LINK : ERR_FORMAT;

    if (fault == loader)
        return pass->status;
    if (*symbol == '\0' && home < image->section_count)
        symbol = elf_section_name(image, home);
    return why_set(pass->context->why, fault == unsupported ? ERR_UNSUPPORTED : status,
                   "%s+0x%lx: R_RISCV_%s (%u) against %s: %s",
                   elf_section_name(image, pass->section), relocation->offset,
                   type < KINDS && *names[type] ? names[type] : "unknown", type, symbol, fault);
}

/* Finds the address of a function, of others (@p import) or an own one: an address to keep (@p keep) is that
 * of a stub. Like all functions here: the text of what is wrong, or NULL. */
static const char *find_function(struct pass *pass, const struct elf_relocation *relocation,
                                 const struct kind *kind, bool import, uint64_t *address)
{
    const struct link_context *context = pass->context;
    const struct elf_symbol *symbol = &pass->image->symbols[relocation->symbol];
    bool keep = (kind->form == HI20 || kind->form == SYMBOL) && !pass->direct;

    if (relocation->symbol == 0)
        return "no symbol";
    if (relocation->addend != 0 && (import || keep))
        return "points into a function, not to its start";
    if (kind->form > SYMBOL && !pass->direct)
        return "a function's address may not be relative: it is that of a stub";
    if (import && (kind->form < HI20 || kind->form > PCREL))
        return "only calls and addresses may refer to a function of others";
    if (!import && !keep) {
        *address =
            context->sections[symbol->shndx].address + symbol->value + (uint64_t)relocation->addend;
        return NULL;
    }
    pass->status = context->resolve(context->argument, relocation->symbol,
                                    keep ? LINK_ADDRESS : LINK_CALL, address, context->why);
    if (pass->status == OK && import && relocation == pass->entry && context->site)
        pass->status = context->site(context->argument, pass->section, relocation);
    return pass->status == OK ? NULL : loader;
}

/* Finds the address that @p relocation refers to, its addend included. */
static inline const char *find_target(struct pass *pass, const struct elf_relocation *relocation,
                                      const struct kind *kind, uint64_t *address)
{
    const struct elf_symbol *symbol = &pass->image->symbols[relocation->symbol];
    uint32_t home = symbol->shndx, type = symbol->info & 15;

    if (home == SHN_UNDEF || type == STT_FUNC)
        return find_function(pass, relocation, kind, home == SHN_UNDEF, address);
    if (home >= ELF_MAX_SECTIONS || pass->image->classes[home] == SECTION_IGNORED)
        return "its section is not loaded";
    if (type == STT_SECTION && pass->image->classes[home] == SECTION_TEXT && !pass->direct &&
        (kind->form == HI20 || kind->form == SYMBOL))
        return "text is addressed by section, so a function cannot be told from a label";
    *address = pass->context->sections[home].address + symbol->value + (uint64_t)relocation->addend;
    return NULL;
}

/* An LO12's symbol is the label of its auipc; its value is that of the PCREL_HI20 found there. */
static inline const char *find_high(struct pass *pass, const struct elf_relocation *relocation)
{
    const struct elf_symbol *symbol = &pass->image->symbols[relocation->symbol];
    const struct elf_relocation *high = pass->entries;
    uint64_t offset = symbol->value;
    const char *fault;

    if (symbol->shndx != pass->section || relocation->addend != 0)
        return "no label of an auipc in this section";
    if (offset == pass->hi_offset)
        return NULL;
    for (size_t rest = (size_t)(pass->end - high); rest > 0; rest /= 2) /* they are sorted */
        if (high[rest / 2].offset < offset) {
            high += rest / 2 + 1;
            rest--;
        }
    while (high < pass->end && high->offset == offset && high->type != R_RISCV_PCREL_HI20)
        high++;
    if (high == pass->end || high->offset != offset)
        return "no R_RISCV_PCREL_HI20 at its label";
    fault = find_target(pass, high, &kinds[R_RISCV_PCREL_HI20], &pass->hi_value);
    pass->hi_value -= pass->address + offset;
    pass->hi_offset = offset;
    return fault;
}

/* Instructions are aligned to two bytes in memory and no better. */
typedef uint16_t __attribute__((may_alias)) half;
typedef uint32_t __attribute__((may_alias, aligned(2))) word;

/* Puts a value into an instruction. */
static inline const char *put_code(const struct kind *kind, uint8_t *at, uint64_t value)
{
    uint32_t code = kind->bytes == 4 ? *(word *)(void *)at : *(half *)(void *)at;

    if ((code & kind->mask) != kind->match)
        return "another instruction";
    if (kind->form == HI20) /* the low part that follows is signed */
        value += 0x800;
    if (kind->align != 0 &&
        ((uint64_t)((int64_t)value >> (kind->bits - 1)) + 1 > 1 || value & (kind->align - 1u)))
        return too_far;
    for (const struct part *part = kind->parts; part->count != 0; part++) {
        uint32_t ones = ((1u << part->count) - 1) << part->to;

        code = (code & ~ones) | ((uint32_t)(value >> part->from) << part->to & ones);
    }
    if (kind->bytes == 4)
        *(word *)(void *)at = code;
    else
        *(half *)(void *)at = (half)code;
    return NULL;
}

/* Puts a value into data, which have any alignment. Differences (ADD, then SUB) wrap, as the psABI has it. */
static const char *put_data(const struct kind *kind, uint8_t *at, uint64_t value)
{
    uint64_t ones = UINT64_MAX >> (64 - kind->bits), old = 0;

    if (kind->align != 0 && (int64_t)value != (int32_t)value)
        return too_far;
    for (unsigned i = 0; i < kind->bytes && kind->form > PCREL; i++)
        old |= (uint64_t)at[i] << 8 * i;
    if (kind->form == ADD)
        value = old + value;
    else if (kind->form == SUB)
        value = old - value;
    value = (old & ~ones) | (value & ones); /* SET6 and SUB6 leave an opcode in the upper bits */
    for (unsigned i = 0; i < kind->bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
    return NULL;
}

/* The two instructions of a call. */
static inline const char *put_pair(uint8_t *pair, uint64_t distance)
{
    uint32_t auipc = ((word *)(void *)pair)[0], jalr = ((word *)(void *)pair)[1];
    const char *fault;

    if ((jalr & 0x707f) != 0x67 || (auipc >> 7 & 31) != (jalr >> 15 & 31))
        return "no auipc and jalr of one register";
    if (distance & 1)
        return too_far;
    fault = put_code(&kinds[R_RISCV_PCREL_HI20], pair, distance);
    return fault ? fault : put_code(&kinds[R_RISCV_PCREL_LO12_I], pair + 4, distance);
}

bool link_reaches(uint64_t from, uint64_t to)
{
    return (int64_t)(to - from + 0x800) == (int32_t)(to - from + 0x800);
}

enum status link_patch_pair(uint64_t address, uint64_t target, uint8_t pair[8])
{
    const char *fault = put_pair(pair, target - address);

    if (!fault)
        return OK;
    return fault == too_far ? ERR_LINK : ERR_FORMAT;
}

static inline const char *apply(struct pass *pass)
{
    const struct elf_relocation *relocation = pass->entry;
    const struct kind *kind = &kinds[relocation->type < KINDS ? relocation->type : 1];
    uint64_t offset = relocation->offset, value;
    const char *fault;
    uint8_t *field;

    if (kind->form == REFUSED)
        return unsupported;
    if (!elf_inside(offset, kind->bytes, pass->bytes))
        return "the field crosses the section's end";
    if (kind->form == IGNORED)
        return NULL;
    if (pass->text != (kind->form <= CALL))
        return "data within text, or an instruction within data";
    if (pass->text && (offset & 1 || offset < pass->least))
        return "at an odd offset, or not sorted by offset";
    pass->least = offset;
    field = pass->staging + offset;
    if (kind->form == LO12) {
        fault = find_high(pass, relocation);
        return fault ? fault : put_code(kind, field, pass->hi_value);
    }
    if ((fault = find_target(pass, relocation, kind, &value)) != NULL)
        return fault;
    if (kind->align != 0)
        value -= pass->address + offset;
    if (kind->form == HI20) {
        pass->hi_offset = offset;
        pass->hi_value = value;
    }
    if (kind->form > CALL)
        return put_data(kind, field, value);
    return kind->form == CALL ? put_pair(field, value) : put_code(kind, field, value);
}

static enum status apply_section(const struct link_context *context, uint32_t section)
{
    const struct elf_image *image = context->image;
    const struct elf_section *table = &image->sections[image->tables[section]];
    struct pass pass = {.context = context,
                        .image = image,
                        .entries = (const void *)(image->bytes + table->offset),
                        .staging = context->sections[section].staging,
                        .address = context->sections[section].address,
                        .bytes = image->sections[section].size,
                        .section = section,
                        .text = image->classes[section] == SECTION_TEXT,
                        .hi_offset = UINT64_MAX};
    const char *fault;

    pass.direct = section == image->manifest || section == image->eh_frame ||
                  section == image->except_table ||
                  string_starts(elf_section_name(image, section), ".rodata.DW.ref");
    pass.end = pass.entries + table->size / sizeof *pass.entry;
    for (pass.entry = pass.entries; pass.entry < pass.end; pass.entry++)
        if ((fault = apply(&pass)) != NULL)
            return fail(&pass, fault);
    return OK;
}

enum status link_apply(const struct link_context *context)
{
    enum status status = OK;

    for (uint32_t i = 1; i < context->image->section_count && status == OK; i++)
        if (context->image->tables[i] != 0)
            status = apply_section(context, i);
    return status;
}
