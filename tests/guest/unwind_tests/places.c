/* A fault at every instruction of two functions: the cell `cut` is loaded again and again, each time with another
 * instruction of one of them replaced by an illegal one. */
#include "faults.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/object.h"
#include "nucleus/string.h"
#include "nucleus/why.h"

/* Replacements, of 2 and of 4 bytes. The linker may fill in the upper 20 bits of the latter. */
#define ILLEGAL_2 0x0000u
#define ILLEGAL_4 0x0000000bu /* custom-0, which no extension of QEMU's rv64 has */

/* A copy of cut's object, and one function in it. */
struct object {
    uint8_t *bytes;
    size_t length;
    uint8_t *function;
    uint64_t function_bytes;
};

static bool object_copy(struct object *object)
{
    const void *bytes;
    const char *name;

    if (!archive_get("cut.cell", 0, &name, &bytes, &object->length))
        return false;
    object->bytes = heap_alloc_bytes(test_buffers(), object->length);
    if (object->bytes)
        memcpy(object->bytes, bytes, object->length);
    return object->bytes;
}

static bool function_find(struct object *object, const char *name)
{
    const struct elf_header *header = (const void *)object->bytes;
    const struct elf_section *sections = (const void *)(object->bytes + header->shoff);

    for (unsigned i = 0; i < header->shnum; i++) {
        const struct elf_symbol *symbols = (const void *)(object->bytes + sections[i].offset);
        const char *names = (const char *)object->bytes + sections[sections[i].link].offset;

        for (uint64_t n = 0; sections[i].type == SHT_SYMTAB && n < sections[i].size / sizeof *symbols; n++) {
            if (strcmp(names + symbols[n].name, name) != 0)
                continue;
            object->function =
                object->bytes + sections[symbols[n].shndx].offset + symbols[n].value;
            object->function_bytes = symbols[n].size;
            return true;
        }
    }
    return false;
}

/* No relocation of the call at @p at: the loader wants to find a call there. */
static void call_forget(struct object *object, uint64_t at)
{
    const struct elf_header *header = (const void *)object->bytes;
    const struct elf_section *sections = (const void *)(object->bytes + header->shoff);

    for (unsigned i = 0; i < header->shnum; i++) {
        struct elf_relocation *relocations = (void *)(object->bytes + sections[i].offset);

        for (uint64_t n = 0; sections[i].type == SHT_RELA && n < sections[i].size / sizeof *relocations; n++) {
            const uint8_t *place =
                object->bytes + sections[sections[i].info].offset + relocations[n].offset;
            uint64_t distance = (uint64_t)(object->function + at - place);

            if ((relocations[n].type == R_RISCV_CALL || relocations[n].type == R_RISCV_CALL_PLT) &&
                (distance == 0 || distance == 4))
                relocations[n].type = R_RISCV_NONE;
        }
    }
}

static unsigned instruction_bytes(const uint8_t *instruction)
{
    return (*instruction & 3) == 3 ? 4 : 2;
}

/* Whether GCC expects a fault there: calls, and loads and stores that are not relative to sp. */
static bool may_fault(const uint8_t *at)
{
    uint32_t low = at[0] | (uint32_t)at[1] << 8, word, opcode;

    if (instruction_bytes(at) == 2)
        return (low & 3) == 0 && low >> 13 != 0; /* c.lw, c.ld, c.sw, c.sd */
    word = low | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    opcode = word & 0x7f;
    return ((opcode == 0x03 || opcode == 0x23) && (word >> 15 & 31) != 2) || opcode == 0x67;
}

struct visit {
    uint64_t (*function)(uint64_t *numbers, uint64_t count);
    uint64_t seed, right; /* how many registers of the frame above were */
};

static void registers_unwind(uint64_t (*values)[12])
{
    struct visit *visit = (struct visit *)(*values)[11];

    visit->right = 0;
    for (unsigned i = 0; i < 11; i++) {
        visit->right += (*values)[i] == visit->seed + i;
    }
}

