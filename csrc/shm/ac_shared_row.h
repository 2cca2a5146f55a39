/* ac_shared_row.h - a row of waiters between processes, each of whom is given an answer.
 *
 *   at = ac_shared_row_enter(&row, me);                      under the lock that protects the condition
 *   while ((state = ac_shared_row_state(&row, at)) == AC_ROW_WAITING)
 *       ac_shared_row_sleep(&row, at, end of the slice);
 *   state = ac_shared_row_leave(&row, at);            the answer, or AC_ROW_WAITING: there was none
 *
 *   ac_shared_row_answer(&row, n, answer, me);               the n who have waited longest
 *
 * A place has an owner (ac_shared_id.h; zero: free), a ticket and a state. An answer is one
 * compare-and-swap of the state from WAITING, so that it is given once, and to one who has not left: a
 * time-out and an answer cannot both happen. The dead are passed over, and their places taken back, by
 * making the place one's own first: a second who saw the same dead owner comes too late, and one who is
 * killed in between leaves a place with a dead owner again.
 *
 * Places are taken from the front; `used` is how far anybody has ever looked. Each waiter sleeps on its
 * own word. Beyond `backed` a place has no memory yet: the caller sees to that (ac_shm_region_back).
 */
#ifndef AC_SHARED_ROW_H
#define AC_SHARED_ROW_H

#include "shm/ac_shared_id.h"
#include "wait/ac_wait.h"

#define AC_ROW_FREE 0u
#define AC_ROW_WAITING 1u /* answers are 2 and more */
#define AC_ROW_ALL UINT32_MAX
#define AC_ROW_FULL UINT32_MAX

typedef struct ac_shared_place {
    ac_atomic_u64 owner;  /* by compare-and-swap: the waiter from 0, the reaper from a dead one */
    ac_atomic_u64 ticket; /* by the owner, before the state becomes WAITING */
    ac_atomic_u32 state;  /* WAITING and FREE by the owner, answers by who answers */
    ac_atomic_u32 unused;
} ac_shared_place;

typedef struct ac_shared_row {
    ac_atomic_u64 tickets; /* only grows */
    ac_atomic_u32 used;    /* only grows */
    ac_atomic_u32 backed;  /* only grows */
    ac_shared_place place[];
} ac_shared_row;

AC_INLINE void ac_shared_row_raise_(ac_atomic_u32 *word, uint32_t least) {
    uint32_t seen = ac_load_relaxed(word);
    while (seen < least && !ac_cas_acq_rel(word, &seen, least)) {}
}

/* Memory has been given to the first `count` places. */
AC_INLINE void ac_shared_row_backed(ac_shared_row *r, uint32_t count) {
    ac_shared_row_raise_(&r->backed, count);
}

/* Takes the place of a dead owner back; whether it was this caller who did. */
AC_UNUSED static bool ac_shared_row_reap(ac_shared_row *r, uint32_t at, uint64_t dead, uint64_t me) {
    if (!ac_cas_acq_rel(&r->place[at].owner, &dead, me)) return false;
    ac_store_relaxed(&r->place[at].state, AC_ROW_FREE);
    ac_store_release(&r->place[at].owner, 0); /* pairs with the acquire of the next owner's swap */
    return true;
}

/* Takes back all places of the dead; returns how many. */
AC_UNUSED static uint32_t ac_shared_row_reap_all(ac_shared_row *r, uint64_t me, bool thorough) {
    const uint32_t used = ac_load_acquire(&r->used);
    uint32_t found = 0;
    for (uint32_t at = 0; at < used; at++) {
        const uint64_t owner = ac_load_acquire(&r->place[at].owner);
        if (owner != 0 && owner != me && ac_shared_id_dead(owner, thorough))
            found += ac_shared_row_reap(r, at, owner, me);
    }
    return found;
}

