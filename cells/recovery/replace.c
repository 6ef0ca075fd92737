/* The steps of recovery that replace a cell: swaps, as a person would ask for. */
#include "incident.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "swap.h"
#include "swap_log.h"
#include "text.h"

/* Swaps the incident's cell for @p new: an object at @p image, or with NULL what the archive has by that name. */
static bool replace(struct incident *incident, const char *new, const void *image, size_t bytes,
                    struct swap_report *report) REQUIRES(may_park);
static bool replace(struct incident *incident, const char *new, const void *image, size_t bytes,
                    struct swap_report *report)
{
    OWN(swap_request) request = {0};
    struct why why;
    enum status status;

    why.text[0] = '\0';
    if (!cell_swap(&request, incident->cell.name, new, image, bytes, false, &why)) {
        incident_add(incident, "no swap: %s", why.text);
        return false;
    }
    status = swap_wait(&request, report);
    if (status == OK && report->done && report->status == OK)
        return true;
    incident_add(incident, "no swap: %s",
                 report->why.text[0] ? report->why.text : status_name(report->status));
    return false;
}

bool reload(struct incident *incident, uint64_t *swap)
{
    struct swap_report report;

    if (!replace(incident, incident->cell.name, NULL, 0, &report))
        return false;
    incident_add(incident, "reloaded, version %s", report.cells[0].new_version);
    *swap = report.number;
    return true;
}

/* Finds "default.INTERFACE CELL" in the archive's index, which pack writes (nucleus/archive.h). */
static bool default_of(const char *interface, char cell[CELL_NAME_ROOM])
{
    char key[64 + 16];
    const char *name, *line;
    const void *bytes;
    size_t length, key_length;

    if (!archive_get("mitos.index", 0, &name, &bytes, &length))
        return false;
    key_length = format(key, sizeof key, "\ndefault.%s ", interface);
    for (line = bytes; line + key_length < (const char *)bytes + length; line++) {
        unsigned i = 0;

        if (!string_starts(line, key))
            continue;
        for (line += key_length; line[i] != '\n' && i < CELL_NAME_ROOM - 1; i++)
            cell[i] = line[i];
        cell[i] = '\0';
        return true;
    }
    return false;
}

bool bind_default(struct incident *incident)
{
    struct swap_report report;
    char cell[CELL_NAME_ROOM];

    if (strchr(incident->cell.provides, ' ') || !default_of(incident->cell.provides, cell) ||
        strcmp(cell, incident->cell.name) == 0 || !replace(incident, cell, NULL, 0, &report))
        return false;
    incident_add(incident, "%s %s serves instead", cell, report.cells[0].new_version);
    return true;
}

bool quarantine(struct incident *incident)
{
    struct swap_report report;
    const char *name;
    const void *image;
    size_t bytes;
    char file[CELL_NAME_ROOM + 16];

    format(file, sizeof file, "stand_in/%s.cell", incident->cell.name);
    if (!archive_get(file, 0, &name, &image, &bytes)) {
        incident_add(incident, "there is no stand-in for it, so it stays");
        return false;
    }
    if (!replace(incident, incident->cell.name, image, bytes, &report))
        return false;
    incident_add(incident, "in quarantine, until another one is swapped in");
    return true;
}

uint64_t last_swap_to(const char *cell)
{
    struct swap_report report;

    for (unsigned i = 0; swap_get(i, &report); i++)
        if (report.done && strcmp(report.cells[0].new, cell) == 0)
            return report.number;
    return 0;
}
