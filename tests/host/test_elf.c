/*
 * The reader: a good object is read as it is, and each kind of damage to its headers, sections, symbols and
 * tables is refused by name. Argument: an object of elf_cells/.
 */
#include "elf_victim.h"

/* Names are changed in place: the section's own, whose bytes nothing else shares. */
static char *name_of(struct victim *v, const char *section)
{
    return (char *)v->object.bytes + v->sections[v->header->shstrndx].offset +
           victim_section(v, section)->name;
}

NOT_BAD(nothing, (void)v)

/* The file's header and its tables of names. */
NOT_OURS(magic, "not an ELF file", v->header->ident[1] = 'F')
NOT_OURS(class32, "64-bit, little-endian", v->header->ident[4] = 1)
NOT_OURS(big_endian, "64-bit, little-endian", v->header->ident[5] = 2)
NOT_OURS(os_abi, "System V", v->header->ident[7] = 3)
NOT_OURS(version, "System V", v->header->version = 2)
NOT_OURS(machine, "not RISC-V", v->header->machine = 62)
NOT_OURS(executable, "not a relocatable object", v->header->type = 2)
NOT_OURS(program_headers, "not a relocatable object", v->header->phnum = 1)
NOT_OURS(float_abi, "ELF flags", v->header->flags |= 4)
BAD(header_size, "section headers of a wrong", v->header->ehsize = 52)
BAD(section_header_size, "section headers of a wrong", v->header->shentsize = 40)
BAD(no_sections, "section headers of a wrong", v->header->shnum = 0)
BAD(too_many_sections, "section headers of a wrong", v->header->shnum = 0xfffe)
BAD(table_past_end, "section headers of a wrong", v->header->shnum++)
BAD(table_offset_wraps, "section headers of a wrong", v->header->shoff = UINT64_MAX - 7)
BAD(table_misaligned, "section headers of a wrong", v->header->shoff -= 4)
BAD(names_index, "ELF header: no string table", v->header->shstrndx = v->header->shnum)
BAD(names_type, "ELF header: no string table", v->sections[v->header->shstrndx].type = SHT_PROGBITS)
BAD(names_unterminated, "ELF header: the string table is not terminated",
    v->sections[v->header->shstrndx].size--)
BAD(names_empty, "ELF header: no string table, or one that lies outside",
    v->sections[v->header->shstrndx].size = 0)
BAD(names_outside, "ELF header: no string table, or one that lies outside",
    v->sections[v->header->shstrndx].offset = v->object.length)

/* Sections: their places, then what a cell may have. */
BAD(section_0, "section 0 is not empty", v->sections[0].info = 1)
BAD(name_out_of_range, "its name is out of range",
    victim_section(v, ".text")->name = (uint32_t)v->sections[v->header->shstrndx].size)
BAD(section_outside, "section .rodata: outside",
    victim_section(v, ".rodata")->size = v->object.length)
BAD(section_wraps, "section .rodata: outside", victim_section(v, ".rodata")->offset = UINT64_MAX)
BAD(section_size_wraps, "section .comment: outside",
    victim_section(v, ".comment")->size = UINT64_MAX)
BAD(sections_overlap, "section .rodata: overlaps another",
    victim_section(v, ".rodata")->offset = victim_section(v, ".text")->offset + 8)
BAD(overlap_by_one, "section .rodata: overlaps another",
    victim_section(v, ".rodata")->offset = victim_section(v, ".text")->offset +
                                           victim_section(v, ".text")->size - 1)
BAD(overlap_by_one_before, "section .comment: overlaps another",
    victim_section(v, ".rodata.str1.8")->size -= 8;
    victim_section(v, ".comment")->size = 2;
    victim_section(v, ".comment")->offset = victim_section(v, ".cell.manifest")->offset - 1)
BAD(overlaps_header, "section .text: overlaps", victim_section(v, ".text")->offset = 62)
BAD(overlaps_section_headers, "section .cell.manifest: overlaps",
    victim_section(v, ".cell.manifest")->offset = v->header->shoff - 8)
BAD(align_three, "section .text: a wrong alignment", victim_section(v, ".text")->addralign = 3)
BAD(align_huge, "section .text: a wrong alignment", victim_section(v, ".text")->addralign = 8192)
BAD(text_align_one, "section .text: a wrong alignment", victim_section(v, ".text")->addralign = 1)
NOT_OURS(writable_data, "section .rodata: writable data is what CELL_STATE declares",
         victim_section(v, ".rodata")->flags |= SHF_WRITE)
NOT_OURS(writable_text, "section .text: writable data is",
         victim_section(v, ".text")->flags |= SHF_WRITE)