static __attribute__((noinline)) uint64_t with_registers(struct visit *visit)
{
    uint64_t values[12] __attribute__((cleanup(registers_unwind)));
    uint64_t numbers[4] = {1, 2, 3, 4};

    for (unsigned i = 0; i < 11; i++)
        values[i] = hidden(visit->seed + i);
    values[11] = (uint64_t)visit;
    return visit->function(numbers, 4) + values[hidden(1)];
}

static int come_by(void *argument)
{
    OWN(token) z = {0};
    uint64_t result;

    if (!token_take(&z, 'z'))
        return 0;
    result = with_registers(argument);
    token_drop(&z);
    return (int)result;
}

struct tally {
    unsigned instructions, reached, expected; /* expected: those of which GCC expects it */
};

/* With the instruction at @p at replaced. */
static void try_one(struct test_run *t, const char *name, uint64_t at, struct tally *tally)
    REQUIRES(may_park);
static void try_one(struct test_run *t, const char *name, uint64_t at, struct tally *tally)
{
    struct object object = {0};
    struct why why = {.text = ""};
    struct symbol_info symbol;
    struct visit visit = {.seed = 1000 * at};
    struct tokens tokens;
    enum status status = ERR_NOMEM;
    bool expected = false;

    if (object_copy(&object) && function_find(&object, name)) {
        unsigned bytes = instruction_bytes(object.function + at);
        const uint32_t illegal = bytes == 4 ? ILLEGAL_4 : ILLEGAL_2;

        expected = may_fault(object.function + at);
        call_forget(&object, at);
        memcpy(object.function + at, &illegal, bytes);
        status = cell_load_image("cut", object.bytes, object.length, &why);
    }
    heap_free(test_buffers(), object.bytes);
    if (!CHECK(t, status == OK && symbol_find(name, &symbol), "%s+%lu: %s", name, at, why.text))
        return;
    visit.function = (uint64_t(*)(uint64_t *, uint64_t))symbol.address;
    tokens_start("");
    tally->instructions++;
    if (run_alone(come_by, &visit) == ERR_FAULT) {
        tokens_read(&tokens);
        tally->reached++;
        tally->expected += expected;
        CHECK(t, visit.right == 11, "%s+%lu: %lu of 11 registers", name, at, visit.right);
        CHECK(t, tokens.unwound_count && tokens.unwound[tokens.unwound_count - 1] == 'z',
              "%s+%lu: unwound \"%s\"", name, at, tokens.unwound);
        if (expected)
            check_tokens(t, name, NULL);
        CHECK(t, tokens.dropped + tokens.unwound_count <= tokens.taken, "%s+%lu: %lu tokens taken, %lu gone",
              name, at, tokens.taken, tokens.dropped + tokens.unwound_count);
    }
    status = cell_unload("cut", &why);
    CHECK(t, status == OK, "%s+%lu: unload: %s", name, at, why.text);
}

static void try_all(struct test_run *t, const char *name, struct tally *tally) REQUIRES(may_park);
static void try_all(struct test_run *t, const char *name, struct tally *tally)
{
    struct object object = {0};

    *tally = (struct tally){0};
    if (CHECK(t, object_copy(&object) && function_find(&object, name), "no object with %s()", name)) {
        for (uint64_t at = 0; at < object.function_bytes; at += instruction_bytes(object.function + at))
            try_one(t, name, at, tally);
    }
    heap_free(test_buffers(), object.bytes);
    tokens_start("");
}

TEST(unwind, fault_at_every_instruction)
{
    struct stock before, after;
    struct tally branchy, leaf;

    stock_take(&before);
    try_all(t, "cut_branchy", &branchy);
    try_all(t, "cut_leaf", &leaf);
    stock_take(&after);
    CHECK(t, branchy.instructions > 80 && branchy.reached > 60 && branchy.expected > 10,
          "%u instructions, %u reached, %u that GCC expects to fault", branchy.instructions,
          branchy.reached, branchy.expected);
    CHECK(t, leaf.instructions > 8 && leaf.reached > 6, "%u instructions, %u reached",
          leaf.instructions, leaf.reached);
    CHECK(t, after.objects == before.objects && after.mapped_pages == before.mapped_pages,
          "%lu objects and %lu pages, were %lu and %lu", after.objects, after.mapped_pages, before.objects,
          before.mapped_pages);
}
