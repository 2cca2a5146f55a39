/* ac_event_count.h - sleep until a condition that lives elsewhere may have become true.
 *
 * The condition ("the ring is not empty") is tested by the caller; the event count only makes
 * sure that nobody sleeps through a change. Ancestors: Vyukov's eventcounts; the flag in the word
 * instead of a count of waiters follows Drepper, "Futexes are tricky", mutex state 2. A count
 * would leak when a waiter is killed or forked away; a flag can only be set too often.
 *
 *   waiter                                     notifier
 *   for (;;) {                                 make the condition true
 *       key = ac_ec_prepare(&ec);              ac_ec_notify_one(&ec);
 *       if (condition) break;
 *       ac_ec_wait(&ec, key, deadline, flags);
 *   }
 *   if (slept and others may have reason to wake) ac_ec_notify_one(&ec);      <- the baton
 *
 * The baton is part of the protocol wherever notify_one is used: it clears the flag while others
 * still sleep, so that a later notification, notify_all too, finds nothing to do until the woken one
 * has set the flag again (its next prepare) and passed on whatever became true meanwhile.
 *
 * word = { epoch:30, listeners:1, sleepers:1 }
 *   sleepers   someone sleeps, or is about to. Legal to be set with nobody asleep (one needless
 *              system call); illegal to sleep while it is clear and the epoch unchanged.
 *   listeners  a listener list is not empty (select, event loops); written under its owner's lock.
 *   epoch      grows with every notification that found a flag, so that ac_ec_wait refuses to sleep.
 *              It wraps after 2^30 notifications between prepare and wait: accepted.
 *
 * Who writes: waiters set `sleepers`; notifiers clear it and add one to the epoch. The proof that
 * no wake is lost is in README.md beside this file; the two fences that it needs are named there (F1, F2).
 * Progress: prepare and notify are lock-free; a notifier without sleepers pays one load.
 * Zero-initialised is valid. In shared memory pass AC_WAIT_SHARED. A killed waiter leaves nothing
 * but a flag; a notifier killed between the clearing and the wake loses that wake, so that waiters
 * on shared memory sleep in slices.
 */
#ifndef AC_EVENT_COUNT_H
#define AC_EVENT_COUNT_H

#include "wait/ac_wait.h"

#define AC_EC_SLEEPERS 1u
#define AC_EC_LISTENERS 2u
#define AC_EC_ANYBODY (AC_EC_SLEEPERS | AC_EC_LISTENERS)
#define AC_EC_EPOCH_ONE 4u

typedef struct ac_event_count {
    ac_atomic_u32 word;
} ac_event_count;

/* Announces a sleeper and returns the key for ac_ec_wait. The condition must be tested after it. */
AC_INLINE uint32_t ac_ec_prepare(ac_event_count *ec) {
    const uint32_t word = ac_fetch_or_seq_cst(&ec->word, AC_EC_SLEEPERS);
    ac_fence_seq_cst(); /* F2: the flag is visible before the caller's re-check; pairs with F1 */
    return word | AC_EC_SLEEPERS;
}

/* Sleeps unless the word has moved since `key` was returned. See ac_wait_status. */
AC_INLINE ac_wait_status ac_ec_wait(ac_event_count *ec, uint32_t key, int64_t deadline_ns,
                                    unsigned flags) {
    return ac_wait(&ec->word, key, deadline_ns, flags);
}

/* Clears the flag, moves the epoch, wakes `count`. */
AC_UNUSED AC_COLD static void ac_ec_notify_slow_(ac_event_count *ec, int count, unsigned flags) {
    uint32_t word = ac_load_relaxed(&ec->word);
    do {
        if (!(word & AC_EC_SLEEPERS)) return; /* another notifier has taken the duty over */
    } while (!ac_cas_acq_rel(&ec->word, &word, (word & ~AC_EC_SLEEPERS) + AC_EC_EPOCH_ONE));
    ac_wake(&ec->word, count, flags);
}

/* Whether somebody sleeps or listens, for a notifier whose last change to the condition was a seq_cst
 * read-modify-write (the claim of a queue), or that held a lock which the waiter's re-check also takes:
 * no fence is needed then. See README.md, "without a fence". */
AC_INLINE bool ac_ec_anybody(ac_event_count *ec) {
    return (ac_load_seq_cst(&ec->word) & AC_EC_ANYBODY) != 0;
}

/* Wakes one sleeper, if there may be one. The woken one passes the baton on (see above). */
AC_INLINE void ac_ec_notify_one(ac_event_count *ec, unsigned flags) {
    ac_fence_seq_cst(); /* F1: the condition's store is visible before the flag is read */
    if (ac_load_relaxed(&ec->word) & AC_EC_SLEEPERS) ac_ec_notify_slow_(ec, 1, flags);
}

/* Says whether there are listeners: a notifier that asks ac_ec_anybody finds out. What they listen for
 * must be tested after it, as after ac_ec_prepare. By one thread at a time. */
AC_UNUSED static void ac_ec_listen(ac_event_count *ec, bool listening) {
    if (listening) {
        ac_fetch_or_seq_cst(&ec->word, AC_EC_LISTENERS);
        ac_fence_seq_cst(); /* F2 */
    } else {
        ac_fetch_and_acq_rel(&ec->word, ~AC_EC_LISTENERS);
    }
}

AC_INLINE bool ac_ec_has_listeners(ac_event_count *ec) {
    return (ac_load_relaxed(&ec->word) & AC_EC_LISTENERS) != 0;
}

AC_INLINE void ac_ec_notify_all(ac_event_count *ec, unsigned flags) {
    ac_fence_seq_cst(); /* F1 */
    if (ac_load_relaxed(&ec->word) & AC_EC_SLEEPERS) ac_ec_notify_slow_(ec, AC_WAKE_ALL, flags);
}

#endif