NOT_OURS(bss, "section .bss: writable data", victim_section(v, ".bss")->size = 8)
NOT_OURS(thread_local, "section .rodata: thread-local",
         victim_section(v, ".rodata")->flags |= SHF_TLS)
NOT_OURS(compressed, "section .rodata: thread-local, compressed, or of unknown flags",
         victim_section(v, ".rodata")->flags |= SHF_COMPRESSED)
NOT_OURS(unknown_flag, "section .rodata: thread-local, compressed, or of unknown flags",
         victim_section(v, ".rodata")->flags |= 1ul << 40)
NOT_OURS(unknown_type, "section .rodata: a constructor table, or of an unknown type",
         victim_section(v, ".rodata")->type = 0x6fff1234)
NOT_OURS(rodata_without_bytes, "section .rodata: a constructor table, or of an unknown type",
         victim_section(v, ".rodata")->type = SHT_NOBITS)
NOT_OURS(constructor, "section .rodata: a constructor table",
         victim_section(v, ".rodata")->type = SHT_INIT_ARRAY)
NOT_OURS(state_read_only, "section .cell.state: writable data is",
         victim_section(v, ".cell.state")->flags = SHF_ALLOC)
BAD(state_huge, "section .cell.state: outside of the object, or too large",
    victim_section(v, ".cell.state")->type = SHT_NOBITS;
    victim_section(v, ".cell.state")->size = 1ul << 40)
NOT_OURS(state_relocated, "section .rela.rodata: state has initial values",
         victim_section(v, ".rela.rodata")->info = victim_section_index(v, ".cell.state"))
BAD(two_manifests, "section .cell.manifest: occurs twice",
    victim_section(v, ".rodata")->name = victim_section(v, ".cell.manifest")->name)
BAD(two_eh_frames, "section .eh_frame: occurs twice",
    victim_section(v, ".rodata")->name = victim_section(v, ".eh_frame")->name)
BAD(set_name, "section .cell.set.Thing", name_of(v, ".cell.set.thing")[10] = 'T')
BAD(set_name_empty, "section .cell.set.:", name_of(v, ".cell.set.thing")[10] = '\0')
BAD(set_empty, "section .cell.set.other", victim_section(v, ".cell.set.other")->size = 0)
NOT_OURS(unknown_cell_section, "section .cell.xet.thing: none that a cell may have",
         name_of(v, ".cell.set.thing")[6] = 'x')

/* Symbols. */
BAD(no_symbol_table, "symbol table: there is none",
    victim_section(v, ".symtab")->type = SHT_PROGBITS)
BAD(no_symbol_table_section_0_anywhere, "section 0 is not empty",
    victim_section(v, ".symtab")->type = SHT_PROGBITS;
    v->sections[0].offset = 1ul << 63)
NOT_OURS(two_symbol_tables, ": a second symbol table",
         *victim_section(v, ".comment") = (struct elf_section){
             .name = victim_section(v, ".comment")->name,
             .type = SHT_SYMTAB,
             .entsize = sizeof(struct elf_symbol)})
NOT_OURS(extended_indexes, ": a second symbol table",
         victim_section(v, ".comment")->type = SHT_SYMTAB_SHNDX)
BAD(symbol_entsize, "section .symtab: a wrong size", victim_section(v, ".symtab")->entsize = 16)
BAD(symbol_table_size, "section .symtab: a wrong size", victim_section(v, ".symtab")->size -= 8)
BAD(symbol_table_misaligned, "section .symtab: a wrong size or alignment",
    victim_section(v, ".symtab")->offset += 4;
    victim_section(v, ".symtab")->size -= 24)
BAD(symbol_link, "symbol table: no string table",
    victim_section(v, ".symtab")->link = victim_section_index(v, ".text"))
BAD(symbol_link_out_of_range, "symbol table: no string table",
    victim_section(v, ".symtab")->link = v->header->shnum)
BAD(symbol_info, "sh_info is out of range",
    victim_section(v, ".symtab")->info = v->symbol_count + 1)
BAD(symbol_info_zero, "sh_info is out of range", victim_section(v, ".symtab")->info = 0)
BAD(symbol_info_one_less, "on the wrong side of sh_info", victim_section(v, ".symtab")->info--)
BAD(symbol_0, "symbol table: entry 0 is not empty", v->symbols[0].info = STT_FUNC)
BAD(symbol_names_unterminated, "symbol table: the string table is not terminated",
    victim_section(v, ".strtab")->size--)
BAD(symbol_name_out_of_range, "its name is out of range",
    victim_symbol(v, "shape_long")->name = (uint32_t)victim_section(v, ".strtab")->size)
BAD(label_outside_section, "outside of its section",
    v->symbols[victim_relocation(v, ".text", R_RISCV_BRANCH, LABEL)->symbol].value =
        victim_section(v, ".text")->size + 1)
