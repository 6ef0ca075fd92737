/* See elf_victim.h. */
#include "elf_victim.h"

const char *victim_path;

void victim_open(struct victim *victim)
{
    struct elf_section *table;

    *victim = (struct victim){.object = object_read(victim_path), .layout = layout_near};
    victim->header = (void *)victim->object.bytes;
    victim->sections = (void *)(victim->object.bytes + victim->header->shoff);
    table = victim_section(victim, ".symtab");
    victim->symbols = (void *)(victim->object.bytes + table->offset);
    victim->symbol_count = (unsigned)(table->size / sizeof *victim->symbols);
}

void victim_close(struct victim *victim)
{
    object_free(&victim->object);
}

unsigned victim_section_index(const struct victim *victim, const char *name)
{
    const char *names =
        (const char *)victim->object.bytes + victim->sections[victim->header->shstrndx].offset;

    for (unsigned i = 1; i < victim->header->shnum; i++)
        if (strcmp(names + victim->sections[i].name, name) == 0)
            return i;
    fail_msg("the object has no section %s", name);
    return 0;
}

struct elf_section *victim_section(const struct victim *victim, const char *name)
{
    return &victim->sections[victim_section_index(victim, name)];
}

uint8_t *victim_bytes(const struct victim *victim, const char *section)
{
    return victim->object.bytes + victim_section(victim, section)->offset;
}

const char *victim_symbol_name(const struct victim *victim, const struct elf_symbol *symbol)
{
    return (const char *)victim_bytes(victim, ".strtab") + symbol->name;
}

struct elf_symbol *victim_symbol(const struct victim *victim, const char *name)
{
    for (unsigned i = 1; i < victim->symbol_count; i++)
        if (strcmp(victim_symbol_name(victim, &victim->symbols[i]), name) == 0)
            return &victim->symbols[i];
    fail_msg("the object has no symbol %s", name);
    return NULL;
}

static bool is_of(const struct elf_symbol *symbol, enum victim_kind kind)
{
    unsigned type = symbol->info & 15u;

    switch (kind) {
    case IMPORT:
        return symbol->shndx == SHN_UNDEF;
    case FUNCTION:
        return symbol->shndx != SHN_UNDEF && type == STT_FUNC;
    case LABEL:
        return symbol->shndx != SHN_UNDEF && type == STT_NOTYPE;
    default:
        return true;
    }
}

struct elf_relocation *victim_relocation(const struct victim *victim, const char *name,
                                         uint32_t type, enum victim_kind kind)
{
    unsigned target = victim_section_index(victim, name);

    for (unsigned i = 1; i < victim->header->shnum; i++) {
        struct elf_relocation *entries =
            (void *)(victim->object.bytes + victim->sections[i].offset);

        if (victim->sections[i].type != SHT_RELA || victim->sections[i].info != target)
            continue;
        for (size_t j = 0; j < victim->sections[i].size / sizeof *entries; j++)
            if (entries[j].type == type && is_of(&victim->symbols[entries[j].symbol], kind))
                return &entries[j];
    }
    fail_msg("section %s has no relocation of type %u and kind %d", name, type, kind);
    return NULL;
}

static void run_damage(void **state)
{
    const struct damage *damage = *state;
    struct victim victim;
    struct linked linked;
    struct why why = {""};
    enum status status;

    victim_open(&victim);
    damage->apply(&victim);
    status = linked_run(&linked, &victim.object, &victim.layout, &why);
    linked_free(&linked);
    victim_close(&victim);
    if (!damage->expected) {
        assert_string_equal(why.text, "");
        assert_int_equal(status, OK);
        return;
    }
    if (status == OK)
        fail_msg("accepted");
    if (!strstr(why.text, damage->expected))
        fail_msg("refused with \"%s\", not with \"%s\"", why.text, damage->expected);
    assert_int_equal(status, damage->status);
}

extern const struct damage *const __start_damages[], *const __stop_damages[];

int damages_run(const char *group)
{
    size_t count = (size_t)(__stop_damages - __start_damages);
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    int failed;

    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){.name = __start_damages[i]->behaviour,
                                       .test_func = run_damage,
                                       .initial_state = (void *)(uintptr_t)__start_damages[i]};
    failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    return failed;
}
