/* Preloaded into a process, this writes down every change that it makes to the files of one directory,
 * and every flush, in the order in which they happened. power_cut.py plays the record up to any point.
 *
 * RECORDED: the directory, absolute. RECORD: where the record goes, outside of it.
 * One record: "kind path offset length\n" and `length` bytes. Kinds: W write, T truncate to `offset`,
 * S flushed, U unlinked. Each goes out in one write to a file opened for appending, so threads do not mix.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int record = -1;
static const char *directory;

__attribute__((constructor)) static void begin(void) {
    directory = getenv("RECORDED");
    const char *path = getenv("RECORD");
    if (directory && path) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static const char *name_of(const char *path) {
    size_t length = directory ? strlen(directory) : 0;
    if (record < 0 || !length || strncmp(path, directory, length) || path[length] != '/') return NULL;
    return path + length + 1;
}

static void note(char kind, const char *name, long long offset, const void *data, size_t length) {
    char head[PATH_MAX + 64];
    int size = snprintf(head, sizeof head, "%c %s %lld %zu\n", kind, name, offset, length);
    struct iovec parts[2] = {{head, (size_t)size}, {(void *)data, length}};
    if (writev(record, parts, 2) != (ssize_t)(size + length)) abort(); /* a record with a hole proves nothing */
}

static void note_file(char kind, int file, long long offset, const void *data, size_t length) {
    char link[64], path[PATH_MAX];
    if (record < 0) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return;
    path[size] = 0;
    const char *name = name_of(path);
    if (name) note(kind, name, offset, data, length);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    ssize_t done = real(file, data, length, offset);
    if (done > 0) note_file('W', file, offset, data, (size_t)done);
    return done;
}

ssize_t write(int file, const void *data, size_t length) {
    REAL(write);
    ssize_t done = real(file, data, length);
    if (done > 0 && file != record) {
        off_t end = lseek(file, 0, SEEK_CUR);
        if (end >= done) note_file('W', file, end - done, data, (size_t)done);
    }
    return done;
}

int ftruncate64(int file, off64_t length) {
    REAL(ftruncate64);
    int failed = real(file, length);
    if (!failed) note_file('T', file, length, "", 0);
    return failed;
}

int fsync(int file) {
    REAL(fsync);
    int failed = real(file);
    if (!failed) note_file('S', file, 0, "", 0);
    return failed;
}

int fdatasync(int file) {
    REAL(fdatasync);
    int failed = real(file);
    if (!failed) note_file('S', file, 0, "", 0);
    return failed;
}

int unlink(const char *path) {
    REAL(unlink);
    int failed = real(path);
    const char *name = failed ? NULL : name_of(path);
    if (name) note('U', name, 0, "", 0);
    return failed;
}
