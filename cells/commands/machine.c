/* Commands about the machine and what it said: sbi, log. */
#include "nucleus/machine.h"
#include "commands.h"
#include "nucleus/log.h"

/* SBI extensions, by their ids (RISC-V SBI specification 1.0, chapters 5 to 11). */
static const struct {
    const char *name;
    uint32_t id;
    const char *meaning;
} extensions[] = {
    {"TIME", 0x54494d45, "timer"},
    {"IPI", 0x735049, "interrupts to other harts"},
    {"RFENCE", 0x52464e43, "fences on other harts"},
    {"HSM", 0x48534d, "start and stop of harts"},
    {"SRST", 0x53525354, "reset and power-off"},
    {"PMU", 0x504d55, "performance counters"},
    {"DBCN", 0x4442434e, "debug console"},
    {"legacy set_timer", 0, "replaced by TIME"},
    {"legacy putchar", 1, "early console, output"},
    {"legacy getchar", 2, "early console, input"},
};
#define EXTENSIONS (sizeof extensions / sizeof extensions[0])

/* Functions of machine_sbi(). */
enum { SBI_SPEC_VERSION, SBI_IMPLEMENTATION, SBI_IMPLEMENTATION_VERSION, SBI_PROBE };

struct sbi_info {
    uint32_t spec_major, spec_minor;
    uint64_t implementation, implementation_version;
};

static struct sbi_info sbi_read(void)
{
    uint64_t version = (uint64_t)machine_sbi(SBI_SPEC_VERSION, 0);

    return (struct sbi_info){
        .spec_major = (uint32_t)(version >> 24 & 0x7f),
        .spec_minor = (uint32_t)(version & 0xffffff),
        .implementation = (uint64_t)machine_sbi(SBI_IMPLEMENTATION, 0),
        .implementation_version = (uint64_t)machine_sbi(SBI_IMPLEMENTATION_VERSION, 0),
    };
}

static const char *implementation_name(uint64_t id)
{
    static const char *const names[] = {
        "Berkeley Boot Loader", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix", "Coffer"};

    return id < sizeof names / sizeof names[0] ? names[id] : "unknown";
}

static void sbi_to_json(const struct sbi_info *info) REQUIRES(may_park);
static void sbi_to_json(const struct sbi_info *info)
{
    struct json json;

    json_to_console(&json);
    json_object(&json, NULL);
    json_number(&json, "spec_major", info->spec_major);
    json_number(&json, "spec_minor", info->spec_minor);
    json_text(&json, "implementation", implementation_name(info->implementation));
    json_number(&json, "implementation_id", info->implementation);
    json_number(&json, "implementation_version", info->implementation_version);
    json_object(&json, "extensions");
    for (unsigned i = 0; i < EXTENSIONS; i++)
        json_boolean(&json, extensions[i].name, machine_sbi(SBI_PROBE, extensions[i].id) != 0);
    json_end(&json);
    json_end(&json);
    json_finish(&json);
}

static int run_sbi(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct sbi_info info;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("sbi");
    info = sbi_read();
    if (as_json) {
        sbi_to_json(&info);
        return 0;
    }
    print("specification %u.%u, implementation %s", info.spec_major, info.spec_minor,
          implementation_name(info.implementation));
    if (info.implementation == 1) /* OpenSBI: major in the upper half */
        print(" %llu.%llu\n\n", (unsigned long long)(info.implementation_version >> 16),
              (unsigned long long)(info.implementation_version & 0xffff));
    else
        print(", version 0x%llx\n\n", (unsigned long long)info.implementation_version);
    print("%-18s %-10s %-4s %s\n", "EXTENSION", "ID", "HAS", "FOR");
    for (unsigned i = 0; i < EXTENSIONS; i++)
        print("%-18s 0x%08x %-4s %s\n", extensions[i].name, extensions[i].id,
              machine_sbi(SBI_PROBE, extensions[i].id) ? "yes" : "no", extensions[i].meaning);
    return 0;
}

COMMAND(sbi, .run = run_sbi, .usage = "sbi [--json]",
        .help = "Shows the firmware: SBI version, implementation, extensions.\n"
                "\n"
                "SBI is the interface between an operating system in S-mode and the firmware in\n"
                "M-mode (usually OpenSBI). ID is what ecall gets in a7.");

/* One line at a time out of the log ring. */
struct log_lines {
    uint64_t from;
    char bytes[256];
    size_t got, at;
    char line[256];
};

/* @return false: past the last line. */
static bool next_line(struct log_lines *lines)
{
    size_t length = 0;

    for (;;) {
        if (lines->at == lines->got) {
            lines->at = 0;
            lines->got = log_read(&lines->from, lines->bytes, sizeof lines->bytes);
        }
        if (lines->got == 0 || lines->bytes[lines->at] == '\n')
            break;
        if (length < sizeof lines->line - 1)
            lines->line[length++] = lines->bytes[lines->at];
        lines->at++;
    }
    lines->line[length] = '\0';
    if (lines->got > 0)
        lines->at++;
    return lines->got > 0 || length > 0;
}

void log_print_lines(uint64_t *from, const char *prefix)
{
    struct log_lines lines = {.from = *from};

    while (next_line(&lines))
        print("%s%s\n", prefix, lines.line);
    *from = lines.from;
}

void log_skip(uint64_t *from)
{
    *from = __atomic_load_n(&log_ring()->written, __ATOMIC_ACQUIRE);
}

static int run_log(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct log_lines lines = {0};
    uint64_t from = 0;
    struct json json;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("log");
    if (!as_json) {
        log_print_lines(&from, "");
        return 0;
    }
    json_to_console(&json);
    json_array(&json, NULL);
    while (next_line(&lines))
        json_text(&json, NULL, lines.line);
    json_end(&json);
    json_finish(&json);
    return 0;
}

COMMAND(log, .run = run_log, .usage = "log [--json]",
        .help = "Prints the log: what the system had to say, faults included.\n"
                "\n"
                "The log is a ring that keeps the last 16 KiB.");
