/* ac_deque.h - a deque of pointers with one owner and any number of thieves.
 *
 * The owner pushes and pops at the bottom, thieves take from the top: the oldest task, which in a
 * recursion is the largest. Chase and Lev 2005, with the C11 orders of Lê, Pop, Cohen and Zappa
 * Nardelli 2013, and two changes:
 *
 *  - the capacity is fixed. A push that finds it full says so and its caller runs the task at once,
 *    which is right for every task and needs no memory: no resize, so nothing to reclaim;
 *  - every store of `bottom` is a release, not only the push's. A thief may read the bottom that a
 *    pop wrote, and must then see the tasks that earlier pushes published. The original has a
 *    release fence in the push for that; C11 lets it cover later stores, the thread sanitizer does
 *    not know fences, and on x86-64 both cost nothing.
 *
 * top     first task not taken; only grows; moved by compare-and-swap, of a thief or, for the last
 *         task, of the owner
 * bottom  one past the last task; written by the owner alone
 *
 * Push is wait-free, pop too (one compare-and-swap, not repeated), steal lock-free: it fails only
 * when somebody else took a task. Items must not be NULL. The slots belong to the caller.
 */
#ifndef AC_DEQUE_H
#define AC_DEQUE_H

#include "base/ac_atomic.h"

typedef struct ac_deque {
    AC_ALIGNED_LINE ac_atomic_i64 top;
    AC_ALIGNED_LINE ac_atomic_i64 bottom;
    int64_t top_seen; /* the owner's: a value that top once had */
    int64_t capacity; /* a power of two, or 0: every push is refused */
    ac_atomic_ptr *slots;
} ac_deque;

/* What a thief brings home. */
typedef enum ac_steal {
    AC_STEAL_TOOK = 0,
    AC_STEAL_EMPTY = 1, /* nothing there at one instant of the call */
    AC_STEAL_LOST = 2,  /* another thread took it: trying again may succeed */
} ac_steal;

/* `slots` holds `capacity` pointers, a power of two; with capacity 0 it may be NULL. */
AC_UNUSED static void ac_deque_init(ac_deque *d, ac_atomic_ptr *slots, int64_t capacity) {
    ac_store_relaxed(&d->top, INT64_C(0));
    ac_store_relaxed(&d->bottom, INT64_C(0));
    d->top_seen = 0;
    d->capacity = capacity;
    d->slots = slots;
}

/* Owner. False if it is full, and nothing was changed. */
AC_INLINE bool ac_deque_push(ac_deque *d, void *item) {
    const int64_t bottom = ac_load_relaxed(&d->bottom); /* our own */
    if (AC_UNLIKELY(bottom - d->top_seen >= d->capacity)) {
        /* acquire: the slot that is written below has been read by the thief that moved top */
        d->top_seen = ac_load_acquire(&d->top);
        if (bottom - d->top_seen >= d->capacity) return false;
    }
    ac_store_relaxed(&d->slots[bottom & (d->capacity - 1)], item);
    /* release: a thief that reads this bottom sees the slot and what the task points to */
    ac_store_release(&d->bottom, bottom + 1);
    return true;
}

/* Owner. The youngest item, or NULL. */
AC_INLINE void *ac_deque_pop(ac_deque *d) {
    const int64_t bottom = ac_load_relaxed(&d->bottom) - 1;
    if (bottom < d->top_seen) return NULL; /* top only grows: empty for certain, without a fence */
    ac_store_release(&d->bottom, bottom);
    /* The claim on `bottom` is visible before top is read; pairs with the fence in steal: of the
     * owner and a thief who are after one item at least one sees the other. */
    ac_fence_seq_cst();
    int64_t top = ac_load_relaxed(&d->top);
    d->top_seen = top;
    if (top > bottom) {
        ac_store_release(&d->bottom, bottom + 1);
        return NULL;
    }
    void *item = ac_load_relaxed(&d->slots[bottom & (d->capacity - 1)]);
    if (top == bottom) { /* the last one: thieves may be after it */
        if (!ac_cas_seq_cst(&d->top, &top, top + 1)) item = NULL;
        d->top_seen = bottom + 1; /* either way somebody has moved it there */
        ac_store_release(&d->bottom, bottom + 1);
    }
    return item;
}

/* Any thread. */
AC_INLINE ac_steal ac_deque_steal(ac_deque *d, void **item) {
    /* acquire: pairs with the compare-and-swap of whoever moved it */
    int64_t top = ac_load_acquire(&d->top);
    ac_fence_seq_cst(); /* pairs with the fence in pop */
    /* acquire: pairs with the release of whichever store of the owner's this is */
    const int64_t bottom = ac_load_acquire(&d->bottom);
    if (top >= bottom) return AC_STEAL_EMPTY;
    /* Read before the claim: afterwards the owner may overwrite it. What was read is only used if
     * the claim succeeds, and then top had not moved, so that it had not been overwritten. */
    void *const seen = ac_load_relaxed(&d->slots[top & (d->capacity - 1)]);
    if (!ac_cas_seq_cst(&d->top, &top, top + 1)) return AC_STEAL_LOST;
    *item = seen;
    return AC_STEAL_TOOK;
}

/* Any thread: whether there seems to be something to steal. For who is about to sleep: after
 * ac_ec_prepare (fence F2) it sees every push that was followed by a notification which did not see
 * the sleeper. */
AC_INLINE bool ac_deque_seems_filled(ac_deque *d) {
    return ac_load_acquire(&d->top) < ac_load_acquire(&d->bottom);
}

#endif
