/* Files as a whole. A file that is written appears complete or not at all: the build, and a guest
 * that reads the build tree, never see half a cell. */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_failed(const char *path, const char *what)
{
    fprintf(stderr, "%s: cannot %s: %s\n", path, what, strerror(errno));
    return false;
}

static bool read_all(int fd, struct buffer *content)
{
    uint8_t part[65536];

    for (;;) {
        ssize_t got = read(fd, part, sizeof part);

        if (got < 0)
            return false;
        if (got == 0)
            return true;
        buffer_add(content, part, (size_t)got);
    }
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_read(const char *path, uint8_t **bytes, size_t *length)
{
    struct buffer content = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good;

    if (fd < 0)
        return file_failed(path, "open");
    good = read_all(fd, &content);
    if (!good)
        file_failed(path, "read");
    close(fd);
    *bytes = content.bytes;
    *length = content.length;
    return good;
}

static bool write_all(int fd, const struct buffer *content)
{
    for (size_t done = 0; done < content->length;) {
        ssize_t put = write(fd, content->bytes + done, content->length - done);

        if (put < 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

bool file_write(const char *path, const struct buffer *content)
{
    char *temporary = text_format("%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    mode_t mask;
    bool written;

    if (fd < 0)
        return file_failed(path, "create a file in its folder");
    mask = umask(0);
    umask(mask);
    /* mkstemp() makes it private; the umask decides, as for every file. */
    written = fchmod(fd, 0666 & ~mask) == 0 && write_all(fd, content);
    if (close(fd) == 0 && written && rename(temporary, path) == 0)
        return true;
    file_failed(path, "write");
    unlink(temporary);
    return false;
}

char *file_cell_name(const char *path)
{
    static const char ending[] = ".cell";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name), cut = sizeof ending - 1;

    if (length > cut && strcmp(name + length - cut, ending) == 0)
        length -= cut;
    return text_copy(name, length);
}
