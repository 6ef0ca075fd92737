/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0).
 *
 * All sources are routed to one hart, the first, in S-mode: with every hart enabled each
 * interrupt would wake them all, and all but one would find nothing to claim. A source is turned
 * on and off by its priority (0: never interrupts), not by its enable bit: a completion is
 * ignored while the bit is off, and a claim may be on its way when a line is detached.
 *
 * A handler runs with the lock of its line held, so whoever has that lock knows that no hart is
 * in the handler. One that faults is unwound up to the nucleus: the claim, an owned handle, then
 * turns the source off, as it may well be pending still, and completes it, so that the others go on
 * to be served; irq_enable() turns it on again. start() finds the device and makes the lines: before that there is no source.
 */
#include "cell.h"
#include "devicetree.h"
#include "driver.h"
#include "irq.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "vm.h"

/* Memory map, PLIC specification chapter 3; offsets in bytes. */
#define PRIORITY_BASE 0x0u /* a word per source */
#define ENABLE_BASE 0x2000u
#define ENABLE_STRIDE 0x80u /* a bit per source */
#define CONTEXT_BASE 0x200000u
#define CONTEXT_STRIDE 0x1000u
#define CONTEXT_THRESHOLD 0u /* words in a context's page */
#define CONTEXT_CLAIM 1u

#define SUPERVISOR_EXTERNAL 9u /* scause of the interrupt, and how interrupts-extended names it */
#define MAX_SOURCES 1023u

struct line {
    struct spinlock lock;
    /* lock guards: */
    void (*handler)(void *argument); /* NULL while nobody is attached */
    void *argument;
    uint64_t count;
    uint32_t source;
};

struct HOLDS plic_state {
    struct kind *lines_kind;
    struct line *lines; /* by source, 0 .. sources; 0 is none */
    uint32_t sources;
    uint32_t context; /* of the first hart in S-mode */
    paddr base;
    mapping priority_page, enable_page, context_page; /* from start() to stop() */
    volatile uint32_t *priorities; /* NULL until they are mapped */
    volatile uint32_t *registers; /* of the context */
};
CELL_STATE(struct plic_state);

DRIVER(sifive, "sifive,plic-1.0.0");
DRIVER(riscv, "riscv,plic0");

static inline struct line *line_locked(struct line *line) REQUIRES(line->lock);
static inline struct line *line_locked(struct line *line)
{
    return line;
}

/** Turns @p source on or off; until the registers are mapped it is noted in the line only. */
static void source_set(uint32_t source, bool on)
{
    volatile uint32_t *priorities = __atomic_load_n(&state.priorities, __ATOMIC_ACQUIRE);

    if (priorities)
        priorities[source] = on;
}

static bool line_take(struct line *line, void (*handler)(void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};
    bool taken;

    spin_lock(&guard, &line->lock);
    taken = line_locked(line)->handler != NULL;
    if (!taken) {
        line_locked(line)->handler = handler;
        line_locked(line)->argument = argument;
        source_set(line->source, true);
    }
    spin_unlock(&guard, &line->lock);
    return !taken;
}

/* Unchecked: makes the handle. */
EXPORT bool irq_attach(irq_line *handle, uint32_t source, void (*handler)(void *argument),
                       void *argument) UNCHECKED
{
    if (source == 0 || source > state.sources ||
        !line_take(&state.lines[source], handler, argument))
        return false;
    handle->line = &state.lines[source];
    return true;
}

static void line_release(struct line *line)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &line->lock);
    source_set(line->source, false);
    line_locked(line)->handler = NULL;
    spin_unlock(&guard, &line->lock);
}

/* Unchecked: the drop of the handle. */
EXPORT void irq_detach(irq_line *handle) UNCHECKED
{
    line_release(handle->line);
    handle->line = NULL;
}

EXPORT void irq_line_unwind(irq_line *handle)
{
    if (handle->line)
        irq_detach(handle);
}

EXPORT uint64_t irq_count(uint32_t source)
{
    if (source == 0 || source > state.sources)
        return 0;
    return __atomic_load_n(&state.lines[source].count, __ATOMIC_RELAXED);
}

