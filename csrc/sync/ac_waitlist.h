/* ac_waitlist.h - a row of waiters, first come first served, each told its answer by name.
 *
 * For what an event count cannot do: wake exactly n, wake in order, give each waiter an answer (a
 * lock that it now holds, a barrier that was broken). Each waiter has a node with a word of its own.
 *
 * word  AWAKE   the waiter looks at its word, or is about to
 *       ASLEEP  it sleeps on the word, or is about to; by the waiter alone
 *       >= AC_WAITER_ANSWER   the answer; by whoever took the node out of the row, once, under the lock
 *
 * The node is out of the row exactly when it has an answer or its waiter has left. Both happen under
 * the lock. So an answer is never given to a waiter that has left, and a waiter that leaves (a
 * deadline, an exception) learns whether it was answered: ac_waitlist_leave tells it, and what was
 * given must then be kept or passed on.
 *
 * Nodes come from malloc, not from the waiter's stack: at the exit of the interpreter a daemon thread
 * may be ended while its node stands in the row, and its stack goes away.
 *
 * A wake is made after the lock is released, by address alone: the node may have been freed by then,
 * and ac_wake does not read it. A needless wake is all that can come of it.
 *
 * A fork's child has the row but not the threads. The caller counts forks and says the number with
 * each lock; a row of another number is dropped (its nodes are left as they are: leaked, in the child).
 * The lock itself is never held by another thread at a fork: it is taken by threads that are attached
 * to the interpreter and stop at no point inside.
 *
 * Zero-initialised is empty. With AC_GUARDED_BY_LOCK the caller's lock (the GIL) is the lock.
 */
#ifndef AC_WAITLIST_H
#define AC_WAITLIST_H

#include "base/ac_guarded.h"
#include "sync/ac_mutex.h"
#include "sync/ac_spin.h"

#include <stdlib.h>

#define AC_WAITER_AWAKE 0u
#define AC_WAITER_ASLEEP 1u
#define AC_WAITER_ANSWER 2u /* the first value that is an answer; the meaning is the user's */

typedef struct ac_waiter {
    struct ac_waiter *next, *prev; /* by whoever holds the row's lock */
    ac_atomic_u32 word;
    uint32_t kind;       /* what it waits for, the user's; written before it enters */
    uint32_t generation; /* of forks, when it entered */
    uint64_t owner;      /* the thread, the user's */
} ac_waiter;

typedef struct ac_waitlist {
    ac_mutex lock; /* of all that follows; unused under AC_GUARDED_BY_LOCK */
    uint32_t generation;
    ac_waiter *head, *tail;
    ac_atomic_u32 count; /* written under the lock, read anywhere */
    ac_spin spin;
} ac_waitlist;

/* Addresses to wake once the lock is released. */
#define AC_WAKES 64
typedef struct ac_wakes {
    uint32_t count;
    ac_atomic_u32 *words[AC_WAKES];
} ac_wakes;

AC_UNUSED static void ac_wakes_send(ac_wakes *wakes) {
    for (uint32_t i = 0; i < wakes->count; i++) ac_wake(wakes->words[i], 1, AC_WAIT_PRIVATE);
    wakes->count = 0;
}

AC_INLINE uint32_t ac_waitlist_count(ac_waitlist *list) { return ac_load_relaxed(&list->count); }

AC_INLINE void ac_waitlist_lock(ac_waitlist *list, uint32_t generation) {
#ifndef AC_GUARDED_BY_LOCK
    ac_mutex_lock(&list->lock);
#endif
    if (AC_UNLIKELY(list->generation != generation)) {
        list->generation = generation;
        list->head = list->tail = NULL;
        ac_store_relaxed(&list->count, 0u);
    }
}

/* Forgets who waits: in the child of a fork, where they are gone. */
AC_UNUSED static void ac_waitlist_reset(ac_waitlist *list) {
    list->head = list->tail = NULL;
    ac_store_relaxed(&list->count, 0u);
    ac_store_relaxed(&list->lock.word, 0u);
}

AC_INLINE void ac_waitlist_unlock(ac_waitlist *list) {
#ifndef AC_GUARDED_BY_LOCK
    ac_mutex_unlock(&list->lock);
#else
    (void)list;
#endif
}

