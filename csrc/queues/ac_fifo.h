/* ac_fifo.h - what a Queue is inside: a ring while the bound is small, segments when it is not.
 *
 * A bounded queue begins on a ring (ac_mpmc.h: no allocation after the start). A queue without a
 * bound, or with one too large to reserve room for, lives on segments (ac_segments.h). The bound may
 * change at any time; when it outgrows the ring, the ring is closed and the queue moves over:
 *
 *   mode  RING      pushes and pops go to the ring
 *         MOVED     the ring is closed: pushes go to the segments, pops drain the ring first
 *         SEGMENTS  from the start
 *   The only move is RING -> MOVED, once: order is kept, because nothing enters the ring after it
 *   was closed, and nothing leaves the segments before the ring is empty and closed.
 *
 * limit == 0 means none. Both bounds are exact: a push that succeeds found fewer than `limit` items,
 * an AC_FULL was true at one instant of the call. Progress as in the two headers below.
 */
#ifndef AC_FIFO_H
#define AC_FIFO_H

#include "queues/ac_mpmc.h"
#include "queues/ac_segments.h"

/* A ring of this many slots is 1 MiB. Beyond it, segments that take only what is used. Arbitrary. */
#define AC_FIFO_MAX_RING (UINT64_C(1) << 16)

enum { AC_FIFO_RING = 0, AC_FIFO_MOVED = 1, AC_FIFO_SEGMENTS = 2 };

typedef struct ac_fifo {
    ac_atomic_u32 mode;  /* see above; written by ac_fifo_set_limit */
    ac_atomic_u64 limit; /* maxsize, 0 for none; written by ac_fifo_set_limit */
    ac_mpmc ring;        /* without slots in mode SEGMENTS */
    ac_segments segments;
} ac_fifo;

AC_UNUSED static bool ac_fifo_init(ac_fifo *q, uint64_t limit) {
    const bool ring = limit != 0 && limit <= AC_FIFO_MAX_RING;
    q->ring.slots = NULL;
    if (!ac_seg_init(&q->segments)) return false;
    if (ring && !ac_mpmc_init(&q->ring, limit)) {
        ac_seg_destroy(&q->segments);
        return false;
    }
    ac_store_relaxed(&q->limit, limit);
    ac_store_relaxed(&q->mode, ring ? (uint32_t)AC_FIFO_RING : (uint32_t)AC_FIFO_SEGMENTS);
    return true;
}

/* The items are the caller's to take out before. No thread may be inside. */
AC_UNUSED static void ac_fifo_destroy(ac_fifo *q) {
    ac_mpmc_destroy(&q->ring);
    ac_seg_destroy(&q->segments);
}

AC_INLINE uint64_t ac_fifo_size(ac_fifo *q) {
    /* acquire: whoever sees MOVED sees the ring closed; pairs with ac_fifo_set_limit */
    switch (ac_load_acquire(&q->mode)) {
    case AC_FIFO_RING:
        return ac_mpmc_size(&q->ring);
    case AC_FIFO_SEGMENTS:
        return ac_seg_size(&q->segments);
    default:
        return ac_mpmc_size(&q->ring) + ac_seg_size(&q->segments);
    }
}

/* How many were ever pushed: it only grows. */
AC_INLINE uint64_t ac_fifo_pushed(ac_fifo *q) {
    const uint64_t in_ring = ac_load_acquire(&q->mode) == AC_FIFO_SEGMENTS
                                 ? 0
                                 : ac_mpmc_pushed(&q->ring);
    return in_ring + ac_seg_pushed(&q->segments);
}

AC_INLINE uint64_t ac_fifo_limit(ac_fifo *q) { return ac_load_relaxed(&q->limit); }

/* Closed for good by ac_fifo_close; a ring that was closed by a move does not count. */
AC_INLINE bool ac_fifo_is_closed(ac_fifo *q) { return ac_seg_is_closed(&q->segments); }

AC_UNUSED AC_COLD static ac_status ac_fifo_push_moved_(ac_fifo *q, const uintptr_t *items,
                                                       uint64_t count, uint64_t limit,
                                                       uint64_t *done) {
    /* The mode says MOVED before the ring is closed. Nothing may enter the segments while something
     * can still enter the ring, or "ring empty and open" would not mean "queue empty". */
    if (!ac_mpmc_is_closed(&q->ring)) ac_mpmc_close(&q->ring);
    for (;;) {
        const uint64_t in_ring = ac_mpmc_size(&q->ring);
        ac_status status = AC_FULL;
        *done = 0;
        if (limit == 0) {
            status = ac_seg_try_push_many(&q->segments, items, count, AC_SEG_NO_LIMIT, done);
        } else if (in_ring < limit) {
            status = ac_seg_try_push_many(&q->segments, items, count, limit - in_ring, done);
        }
        /* The ring only drains: if it did meanwhile, "full" may not have been true. */
        if (status == AC_FULL && ac_mpmc_size(&q->ring) != in_ring) continue;
        return status;
    }
}

