/* ac_barrier.h - a number of threads meet, again and again.
 *
 * Everything is decided under the lock of the row, which holds those of the present round that have
 * come (kind HERE) and, while an action runs, those that must wait for its end to begin the next round
 * (kind LATE). Each waiter is told the outcome of its own round by its answer, so that a new round may
 * begin while threads of the last one are still on their way out.
 *
 * state  FILLING  threads come
 *        ACTION   all have come, one of them runs the action
 *        BROKEN   until reset
 *
 * round grows with every end of a round, so that the thread that runs the action notices that the
 * barrier was broken or reset meanwhile.
 */
#ifndef AC_BARRIER_H
#define AC_BARRIER_H

#include "sync/ac_waitlist.h"

#define AC_BARRIER_FILLING 0u
#define AC_BARRIER_ACTION 1u
#define AC_BARRIER_BROKEN 2u

#define AC_BARRIER_HERE 0u /* kinds of waiters */
#define AC_BARRIER_LATE 1u

/* What a call, or an answer, says. */
#define AC_BARRIER_WAIT 0u                        /* in the row: sleep */
#define AC_BARRIER_PASSED (AC_WAITER_ANSWER)      /* the round is complete */
#define AC_BARRIER_FAILED (AC_WAITER_ANSWER + 1u) /* the barrier is, or was, broken or reset */
#define AC_BARRIER_AGAIN (AC_WAITER_ANSWER + 2u)  /* the action is over: come again */
#define AC_BARRIER_ACT (AC_WAITER_ANSWER + 3u)    /* the last one: run the action, then finish */

typedef struct ac_barrier {
    ac_waitlist row; /* its lock is the lock of all that follows */
    uint64_t parties;
    uint64_t round;
    ac_atomic_u64 count; /* who has come; written under the lock, read anywhere */
    ac_atomic_u32 state; /* the same */
} ac_barrier;

/* Ends the round: all in the row go, those that are late to come again. Under the lock. */
AC_UNUSED static void ac_barrier_end_(ac_barrier *b, uint32_t state, uint32_t answer,
                                      ac_wakes *wakes) {
    ac_store_relaxed(&b->state, state);
    ac_store_relaxed(&b->count, UINT64_C(0));
    b->round++;
    while (b->row.head != NULL) {
        ac_waiter *const w = b->row.head;
        ac_waitlist_answer(&b->row, w, w->kind == AC_BARRIER_LATE ? AC_BARRIER_AGAIN : answer, wakes);
    }
}

/* w comes. Its place in the round goes to *index, the round to *round. WAIT, PASSED (w was the last, or
 * the only one), ACT, FAILED. */
AC_UNUSED static uint32_t ac_barrier_arrive(ac_barrier *b, ac_waiter *w, bool has_action,
                                            uint64_t *index, uint64_t *round, uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    uint32_t result = AC_BARRIER_WAIT;
    ac_waitlist_lock(&b->row, generation);
    const uint32_t state = ac_load_relaxed(&b->state);
    *round = b->round;
    if (state == AC_BARRIER_BROKEN) {
        result = AC_BARRIER_FAILED;
    } else if (state == AC_BARRIER_ACTION) {
        w->kind = AC_BARRIER_LATE;
        ac_waitlist_push(&b->row, w);
    } else {
        *index = ac_load_relaxed(&b->count);
        ac_store_relaxed(&b->count, *index + 1);
        if (*index + 1 < b->parties) {
            w->kind = AC_BARRIER_HERE;
            ac_waitlist_push(&b->row, w);
        } else if (has_action) {
            ac_store_relaxed(&b->state, AC_BARRIER_ACTION);
            result = AC_BARRIER_ACT;
        } else {
            ac_barrier_end_(b, AC_BARRIER_FILLING, AC_BARRIER_PASSED, &wakes);
            result = AC_BARRIER_PASSED;
        }
    }
    ac_waitlist_unlock(&b->row);
    ac_wakes_send(&wakes);
    return result;
}

/* The action of `round` is over, well or not. PASSED, or FAILED if it went wrong or the barrier was
 * broken or reset meanwhile. */
AC_UNUSED static uint32_t ac_barrier_finish(ac_barrier *b, uint64_t round, bool well,
                                            uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    uint32_t result = AC_BARRIER_FAILED;
    ac_waitlist_lock(&b->row, generation);
    if (b->round == round) {
        if (well) {
            ac_barrier_end_(b, AC_BARRIER_FILLING, AC_BARRIER_PASSED, &wakes);
            result = AC_BARRIER_PASSED;
        } else {
            ac_barrier_end_(b, AC_BARRIER_BROKEN, AC_BARRIER_FAILED, &wakes);
        }
    }
    ac_waitlist_unlock(&b->row);
    ac_wakes_send(&wakes);
    return result;
}

/* w leaves before its round is complete: by its deadline, which breaks the barrier, or by an
 * exception, which does not (as in the standard one). The answer it was given after all; FAILED for a
 * deadline; AGAIN for one that was only late; WAIT if all have come and the action runs: the deadline
 * is then met, and w must sleep on. For an exception the result does not matter: w is out. */
AC_UNUSED static uint32_t ac_barrier_leave(ac_barrier *b, ac_waiter *w, bool by_deadline,
                                           uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    ac_waitlist_lock(&b->row, generation);
    uint32_t result = ac_load_acquire(&w->word); /* pairs with the exchange of the answer */
    if (result < AC_WAITER_ANSWER) {
        const bool act = ac_load_relaxed(&b->state) == AC_BARRIER_ACTION;
        result = AC_BARRIER_WAIT;
        if (!(by_deadline && act && w->kind == AC_BARRIER_HERE)) {
            result = AC_BARRIER_FAILED;
            if (w->generation == generation) ac_waitlist_remove(&b->row, w);
            if (w->kind == AC_BARRIER_LATE) result = AC_BARRIER_AGAIN;
            else if (by_deadline) ac_barrier_end_(b, AC_BARRIER_BROKEN, AC_BARRIER_FAILED, &wakes);
            else if (!act && ac_load_relaxed(&b->count) > 0)
                ac_store_relaxed(&b->count, ac_load_relaxed(&b->count) - 1);
        }
    }
    ac_waitlist_unlock(&b->row);
    ac_wakes_send(&wakes);
    return result;
}

/* Breaks the barrier (AC_BARRIER_BROKEN), or resets it (AC_BARRIER_FILLING): all who wait fail. */
AC_UNUSED static void ac_barrier_turn(ac_barrier *b, uint32_t state, uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    ac_waitlist_lock(&b->row, generation);
    ac_barrier_end_(b, state, AC_BARRIER_FAILED, &wakes);
    ac_waitlist_unlock(&b->row);
    ac_wakes_send(&wakes);
}

AC_INLINE bool ac_barrier_is_broken(ac_barrier *b) {
    return ac_load_relaxed(&b->state) == AC_BARRIER_BROKEN;
}
AC_INLINE uint64_t ac_barrier_waiting(ac_barrier *b) {
    return ac_load_relaxed(&b->state) == AC_BARRIER_FILLING ? ac_load_relaxed(&b->count) : 0;
}

#endif
