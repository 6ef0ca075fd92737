/**
 * @file nucleus/object.h
 * The format of the objects that are loaded: ELF-64 (System V ABI, chapter 4; RISC-V ELF psABI 1.0), as far
 * as it concerns a cell. Little-endian. What else a cell's object must be: cell.h and object_rules.h.
 */
#ifndef MITOS_NUCLEUS_OBJECT_H
#define MITOS_NUCLEUS_OBJECT_H

#include <stdint.h>

#include "object_rules.h"

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_section {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize; /* addralign 0: 1 */
};

struct elf_symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t shndx;
    uint64_t value, size;
};

struct elf_relocation {
    uint64_t offset;
    uint32_t type, symbol; /* the halves of r_info */
    int64_t addend;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_section) == 64, "ELF-64");
_Static_assert(sizeof(struct elf_symbol) == 24 && sizeof(struct elf_relocation) == 24, "ELF-64");

// clang-format off
enum { ELF_TYPE_REL = 1, ELF_MACHINE_RISCV = 243 };
enum elf_section_type {
    SHT_PROGBITS = 1, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE = 7, SHT_NOBITS, SHT_REL,
    SHT_SYMTAB_SHNDX = 18
};
enum elf_section_flag { SHF_WRITE = 0x1, SHF_ALLOC = 0x2, SHF_EXECINSTR = 0x4 };
enum elf_section_index { SHN_UNDEF = 0, SHN_ABS = 0xfff1, SHN_COMMON = 0xfff2 };
enum elf_symbol_binding { STB_LOCAL, STB_GLOBAL, STB_WEAK };
enum elf_symbol_type { STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE };
enum { STV_DEFAULT };

#define RELOCATION_NUMBER(number, name, place) R_RISCV_##name = number,
enum elf_relocation_type { RELOCATIONS(RELOCATION_NUMBER) RELOCATION_TYPES };
#undef RELOCATION_NUMBER
// clang-format on

#endif
