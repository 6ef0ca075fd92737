/*
 * What may be relocated, and how: the table of relocation types, and the scan that checks all of an
 * object's relocations before any address is known (RISC-V ELF psABI 1.0, chapter "Relocations").
 */
#include "link.h"

#include "link_private.h"
#include "nucleus/string.h"

/* Every type has its name here, so that one which is refused is refused by name. */
const struct link_kind link_kinds[LINK_KINDS] = {
    [0] = {"NONE", FORM_IGNORED, 0},
    [1] = {.name = "32"},
    [2] = {"64", FORM_64, 8},
    [3] = {.name = "RELATIVE"},
    [4] = {.name = "COPY"},
    [5] = {.name = "JUMP_SLOT"},
    [6] = {.name = "TLS_DTPMOD32"},
    [7] = {.name = "TLS_DTPMOD64"},
    [8] = {.name = "TLS_DTPREL32"},
    [9] = {.name = "TLS_DTPREL64"},
    [10] = {.name = "TLS_TPREL32"},
    [11] = {.name = "TLS_TPREL64"},
    [12] = {.name = "TLSDESC"},
    [16] = {"BRANCH", FORM_BRANCH, 4},
    [17] = {"JAL", FORM_JAL, 4},
    [18] = {"CALL", FORM_CALL, 8},
    [19] = {"CALL_PLT", FORM_CALL, 8},
    [20] = {.name = "GOT_HI20"},
    [21] = {.name = "TLS_GOT_HI20"},
    [22] = {.name = "TLS_GD_HI20"},
    [23] = {"PCREL_HI20", FORM_HI20, 4},
    [24] = {"PCREL_LO12_I", FORM_LO12_I, 4},
    [25] = {"PCREL_LO12_S", FORM_LO12_S, 4},
    [26] = {.name = "HI20"},
    [27] = {.name = "LO12_I"},
    [28] = {.name = "LO12_S"},
    [29] = {.name = "TPREL_HI20"},
    [30] = {.name = "TPREL_LO12_I"},
    [31] = {.name = "TPREL_LO12_S"},
    [32] = {.name = "TPREL_ADD"},
    [33] = {"ADD8", FORM_ADD, 1},
    [34] = {"ADD16", FORM_ADD, 2},
    [35] = {"ADD32", FORM_ADD, 4},
    [36] = {"ADD64", FORM_ADD, 8},
    [37] = {"SUB8", FORM_SUB, 1},
    [38] = {"SUB16", FORM_SUB, 2},
    [39] = {"SUB32", FORM_SUB, 4},
    [40] = {"SUB64", FORM_SUB, 8},
    [41] = {.name = "GOT32_PCREL"},
    [43] = {.name = "ALIGN"},
    [44] = {"RVC_BRANCH", FORM_RVC_BRANCH, 2},
    [45] = {"RVC_JUMP", FORM_RVC_JUMP, 2},
    [46] = {.name = "RVC_LUI"},
    [47] = {.name = "GPREL_I"},
    [48] = {.name = "GPREL_S"},
    [49] = {.name = "TPREL_I"},
    [50] = {.name = "TPREL_S"},
    [51] = {"RELAX", FORM_IGNORED, 0},
    [52] = {"SUB6", FORM_SUB6, 1},
    [53] = {"SET6", FORM_SET6, 1},
    [54] = {"SET8", FORM_SET, 1},
    [55] = {"SET16", FORM_SET, 2},
    [56] = {"SET32", FORM_SET, 4},
    [57] = {"32_PCREL", FORM_32_PCREL, 4},
    [58] = {.name = "IRELATIVE"},
    [59] = {.name = "PLT32"},
    [60] = {.name = "SET_ULEB128"},
    [61] = {.name = "SUB_ULEB128"},
    [62] = {.name = "TLSDESC_HI20"},
    [63] = {.name = "TLSDESC_LOAD_LO12"},
    [64] = {.name = "TLSDESC_ADD_LO12"},
    [65] = {.name = "TLSDESC_CALL"},
};

const char *link_type_name(uint32_t type)
{
    return type < LINK_KINDS && link_kinds[type].name ? link_kinds[type].name : "unknown";
}

enum status link_fail(const struct elf_image *image, uint32_t section,
                      const struct elf_relocation *relocation, enum status status,
                      const char *fault, struct why *why)
{
    const char *symbol = elf_symbol_name(image, relocation->symbol);
    uint32_t home = elf_symbol_section(image, relocation->symbol);

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
    uint32_t section;
    bool text, direct;
};

static enum status refuse_type(const struct scan *scan, const struct elf_relocation *relocation,
                               struct why *why)
{
    const char *name = link_type_name(relocation->type), *advice = "";

    if (strcmp(name, "HI20") == 0 || strcmp(name, "LO12_I") == 0 || strcmp(name, "LO12_S") == 0)
        advice = " (cells are built with -mcmodel=medany)";
    else if (strcmp(name, "ALIGN") == 0)
        advice = " (cells are built with -mno-relax)";
    else if (strncmp(name, "GOT", 3) == 0)
        advice = " (cells are built without -fPIC)";
    else if (strncmp(name, "T", 1) == 0)
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
    if (!elf_section_is_loaded(scan->image, symbol->shndx))
        return "its section is not loaded";
    if ((form == FORM_LO12_I || form == FORM_LO12_S) &&
        (symbol->shndx != scan->section || relocation->addend != 0))
        return "no label of an auipc in this section";
    if (link_takes_address(form, scan->direct) && (symbol->info & 15u) == STT_SECTION &&
        scan->image->sections[symbol->shndx].flags & SHF_EXECINSTR)
        return "text is addressed by section, so a function cannot be told from a label";
    return NULL;
}

static enum status scan_one(const struct scan *scan, const struct elf_relocation *relocation,
                            struct why *why)
{
    const struct elf_symbol *symbol = &scan->image->symbols[relocation->symbol];
    const struct link_kind *kind;
    bool import = symbol->shndx == SHN_UNDEF;
    const char *fault = NULL;

    if (relocation->type >= LINK_KINDS)
        return refuse_type(scan, relocation, why);
    kind = &link_kinds[relocation->type];
    if (kind->form <= FORM_IGNORED)
        return kind->form == FORM_IGNORED ? OK : refuse_type(scan, relocation, why);
    if (kind->bytes > scan->image->sections[scan->section].size - relocation->offset)
        fault = "the field crosses the section's end";
    else if (scan->text != (kind->form <= FORM_LAST_CODE))
        fault = scan->text ? "data within text" : "an instruction within data";
    else if (scan->text && relocation->offset & 1)
        fault = "an instruction at an odd offset";
    else if (import || (symbol->info & 15u) == STT_FUNC)
        fault = check_function(scan, relocation, kind->form, import);
    else
        fault = check_label(scan, relocation, kind->form);
    if (fault)
        return link_fail(scan->image, scan->section, relocation, ERR_FORMAT, fault, why);
    if (link_takes_address(kind->form, scan->direct) &&
        (import || (symbol->info & 15u) == STT_FUNC))
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
        scan.text = image->sections[scan.section].flags & SHF_EXECINSTR;
        scan.direct = link_section_is_direct(image, scan.section);
        entries = elf_relocations(image, i, &count);
        for (uint32_t j = 0; j < count; j++)
            if ((status = scan_one(&scan, &entries[j], why)) != OK)
                return status;
    }
    return OK;
}