/* AC_OK, AC_FULL, AC_CLOSED or AC_NOMEM. */
AC_INLINE ac_status ac_fifo_try_push(ac_fifo *q, uintptr_t item) {
    const uint64_t limit = ac_load_relaxed(&q->limit);
    const uint32_t mode = ac_load_relaxed(&q->mode);
    uint64_t done;
    if (AC_LIKELY(mode == AC_FIFO_SEGMENTS))
        return ac_seg_try_push(&q->segments, item, limit == 0 ? AC_SEG_NO_LIMIT : limit);
    if (AC_LIKELY(mode == AC_FIFO_RING)) {
        /* A limit beyond the ring was stored just before the move: the ring's own bound counts
         * until it is closed. */
        const uint64_t room = ac_mpmc_capacity(&q->ring);
        const ac_status status =
            ac_mpmc_try_push(&q->ring, item, limit == 0 || limit > room ? room : limit);
        if (AC_LIKELY(status != AC_CLOSED)) return status;
        if (ac_load_acquire(&q->mode) == AC_FIFO_RING) return AC_CLOSED;
    }
    return ac_fifo_push_moved_(q, &item, 1, limit, &done);
}

/* AC_OK, AC_EMPTY, or AC_CLOSED (empty, and nothing will ever come). */
AC_INLINE ac_status ac_fifo_try_pop(ac_fifo *q, uintptr_t *item) {
    const uint32_t mode = ac_load_relaxed(&q->mode);
    if (AC_UNLIKELY(mode != AC_FIFO_SEGMENTS)) {
        const ac_status status = ac_mpmc_try_pop(&q->ring, item);
        /* acquire: pairs with ac_fifo_set_limit, which stores the mode before it closes the ring */
        if (AC_LIKELY(status != AC_CLOSED) || ac_load_acquire(&q->mode) == AC_FIFO_RING)
            return status;
    }
    return ac_seg_try_pop(&q->segments, item);
}

/* As many of items[0 .. count-1] as go in without waiting; AC_OK if at least one did. */
AC_UNUSED static ac_status ac_fifo_try_push_many(ac_fifo *q, const uintptr_t *items, uint64_t count,
                                                 uint64_t *done) {
    const uint64_t limit = ac_load_relaxed(&q->limit);
    const uint32_t mode = ac_load_relaxed(&q->mode);
    if (mode == AC_FIFO_SEGMENTS)
        return ac_seg_try_push_many(&q->segments, items, count,
                                    limit == 0 ? AC_SEG_NO_LIMIT : limit, done);
    if (mode == AC_FIFO_RING) {
        const uint64_t room = ac_mpmc_capacity(&q->ring);
        const ac_status status = ac_mpmc_try_push_many(
            &q->ring, items, count, limit == 0 || limit > room ? room : limit, done);
        if (status != AC_CLOSED || ac_load_acquire(&q->mode) == AC_FIFO_RING) return status;
    }
    return ac_fifo_push_moved_(q, items, count, limit, done);
}

/* Up to `count` items; AC_OK if at least one came. */
AC_UNUSED static ac_status ac_fifo_try_pop_many(ac_fifo *q, uintptr_t *items, uint64_t count,
                                                uint64_t *done) {
    *done = 0;
    if (ac_load_relaxed(&q->mode) != AC_FIFO_SEGMENTS) {
        const ac_status status = ac_mpmc_try_pop_many(&q->ring, items, count, done);
        if (status != AC_CLOSED || ac_load_acquire(&q->mode) == AC_FIFO_RING) return status;
    }
    return ac_seg_try_pop_many(&q->segments, items, count, done);
}

/* No push succeeds after it; pops go on until the queue is empty. */
AC_UNUSED static void ac_fifo_close(ac_fifo *q) {
    /* The segments first: a move that happens between the two finds them closed. */
    ac_seg_close(&q->segments);
    if (q->ring.slots != NULL) ac_mpmc_close(&q->ring);
}

/* Sets the bound; 0 for none. What is inside stays, also when it is more than the new bound. */
AC_UNUSED static void ac_fifo_set_limit(ac_fifo *q, uint64_t limit) {
    ac_store_relaxed(&q->limit, limit);
    if (ac_load_acquire(&q->mode) != AC_FIFO_RING) return;
    if (limit != 0 && limit <= ac_mpmc_capacity(&q->ring)) return;
    /* release, and before the close: whoever finds the ring closed sees the mode. Two threads may
     * do this at once; both write the same. */
    ac_store_release(&q->mode, (uint32_t)AC_FIFO_MOVED);
    ac_mpmc_close(&q->ring);
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_fifo_visit(ac_fifo *q, int (*visit)(uintptr_t item, void *arg), void *arg) {
    if (q->ring.slots != NULL) {
        const int rc = ac_mpmc_visit(&q->ring, visit, arg);
        if (rc != 0) return rc;
    }
    return ac_seg_visit(&q->segments, visit, arg);
}

#endif
