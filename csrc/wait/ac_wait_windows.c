/* ac_wait_windows.c - ac_wait.h on Windows 8 and newer: WaitOnAddress. Link with synchronization.lib
 * (mingw: api-ms-win-core-synch-l1-2-0).
 *
 * WaitOnAddress compares and sleeps as one step, but only within a process. For a word shared between
 * processes (AC_WAIT_SHARED) the sleeper looks again every millisecond: right, not fast; nothing in
 * csrc uses it on Windows so far. There are no signals: INTERRUPTED is not returned.
 *
 * Compiled and linked (tests/test_other_machines.py); not run on Windows so far.
 */
#include "wait/ac_wait.h"

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define LONGEST_MS INT64_C(3600000) /* below INFINITE; longer waits end early, as a wake nobody sent */

static ac_wait_status look_again_and_again(ac_atomic_u32 *word, uint32_t expected,
                                           int64_t deadline_ns) {
    while (ac_load_acquire(word) == expected) {
        if (deadline_ns != AC_FOREVER && ac_now_ns() >= deadline_ns) return AC_WAIT_TIMEOUT;
        Sleep(1);
    }
    return AC_WAIT_WOKEN;
}

ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected, int64_t deadline_ns,
                       unsigned flags) {
    DWORD ms = INFINITE;
    /* Only to tell CHANGED from WOKEN: WaitOnAddress compares once more. */
    if (ac_load_relaxed(word) != expected) return AC_WAIT_CHANGED;
    if (flags & AC_WAIT_SHARED) return look_again_and_again(word, expected, deadline_ns);
    if (deadline_ns != AC_FOREVER) {
        const int64_t left = deadline_ns - ac_now_ns();
        if (deadline_ns <= 0 || left <= 0) return AC_WAIT_TIMEOUT;
        const int64_t whole_ms = left / AC_NS_PER_MS + 1; /* never early */
        ms = (DWORD)(whole_ms < LONGEST_MS ? whole_ms : LONGEST_MS);
    }
    if (WaitOnAddress((volatile void *)word, &expected, sizeof expected, ms)) return AC_WAIT_WOKEN;
    if (GetLastError() != ERROR_TIMEOUT) return AC_WAIT_CHANGED;
    /* The system's milliseconds may end before our nanoseconds do: the caller waits the rest. */
    return deadline_ns != AC_FOREVER && ac_now_ns() >= deadline_ns ? AC_WAIT_TIMEOUT : AC_WAIT_WOKEN;
}

int ac_wake(ac_atomic_u32 *word, int count, unsigned flags) {
    if (flags & AC_WAIT_SHARED) return -1; /* they look again by themselves */
    if (count == AC_WAKE_ALL) {
        WakeByAddressAll((void *)word);
    } else {
        for (int i = 0; i < count; i++) WakeByAddressSingle((void *)word);
    }
    return -1;
}

#else
typedef int ac_wait_windows_is_for_windows;
#endif
