/* ac_shm_bell_linux.c - ac_shm_bell.h on Linux: an eventfd, and an epoll instance for each listener. */
#include "shm/ac_shm_bell.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Never zero: what is edge-triggered and ready can be made to report again (ac_shm_ear_set). */
int ac_shm_bell_create(void) {
    const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

void ac_shm_bell_ring(ac_event_count *ec, int bell) {
    const uint32_t seen = ac_load_acquire(&ec->word);
    if (!(seen & AC_EC_LISTENERS) || bell < 0) return;
    const uint64_t one = 1;
    /* It counts to 2^64: it does not fill up, and never blocks. */
    if (write(bell, &one, sizeof one) != (ssize_t)sizeof one) return;
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

int ac_shm_ear_open(ac_shm_ear *ear, int bell) {
    if (ac_shm_ear_is_ours(ear)) return 0;
    ac_shm_ear_close(ear);
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) return errno;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (epoll_ctl(fd, EPOLL_CTL_ADD, bell, &event) != 0) {
        const int err = errno;
        close(fd);
        return err;
    }
    *ear = (ac_shm_ear){.fd = fd, .pid = (int)getpid()};
    return 0;
}

/* The bell stays in the instance of a parent: closing a copy of the descriptor removes nothing. */
void ac_shm_ear_close(ac_shm_ear *ear) {
    if (ear->fd >= 0) close(ear->fd);
    *ear = (ac_shm_ear)AC_SHM_EAR_NONE;
}

void ac_shm_ear_clear(ac_shm_ear *ear) {
    struct epoll_event event;
    while (epoll_wait(ear->fd, &event, 1, 0) < 0 && errno == EINTR) {
    }
}

/* A change of what is waited for looks at the bell anew, which always is ready. */
void ac_shm_ear_set(ac_shm_ear *ear, int bell) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    (void)epoll_ctl(ear->fd, EPOLL_CTL_MOD, bell, &event);
}