BAD(symbol_outside_section, "symbol shape_long: outside of its section",
    victim_symbol(v, "shape_long")->value = victim_section(v, ".text")->size + 2)
BAD(symbol_ends_outside, "symbol shape_long: outside of its section",
    struct elf_symbol *symbol = victim_symbol(v, "shape_long");
    symbol->size = victim_section(v, ".text")->size - symbol->value + 1)
BAD(symbol_size_wraps, "symbol shape_long: outside of its section",
    victim_symbol(v, "shape_long")->size = UINT64_MAX)
BAD(symbol_section_out_of_range, "symbol shape_long: COMMON, or in a section that does not exist",
    victim_symbol(v, "shape_long")->shndx = v->header->shnum)
BAD(symbol_common, "symbol shape_long: COMMON", victim_symbol(v, "shape_long")->shndx = SHN_COMMON)
BAD(symbol_reserved, "symbol shape_long: COMMON, or in a section that does not exist",
    victim_symbol(v, "shape_long")->shndx = 0xff20)
NOT_OURS(symbol_weak_undefined, "symbol shape_import: undefined, but not global",
         victim_symbol(v, "shape_import")->info = STB_WEAK << 4)
BAD(symbol_undefined_nameless, "global, but without a name",
    victim_symbol(v, "shape_import")->name = 0)
NOT_OURS(symbol_local_undefined, "undefined, but not global", v->symbols[1].shndx = SHN_UNDEF)
NOT_OURS(symbol_thread_local, "symbol shape_long: thread-local",
         victim_symbol(v, "shape_long")->info = STB_GLOBAL << 4 | STT_TLS)
NOT_OURS(symbol_indirect, "symbol shape_long: thread-local, or of an unknown binding or type",
         victim_symbol(v, "shape_long")->info = STB_GLOBAL << 4 | 10)
NOT_OURS(symbol_unique, "symbol shape_long: thread-local, or of an unknown binding or type",
         victim_symbol(v, "shape_long")->info = 10 << 4 | STT_FUNC)
NOT_OURS(symbol_exported_data, "symbol shape_long: exported, but no function",
         victim_symbol(v, "shape_long")->info = STB_GLOBAL << 4 | STT_OBJECT)
BAD(symbol_exported_nameless, "global, but without a name",
    victim_symbol(v, "shape_long")->name = 0)
/* Which names are taken, the loader's symbol table says (load.second_export_of_a_function_...). */
NOT_BAD(symbol_twice, victim_symbol(v, "shape_long")->name = victim_symbol(v, "shape_goto")->name)
BAD(function_in_data, "symbol shape_long: a function outside of text",
    victim_symbol(v, "shape_long")->shndx = (uint16_t)victim_section_index(v, ".rodata");
    victim_symbol(v, "shape_long")->size = victim_symbol(v, "shape_long")->value = 0)
BAD(function_odd, "symbol shape_long: a function outside of text",
    victim_symbol(v, "shape_long")->value++;
    victim_symbol(v, "shape_long")->size--)
BAD(function_absolute, "symbol shape_long: outside of its section",
    victim_symbol(v, "shape_long")->shndx = SHN_ABS)
BAD(function_absolute_empty, "symbol shape_long: a function outside of text",
    victim_symbol(v, "shape_long")->shndx = SHN_ABS;
    victim_symbol(v, "shape_long")->size = victim_symbol(v, "shape_long")->value = 0)

/* Relocation tables. */
BAD(table_link, ".rela.text: sh_link or sh_info",
    victim_section(v, ".rela.text")->link = victim_section_index(v, ".strtab"))
BAD(table_info_zero, ".rela.text: sh_link or sh_info", victim_section(v, ".rela.text")->info = 0)
BAD(table_info_out_of_range, ".rela.text: sh_link or sh_info",
    victim_section(v, ".rela.text")->info = v->header->shnum)
BAD(table_info_taken, "relocates what another one does",
    victim_section(v, ".rela.rodata")->info = victim_section_index(v, ".text"))
BAD(table_entsize, ".rela.text: a wrong size", victim_section(v, ".rela.text")->entsize = 16)
BAD(table_size, ".rela.text: a wrong size", victim_section(v, ".rela.text")->size--)
BAD(table_entries_misaligned, ".rela.text: a wrong size or alignment",
    victim_section(v, ".rela.text")->offset += 4;
    victim_section(v, ".rela.text")->size -= 24)
NOT_OURS(table_loaded, "section .rela.text: a constructor table, or of an unknown type",
         victim_section(v, ".rela.text")->flags |= SHF_ALLOC)
NOT_OURS(table_without_addends, ".rela.text: a second symbol table, or relocations without addends",
         victim_section(v, ".rela.text")->type = SHT_REL)