/* A place, in which the caller waits from now on; AC_ROW_FULL if none with memory is free. */
AC_UNUSED static uint32_t ac_shared_row_enter(ac_shared_row *r, uint64_t me) {
    const uint32_t backed = ac_load_acquire(&r->backed);
    for (uint32_t at = 0; at < backed; at++) {
        ac_shared_place *const p = &r->place[at];
        uint64_t seen = ac_load_relaxed(&p->owner);
        if (seen != 0) continue;
        ac_shared_row_raise_(&r->used, at + 1); /* first: reapers look up to here */
        if (!ac_cas_acq_rel(&p->owner, &seen, me)) continue;
        ac_store_relaxed(&p->ticket, ac_fetch_add_relaxed(&r->tickets, 1));
        ac_store_release(&p->state, AC_ROW_WAITING); /* pairs with the acquire of who answers */
        return at;
    }
    return AC_ROW_FULL;
}

AC_INLINE uint32_t ac_shared_row_state(ac_shared_row *r, uint32_t at) {
    return ac_load_acquire(&r->place[at].state); /* pairs with the swap of who answers */
}

AC_INLINE ac_wait_status ac_shared_row_sleep(ac_shared_row *r, uint32_t at, int64_t deadline) {
    return ac_wait(&r->place[at].state, AC_ROW_WAITING, deadline, AC_WAIT_SHARED);
}

/* Gives the place back; returns the answer, or AC_ROW_WAITING if none was given: none will be. */
AC_UNUSED static uint32_t ac_shared_row_leave(ac_shared_row *r, uint32_t at) {
    ac_shared_place *const p = &r->place[at];
    const uint32_t state = ac_exchange_acq_rel(&p->state, AC_ROW_FREE);
    ac_store_release(&p->owner, 0);
    return state;
}

/* Answers one place, if it still waits. */
AC_UNUSED static bool ac_shared_row_answer_one(ac_shared_row *r, uint32_t at, uint32_t answer) {
    uint32_t seen = AC_ROW_WAITING;
    if (!ac_cas_acq_rel(&r->place[at].state, &seen, answer)) return false;
    ac_wake(&r->place[at].state, 1, AC_WAIT_SHARED);
    return true;
}

/* The living who wait; the places of the dead are taken back on the way. */
AC_UNUSED static uint32_t ac_shared_row_count(ac_shared_row *r, uint64_t me) {
    const uint32_t used = ac_load_acquire(&r->used);
    uint32_t found = 0;
    for (uint32_t at = 0; at < used; at++) {
        if (ac_load_acquire(&r->place[at].state) != AC_ROW_WAITING) continue;
        const uint64_t owner = ac_load_acquire(&r->place[at].owner);
        if (owner == 0) continue;
        if (owner != me && ac_shared_id_dead(owner, false)) {
            ac_shared_row_reap(r, at, owner, me);
            continue;
        }
        found++;
    }
    return found;
}

/* Answers up to `count` who live, those first who have waited longest; returns how many. One who enters
 * meanwhile may be among them: the caller's lock keeps others from entering where that matters. */
AC_UNUSED static uint32_t ac_shared_row_answer(ac_shared_row *r, uint32_t count, uint32_t answer,
                                               uint64_t me) {
    const uint32_t used = ac_load_acquire(&r->used);
    uint32_t given = 0;
    uint64_t least = 0; /* each turn looks behind the last: it ends, whatever others do meanwhile */
    while (given < count) {
        uint32_t best = AC_ROW_FULL;
        uint64_t best_ticket = UINT64_MAX;
        for (uint32_t at = 0; at < used; at++) {
            if (ac_load_acquire(&r->place[at].state) != AC_ROW_WAITING) continue;
            const uint64_t ticket = ac_load_relaxed(&r->place[at].ticket);
            if (ticket >= least && ticket < best_ticket) {
                best_ticket = ticket;
                best = at;
            }
        }
        if (best == AC_ROW_FULL) break;
        least = best_ticket + 1;
        const uint64_t owner = ac_load_acquire(&r->place[best].owner);
        if (owner != 0 && owner != me && ac_shared_id_dead(owner, false))
            ac_shared_row_reap(r, best, owner, me);
        else
            given += ac_shared_row_answer_one(r, best, answer);
    }
    return given;
}

#endif
