/* ac_robust_lock.h - a lock between processes that the death of its holder does not keep locked.
 *
 *   switch (ac_robust_lock_until(&lock, deadline)) {
 *   case AC_LOCK_INHERITED:                      the last holder was killed inside
 *       repair what the lock covers;             must be idempotent: we may be killed here too
 *       ac_robust_lock_mended(&lock);
 *       break;                                   and go on as a holder
 *   case AC_LOCK_HELD:   break;
 *   default:             return busy;
 *   }
 *   ...
 *   ac_robust_lock_release(&lock);
 *
 * The kernel keeps the truth (the robust list of the holding thread), so there is no timeout and no
 * heartbeat: a stopped holder is not dead, and everyone waits for it. Owned by a thread: the thread
 * that took it releases it, and while it does it never attaches to or detaches from an interpreter.
 * The lock must lie in memory shared by all parties, and stay mapped while it is held.
 * Progress: blocking behind a live holder, never behind a dead one.
 *
 * Linux (ac_robust_lock_linux.c). macOS and Windows have no robust mutex; their bodies are to be
 * written with an owner word.
 */
#ifndef AC_ROBUST_LOCK_H
#define AC_ROBUST_LOCK_H

#include "base/ac_clock.h"

#include <pthread.h>

typedef struct ac_robust_lock {
    pthread_mutex_t mutex; /* its layout is the C library's: parties must share one libc */
} ac_robust_lock;

typedef enum ac_lock_status {
    AC_LOCK_HELD = 0,      /* ours */
    AC_LOCK_INHERITED = 1, /* ours; the last holder died inside: repair, ac_robust_lock_mended */
    AC_LOCK_BUSY = 2,      /* someone else's until the deadline, or at this instant for a try */
    AC_LOCK_BROKEN = 3,    /* the word holds nothing that a lock holds: someone wrote over it */
} ac_lock_status;

/* Makes a lock in fresh shared memory. Returns 0 or an errno. */
int ac_robust_lock_init(ac_robust_lock *lock);

ac_lock_status ac_robust_lock_try(ac_robust_lock *lock);

/* Spins some 20 us (holders are short), then sleeps until `deadline_ns`. Call detached. */
ac_lock_status ac_robust_lock_until(ac_robust_lock *lock, int64_t deadline_ns);

/* Says that the repair is complete; without it, or killed before, the next taker inherits too. */
void ac_robust_lock_mended(ac_robust_lock *lock);

void ac_robust_lock_release(ac_robust_lock *lock);

#endif
