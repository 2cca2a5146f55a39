/* ac_relock.h - a re-entrant lock: an owner, a depth, and a word to sleep on.
 *
 * The default lock of Condition. The word is Drepper's mutex 2 ("Futexes are tricky"), as in ac_mutex.h;
 * the sleeping is the caller's loop, because the caller has an interpreter to let go of and may leave:
 *
 *   while (!ac_relock_prepare(&l, me)) { sleep on l.word while it is AC_RELOCK_CONTENDED; }
 *   left without the lock, after a sleep: ac_relock_pass(&l);                            <- the baton
 *
 * owner is written by the holder alone; another thread that reads it may see any old or new owner, but
 * never itself unless it is the holder: only it writes its own number. depth is the holder's.
 *
 * Zero-initialised is unlocked. With AC_GUARDED_BY_LOCK the caller's lock serialises everything but
 * the spin and the sleep.
 */
#ifndef AC_RELOCK_H
#define AC_RELOCK_H

#include "base/ac_guarded.h"
#include "sync/ac_spin.h"
#include "wait/ac_wait.h"

#define AC_RELOCK_FREE 0u
#define AC_RELOCK_LOCKED 1u    /* nobody sleeps */
#define AC_RELOCK_CONTENDED 2u /* somebody sleeps, or is about to; legal with nobody asleep */

typedef struct ac_relock {
    ac_atomic_u32 word;
    ac_spin spin;
    ac_atomic_u64 owner; /* thread number, 0 for none */
    ac_atomic_u64 depth;
} ac_relock;

AC_INLINE bool ac_relock_is_owned(ac_relock *l, uint64_t me) {
    return ac_load_relaxed(&l->owner) == me;
}

AC_INLINE uint64_t ac_relock_owner(ac_relock *l) { return ac_load_relaxed(&l->owner); }
AC_INLINE uint64_t ac_relock_depth(ac_relock *l) { return ac_load_relaxed(&l->depth); }

AC_INLINE void ac_relock_own_(ac_relock *l, uint64_t me, uint64_t depth) {
    ac_store_relaxed(&l->owner, me);
    ac_store_relaxed(&l->depth, depth);
}

/* Takes the lock if it is free or `me` has it. */
AC_INLINE bool ac_relock_try(ac_relock *l, uint64_t me) {
    if (ac_relock_is_owned(l, me)) {
        ac_store_relaxed(&l->depth, ac_load_relaxed(&l->depth) + 1);
        return true;
    }
    uint32_t word = AC_RELOCK_FREE; /* acquire: pairs with the exchange in unlock */
    if (AC_UNLIKELY(!ac_gcas_u32_seq_cst(&l->word, &word, AC_RELOCK_LOCKED))) return false;
    ac_relock_own_(l, me, 1);
    return true;
}

/* As try for who does not own it, and announces a sleeper when it fails. Taken as CONTENDED: whoever
 * slept cannot know who else sleeps. */
AC_INLINE bool ac_relock_prepare(ac_relock *l, uint64_t me) {
    if (ac_gexchange_u32_acq_rel(&l->word, AC_RELOCK_CONTENDED) != AC_RELOCK_FREE) return false;
    ac_relock_own_(l, me, 1);
    return true;
}

AC_UNUSED AC_COLD static void ac_relock_wake_(ac_relock *l) {
    ac_wake(&l->word, 1, AC_WAIT_PRIVATE);
}

/* Gives all levels back; returns their number, for ac_relock_restore. Only the holder may. */
AC_INLINE uint64_t ac_relock_save(ac_relock *l) {
    const uint64_t depth = ac_load_relaxed(&l->depth);
    ac_relock_own_(l, 0, 0);
    /* release: what was done inside is seen by the next holder's acquire */
    if (AC_UNLIKELY(ac_gexchange_u32_acq_rel(&l->word, AC_RELOCK_FREE) == AC_RELOCK_CONTENDED))
        ac_relock_wake_(l);
    return depth;
}

/* Gives one level back. Only the holder may. */
AC_INLINE void ac_relock_unlock(ac_relock *l) {
    const uint64_t depth = ac_load_relaxed(&l->depth);
    if (AC_LIKELY(depth == 1)) ac_relock_save(l);
    else ac_store_relaxed(&l->depth, depth - 1);
}

AC_INLINE void ac_relock_restore(ac_relock *l, uint64_t depth) {
    ac_store_relaxed(&l->depth, depth);
}

/* The baton of a waiter that slept and leaves without the lock. It may have been the one that was
 * woken: then the next one is, or the holder is told that somebody sleeps. */
AC_UNUSED static void ac_relock_pass(ac_relock *l) {
    /* A compare-and-swap and no load: a load might return a CONTENDED from before the wake, which
     * orders nothing by itself. */
    uint32_t word = AC_RELOCK_CONTENDED;
    while (!ac_gcas_u32_seq_cst(&l->word, &word, AC_RELOCK_CONTENDED)) {
        if (word == AC_RELOCK_FREE) {
            ac_relock_wake_(l); /* it announces itself when it looks */
            return;
        }
    }
}

/* Unlocked, whoever had it: in the child of a fork, where its holder is gone. */
AC_UNUSED static void ac_relock_reset(ac_relock *l) {
    ac_relock_own_(l, 0, 0);
    ac_store_relaxed(&l->word, AC_RELOCK_FREE);
}

AC_INLINE bool ac_relock_ready_(void *l, uint32_t unused) {
    (void)unused;
    return ac_load_relaxed(&((ac_relock *)l)->word) == AC_RELOCK_FREE;
}
AC_UNUSED static int64_t ac_relock_spin(ac_relock *l, int64_t deadline_ns) {
    return ac_spin_until(&l->spin, ac_relock_ready_, l, 0, deadline_ns);
}

#endif
