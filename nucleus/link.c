/*
 * What may be relocated, and how: the table of relocation types, and the scan that checks all of an
 * object's relocations before any address is known (RISC-V ELF psABI 1.0, chapter "Relocations").
 */
#include "link.h"

#include "link_private.h"
#include "nucleus/string.h"

// clang-format off
const struct link_kind link_kinds[LINK_KINDS] = {
    [0] = {FORM_IGNORED, 0},    [2] = {FORM_64, 8},       [16] = {FORM_BRANCH, 4},
    [17] = {FORM_JAL, 4},       [18] = {FORM_CALL, 8},    [19] = {FORM_CALL, 8},
    [23] = {FORM_HI20, 4},      [24] = {FORM_LO12_I, 4},  [25] = {FORM_LO12_S, 4},
    [33] = {FORM_ADD, 1},       [34] = {FORM_ADD, 2},     [35] = {FORM_ADD, 4},
    [36] = {FORM_ADD, 8},       [37] = {FORM_SUB, 1},     [38] = {FORM_SUB, 2},
    [39] = {FORM_SUB, 4},       [40] = {FORM_SUB, 8},     [44] = {FORM_RVC_BRANCH, 2},
    [45] = {FORM_RVC_JUMP, 2},  [51] = {FORM_IGNORED, 0}, [52] = {FORM_SUB6, 1},
    [53] = {FORM_SET6, 1},      [54] = {FORM_SET, 1},     [55] = {FORM_SET, 2},
    [56] = {FORM_SET, 4},       [57] = {FORM_32_PCREL, 4},
};

