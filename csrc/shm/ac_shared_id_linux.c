/* ac_shared_id_linux.c - ac_shared_id.h on Linux: pidfd_open(2) and /proc/<pid>/stat. */
#include "shm/ac_shared_id.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

typedef struct process_stat {
    char state;
    uint64_t threads;
    uint64_t start;
} process_stat;

/* False where there is no such process, or no /proc. */
static bool read_stat(uint32_t pid, process_stat *out) {
    char path[48], text[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", (unsigned)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n;
    do {
        n = read(fd, text, sizeof text - 1);
    } while (n < 0 && errno == EINTR);
    close(fd);
    if (n <= 0) return false;
    text[n] = '\0';
    /* The name, in parentheses, may hold anything. Behind it: state (field 3), ..., number of threads
     * (20), a zero (21), start time (22). */
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] == '\0') return false;
    at += 2;
    out->state = *at;
    out->threads = out->start = 0;
    for (int field = 3; field < 22; field++) {
        at = strchr(at, ' ');
        if (at == NULL) return false;
        at++;
        if (field + 1 == 20) out->threads = strtoull(at, NULL, 10);
        if (field + 1 == 22) out->start = strtoull(at, NULL, 10);
    }
    return true;
}

uint64_t ac_shared_id_self(void) {
    process_stat s;
    const uint32_t pid = (uint32_t)getpid();
    return ac_shared_id_make(pid, read_stat(pid, &s) ? s.start : 0);
}

/* 1: ended; 0: alive; -1: this kernel does not say. */
static int ended(uint32_t pid) {
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        /* EINVAL, ENOENT: the number is a thread's by now, and ours was a process's. */
        if (errno == ESRCH || errno == EINVAL || errno == ENOENT) return 1;
        return -1;
    }
    struct pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&p, 1, 0);
    close(fd);
    return ready == 1 && (p.revents & POLLIN) ? 1 : 0;
}

bool ac_shared_id_dead(uint64_t id, bool thorough) {
    const uint32_t pid = ac_shared_id_pid(id);
    const int answer = ended(pid);
    if (answer == 1) return true;
    if (answer == 0 && (!thorough || ac_shared_id_start(id) == 0)) return false;
    process_stat s;
    if (!read_stat(pid, &s)) return answer < 0 && access("/proc/self/stat", R_OK) == 0;
    if (ac_shared_id_start(id) != 0 && ac_shared_id_make(pid, s.start) != id) return true;
    if (answer == 0) return false;
    return s.state == 'X' || (s.state == 'Z' && s.threads <= 1);
}
