/* ac_wait_macos.c - ac_wait.h on macOS: __ulock_wait and __ulock_wake, 10.12 and newer.
 *
 * os_sync_wait_on_address, the documented face of the same system calls, came with 14.4, and its
 * header is not in every SDK; libc++ and Swift's run-time use __ulock too. The calls and constants are
 * those of xnu's bsd/sys/ulock.h. Between processes (AC_WAIT_SHARED) 10.15 is needed.
 *
 * Compiled (tests/test_other_machines.py); not run on a Mac so far.
 */
#include "wait/ac_wait.h"

#if defined(__APPLE__)

#include <errno.h>

#define UL_COMPARE_AND_WAIT 1u
#define UL_COMPARE_AND_WAIT_SHARED 3u
#define ULF_WAKE_ALL 0x00000100u
#define ULF_NO_ERRNO 0x01000000u /* the error comes as a negative result */

extern int __ulock_wait(uint32_t operation, void *addr, uint64_t value, uint32_t timeout_us);
extern int __ulock_wake(uint32_t operation, void *addr, uint64_t wake_value);

#define NS_PER_US INT64_C(1000)
/* The timeout is 32 bits of microseconds, 0 meaning none: longer waits come in pieces of an hour, at whose
 * end the caller of this function sees a wake that nobody sent. */
#define LONGEST_US UINT32_C(3600000000)

static uint32_t operation_for(unsigned flags) {
    return ULF_NO_ERRNO | ((flags & AC_WAIT_SHARED) ? UL_COMPARE_AND_WAIT_SHARED : UL_COMPARE_AND_WAIT);
}

ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected, int64_t deadline_ns,
                       unsigned flags) {
    uint32_t timeout_us = 0;
    bool whole = true; /* whether the end of the system's wait is that of ours */
    /* Only to tell CHANGED from WOKEN: the system compares once more, and says nothing about it. */
    if (ac_load_relaxed(word) != expected) return AC_WAIT_CHANGED;
    if (deadline_ns != AC_FOREVER) {
        const int64_t left = deadline_ns - ac_now_ns();
        if (deadline_ns <= 0 || left <= 0) return AC_WAIT_TIMEOUT;
        const int64_t us = left / NS_PER_US + 1; /* never early */
        whole = us <= (int64_t)LONGEST_US;
        timeout_us = whole ? (uint32_t)us : LONGEST_US;
    }
    const int rc = __ulock_wait(operation_for(flags), (void *)word, expected, timeout_us);
    if (rc >= 0) return AC_WAIT_WOKEN;
    switch (-rc) {
    case ETIMEDOUT:
        return whole ? AC_WAIT_TIMEOUT : AC_WAIT_WOKEN;
    case EINTR:
        return AC_WAIT_INTERRUPTED;
    default: /* EFAULT: the page was not there just now; the caller looks again */
        return AC_WAIT_CHANGED;
    }
}

int ac_wake(ac_atomic_u32 *word, int count, unsigned flags) {
    const uint32_t operation = operation_for(flags);
    if (count == AC_WAKE_ALL) {
        (void)__ulock_wake(operation | ULF_WAKE_ALL, (void *)word, 0);
        return -1;
    }
    int woken = 0;
    while (woken < count) {
        const int rc = __ulock_wake(operation, (void *)word, 0);
        if (rc == -EINTR) continue;
        if (rc < 0) break; /* ENOENT: nobody sleeps (any more) */
        woken++;
    }
    return woken;
}

#else
typedef int ac_wait_macos_is_for_macos;
#endif
