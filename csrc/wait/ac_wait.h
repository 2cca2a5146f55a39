/* ac_wait.h - sleep while a 32-bit word has a value; wake those who sleep on it.
 *
 *   ac_wait(&word, 7, deadline, AC_WAIT_PRIVATE);   returns at once unless word == 7
 *   ac_store_release(&word, 8); ac_wake(&word, 1, AC_WAIT_PRIVATE);
 *
 * The comparison and the falling asleep are one step for the operating system, so that a store
 * followed by a wake cannot slip in between: this is the whole of what the rest builds on.
 * One body per system stands beside this file, named after it (ac_wait_linux.c: futex). All take
 * an absolute deadline on the monotonic clock. Those for macOS and Windows compile and have not been run. Any thread may call; no function allocates.
 */
#ifndef AC_WAIT_H
#define AC_WAIT_H

#include "base/ac_atomic.h"
#include "base/ac_clock.h"

typedef enum ac_wait_status {
    AC_WAIT_WOKEN = 0,       /* a wake chose this thread, or the system made one up */
    AC_WAIT_CHANGED = 1,     /* the word did not have the expected value; did not sleep */
    AC_WAIT_TIMEOUT = 2,     /* the deadline passed; no wake was consumed */
    AC_WAIT_INTERRUPTED = 3, /* a signal handler ran in this thread; no wake was consumed */
} ac_wait_status;

#define AC_WAIT_PRIVATE 0u /* all who wait and wake are threads of this process */
#define AC_WAIT_SHARED 1u  /* the word lies in memory shared between processes */

/* Sleeps while *word == expected, until `deadline_ns` (ac_clock.h; AC_FOREVER for no end). */
ac_wait_status ac_wait(ac_atomic_u32 *word, uint32_t expected, int64_t deadline_ns, unsigned flags);

/* Wakes at most `count` threads that sleep on `word`; returns how many it woke, or -1 where the
 * system does not tell. The word itself is not read: it may lie in memory freed since. */
int ac_wake(ac_atomic_u32 *word, int count, unsigned flags);

#define AC_WAKE_ALL INT32_MAX

#endif
