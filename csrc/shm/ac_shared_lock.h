/* ac_shared_lock.h - a lock between processes that knows which process has it.
 *
 *   if (!ac_shared_lock_try(&l, me)) {
 *       while ((word = ac_shared_lock_prepare(&l, me)) != 0) {
 *           if (ac_shared_id_dead(ac_shared_lock_owner(word), ...) &&
 *               ac_shared_lock_inherit(&l, word, me)) break;              it was taken from the dead
 *           ac_shared_lock_sleep(&l, word, end of the slice);
 *       }
 *   }
 *   ac_shared_lock_release(&l);                                           by whomever
 *
 * word = { owner : 63 (ac_shared_id.h), sleepers : 1 }; zero is free. Taking the lock and writing down
 * who has it are one compare-and-swap, so that there is no instant at which it is held by nobody known.
 * The futex is the word's low half: flag, process id, and some of the start time.
 *
 * No robust mutex: any thread or process may release it, and the end of the thread that took it is no
 * death. Who may sleep beside a process that can be killed sleeps in slices: a wake can die with its
 * sender. States, steps and the lost wake-up: LOCKS.md. Zero-initialised is free.
 */
#ifndef AC_SHARED_LOCK_H
#define AC_SHARED_LOCK_H

#include "shm/ac_shared_id.h"
#include "sync/ac_spin.h"
#include "wait/ac_wait.h"

#define AC_SHARED_LOCK_SLEEPERS UINT64_C(1)

typedef struct ac_shared_lock {
    ac_atomic_u64 word;   /* written by all */
    ac_atomic_u32 deaths; /* how often it was taken from the dead; only grows */
} ac_shared_lock;

AC_INLINE ac_atomic_u32 *ac_shared_lock_futex_(ac_shared_lock *l) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (ac_atomic_u32 *)&l->word + 1;
#else
    return (ac_atomic_u32 *)&l->word;
#endif
}

AC_INLINE uint64_t ac_shared_lock_word(ac_shared_lock *l) { return ac_load_relaxed(&l->word); }
AC_INLINE uint64_t ac_shared_lock_owner(uint64_t word) { return word >> 1; }

/* Takes it if it is free. Acquire: pairs with the release of ac_shared_lock_release. */
AC_INLINE bool ac_shared_lock_try(ac_shared_lock *l, uint64_t me) {
    uint64_t seen = 0;
    return ac_cas_acquire(&l->word, &seen, me << 1);
}

/* Takes it, and returns 0; or announces a sleeper and returns the word to sleep on. Who takes it here
 * leaves the flag up: others may sleep, and the release that woke this one has cleared it. */
AC_UNUSED static uint64_t ac_shared_lock_prepare(ac_shared_lock *l, uint64_t me) {
    uint64_t seen = ac_load_relaxed(&l->word);
    for (;;) {
        if (seen == 0) {
            if (ac_cas_acquire(&l->word, &seen, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return 0;
        } else if (seen & AC_SHARED_LOCK_SLEEPERS) {
            return seen;
        } else if (ac_cas_relaxed(&l->word, &seen, seen | AC_SHARED_LOCK_SLEEPERS)) {
            return seen | AC_SHARED_LOCK_SLEEPERS;
        }
    }
}

/* Takes it from the owner in `word`, who is dead. False if the word has changed since: somebody else
 * was quicker. The word of a dead process cannot come back: its number is nobody else's. */
AC_UNUSED static bool ac_shared_lock_inherit(ac_shared_lock *l, uint64_t word, uint64_t me) {
    if (!ac_cas_acquire(&l->word, &word, me << 1 | AC_SHARED_LOCK_SLEEPERS)) return false;
    ac_fetch_add_relaxed(&l->deaths, 1);
    return true;
}

AC_INLINE ac_wait_status ac_shared_lock_sleep(ac_shared_lock *l, uint64_t word, int64_t deadline) {
    return ac_wait(ac_shared_lock_futex_(l), (uint32_t)word, deadline, AC_WAIT_SHARED);
}

/* Gives it back and wakes one who sleeps. False if it was free. */
AC_INLINE bool ac_shared_lock_release(ac_shared_lock *l) {
    /* Release: what was done under it is seen by the next; pairs with every taking swap. */
    const uint64_t word = ac_exchange_acq_rel(&l->word, 0);
    if (AC_UNLIKELY(word & AC_SHARED_LOCK_SLEEPERS))
        ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);
    return word != 0;
}

/* Gives it back if its owner is `me`; for who may have lost it meanwhile. */
AC_UNUSED static bool ac_shared_lock_release_own(ac_shared_lock *l, uint64_t me) {
    uint64_t seen = ac_load_relaxed(&l->word);
    do {
        if (ac_shared_lock_owner(seen) != me) return false;
    } while (!ac_cas_acq_rel(&l->word, &seen, 0));
    if (seen & AC_SHARED_LOCK_SLEEPERS) ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);
    return true;
}

/* For a waiter that leaves without the lock and without having looked since it slept: a wake that chose
 * it goes to another. */
AC_UNUSED static void ac_shared_lock_pass(ac_shared_lock *l) {
    uint64_t seen = ac_load_relaxed(&l->word);
    for (;;) {
        if (seen == 0) {
            ac_wake(ac_shared_lock_futex_(l), 1, AC_WAIT_SHARED);
            return;
        }
        /* Also if the flag is up: the look may be of before the wake, the swap is not. */
        if (ac_cas_relaxed(&l->word, &seen, seen | AC_SHARED_LOCK_SLEEPERS)) return;
    }
}

AC_INLINE bool ac_shared_lock_free_(void *lock, uint32_t unused) {
    (void)unused;
    return ac_load_relaxed(&((ac_shared_lock *)lock)->word) == 0;
}
AC_UNUSED static int64_t ac_shared_lock_spin(ac_shared_lock *l, ac_spin *spin, int64_t deadline) {
    return ac_spin_until(spin, ac_shared_lock_free_, l, 0, deadline);
}

#endif
