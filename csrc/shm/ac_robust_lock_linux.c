/* ac_robust_lock_linux.c - ac_robust_lock.h on Linux: a process-shared robust pthread mutex. */
#include "shm/ac_robust_lock.h"

#include <errno.h>

#include "base/ac_backoff.h"

/* Derived: a futex wake costs some 45 us on the slow machines that we know, a message that is
 * copied under the lock 0.1 to 2 us. Longer than this the holder does not run. */
#define SPIN_NS 20000

/* clocklock came with glibc 2.30; musl has none, and the thread sanitizer of gcc 12 does not know
 * it. Without it the deadline is kept by trying again this often. */
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
#if __GLIBC_PREREQ(2, 30)
#define HAVE_CLOCKLOCK 1
#endif
#endif
#define RETRY_NS 500000

int ac_robust_lock_init(ac_robust_lock *lock) {
    pthread_mutexattr_t attr;
    int rc = pthread_mutexattr_init(&attr);
    if (rc != 0) return rc;
    rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (rc == 0) rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (rc == 0) rc = pthread_mutex_init(&lock->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return rc;
}

static ac_lock_status status_of(int rc) {
    switch (rc) {
    case 0:
        return AC_LOCK_HELD;
    case EOWNERDEAD:
        return AC_LOCK_INHERITED;
    case EBUSY:
    case ETIMEDOUT:
        return AC_LOCK_BUSY;
    default: /* EINVAL, ENOTRECOVERABLE, EAGAIN: no call of ours leads here */
        return AC_LOCK_BROKEN;
    }
}

ac_lock_status ac_robust_lock_try(ac_robust_lock *lock) {
    return status_of(pthread_mutex_trylock(&lock->mutex));
}

ac_lock_status ac_robust_lock_until(ac_robust_lock *lock, int64_t deadline_ns) {
    ac_lock_status status = ac_robust_lock_try(lock);
    if (status != AC_LOCK_BUSY) return status;
    const int64_t start = ac_now_ns();
    const int64_t spin_end = start + SPIN_NS;
    ac_backoff backoff = {0};
    int64_t now = start;
    while (now < spin_end && now < deadline_ns) {
        ac_backoff_snooze(&backoff);
        status = ac_robust_lock_try(lock);
        if (status != AC_LOCK_BUSY) return status;
        now = ac_now_ns();
    }
    if (deadline_ns <= now) return AC_LOCK_BUSY;
#ifdef HAVE_CLOCKLOCK
    const struct timespec until = {(time_t)(deadline_ns / AC_NS_PER_S),
                                   (long)(deadline_ns % AC_NS_PER_S)};
    return status_of(pthread_mutex_clocklock(&lock->mutex, CLOCK_MONOTONIC, &until));
#else
    /* pthread_mutex_timedlock would read the wall clock, which can be set back under us. */
    while (status == AC_LOCK_BUSY && now < deadline_ns) {
        const struct timespec nap = {0, RETRY_NS};
        nanosleep(&nap, NULL);
        status = ac_robust_lock_try(lock);
        now = ac_now_ns();
    }
    return status;
#endif
}

void ac_robust_lock_mended(ac_robust_lock *lock) { (void)pthread_mutex_consistent(&lock->mutex); }

void ac_robust_lock_release(ac_robust_lock *lock) { (void)pthread_mutex_unlock(&lock->mutex); }
