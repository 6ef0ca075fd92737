#!/usr/bin/env python3
"""unwind_gaps.py [--exempt FILE] OBJDUMP OBJECT: where a fault would skip the cleanups of its own function.

GCC writes down, for each function with cleanups (OWN), which cleanup belongs to which stretch of its code: the
call-site table of its LSDA (Itanium C++ ABI, Exception Handling Tables). A stretch that cannot throw, as GCC
sees it, is in no entry, so a fault there finds no cleanup, and what the function holds is lost. GCC sees some
things so that can fault: calls that it makes itself (memcpy or memset for a struct), assembly, __builtin_trap.

An entry reaches from one instruction that can throw to the last before the state changes; what lies between is
covered with them. So each such instruction outside of all entries is an error here, and each trap outside of
those with a landing pad. (Inside of an entry without one a call of memcpy may be GCC's or the source's; the
latter is right there, as no cleanup is due, and they look alike.) What GCC knows to be harmless is not looked
at: accesses below sp and tp, to data at constant addresses, and calls of functions of the same file that GCC has
found unable to throw (whose only fault could be the overflow of the stack).

OBJECT is an ELF file for rv64, linked or not. FILE has a line "FUNCTION WHAT REASON..." for each exemption.
"""
import re
import struct
import subprocess
import sys

LIBRARY = {"memcpy", "memset", "memmove", "memcmp", "strlen", "strcmp", "strncmp", "strchr"}
ADD = {33: 1, 34: 2, 35: 4, 36: 8}
SUB = {37: 1, 38: 2, 39: 4, 40: 8}
SET = {54: 1, 55: 2, 56: 4}
PCREL_32 = 57
SECTION_SYMBOL, RELA, SYMTAB, RELOCATABLE = 3, 4, 2, 1
CALL = re.compile(r"^(?:c\.)?(?:jal|jalr|j|jr)$")
TRAPS = {"ebreak", "c.ebreak", "unimp", "c.unimp"}


class Elf:
    """Sections, symbols and, for the tables that we read, fields with their relocations applied."""

    def __init__(self, path):
        self.data = open(path, "rb").read()
        self.linked = struct.unpack_from("<H", self.data, 16)[0] != RELOCATABLE
        table, = struct.unpack_from("<Q", self.data, 40)
        count, names = struct.unpack_from("<HH", self.data, 60)
        self.headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, table + 64 * i) for i in range(count)]
        self.names = [self.text(names, header[0]) for header in self.headers]
        self.symbols = []
        for number, header in enumerate(self.headers):
            if header[1] == SYMTAB:
                self.read_symbols(header)
        self.relocations = {}
        for header in self.headers:
            if header[1] == RELA and self.names[header[7]] in (".eh_frame", ".gcc_except_table"):
                self.read_relocations(header)

    def text(self, section, offset):
        start = self.headers[section][4] + offset
        return self.data[start : self.data.index(b"\0", start)].decode()

    def read_symbols(self, header):
        for at in range(header[4], header[4] + header[5], 24):
            name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
            self.symbols.append((self.text(header[6], name), info & 15, section, value))

    def read_relocations(self, header):
        for at in range(header[4], header[4] + header[5], 24):
            offset, info, addend = struct.unpack_from("<QQq", self.data, at)
            self.relocations.setdefault((header[7], offset), []).append((info & 0xFFFFFFFF, info >> 32, addend))

    def section(self, name):
        return self.names.index(name) if name in self.names else None

    def number(self, section, offset, width, signed=False):
        """The field, and the section that it points into (None: no relocation says)."""
        base = self.headers[section][4]
        value = int.from_bytes(self.data[base + offset : base + offset + width], "little")
        into = None
        for kind, symbol, addend in self.relocations.get((section, offset), []):
            _, _, owner, where = self.symbols[symbol]
            if kind in ADD:
                value, into = value + where + addend, owner
            elif kind in SUB:
                value -= where + addend
            elif kind in SET:
                value, into = where + addend, owner
            elif kind == PCREL_32:
                value, into = where + addend - offset, owner
        value &= (1 << 8 * width) - 1
        if signed and value >> (8 * width - 1):
            value -= 1 << 8 * width
        return value, into


class Reader:
    """Goes through one section's bytes."""

    def __init__(self, elf, section, at):
        self.elf, self.section, self.at = elf, section, at

    def take(self, width, signed=False):
        value, into = self.elf.number(self.section, self.at, width, signed)
        self.at += width
        return value, into

    def byte(self):
        return self.take(1)[0]

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def pointer(self, encoding):
        """A pointer as (section, address), None for NULL; relative ones count from where they stand."""
        at = self.at
        if encoding & 0x0F in (0x03, 0x0B):
            value, into = self.take(4, signed=True)
        elif encoding & 0x0F in (0x00, 0x04, 0x0C):
            value, into = self.take(8, signed=True)
        else:
            raise SystemExit(f"unwind tables with pointers in encoding {encoding:#x}")
        if value == 0 and (self.section, at) not in self.elf.relocations:
            return None
        if encoding & 0x70 == 0x10:
            value += at + (self.elf.headers[self.section][3] if self.elf.linked else 0)
        return into, value

    def offset(self, encoding):
        return self.uleb() if encoding & 0x0F == 0x01 else self.take(4)[0]


