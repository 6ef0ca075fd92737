/**
 * @file status.h
 * The one closed list of results, for every function of the system that can fail.
 *
 * A function's header comment names the codes that it returns. Codes have fixed meanings; a text for
 * a person goes into a struct why (nucleus/why.h), never into a new code.
 */
#ifndef MITOS_STATUS_H
#define MITOS_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum status {
    OK = 0,              /* done */
    AGAIN = 1,           /* a step that must wait: park, then repeat it (see own.h) */
    ERR_NOMEM = 2,       /* no memory, address space or text room left */
    ERR_INVALID = 3,     /* an argument is out of its documented range */
    ERR_NOT_FOUND = 4,   /* no such thing */
    ERR_EXISTS = 5,      /* there is one already */
    ERR_BUSY = 6,        /* in use; try again after its users have gone */
    ERR_FORMAT = 7,      /* malformed input: an object, an archive, a device tree */
    ERR_UNSUPPORTED = 8, /* well formed, but nothing that this system does */
    ERR_LINK = 9,        /* a symbol has no provider, or a relocation does not reach */
    ERR_INIT = 10,       /* a cell's init() or start() refused */
    ERR_FAULT = 11,      /* the operation, or the task that was waited for, faulted */
    ERR_CANCELLED = 12,  /* the wait was given up, or its object has gone */
    ERR_TIMEOUT = 13,    /* the stated time has passed */
    ERR_DENIED = 14,     /* not yours: another cell owns the object */
    ERR_IO = 15,         /* a device failed */
    ERR_QUARANTINED = 16, /* the cell that serves this faulted too often; a repaired one can be swapped in */
};

/** A word for a status: "out of memory". */
static inline const char *status_name(enum status status)
{
    static const char *const names[] = {
        [OK] = "ok",
        [AGAIN] = "must wait",
        [ERR_NOMEM] = "out of memory",
        [ERR_INVALID] = "invalid argument",
        [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "exists already",
        [ERR_BUSY] = "in use",
        [ERR_FORMAT] = "malformed",
        [ERR_UNSUPPORTED] = "not supported",
        [ERR_LINK] = "cannot be linked",
        [ERR_INIT] = "refused to start",
        [ERR_FAULT] = "faulted",
        [ERR_CANCELLED] = "cancelled",
        [ERR_TIMEOUT] = "timed out",
        [ERR_DENIED] = "not permitted",
        [ERR_IO] = "device error",
        [ERR_QUARANTINED] = "in quarantine",
    };

    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown status";
}

#endif
