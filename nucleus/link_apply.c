/*
 * Applying relocations: computing what each field must hold and writing it into the staging bytes.
 * Immediates are laid out as in the RISC-V unprivileged specification, chapters 2 and 16. link_scan() has
 * checked the fields' places and the symbols, so that here only values can be wrong.
 */
#include "link.h"

#include "link_private.h"

enum { OPCODE_AUIPC = 0x17, OPCODE_JALR = 0x67, OPCODE_JAL = 0x6f, OPCODE_BRANCH = 0x63 };

/* One section on its way through. */
struct pass {
    const struct link_context *context;
    const struct elf_image *image;
    const struct elf_relocation *entries;
    uint8_t *staging;
    uint64_t address;
    struct why *why;
    uint32_t count, section;
    bool direct;
    /* The last PCREL_HI20: nearly always the one that the next PCREL_LO12 belongs to. */
    uint64_t hi_offset;
    int64_t hi_value;
};

/* Instructions are aligned to two bytes in memory and no better, data not at all. */
typedef uint16_t __attribute__((may_alias)) half;

static uint32_t load32(const uint8_t *at)
{
    const half *halves = (const void *)at;

    return halves[0] | (uint32_t)halves[1] << 16;
}

static void store32(uint8_t *at, uint32_t value)
{
    half *halves = (void *)at;

    halves[0] = (uint16_t)value;
    halves[1] = (uint16_t)(value >> 16);
}