static void line_serve(struct line *line) REQUIRES(irqs_off);
static void line_serve(struct line *line)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &line->lock);
    line_locked(line)->count++;
    if (line_locked(line)->handler)
        line_locked(line)->handler(line_locked(line)->argument);
    spin_unlock_nested(&guard, &line->lock);
}

/** An interrupt between claim and completion: until then its source is not heard again. */
typedef struct LINEAR("claim") claim {
    uint32_t source; /* 0: none */
} claim;

static bool claim_take(claim *c) TRY_MAKES(*c);
static void claim_complete(claim *c) TAKES(*c);

/* Unchecked: makes the handle. */
static bool claim_take(claim *c) UNCHECKED
{
    uint32_t source = state.registers ? state.registers[CONTEXT_CLAIM] : 0;

    if (source == 0 || source > state.sources)
        return false;
    c->source = source;
    return true;
}

/* Unchecked: the drop of the handle. */
static void claim_complete(claim *c) UNCHECKED
{
    state.registers[CONTEXT_CLAIM] = c->source;
    c->source = 0;
}

/* Unchecked: drops on the unwind path. */
static void claim_unwind(claim *c) UNCHECKED
{
    if (!c->source)
        return;
    source_set(c->source, false);
    log_write("plic: source %u is turned off: its handler faulted", c->source);
    claim_complete(c);
}

EXPORT void irq_interrupt(void)
{
    OWN(claim) c = {0};

    if (!claim_take(&c))
        return;
    line_serve(&state.lines[c.source]);
    claim_complete(&c);
}

/* Under the lock of the line: irq_detach() turns it off. */
EXPORT enum status irq_enable(const irq_line *handle)
{
    OWN(spin_guard) guard = {0};
    struct line *line = handle->line;

    spin_lock(&guard, &line->lock);
    source_set(line->source, true);
    spin_unlock(&guard, &line->lock);
    return OK;
}

/** The context that interrupts hart @p id in S-mode: its place in interrupts-extended. */
static bool context_find(dt_node plic, uint64_t id, uint32_t *context)
{
    char path[64];
    dt_node controller;
    uint32_t phandle, entry, cause;

    format(path, sizeof path, "/cpus/cpu@%lx/interrupt-controller", id);
    if (!dt_find_path(path, &controller) || !dt_u32(controller, "phandle", 0, &phandle))
        return false;
    for (uint32_t i = 0; dt_u32(plic, "interrupts-extended", 2 * i, &entry); i++) {
        if (!dt_u32(plic, "interrupts-extended", 2 * i + 1, &cause))
            return false;
        if (entry == phandle && cause == SUPERVISOR_EXTERNAL) {
            *context = i;
            return true;
        }
    }
    return false;
}

static bool plic_find(dt_node *plic)
{
    return dt_find_compatible("sifive,plic-1.0.0", NULL, plic) ||
           dt_find_compatible("riscv,plic0", NULL, plic);
}

static enum status lines_make(void)
{
    size_t bytes = (state.sources + 1) * sizeof(struct line);

    state.lines = heap_alloc_bytes(state.lines_kind, bytes);
    if (!state.lines)
        return ERR_NOMEM;
    memset(state.lines, 0, bytes);
    for (uint32_t source = 0; source <= state.sources; source++)
        state.lines[source].source = source;
    return OK;
}

static void lines_drop(void)
{
    state.sources = 0;
    heap_free(state.lines_kind, state.lines);
    state.lines = NULL;
}

KIND_OF_BUFFERS(lines, "irq lines");

static enum status plic_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's: lines, mappings, what is attached */
    return kind_create(&state.lines_kind, &kind_lines);
}

/** What the device tree says. */
static enum status device_find(void)
{
    dt_node plic;
    uint64_t bytes;