BAD(entry_outside, "the field crosses the section's end",
    victim_relocation(v, ".rodata", R_RISCV_64, ANY)->offset = victim_section(v, ".rodata")->size)
BAD(entry_symbol, "a symbol's number is out of range",
    victim_relocation(v, ".rodata", R_RISCV_64, ANY)->symbol = v->symbol_count)
BAD(entries_unsorted, "not sorted by offset",
    victim_relocation(v, ".text", R_RISCV_CALL_PLT, IMPORT)[1].offset = 0)

static enum status run(const struct object *object, struct why *why)
{
    struct linked linked;
    enum status status = linked_run(&linked, object, &layout_near, why);

    linked_free(&linked);
    return status;
}

/* Every length below the whole, in a block of that length, must be refused without a look behind it. */
static void refuse_truncated(const struct object *whole)
{
    struct why why;

    assert_int_equal(run(whole, &why), OK);
    for (size_t length = 0; length < whole->length; length++) {
        struct object part = {malloc(length), length};

        memcpy(part.bytes, whole->bytes, length);
        if (run(&part, &why) == OK)
            fail_msg("accepted when cut to %zu of %zu bytes", length, whole->length);
        object_free(&part);
    }
}

static void truncated_at_every_byte(void **state)
{
    struct object whole = object_read(victim_path);

    (void)state;
    refuse_truncated(&whole);
    object_free(&whole);
}

/* ld puts the section headers last, so any cut takes them. Here they come first. */
static void truncated_with_headers_first(void **state)
{
    struct victim victim;
    struct object moved = {0};
    struct elf_section *sections;
    size_t table;

    (void)state;
    victim_open(&victim);
    table = victim.header->shnum * sizeof *sections;
    moved.length = victim.header->shoff + table;
    moved.bytes = malloc(moved.length);
    memcpy(moved.bytes, victim.object.bytes, 64);
    memcpy(moved.bytes + 64, victim.sections, table);
    memcpy(moved.bytes + 64 + table, victim.object.bytes + 64, victim.header->shoff - 64);
    ((struct elf_header *)(void *)moved.bytes)->shoff = 64;
    sections = (void *)(moved.bytes + 64);
    for (unsigned i = 1; i < victim.header->shnum; i++)
        sections[i].offset += table;
    while (moved.length > 0 &&
           sections[victim.header->shstrndx].offset + sections[victim.header->shstrndx].size <
               moved.length)
        moved.length--;
    refuse_truncated(&moved);
    object_free(&moved);
    victim_close(&victim);
}

static void misaligned_in_memory(void **state)
{
    struct object whole = object_read(victim_path);
    struct elf_image image;
    struct why why;
    uint8_t *shifted = malloc(whole.length + 4);

    (void)state;
    memcpy(shifted + 4, whole.bytes, whole.length);
    assert_int_equal(elf_open(&image, shifted + 4, whole.length, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "aligned to 8 bytes"));
    free(shifted);
    object_free(&whole);
}

static uint32_t find(const struct elf_image *image, const char *name)
{
    uint32_t section = 1;

    while (strcmp(elf_section_name(image, section), name) != 0)
        section++;
    return section;
}

static void reads_what_the_object_holds(void **state)
{
    struct object whole = object_read(victim_path);
    struct elf_image image;
    unsigned exports = 0, imports = 0;
    uint32_t set;

    (void)state;
    assert_int_equal(elf_open(&image, whole.bytes, whole.length, NULL), OK);
    for (uint32_t i = 1; i < image.symbol_count; i++) {
        exports += elf_symbol_is_export(&image, i);
        imports += elf_symbol_is_import(&image, i);
        if (strcmp(elf_symbol_name(&image, i), "twice") == 0) {
            assert_true(elf_symbol_is_function(&image, i));
            assert_false(elf_symbol_is_export(&image, i));
            assert_true(image.symbols[i].size > 0);
        }
    }
    assert_int_equal(image.export_count, exports);
    assert_int_equal(image.import_count, imports);
    assert_int_equal(exports, 8);
    assert_int_equal(imports, 7); /* five of shapes.h, _Unwind_Resume, __gcc_personality_v0 */
    set = find(&image, ".cell.set.thing");
    assert_int_equal(image.classes[set], SECTION_SET);
    assert_int_equal(image.sections[set].size, 32);
    assert_int_equal(image.classes[image.state], SECTION_STATE);
    assert_int_equal(image.classes[find(&image, ".comment")], SECTION_IGNORED);
    object_free(&whole);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_object_holds),
        cmocka_unit_test(misaligned_in_memory),
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(truncated_with_headers_first),
    };

    if (argc != 2)
        return 2;
    victim_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL) + damages_run("damaged objects");
}
