/* ac_shm_bell_linux.c - ac_shm_bell.h on Linux: an eventfd, and an epoll instance for each listener;
 * for a file inotify, which tells each listener of a read. */
#include "shm/ac_shm_bell.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Never zero: what is edge-triggered and ready can be made to report again (ac_shm_ear_set). */
int ac_shm_bell_create(void) {
    const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

static int file_of(int bell) { return -2 - bell; }

static bool strike(int bell) {
    if (ac_shm_bell_is_file(bell)) {
        char byte;
        return pread(file_of(bell), &byte, 1, 0) == 1;
    }
    const uint64_t one = 1;
    /* It counts to 2^64: it does not fill up, and never blocks. */
    return write(bell, &one, sizeof one) == (ssize_t)sizeof one;
}

void ac_shm_bell_ring(ac_event_count *ec, int bell) {
    const uint32_t seen = ac_load_acquire(&ec->word);
    if (!(seen & AC_EC_LISTENERS) || bell == AC_SHM_NO_BELL) return;
    if (!strike(bell)) return;
    /* After the ring: killed before it, the next putter rings. Not if one has armed since, who may
     * have noticed this ring and found nothing. */
    uint32_t word = seen;
    while ((word & AC_EC_LISTENERS) && (word ^ seen) < AC_EC_EPOCH_ONE &&
           !ac_cas_acq_rel(&ec->word, &word, word & ~AC_EC_LISTENERS)) {
    }
}

bool ac_shm_ear_is_ours(const ac_shm_ear *ear) {
    return ear->fd >= 0 && ear->pid == (int)getpid();
}

static int attend(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0 ? errno : 0;
}

/* The inotify instance knows the file, not its name: an unlinked one goes on. */
static int attend_file(ac_shm_ear *ear, int file) {
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ear->reads = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (ear->reads < 0 || inotify_add_watch(ear->reads, path, IN_ACCESS) < 0) return errno;
    ear->always = ac_shm_bell_create();
    if (ear->always < 0) return -ear->always;
    const int err = attend(ear->fd, ear->reads);
    return err != 0 ? err : attend(ear->fd, ear->always);
}

int ac_shm_ear_open(ac_shm_ear *ear, int bell) {
    if (ac_shm_ear_is_ours(ear)) return 0;
    ac_shm_ear_close(ear);
    ac_shm_ear made = AC_SHM_EAR_NONE;
    made.pid = (int)getpid();
    made.fd = epoll_create1(EPOLL_CLOEXEC);
    if (made.fd < 0) return errno;
    const int err =
        ac_shm_bell_is_file(bell) ? attend_file(&made, file_of(bell)) : attend(made.fd, bell);
    if (err != 0) ac_shm_ear_close(&made);
    else *ear = made;
    return err;
}

/* The bell stays in the instance of a parent: closing a copy of the descriptor removes nothing. */
void ac_shm_ear_close(ac_shm_ear *ear) {
    if (ear->fd >= 0) close(ear->fd);
    if (ear->reads >= 0) close(ear->reads);
    if (ear->always >= 0) close(ear->always);
    *ear = (ac_shm_ear)AC_SHM_EAR_NONE;
}

/* What inotify says is thrown away last: it is silent about a second read while the first is in its
 * queue. A ring that falls in between is one before this listener arms. */
void ac_shm_ear_clear(ac_shm_ear *ear) {
    struct epoll_event events[2];
    while (epoll_wait(ear->fd, events, 2, 0) < 0 && errno == EINTR) {
    }
    char said[16 * sizeof(struct inotify_event)];
    while (ear->reads >= 0 && read(ear->reads, said, sizeof said) > 0) {
    }
}

/* A change of what is waited for looks at the bell anew, which always is ready. */
void ac_shm_ear_set(ac_shm_ear *ear, int bell) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (ac_shm_bell_is_file(bell)) bell = ear->always;
    (void)epoll_ctl(ear->fd, EPOLL_CTL_MOD, bell, &event);
}
