/**
 * @file elf_format.h
 * The ELF-64 object format as far as cells use it (System V ABI, chapter 4; RISC-V ELF psABI 1.0).
 * Names follow the specification without its prefixes' capitals; all fields are little-endian.
 */
#ifndef MITOS_NUCLEUS_ELF_FORMAT_H
#define MITOS_NUCLEUS_ELF_FORMAT_H

#include <stdint.h>

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
    uint64_t addralign, entsize;
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

_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct elf_section) == 64, "Elf64_Shdr");
_Static_assert(sizeof(struct elf_symbol) == 24, "Elf64_Sym");
_Static_assert(sizeof(struct elf_relocation) == 24, "Elf64_Rela");

enum { ELF_TYPE_REL = 1, ELF_MACHINE_RISCV = 243, ELF_FLAG_RVC = 1 };

// clang-format off
enum elf_section_type {
    SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE = 7, SHT_NOBITS, SHT_REL,
    SHT_INIT_ARRAY = 14, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY, SHT_SYMTAB_SHNDX = 18
};
enum elf_section_flag {
    SHF_WRITE = 0x1, SHF_ALLOC = 0x2, SHF_EXECINSTR = 0x4, SHF_MERGE = 0x10, SHF_STRINGS = 0x20,
    SHF_INFO_LINK = 0x40, SHF_LINK_ORDER = 0x80, SHF_GROUP = 0x200, SHF_TLS = 0x400,
    SHF_COMPRESSED = 0x800, SHF_GNU_RETAIN = 0x200000
};
enum elf_symbol_binding { STB_LOCAL, STB_GLOBAL, STB_WEAK };
enum elf_symbol_type {
    STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_COMMON, STT_TLS
};
enum elf_symbol_visibility { STV_DEFAULT, STV_INTERNAL, STV_HIDDEN, STV_PROTECTED };
enum elf_section_index { SHN_UNDEF = 0, SHN_ABS = 0xfff1, SHN_COMMON = 0xfff2 };

/** Those relocation types that are dealt with by number; link.c knows all by name. */
enum riscv_relocation {
    R_RISCV_NONE = 0, R_RISCV_64 = 2, R_RISCV_BRANCH = 16, R_RISCV_JAL, R_RISCV_CALL,
    R_RISCV_CALL_PLT, R_RISCV_PCREL_HI20 = 23, R_RISCV_PCREL_LO12_I, R_RISCV_PCREL_LO12_S,
    R_RISCV_RVC_BRANCH = 44, R_RISCV_RVC_JUMP, R_RISCV_RELAX = 51, R_RISCV_32_PCREL = 57
};
// clang-format on

#endif