/* Every type has its name, so that what is refused is refused by name; "" are reserved numbers. */
static const char *const names[LINK_KINDS] = {
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

const char *link_type_name(uint32_t type)
{
    return type < LINK_KINDS && *names[type] ? names[type] : "unknown";
}

enum status link_fail(const struct elf_image *image, uint32_t section,
                      const struct elf_relocation *relocation, enum status status,
                      const char *fault, struct why *why)
{
    uint32_t index = relocation->symbol < elf_symbol_count(image) ? relocation->symbol : 0;
    uint32_t home = elf_symbol_section(image, index);
    const char *symbol = elf_symbol_name(image, index);

    if (*symbol == '\0' && home < elf_section_count(image))
        symbol = elf_section_name(image, home);
    return why_set(why, status, "%s+0x%lx: R_RISCV_%s (%u) against %s: %s",
                   elf_section_name(image, section), relocation->offset,
                   link_type_name(relocation->type), relocation->type, symbol, fault);
}

bool link_section_is_direct(const struct elf_image *image, uint32_t section)
{
    static const char personality[] = ".rodata.DW.ref";

    return section == image->manifest || section == image->eh_frame ||
           section == image->except_table ||
           strncmp(elf_section_name(image, section), personality, sizeof personality - 1) == 0;
}

/* One section's relocations on their way through the scan. */
struct scan {
    const struct elf_image *image;
    enum status (*visit)(void *argument, uint32_t symbol, enum link_use use);
    void *argument;
    uint64_t bytes, least; /* of the section; text's relocations are sorted: the last offset */
    uint32_t section;
    bool text, direct;
};

static enum status refuse_type(const struct scan *scan, const struct elf_relocation *relocation,
                               struct why *why)
{
    const char *name = link_type_name(relocation->type), *advice = "";

    if (relocation->type >= 26 && relocation->type <= 28)
        advice = " (cells are built with -mcmodel=medany)";
    else if (relocation->type == 43)
        advice = " (cells are built with -mno-relax)";
    else if (*name == 'G')
        advice = " (cells are built without -fPIC)";
    else if (*name == 'T')
        advice = " (a cell has no thread-local data)";
    return why_set(why, ERR_UNSUPPORTED, "%s+0x%lx: R_RISCV_%s (%u) is not supported%s",
                   elf_section_name(scan->image, scan->section), relocation->offset, name,
                   relocation->type, advice);
}

/* The text of the fault of a reference to an import or to an own function, or NULL. */
static const char *check_function(const struct scan *scan, const struct elf_relocation *relocation,
                                  enum link_form form, bool import)
{
    bool address = link_takes_address(form, scan->direct);

    if (relocation->symbol == 0)
        return "no symbol";
    if (relocation->addend != 0 && (address || import))
        return "points into a function, not to its start";
    if (import && form != FORM_CALL && !address &&
        !(scan->direct && (form == FORM_64 || form == FORM_32_PCREL)))
        return "only calls and addresses may refer to a function of others";
    if (!import && form > FORM_64 && !scan->direct)
        return "a function's address may not be relative: it is that of a stub";
    return NULL;
}

/* The text of what is wrong with a reference to anything else, or NULL. */
static const char *check_label(const struct scan *scan, const struct elf_relocation *relocation,
                               enum link_form form)
{
    const struct elf_symbol *symbol = &scan->image->symbols[relocation->symbol];

    if (symbol->shndx == SHN_ABS)
        return "an absolute address";
    if (symbol->shndx != scan->section && !elf_section_is_loaded(scan->image, symbol->shndx))
        return "its section is not loaded";
    if ((form == FORM_LO12_I || form == FORM_LO12_S) &&
        (symbol->shndx != scan->section || relocation->addend != 0))
        return "no label of an auipc in this section";
    if (link_takes_address(form, scan->direct) && (symbol->info & 15u) == STT_SECTION &&
        scan->image->sections[symbol->shndx].flags & SHF_EXECINSTR)
        return "text is addressed by section, so a function cannot be told from a label";
    return NULL;
}

/* What is wrong with the place of a relocation, or NULL. */
static const char *check_place(struct scan *scan, const struct elf_relocation *relocation,
                               const struct link_kind *kind)
{
    uint64_t offset = relocation->offset;

    if (relocation->symbol >= scan->image->symbol_count)
        return "the symbol's number is out of range";
    if (offset > scan->bytes || kind->bytes > scan->bytes - offset)
        return "the field crosses the section's end";
    if (kind->form == FORM_IGNORED)
        return NULL;
    if (scan->text != (kind->form <= FORM_LAST_CODE))
        return scan->text ? "data within text" : "an instruction within data";
    if (!scan->text)
        return NULL;
    if (offset & 1)
        return "an instruction at an odd offset";
    if (offset < scan->least)
        return "not sorted by offset";
    scan->least = offset;
    return NULL;
}

static enum status scan_one(struct scan *scan, const struct elf_relocation *relocation,
                            struct why *why)
{
    const struct elf_symbol *symbol;
    const struct link_kind *kind;
    const char *fault;
    bool import, function;

    if (relocation->type >= LINK_KINDS || link_kinds[relocation->type].form == FORM_REFUSED)
        return refuse_type(scan, relocation, why);
    kind = &link_kinds[relocation->type];
    if ((fault = check_place(scan, relocation, kind)) != NULL)
        return link_fail(scan->image, scan->section, relocation, ERR_FORMAT, fault, why);
    if (kind->form == FORM_IGNORED)
        return OK;
    symbol = &scan->image->symbols[relocation->symbol];
    import = symbol->shndx == SHN_UNDEF;
    function = import || (symbol->info & 15) == STT_FUNC;
    fault = function ? check_function(scan, relocation, kind->form, import)
                     : check_label(scan, relocation, kind->form);
    if (fault)
        return link_fail(scan->image, scan->section, relocation, ERR_FORMAT, fault, why);
    if (function && link_takes_address(kind->form, scan->direct))
        return scan->visit(scan->argument, relocation->symbol, LINK_ADDRESS);
    return import ? scan->visit(scan->argument, relocation->symbol, LINK_CALL) : OK;
}

enum status link_scan(const struct elf_image *image,
                      enum status (*visit)(void *argument, uint32_t symbol, enum link_use use),
                      void *argument, struct why *why)
{
    struct scan scan = {.image = image, .visit = visit, .argument = argument};
    enum status status = OK;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_relocation *entries;
        uint32_t count;

        scan.section = image->sections[i].info;
        if (image->sections[i].type != SHT_RELA || !elf_section_is_loaded(image, scan.section))
            continue;
        scan.least = 0;
        scan.bytes = elf_section_bytes(image, scan.section);
        scan.text = image->sections[scan.section].flags & SHF_EXECINSTR;
        scan.direct = link_section_is_direct(image, scan.section);
        entries = elf_relocations(image, i, &count);
        for (uint32_t j = 0; j < count; j++)
            if ((status = scan_one(&scan, &entries[j], why)) != OK)
                return status;
    }
    return OK;
}
