/* ac_wait_linux.h - ac_wait.h on Linux: futex(2) with absolute CLOCK_MONOTONIC deadlines.
 *
 * A header, and weak, so that extension modules of others, which compile our headers and link nothing
 * of ours, may include it from several files. For our own modules ac_wait_linux.c does.
 */
#ifndef AC_WAIT_LINUX_H
#define AC_WAIT_LINUX_H

#include "wait/ac_wait.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* FUTEX_WAIT_BITSET rather than FUTEX_WAIT: its timeout is absolute, so that an interrupted wait
 * goes on with the same deadline and no arithmetic. */
__attribute__((weak)) ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected,
                                             int64_t deadline_ns, unsigned flags) {
    const int op = FUTEX_WAIT_BITSET | ((flags & AC_WAIT_SHARED) ? 0 : FUTEX_PRIVATE_FLAG);
    struct timespec ts;
    struct timespec *until = NULL;
    if (deadline_ns != AC_FOREVER) {
        if (deadline_ns < 0) deadline_ns = 0;
        ts.tv_sec = (time_t)(deadline_ns / AC_NS_PER_S);
        ts.tv_nsec = (long)(deadline_ns % AC_NS_PER_S);
        until = &ts;
    }
    if (syscall(SYS_futex, word, op, expected, until, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
        return AC_WAIT_WOKEN;
    switch (errno) {
    case ETIMEDOUT:
        return AC_WAIT_TIMEOUT;
    case EINTR:
        return AC_WAIT_INTERRUPTED;
    default: /* EAGAIN; anything else (EFAULT) is a bug that the caller's re-check makes visible */
        return AC_WAIT_CHANGED;
    }
}

__attribute__((weak)) int ac_wake(ac_atomic_u32 *word, int count, unsigned flags) {
    const int op = FUTEX_WAKE | ((flags & AC_WAIT_SHARED) ? 0 : FUTEX_PRIVATE_FLAG);
    return (int)syscall(SYS_futex, word, op, count, NULL, NULL, 0);
}

#endif