    if (!plic_find(&plic)) {
        log_write("plic: the device tree has no PLIC (sifive,plic-1.0.0 or riscv,plic0)");
        return ERR_NOT_FOUND;
    }
    if (!dt_reg(plic, 0, &state.base, &bytes) || !dt_u32(plic, "riscv,ndev", 0, &state.sources) ||
        state.sources > MAX_SOURCES || !context_find(plic, hart_id(0), &state.context)) {
        log_write("plic: it has no reg, riscv,ndev or place in interrupts-extended for hart %lu",
                  hart_id(0));
        return ERR_FORMAT;
    }
    if (CONTEXT_BASE + (state.context + 1ul) * CONTEXT_STRIDE > bytes) {
        log_write("plic: context %u lies outside its registers", state.context);
        return ERR_FORMAT;
    }
    return OK;
}

/** Unmaps what is mapped. Unchecked: the mappings live in the state, out of the analysis' sight. */
static void registers_unmap(void) UNCHECKED
{
    mapping_unwind(&state.priority_page);
    mapping_unwind(&state.enable_page);
    mapping_unwind(&state.context_page);
}

/**
 * Maps the three pages of the registers that are used: priorities, the context's enable bits, the
 * context. Unchecked: moves the mappings into the state, where registers_unmap() finds them.
 */
static bool registers_map(uint64_t enable, uint64_t context) UNCHECKED
{
    uint64_t base = state.base.value;
    paddr enable_page = {(base + enable) & ~(PAGE_BYTES - 1)};

    return mapping_map_device(&state.priority_page, (paddr){base + PRIORITY_BASE}, PAGE_BYTES) &&
           mapping_map_device(&state.enable_page, enable_page, PAGE_BYTES) &&
           mapping_map_device(&state.context_page, (paddr){base + context}, PAGE_BYTES);
}

static volatile uint32_t *page_registers(const mapping *page, uint64_t offset) UNCHECKED
{
    return (volatile uint32_t *)(void *)((char *)mapping_address(page) + offset % PAGE_BYTES);
}

static bool line_is_attached(struct line *line)
{
    OWN(spin_guard) guard = {0};
    bool attached;

    spin_lock(&guard, &line->lock);
    attached = line_locked(line)->handler != NULL;
    spin_unlock(&guard, &line->lock);
    return attached;
}

static void attached_lines_on(void)
{
    for (uint32_t source = 1; source <= state.sources; source++)
        if (line_is_attached(&state.lines[source]))
            source_set(source, true);
}

static enum status plic_start(enum cell_reason reason)
{
    volatile uint32_t *priorities, *enables;
    enum status status;
    uint64_t enable;

    if (reason == REASON_SWAP) { /* a predecessor may have been cut short in a handler: then its source is off */
        attached_lines_on();
        return OK;
    }
    status = device_find();
    enable = ENABLE_BASE + state.context * (uint64_t)ENABLE_STRIDE;
    if (status == OK)
        status = lines_make();
    if (status != OK)
        return status;
    if (!registers_map(enable, CONTEXT_BASE + state.context * (uint64_t)CONTEXT_STRIDE)) {
        registers_unmap();
        lines_drop();
        return ERR_NOMEM;
    }
    state.registers = page_registers(&state.context_page, 0);
    priorities = page_registers(&state.priority_page, PRIORITY_BASE);
    enables = page_registers(&state.enable_page, enable);
    for (uint32_t source = 1; source <= state.sources; source++)
        priorities[source] = 0;
    for (uint32_t word = 0; word <= state.sources / 32; word++)
        enables[word] = UINT32_MAX;
    state.registers[CONTEXT_THRESHOLD] = 0;
    __atomic_store_n(&state.priorities, priorities, __ATOMIC_RELEASE);
    attached_lines_on();
    return OK;
}

static enum status plic_stop(enum cell_reason reason)
{
    (void)reason;
    for (uint32_t source = 1; source <= state.sources; source++)
        if (line_is_attached(&state.lines[source]))
            return ERR_BUSY;
    state.priorities = NULL;
    state.registers = NULL;
    registers_unmap();
    lines_drop();
    return OK;
}

CELL(.name = "plic", .version = "1.0",
     .summary = "External interrupts by the platform-level interrupt controller, all on one hart",
     .provides = "irq", .init = plic_init, .start = plic_start, .stop = plic_stop);