def read_cie(elf, section, at):
    """The encodings (code, LSDA) of the CIE at @p at; None for what it does not have."""
    reader = Reader(elf, section, at + 9)
    augmentation = ""
    while byte := reader.byte():
        augmentation += chr(byte)
    reader.uleb(), reader.uleb(), reader.uleb()
    code, lsda = 0, None
    if augmentation.startswith("z"):
        reader.uleb()
    for letter in augmentation[1:]:
        if letter == "R":
            code = reader.byte()
        elif letter == "L":
            lsda = reader.byte()
        elif letter == "P":
            reader.pointer(reader.byte())
    return code, lsda


def functions_with_cleanups(elf):
    """(section, start, end, address of its LSDA) for each function with cleanups."""
    section = elf.section(".eh_frame")
    at, end = 0, elf.headers[section][5] if section is not None else 0
    while at + 8 <= end:
        length, _ = elf.number(section, at, 4)
        if length == 0:
            at += 4
            continue
        back, _ = elf.number(section, at + 4, 4)
        if back:
            code, lsda = read_cie(elf, section, at + 4 - back)
            reader = Reader(elf, section, at + 8)
            into, start = reader.pointer(code)
            size, _ = reader.take(4)
            reader.uleb()
            if lsda is not None and lsda != 0xFF:
                if where := reader.pointer(lsda):
                    yield into, start, start + size, where[1]
        at += 4 + length


def call_sites(elf, start, lsda):
    """[(first, end, whether there is a landing pad)] of all entries."""
    section = elf.section(".gcc_except_table")
    reader = Reader(elf, section, lsda - (elf.headers[section][3] if elf.linked else 0))
    if (encoding := reader.byte()) != 0xFF:
        reader.pointer(encoding)
    if reader.byte() != 0xFF:
        reader.uleb()
    encoding = reader.byte()
    length = reader.uleb()
    end = reader.at + length
    sites = []
    while reader.at < end:
        first, size, pad = (reader.offset(encoding) for _ in range(3))
        reader.uleb()
        sites.append((start + first, start + first + size, pad != 0))
    return sites


def instructions(objdump, path):
    """{section name: [(address, mnemonic, operands, relocations)]}"""
    text = subprocess.run([objdump, "-dr", "--no-show-raw-insn", "-M", "no-aliases", path],
                          capture_output=True, text=True, check=True).stdout
    found, rows = {}, None
    for line in text.splitlines():
        if match := re.match(r"Disassembly of section (\S+):$", line):
            rows = found.setdefault(match[1], [])
        elif match := re.match(r"\s+([0-9a-f]+):\s+(R_RISCV_\w+)\s+(\S+)", line):
            rows[-1][3].append((match[2], match[3]))
        elif match := re.match(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)$", line):
            rows.append((int(match[1], 16), match[2], match[3], []))
    return found


def callee(row, before):
    """The name of what a call goes to, else None."""
    _, mnemonic, operands, relocations = row
    if not CALL.match(mnemonic):
        return None
    for source in (row, before):
        for kind, name in source[3] if source else ():
            if kind in ("R_RISCV_CALL_PLT", "R_RISCV_CALL", "R_RISCV_JAL"):
                return name
    match = re.search(r"<([^+>]+)>", operands)
    return match[1] if match else None


def fault_of(row, before, pads):
    """What can fault here although GCC thinks otherwise, else None. @p pads: of the entries that it is in."""
    mnemonic = row[1]
    if any(pads):
        return None
    if mnemonic in TRAPS:
        return "trap"
    if pads:
        return None
    name = callee(row, before)
    if name in LIBRARY:
        return name
    if mnemonic.startswith(("csr", "amo", "lr.", "sc.", "sfence", "wfi", "ecall")):
        return mnemonic
    return None


def exemptions(path):
    found = {}
    for line in open(path, encoding="utf-8") if path else ():
        words = line.split("#")[0].split()
        if words and len(words) < 4:
            raise SystemExit(f"{path}: an exemption takes a function, what is exempt, and the reason: {line}")
        if words:
            found[words[0], words[1]] = " ".join(words[2:])
    return found


def gaps(elf, rows):
    """(name of the section, address, start of the function, what)"""
    for into, start, end, lsda in functions_with_cleanups(elf):
        sites = call_sites(elf, start, lsda)
        for section in [elf.names[into]] if into is not None else list(rows):
            before = None
            for row in rows.get(section, ()):
                if start <= row[0] < end:
                    pads = [pad for first, last, pad in sites if first <= row[0] < last]
                    if what := fault_of(row, before, pads):
                        yield section, row[0], start, what
                before = row


def function_name(elf, section, start):
    names = [name for name, kind, owner, value in elf.symbols
             if kind == 2 and value == start and elf.names[owner] == section]
    return names[0] if names else f"{start:#x}"


def main(arguments):
    exempt = exemptions(arguments[1] if arguments[:1] == ["--exempt"] else None)
    if arguments[:1] == ["--exempt"]:
        arguments = arguments[2:]
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    elf = Elf(arguments[1])
    failed = False
    for section, address, start, what in gaps(elf, instructions(*arguments)):
        name = function_name(elf, section, start)
        if (name, what) in exempt:
            continue
        print(f"{arguments[1]}: error: {name}+{address - start:#x}: {what}, and GCC takes it for unable to fault: "
              f"no cleanup of this function would run [lint:unwind-gap]", file=sys.stderr)
        failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:])