static bool fits(int64_t value, unsigned bits)
{
    return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

/* auipc adds a multiple of 4096 that fits 32 bits; the low part that follows is signed. */
static bool fits_pair(int64_t value)
{
    return value >= -INT64_C(0x80000800) && value < INT64_C(0x7ffff800);
}

static uint32_t bits(int64_t value, unsigned from, unsigned count, unsigned to)
{
    return (uint32_t)((uint64_t)value >> from & ((1u << count) - 1)) << to;
}

static uint32_t high_part(int64_t value)
{
    return (uint32_t)(value + 0x800) & 0xfffff000u;
}

bool link_reaches(uint64_t from, uint64_t to)
{
    return fits_pair((int64_t)(to - from));
}

enum status link_patch_pair(uint64_t address, uint64_t target, uint8_t pair[8])
{
    uint32_t auipc = load32(pair), jalr = load32(pair + 4);
    int64_t distance = (int64_t)(target - address);

    if ((auipc & 0x7f) != OPCODE_AUIPC || (jalr & 0x707f) != OPCODE_JALR ||
        (auipc >> 7 & 31) != (jalr >> 15 & 31))
        return ERR_FORMAT;
    if (!fits_pair(distance) || target & 1)
        return ERR_LINK;
    store32(pair, (auipc & 0xfff) | high_part(distance));
    store32(pair + 4, (jalr & 0xfffff) | bits(distance, 0, 12, 20));
    return OK;
}

static enum status fail(const struct pass *pass, const struct elf_relocation *relocation,
                        enum status status, const char *fault)
{
    return link_fail(pass->image, pass->section, relocation, status, fault, pass->why);
}

/* The address of a function that the loader knows: an import's, or a stub's. */
static enum status ask_address(const struct pass *pass, const struct elf_relocation *relocation,
                               enum link_use use, uint64_t *address)
{
    const struct link_context *context = pass->context;
    enum status status =
        context->resolve(context->argument, relocation->symbol, use, address, pass->why);

    if (status != OK || !context->site || !elf_symbol_is_import(pass->image, relocation->symbol))
        return status;
    return context->site(context->argument, pass->section, relocation->offset, relocation->type,
                         relocation->symbol, relocation->addend);
}

/* The address that @p relocation refers to, its addend included. */
static inline enum status target_address(const struct pass *pass,
                                         const struct elf_relocation *relocation,
                                         enum link_form form, uint64_t *address)
{
    const struct elf_symbol *symbol = &pass->image->symbols[relocation->symbol];
    bool keep = link_takes_address(form, pass->direct);

    if (symbol->shndx == SHN_UNDEF || (keep && (symbol->info & 15u) == STT_FUNC))
        return ask_address(pass, relocation, keep ? LINK_ADDRESS : LINK_CALL, address);
    *address = pass->context->sections[symbol->shndx].address;
    if (*address == 0)
        return fail(pass, relocation, ERR_FORMAT, "its section is not loaded");
    *address += symbol->value + (uint64_t)relocation->addend;
    return OK;
}

/* The PCREL_HI20 at @p offset of this section; its relocations are sorted. */
static const struct elf_relocation *find_hi20(const struct pass *pass, uint64_t offset)
{
    uint32_t low = 0, high = pass->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (pass->entries[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < pass->count && pass->entries[low].offset == offset; low++)
        if (pass->entries[low].type == R_RISCV_PCREL_HI20)
            return &pass->entries[low];
    return NULL;
}

/* An LO12's symbol is the label of its auipc; the distance is that of the HI20 found there. */
static enum status apply_lo12(struct pass *pass, const struct elf_relocation *relocation,
                              enum link_form form, uint8_t *field)
{
    uint64_t offset = pass->image->symbols[relocation->symbol].value, target;
    uint32_t word = load32(field);
    enum status status;

    if (offset != pass->hi_offset) {
        const struct elf_relocation *high = find_hi20(pass, offset);

        if (!high)
            return fail(pass, relocation, ERR_FORMAT, "no R_RISCV_PCREL_HI20 at its label");
        if ((status = target_address(pass, high, FORM_HI20, &target)) != OK)
            return status;
        pass->hi_offset = offset;
        pass->hi_value = (int64_t)(target - (pass->address + offset));
    }
    if ((word & 3) != 3)
        return fail(pass, relocation, ERR_FORMAT, "no 32-bit instruction");
    if (form == FORM_LO12_I)
        word = (word & 0xfffff) | bits(pass->hi_value, 0, 12, 20);
    else
        word = (word & 0x1fff07f) | bits(pass->hi_value, 5, 7, 25) | bits(pass->hi_value, 0, 5, 7);
    store32(field, word);
    return OK;
}

static enum status apply_hi20(struct pass *pass, const struct elf_relocation *relocation,
                              int64_t distance, uint8_t *field)
{
    uint32_t word = load32(field);

    if ((word & 0x7f) != OPCODE_AUIPC)
        return fail(pass, relocation, ERR_FORMAT, "no auipc");
    if (!fits_pair(distance))
        return fail(pass, relocation, ERR_LINK, "out of reach");
    pass->hi_offset = relocation->offset;
    pass->hi_value = distance;
    store32(field, (word & 0xfff) | high_part(distance));
    return OK;
}

static enum status apply_call(const struct pass *pass, const struct elf_relocation *relocation,
                              uint64_t from, uint64_t target, uint8_t *field)
{
    enum status status = link_patch_pair(from, target, field);

    if (status == ERR_FORMAT)
        return fail(pass, relocation, status, "no auipc and jalr of one register");
    return status == OK ? OK : fail(pass, relocation, status, "out of reach, or odd");
}

/* What is wrong with a jump of @p width bits over @p distance at instruction @p word, or NULL. */
static inline const char *check_jump(uint32_t word, uint32_t mask, uint32_t match, int64_t distance,
                                     unsigned width)
{
    if ((word & mask) != match)
        return "another instruction";
    return fits(distance, width) && !(distance & 1) ? NULL : "out of reach, or odd";
}

/* Jumps without auipc: formats B and J, and their short ones CB (c.beqz, c.bnez) and CJ (c.j). */
static enum status apply_jump(const struct pass *pass, const struct elf_relocation *relocation,
                              enum link_form form, int64_t to, uint8_t *field)
{
    half *halves = (void *)field;
    uint32_t word = form <= FORM_JAL ? load32(field) : halves[0];
    const char *fault;

    if (form == FORM_BRANCH) {
        fault = check_jump(word, 0x7f, OPCODE_BRANCH, to, 13);
        store32(field, (word & 0x01fff07f) | bits(to, 12, 1, 31) | bits(to, 5, 6, 25) |
                           bits(to, 1, 4, 8) | bits(to, 11, 1, 7));
    } else if (form == FORM_JAL) {
        fault = check_jump(word, 0x7f, OPCODE_JAL, to, 21);
        store32(field, (word & 0xfff) | bits(to, 20, 1, 31) | bits(to, 1, 10, 21) |
                           bits(to, 11, 1, 20) | bits(to, 12, 8, 12));
    } else if (form == FORM_RVC_BRANCH) {
        fault = check_jump(word, 0xc003, 0xc001, to, 9);
        halves[0] = (half)((word & 0xe383) | bits(to, 8, 1, 12) | bits(to, 3, 2, 10) |
                           bits(to, 6, 2, 5) | bits(to, 1, 2, 3) | bits(to, 5, 1, 2));
    } else {
        fault = check_jump(word, 0xe003, 0xa001, to, 12);
        halves[0] = (half)((word & 0xe003) | bits(to, 11, 1, 12) | bits(to, 4, 1, 11) |
                           bits(to, 8, 2, 9) | bits(to, 10, 1, 8) | bits(to, 6, 1, 7) |
                           bits(to, 7, 1, 6) | bits(to, 1, 3, 3) | bits(to, 5, 1, 2));
    }
    if (!fault)
        return OK;
    return fail(pass, relocation, *fault == 'a' ? ERR_FORMAT : ERR_LINK, fault);
}

/* Data fields have any alignment. Differences (ADD, then SUB) wrap, as the psABI has it. */
static enum status apply_data(const struct pass *pass, const struct elf_relocation *relocation,
                              const struct link_kind *kind, uint64_t target, uint8_t *field)
{
    uint64_t old = 0, distance = target - (pass->address + relocation->offset);
    bool whole = kind->bytes == 4 && ((uintptr_t)field & 1) == 0; /* most: at one stroke */

    if (whole)
        old = load32(field);
    else
        for (unsigned i = 0; i < kind->bytes; i++)
            old |= (uint64_t)field[i] << 8 * i;
    switch (kind->form) {
    case FORM_32_PCREL:
        if (!fits((int64_t)distance, 32))
            return fail(pass, relocation, ERR_LINK, "out of reach");
        old = distance;
        break;
    case FORM_ADD:
        old += target;
        break;
    case FORM_SUB:
        old -= target;
        break;
    case FORM_SUB6: /* the two bits above the field are an opcode */
        old = (old & 0xc0) | ((old - target) & 0x3f);
        break;
    case FORM_SET6:
        old = (old & 0xc0) | (target & 0x3f);
        break;
    default: /* FORM_64, FORM_SET */
        old = target;
        break;
    }
    if (whole)
        store32(field, (uint32_t)old);
    else
        for (unsigned i = 0; i < kind->bytes; i++)
            field[i] = (uint8_t)(old >> 8 * i);
    return OK;
}

static enum status apply_one(struct pass *pass, const struct elf_relocation *relocation)
{
    const struct link_kind *kind = &link_kinds[relocation->type];
    uint64_t from = pass->address + relocation->offset, target;
    uint8_t *field = pass->staging + relocation->offset;
    enum status status;

    if (kind->form == FORM_IGNORED)
        return OK;
    if (kind->form == FORM_LO12_I || kind->form == FORM_LO12_S)
        return apply_lo12(pass, relocation, kind->form, field);
    if ((status = target_address(pass, relocation, kind->form, &target)) != OK)
        return status;
    if (kind->form == FORM_CALL)
        return apply_call(pass, relocation, from, target, field);
    if (kind->form == FORM_HI20)
        return apply_hi20(pass, relocation, (int64_t)(target - from), field);
    if (kind->form <= FORM_LAST_CODE)
        return apply_jump(pass, relocation, kind->form, (int64_t)(target - from), field);
    return apply_data(pass, relocation, kind, target, field);
}

enum status link_apply(const struct link_context *context, struct why *why)
{
    const struct elf_image *image = context->image;
    enum status status = OK;

    for (uint32_t i = 1; i < image->section_count; i++) {
        uint32_t section = image->sections[i].info;
        struct pass pass = {.context = context,
                            .image = image,
                            .why = why,
                            .section = section,
                            .hi_offset = UINT64_MAX};

        if (image->sections[i].type != SHT_RELA || !elf_section_is_loaded(image, section) ||
            !context->sections[section].staging)
            continue;
        pass.entries = elf_relocations(image, i, &pass.count);
        pass.staging = context->sections[section].staging;
        pass.address = context->sections[section].address;
        pass.direct = link_section_is_direct(image, section);
        for (uint32_t j = 0; j < pass.count; j++)
            if ((status = apply_one(&pass, &pass.entries[j])) != OK)
                return status;
    }
    return OK;
}
