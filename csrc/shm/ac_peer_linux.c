/* ac_peer_linux.c - ac_peer.h on Linux: pidfd_open, and the start time that /proc tells. */
#include "shm/ac_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3; the same number on every architecture */
#endif

typedef struct stat_line {
    char state;
    unsigned long long threads, start;
} stat_line;

/* Reads /proc/PID/stat. 0, or an errno: ENOENT or ESRCH where there is no such process. */
static int read_stat(int pid, stat_line *out) {
    char path[32], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const ssize_t n = read(fd, text, sizeof text - 1);
    const int err = n < 0 ? errno : 0;
    close(fd);
    if (err != 0) return err;
    text[n] = 0;
    /* The second field is the name in parentheses, which may itself hold any character. */
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ') return EIO;
    out->state = at[2];
    int field = 3;
    for (at += 2; field < 22 && *at != 0; at++) {
        if (*at != ' ') continue;
        field++;
        if (field == 20) out->threads = strtoull(at + 1, NULL, 10);
        if (field == 22) out->start = strtoull(at + 1, NULL, 10);
    }
    return field == 22 ? 0 : EIO;
}

/* Without a readable /proc the number alone must do: a hash of 0. */
static uint64_t peer_of(int pid, unsigned long long start) {
    const uint64_t hash = (start * UINT64_C(0x9E3779B97F4A7C15)) >> 33;
    return (uint64_t)(uint32_t)pid << 32 | (hash << 1 & 0xffffffffu) | 1;
}

uint64_t ac_peer_self(void) {
    stat_line line = {0};
    const int pid = (int)getpid();
    if (read_stat(pid, &line) != 0) line.start = 0;
    return peer_of(pid, line.start);
}

/* Whether all threads of the process have ended: 1 yes, 0 no, -1 unknown (an old kernel, no
 * descriptor left). */
static int has_ended(int pid) {
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) return errno == ESRCH || errno == EINVAL ? 1 : -1;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    const int n = poll(&ready, 1, 0);
    close(fd);
    return n > 0;
}

bool ac_peer_is_dead(uint64_t peer) {
    const int pid = (int)(peer >> 32);
    if (pid <= 0) return true; /* nobody's */
    const int ended = has_ended(pid);
    if (ended == 1) return true;
    stat_line line = {0};
    const int err = read_stat(pid, &line);
    if (err == ENOENT || err == ESRCH) return ended < 0;
    if (err != 0) return false;
    if (peer_of(pid, line.start) != peer && (uint32_t)peer != 1) return true;
    /* A leader that has ended while others of its threads go on is a zombie too. */
    return ended < 0 && (line.state == 'X' || (line.state == 'Z' && line.threads <= 1));
}
