/* ac_pointers.h - a bounded queue of pointers whose calls wait: for threads without an interpreter.
 *
 * The ring of ac_mpmc.h between two event counts. Any number of threads on both sides; first in, first
 * out; what was written before a put is seen after the get that takes it. Pointers may be NULL. It never
 * looks at signals: whoever may be interrupted passes deadlines and looks between them.
 *
 * not_empty  getters sleep here, puts notify; not_full the other way round. Whoever has slept passes the
 * baton on when it leaves (../sync/ac_event_count.h), the end (close) included.
 * Progress: a call that need not wait is that of ac_mpmc.h.
 */
#ifndef AC_POINTERS_H
#define AC_POINTERS_H

#include "queues/ac_mpmc.h"
#include "sync/ac_event_count.h"

typedef struct ac_pointers {
    ac_mpmc ring;
    uint64_t limit; /* most items at a time; written by init */
    AC_ALIGNED_LINE ac_event_count not_empty;
    AC_ALIGNED_LINE ac_event_count not_full;
} ac_pointers;

/* At most `limit` pointers at a time, 1 or more. AC_OK, or AC_NOMEM. */
AC_UNUSED static ac_status ac_pointers_init(ac_pointers *q, uint64_t limit) {
    *q = (ac_pointers){.limit = limit};
    return ac_mpmc_init(&q->ring, limit) ? AC_OK : AC_NOMEM;
}

/* No thread may be inside. What is still in it is the caller's. */
AC_UNUSED static void ac_pointers_destroy(ac_pointers *q) { ac_mpmc_destroy(&q->ring); }

/* AC_OK, AC_FULL or AC_CLOSED; never waits. */
AC_UNUSED static ac_status ac_pointers_try_put(ac_pointers *q, void *item) {
    const ac_status st = ac_mpmc_try_push(&q->ring, (uintptr_t)item, q->limit);
    if (st == AC_OK) ac_ec_notify_one(&q->not_empty, AC_WAIT_PRIVATE);
    return st;
}

/* AC_OK, AC_EMPTY, or AC_CLOSED when it is empty and closed; never waits. */
AC_UNUSED static ac_status ac_pointers_try_get(ac_pointers *q, void **item) {
    uintptr_t taken = 0;
    /* Asked first: what was put before the close is then seen by the pop. */
    const bool closed = ac_mpmc_is_closed(&q->ring);
    ac_fence_acquire();
    const ac_status st = ac_mpmc_try_pop(&q->ring, &taken);
    if (st == AC_OK) {
        *item = (void *)taken;
        ac_ec_notify_one(&q->not_full, AC_WAIT_PRIVATE);
        return AC_OK;
    }
    return closed ? AC_CLOSED : AC_EMPTY;
}

AC_INLINE void ac_pointers_pass_on_(ac_pointers *q, ac_event_count *ec) {
    if (ac_mpmc_is_closed(&q->ring))
        ac_ec_notify_all(ec, AC_WAIT_PRIVATE);
    else
        ac_ec_notify_one(ec, AC_WAIT_PRIVATE);
}

/* Waits for room until `deadline_ns` (ac_clock.h). AC_OK, AC_FULL (the deadline) or AC_CLOSED. */
AC_UNUSED static ac_status ac_pointers_put(ac_pointers *q, void *item, int64_t deadline_ns) {
    ac_status st = ac_pointers_try_put(q, item);
    if (st != AC_FULL) return st;
    bool slept = false, late = false;
    for (;;) {
        /* Also after a sleep: the flag must be up again before the try, so that the notification of
         * pass_on finds those who sleep on. */
        const uint32_t key = ac_ec_prepare(&q->not_full);
        st = ac_pointers_try_put(q, item);
        if (st != AC_FULL || late) break;
        late = ac_ec_wait(&q->not_full, key, deadline_ns, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT;
        slept = true;
    }
    if (slept) ac_pointers_pass_on_(q, &q->not_full);
    return st;
}

/* Waits for an item until `deadline_ns`. AC_OK, AC_EMPTY (the deadline), or AC_CLOSED: closed, and every
 * item has been taken. */
AC_UNUSED static ac_status ac_pointers_get(ac_pointers *q, void **item, int64_t deadline_ns) {
    ac_status st = ac_pointers_try_get(q, item);
    if (st != AC_EMPTY) return st;
    bool slept = false, late = false;
    for (;;) {
        /* Also after a sleep: the flag must be up again before the try, so that the notification of
         * pass_on finds those who sleep on. */
        const uint32_t key = ac_ec_prepare(&q->not_empty);
        st = ac_pointers_try_get(q, item);
        if (st != AC_EMPTY || late) break;
        late = ac_ec_wait(&q->not_empty, key, deadline_ns, AC_WAIT_PRIVATE) == AC_WAIT_TIMEOUT;
        slept = true;
    }
    if (slept) ac_pointers_pass_on_(q, &q->not_empty);
    return st;
}

/* No put succeeds after it; what is inside can still be taken. Idempotent. */
AC_UNUSED static void ac_pointers_close(ac_pointers *q) {
    ac_mpmc_close(&q->ring);
    ac_ec_notify_all(&q->not_empty, AC_WAIT_PRIVATE);
    ac_ec_notify_all(&q->not_full, AC_WAIT_PRIVATE);
}

/* Items at one instant of the call. */
AC_INLINE uint64_t ac_pointers_size(ac_pointers *q) { return ac_mpmc_size(&q->ring); }

#endif