/* A node for one wait, or NULL when there is no memory. */
AC_UNUSED static ac_waiter *ac_waiter_new(uint32_t kind, uint64_t owner) {
    ac_waiter *const w = calloc(1, sizeof *w);
    if (w != NULL) {
        w->kind = kind;
        w->owner = owner;
    }
    return w;
}

/* The node must be out of the row. NULL is allowed. */
AC_UNUSED static void ac_waiter_free(ac_waiter *w) { free(w); }

/* -- under the lock ------------------------------------------------------------------------------ */

AC_UNUSED static void ac_waitlist_push(ac_waitlist *list, ac_waiter *w) {
    w->generation = list->generation;
    w->next = NULL;
    w->prev = list->tail;
    if (list->tail != NULL) list->tail->next = w;
    else list->head = w;
    list->tail = w;
    ac_store_relaxed(&list->count, ac_load_relaxed(&list->count) + 1);
}

AC_UNUSED static void ac_waitlist_remove(ac_waitlist *list, ac_waiter *w) {
    if (w->prev != NULL) w->prev->next = w->next;
    else list->head = w->next;
    if (w->next != NULL) w->next->prev = w->prev;
    else list->tail = w->prev;
    ac_store_relaxed(&list->count, ac_load_relaxed(&list->count) - 1);
}

/* Takes the node out of the row and tells its waiter; the node is not to be touched after it. */
AC_UNUSED static void ac_waitlist_answer(ac_waitlist *list, ac_waiter *w, uint32_t answer,
                                         ac_wakes *wakes) {
    ac_waitlist_remove(list, w);
    ac_atomic_u32 *const word = &w->word;
    /* release: what the answerer did is seen by the waiter's acquire. A real exchange in both builds:
     * the waiter changes AWAKE to ASLEEP without the lock. */
    if (ac_exchange_acq_rel(word, answer) != AC_WAITER_ASLEEP) return;
    if (wakes->count == AC_WAKES) ac_wakes_send(wakes);
    wakes->words[wakes->count++] = word;
}

/* -- the waiter's side --------------------------------------------------------------------------- */

AC_UNUSED static void ac_waitlist_enter(ac_waitlist *list, ac_waiter *w, uint32_t generation) {
    ac_waitlist_lock(list, generation);
    ac_waitlist_push(list, w);
    ac_waitlist_unlock(list);
}

/* The answer, or 0: none yet, the waiter may sleep while its word is AC_WAITER_ASLEEP. */
AC_INLINE uint32_t ac_waiter_prepare(ac_waiter *w) {
    uint32_t seen = AC_WAITER_AWAKE;
    if (ac_cas_acq_rel(&w->word, &seen, AC_WAITER_ASLEEP)) return 0;
    return seen == AC_WAITER_ASLEEP ? 0 : seen;
}

/* The answer, or 0; in that case nobody will answer any more. The node may be freed after it. */
AC_UNUSED static uint32_t ac_waitlist_leave(ac_waitlist *list, ac_waiter *w, uint32_t generation) {
    ac_waitlist_lock(list, generation);
    const uint32_t word = ac_load_acquire(&w->word); /* pairs with the exchange of the answer */
    if (word < AC_WAITER_ANSWER && w->generation == generation) ac_waitlist_remove(list, w);
    ac_waitlist_unlock(list);
    return word < AC_WAITER_ANSWER ? 0 : word;
}

AC_INLINE bool ac_waiter_ready_(void *w, uint32_t unused) {
    (void)unused;
    return ac_load_relaxed(&((ac_waiter *)w)->word) >= AC_WAITER_ANSWER;
}
AC_UNUSED static int64_t ac_waiter_spin(ac_waitlist *list, ac_waiter *w, int64_t deadline_ns) {
    return ac_spin_until(&list->spin, ac_waiter_ready_, w, 0, deadline_ns);
}

/* -- the other side ------------------------------------------------------------------------------ */

/* Answers the first `count` in the row; returns how many there were. */
AC_UNUSED static uint32_t ac_waitlist_wake(ac_waitlist *list, uint32_t count, uint32_t answer,
                                           uint32_t generation) {
    ac_wakes wakes;
    wakes.count = 0;
    uint32_t done = 0;
    ac_waitlist_lock(list, generation);
    for (; done < count && list->head != NULL; done++)
        ac_waitlist_answer(list, list->head, answer, &wakes);
    ac_waitlist_unlock(list);
    ac_wakes_send(&wakes);
    return done;
}

#endif
