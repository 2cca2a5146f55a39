/* ac_rwlock.h - many readers or one writer, first come first served.
 *
 * word = { readers:62, waiters:1, writer:1 }
 *   waiters  the row is not empty. Set and cleared under the row's lock. While it is set nobody changes
 *            the word without that lock: the fast paths turn away from it.
 *
 * The lock is handed over: whoever gives it back decides, under the row's lock, who has it next
 * (ac_rwlock_grant_: the writer at the head, or all readers up to the first writer), and counts them
 * into the word before it answers them. So a newcomer never overtakes the row, and neither side
 * starves. A waiter that was answered has the lock, also if its deadline has passed; if it cannot use
 * it (an exception), it gives it back.
 *
 * writer is the thread that has it for writing. Readers are counted, not named.
 *
 * Zero-initialised is free. With AC_GUARDED_BY_LOCK the caller's lock serialises everything but the
 * spin and the sleep.
 */
#ifndef AC_RWLOCK_H
#define AC_RWLOCK_H

#include "sync/ac_waitlist.h"

#define AC_RW_WRITER UINT64_C(1)
#define AC_RW_WAITERS UINT64_C(2)
#define AC_RW_READER UINT64_C(4)

#define AC_RW_READ 0u /* kinds of waiters */
#define AC_RW_WRITE 1u

typedef struct ac_rwlock {
    ac_atomic_u64 word;
    ac_atomic_u64 writer; /* thread number, 0 for none; by whoever takes it or grants it */
    ac_waitlist row;
} ac_rwlock;

AC_INLINE uint64_t ac_rwlock_readers(ac_rwlock *rw) {
    return ac_load_relaxed(&rw->word) / AC_RW_READER;
}
AC_INLINE bool ac_rwlock_is_written(ac_rwlock *rw) {
    return ac_load_relaxed(&rw->word) & AC_RW_WRITER;
}
/* True for the writer itself and for nobody else: only it writes its own number, or has it written
 * before it is woken. */
AC_INLINE bool ac_rwlock_is_writer(ac_rwlock *rw, uint64_t me) {
    return ac_load_relaxed(&rw->writer) == me;
}

AC_INLINE bool ac_rwlock_try_read(ac_rwlock *rw) {
    uint64_t word = ac_gload_relaxed(&rw->word);
    do {
        if (word & (AC_RW_WRITER | AC_RW_WAITERS)) return false;
    } while (!ac_gcas_seq_cst(&rw->word, &word, word + AC_RW_READER));
    return true;
}

AC_INLINE bool ac_rwlock_try_write(ac_rwlock *rw, uint64_t me) {
    uint64_t word = 0;
    if (!ac_gcas_seq_cst(&rw->word, &word, AC_RW_WRITER)) return false;
    ac_store_relaxed(&rw->writer, me);
    return true;
}

/* Hands the lock to whoever stands first, as far as it is free. Under the row's lock. */
AC_UNUSED static void ac_rwlock_grant_(ac_rwlock *rw, ac_wakes *wakes) {
    uint64_t word = ac_gload_relaxed(&rw->word);
    for (;;) {
        ac_waiter *const w = rw->row.head;
        uint64_t next;
        if (w == NULL) next = word & ~AC_RW_WAITERS;
        else if (word & AC_RW_WRITER) return;
        else if (w->kind == AC_RW_READ) next = word + AC_RW_READER;
        else if (word >= AC_RW_READER) return;
        else next = word | AC_RW_WRITER;
        if (!ac_gcas_seq_cst(&rw->word, &word, next)) continue; /* a fast path, before `waiters` was set */
        if (w == NULL) return;
        word = next;
        if (w->kind == AC_RW_WRITE) ac_store_relaxed(&rw->writer, w->owner);
        ac_waitlist_answer(&rw->row, w, AC_WAITER_ANSWER, wakes);
    }
}

/* Puts w into the row and hands on what is free: perhaps to w itself, which then has its answer. */
AC_UNUSED static void ac_rwlock_enter(ac_rwlock *rw, ac_waiter *w, uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    ac_waitlist_lock(&rw->row, generation);
    uint64_t word = ac_gload_relaxed(&rw->word);
    while (!ac_gcas_seq_cst(&rw->word, &word, word | AC_RW_WAITERS)) continue;
    ac_waitlist_push(&rw->row, w);
    ac_rwlock_grant_(rw, &wakes);
    ac_waitlist_unlock(&rw->row);
    ac_wakes_send(&wakes);
}

/* The waiter w gives up. The answer it was given after all, or 0. */
AC_UNUSED static uint32_t ac_rwlock_leave(ac_rwlock *rw, ac_waiter *w, uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    ac_waitlist_lock(&rw->row, generation);
    const uint32_t word = ac_load_acquire(&w->word); /* pairs with the exchange of the answer */
    if (word < AC_WAITER_ANSWER) {
        if (w->generation == generation) ac_waitlist_remove(&rw->row, w);
        ac_rwlock_grant_(rw, &wakes); /* a writer may have stood before readers */
    }
    ac_waitlist_unlock(&rw->row);
    ac_wakes_send(&wakes);
    return word < AC_WAITER_ANSWER ? 0 : word;
}

/* Takes `bits` off the word, under the row's lock, and hands the lock on. */
AC_UNUSED AC_COLD static void ac_rwlock_give_(ac_rwlock *rw, uint64_t bits, uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    ac_waitlist_lock(&rw->row, generation);
    uint64_t word = ac_gload_relaxed(&rw->word);
    while (!ac_gcas_seq_cst(&rw->word, &word, word - bits)) continue;
    ac_rwlock_grant_(rw, &wakes);
    ac_waitlist_unlock(&rw->row);
    ac_wakes_send(&wakes);
}

/* False, and nothing changed, if nobody has the lock for reading. */
AC_INLINE bool ac_rwlock_release_read(ac_rwlock *rw, uint32_t generation) {
    uint64_t word = ac_gload_relaxed(&rw->word);
    do {
        if (word < AC_RW_READER) return false;
        if (word & AC_RW_WAITERS) {
            ac_rwlock_give_(rw, AC_RW_READER, generation);
            return true;
        }
    } while (!ac_gcas_seq_cst(&rw->word, &word, word - AC_RW_READER));
    return true;
}

/* False, and nothing changed, if `me` has not the lock for writing. */
AC_INLINE bool ac_rwlock_release_write(ac_rwlock *rw, uint64_t me, uint32_t generation) {
    if (!ac_rwlock_is_writer(rw, me)) return false;
    ac_store_relaxed(&rw->writer, UINT64_C(0));
    uint64_t word = AC_RW_WRITER;
    if (!ac_gcas_seq_cst(&rw->word, &word, UINT64_C(0)))
        ac_rwlock_give_(rw, AC_RW_WRITER, generation);
    return true;
}

/* The writer becomes a reader, with no writer between; the readers next in the row come in. */
AC_UNUSED static bool ac_rwlock_downgrade(ac_rwlock *rw, uint64_t me, uint32_t generation) {
    if (!ac_rwlock_is_writer(rw, me)) return false;
    ac_store_relaxed(&rw->writer, UINT64_C(0));
    /* word - WRITER + READER */
    ac_rwlock_give_(rw, AC_RW_WRITER - AC_RW_READER, generation);
    return true;
}

#endif
