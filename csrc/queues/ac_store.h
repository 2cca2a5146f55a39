/* ac_store.h - what a queue is inside, behind one set of operations.
 *
 *   mode  RING       a bounded first-in first-out queue, as it begins (ac_mpmc.h: no allocation)
 *         SEGMENTS   one without a bound, or with one too large to reserve room for (ac_segments.h)
 *         MOVED      a ring whose bound outgrew it: the ring is closed, pushes go to the segments, pops
 *                    drain the ring first
 *         STACK      last-in first-out (ac_stack.h)
 *         SPSC       one producer, one consumer (ac_spsc.h)
 *         SHARDED    first-in first-out for each producer (ac_sharded.h)
 *         ELSEWHERE  what was inside has been handed over by ac_store_evict; every operation says
 *                    AC_ELSEWHERE from then on
 *   The only moves are RING -> MOVED and anything but SHARDED -> ELSEWHERE, once each. Order is kept by
 *   the first because nothing enters the ring after it was closed, and nothing leaves the segments
 *   before the ring is empty and closed; by the second because everything is taken out at one instant.
 *   The mode is stored before the structure is closed: whoever meets AC_CLOSED looks at the mode again.
 *
 * limit == 0 means none. Bounds are exact: a push that succeeds found fewer than `limit` items, an
 * AC_FULL was true at one instant of the call. Progress as in the headers below. The rare operations
 * (close, set_limit, evict) exclude each other by a lock; nothing else waits for it.
 */
#ifndef AC_STORE_H
#define AC_STORE_H

#include "queues/ac_mpmc.h"
#include "queues/ac_segments.h"
#include "queues/ac_sharded.h"
#include "queues/ac_spsc.h"
#include "queues/ac_stack.h"

/* A ring of this many slots is 2 MiB, 1 with a lock around it. Beyond it, segments that take only what is
 * used. Arbitrary. */
#define AC_STORE_MAX_RING (UINT64_C(1) << 16)

typedef enum ac_store_kind {
    AC_STORE_FIFO = 0, /* ring or segments, as the limit says */
    AC_STORE_LIFO = 1,
    AC_STORE_PAIR = 2, /* one producer, one consumer; wants a limit */
    AC_STORE_MANY = 3, /* shards; takes no limit, but how many shards */
} ac_store_kind;

enum {
    AC_STORE_RING = 0,
    AC_STORE_SEGMENTS = 1,
    AC_STORE_MOVED = 2,
    AC_STORE_STACK = 3,
    AC_STORE_SPSC = 4,
    AC_STORE_SHARDED = 5,
    AC_STORE_ELSEWHERE = 6
};

typedef struct ac_store {
    ac_atomic_u32 mode;   /* see above; by the rare operations */
    ac_mutex rare;        /* held by close, set_limit and evict */
    ac_atomic_u64 limit;  /* maxsize, 0 for none; by ac_store_set_limit */
    ac_mpmc ring;         /* without slots unless it began as RING */
    ac_segments segments; /* of RING (for later), MOVED, SEGMENTS */
    ac_stack stack;
    ac_spsc spsc;
    ac_sharded sharded;
    /* Of an eviction that found no memory for the items, which are still here; under `rare`. */
    bool left_behind, left_closed;
    uint32_t left_mode;
} ac_store;

AC_UNUSED static bool ac_store_init(ac_store *q, ac_store_kind kind, uint64_t number) {
    memset((void *)q, 0, sizeof *q);
    uint32_t mode = AC_STORE_SEGMENTS;
    bool good = true;
    switch (kind) {
    case AC_STORE_LIFO:
        mode = AC_STORE_STACK;
        break;
    case AC_STORE_PAIR:
        mode = AC_STORE_SPSC;
        good = ac_spsc_init(&q->spsc, number);
        break;
    case AC_STORE_MANY:
        mode = AC_STORE_SHARDED;
        good = ac_sharded_init(&q->sharded, number);
        number = 0;
        break;
    default:
        good = ac_seg_init(&q->segments);
        if (number == 0 || number > AC_STORE_MAX_RING) break;
        mode = AC_STORE_RING;
        if (good && !ac_mpmc_init(&q->ring, number)) {
            ac_seg_destroy(&q->segments);
            good = false;
        }
    }
    ac_store_relaxed(&q->limit, number);
    ac_store_relaxed(&q->mode, mode);
    return good;
}

/* The items are the caller's to take out before. No thread may be inside. */
AC_UNUSED static void ac_store_destroy(ac_store *q) {
    ac_mpmc_destroy(&q->ring);
    ac_seg_destroy(&q->segments);
    ac_stack_destroy(&q->stack);
    ac_spsc_destroy(&q->spsc);
    ac_sharded_destroy(&q->sharded);
}

AC_INLINE uint64_t ac_store_size(ac_store *q) {
    /* acquire: whoever sees MOVED sees the ring closed; pairs with ac_store_set_limit */
    switch (ac_load_acquire(&q->mode)) {
    case AC_STORE_RING:
        return ac_mpmc_size(&q->ring);
    case AC_STORE_SEGMENTS:
        return ac_seg_size(&q->segments);
    case AC_STORE_MOVED:
        return ac_mpmc_size(&q->ring) + ac_seg_size(&q->segments);
    case AC_STORE_STACK:
        return ac_stack_size(&q->stack);
    case AC_STORE_SPSC:
        return ac_spsc_size(&q->spsc);
    case AC_STORE_SHARDED:
        return ac_sharded_size(&q->sharded);
    default:
        return 0;
    }
}

/* How many were ever pushed: it only grows. */
AC_INLINE uint64_t ac_store_pushed(ac_store *q) {
    /* What a store did not begin as stands at zero. */
    uint64_t pushed = ac_seg_pushed(&q->segments) + ac_stack_pushed(&q->stack) +
                      ac_spsc_pushed(&q->spsc);
    if (q->ring.slots != NULL) pushed += ac_mpmc_pushed(&q->ring);
    if (q->sharded.shards != NULL) pushed += ac_sharded_pushed(&q->sharded);
    return pushed;
}

AC_INLINE uint64_t ac_store_limit(ac_store *q) { return ac_load_relaxed(&q->limit); }

/* Closed for good by ac_store_close, or handed over; a ring closed by a move does not count. */
AC_INLINE bool ac_store_is_closed(ac_store *q) {
    switch (ac_load_acquire(&q->mode)) {
    case AC_STORE_RING:
    case AC_STORE_SEGMENTS:
    case AC_STORE_MOVED:
        return ac_seg_is_closed(&q->segments);
    case AC_STORE_STACK:
        return ac_stack_is_closed(&q->stack);
    case AC_STORE_SPSC:
        return ac_spsc_is_closed(&q->spsc);
    case AC_STORE_SHARDED:
        return ac_sharded_is_closed(&q->sharded);
    default:
        return true;
    }
}

/* Handed over, or being handed over: acquire, as in ac_store_verdict_. */
AC_INLINE bool ac_store_is_elsewhere(ac_store *q) {
    return ac_load_acquire(&q->mode) == AC_STORE_ELSEWHERE;
}

AC_UNUSED AC_COLD static ac_status ac_store_push_moved_(ac_store *q, const uintptr_t *items,
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

/* What a status of the structure means for the store: "closed" may mean "handed over". */
AC_INLINE ac_status ac_store_verdict_(ac_store *q, ac_status status) {
    /* acquire: pairs with the release of the mode, which comes before the close */
    if (AC_UNLIKELY(status == AC_CLOSED) && ac_load_acquire(&q->mode) == AC_STORE_ELSEWHERE)
        return AC_ELSEWHERE;
    return status;
}

AC_UNUSED AC_COLD static ac_status ac_store_push_other_(ac_store *q, const uintptr_t *items,
                                                        uint64_t count, uint64_t *done) {
    const uint64_t limit = ac_load_relaxed(&q->limit);
    const uint64_t bound = limit == 0 ? AC_STACK_NO_LIMIT : limit;
    ac_status status = AC_ELSEWHERE;
    *done = 0;
    switch (ac_load_acquire(&q->mode)) {
    case AC_STORE_SEGMENTS:
        status = ac_seg_try_push_many(&q->segments, items, count, bound, done);
        break;
    case AC_STORE_MOVED:
        status = ac_store_push_moved_(q, items, count, limit, done);
        break;
    case AC_STORE_STACK:
        status = ac_stack_try_push_many(&q->stack, items, count, bound, done);
        break;
    case AC_STORE_SPSC:
        status = ac_spsc_try_push_many(&q->spsc, items, count, limit, done);
        break;
    case AC_STORE_SHARDED:
        status = ac_sharded_try_push_many(&q->sharded, items, count, done);
        break;
    default:
        break;
    }
    return ac_store_verdict_(q, status);
}

AC_UNUSED AC_COLD static ac_status ac_store_pop_other_(ac_store *q, uintptr_t *items, uint64_t count,
                                                       uint64_t *done) {
    ac_status status = AC_ELSEWHERE;
    *done = 0;
    switch (ac_load_acquire(&q->mode)) {
    case AC_STORE_MOVED:
        status = ac_mpmc_try_pop_many(&q->ring, items, count, done);
        if (status != AC_CLOSED) break;
        /* fall through */
    case AC_STORE_SEGMENTS:
        status = ac_seg_try_pop_many(&q->segments, items, count, done);
        break;
    case AC_STORE_STACK:
        status = ac_stack_try_pop_many(&q->stack, items, count, done);
        break;
    case AC_STORE_SPSC:
        status = ac_spsc_try_pop_many(&q->spsc, items, count, done);
        break;
    case AC_STORE_SHARDED:
        status = ac_sharded_try_pop_many(&q->sharded, items, count, done);
        break;
    default:
        break;
    }
    return ac_store_verdict_(q, status);
}

/* The bound of the ring itself: a limit beyond it was stored just before the move, and the ring's own
 * counts until it is closed. */
AC_INLINE uint64_t ac_store_ring_limit_(ac_store *q) {
    const uint64_t limit = ac_load_relaxed(&q->limit), room = ac_mpmc_capacity(&q->ring);
    return limit == 0 || limit > room ? room : limit;
}

/* AC_OK, AC_FULL, AC_CLOSED, AC_NOMEM, AC_MISUSE (a second producer) or AC_ELSEWHERE. */
AC_INLINE ac_status ac_store_try_push(ac_store *q, uintptr_t item) {
    const uint32_t mode = ac_load_relaxed(&q->mode);
    ac_status status;
    uint64_t done;
    if (AC_LIKELY(mode == AC_STORE_RING)) {
        status = ac_mpmc_try_push(&q->ring, item, ac_store_ring_limit_(q));
        if (AC_LIKELY(status != AC_CLOSED)) return status;
        if (ac_load_acquire(&q->mode) == AC_STORE_RING) return AC_CLOSED;
    } else if (AC_LIKELY(mode == AC_STORE_SEGMENTS)) {
        const uint64_t limit = ac_load_relaxed(&q->limit);
        status = ac_seg_try_push(&q->segments, item, limit == 0 ? AC_SEG_NO_LIMIT : limit);
        return ac_store_verdict_(q, status);
    }
    return ac_store_push_other_(q, &item, 1, &done);
}

/* AC_OK, AC_EMPTY, AC_CLOSED (empty, and nothing will ever come), AC_MISUSE (a second consumer) or
 * AC_ELSEWHERE. */
AC_INLINE ac_status ac_store_try_pop(ac_store *q, uintptr_t *item) {
    const uint32_t mode = ac_load_relaxed(&q->mode);
    uint64_t done;
    if (AC_LIKELY(mode == AC_STORE_RING)) {
        const ac_status status = ac_mpmc_try_pop(&q->ring, item);
        if (AC_LIKELY(status != AC_CLOSED)) return status;
        if (ac_load_acquire(&q->mode) == AC_STORE_RING) return AC_CLOSED;
    } else if (AC_LIKELY(mode == AC_STORE_SEGMENTS)) {
        return ac_store_verdict_(q, ac_seg_try_pop(&q->segments, item));
    }
    return ac_store_pop_other_(q, item, 1, &done);
}

/* As many of items[0 .. count-1] as go in without waiting; AC_OK if at least one did. */
AC_UNUSED static ac_status ac_store_try_push_many(ac_store *q, const uintptr_t *items, uint64_t count,
                                                  uint64_t *done) {
    if (ac_load_relaxed(&q->mode) == AC_STORE_RING) {
        const ac_status status =
            ac_mpmc_try_push_many(&q->ring, items, count, ac_store_ring_limit_(q), done);
        if (status != AC_CLOSED || ac_load_acquire(&q->mode) == AC_STORE_RING) return status;
    }
    return ac_store_push_other_(q, items, count, done);
}

/* Up to `count` items; AC_OK if at least one came. */
AC_UNUSED static ac_status ac_store_try_pop_many(ac_store *q, uintptr_t *items, uint64_t count,
                                                 uint64_t *done) {
    if (ac_load_relaxed(&q->mode) == AC_STORE_RING) {
        const ac_status status = ac_mpmc_try_pop_many(&q->ring, items, count, done);
        if (status != AC_CLOSED || ac_load_acquire(&q->mode) == AC_STORE_RING) return status;
    }
    return ac_store_pop_other_(q, items, count, done);
}

/* The topmost item of a stack, see ac_stack_peek; AC_MISUSE for any other store. */
AC_UNUSED static ac_status ac_store_peek(ac_store *q, void (*keep)(uintptr_t item), uintptr_t *item) {
    switch (ac_load_acquire(&q->mode)) {
    case AC_STORE_STACK:
        return ac_store_verdict_(q, ac_stack_peek(&q->stack, keep, item));
    case AC_STORE_ELSEWHERE:
        return AC_ELSEWHERE;
    default:
        return AC_MISUSE;
    }
}

AC_UNUSED static void ac_store_close_all_(ac_store *q) {
    /* The segments first: they stand for the whole queue, also while the ring is still open. */
    if (ac_load_relaxed(&q->segments.head_block) != NULL) ac_seg_close(&q->segments);
    if (q->ring.slots != NULL) ac_mpmc_close(&q->ring);
    if (q->spsc.slots != NULL) ac_spsc_close(&q->spsc);
    if (q->sharded.shards != NULL) ac_sharded_close(&q->sharded);
    ac_stack_close(&q->stack);
}

/* No push succeeds after it; pops go on until the queue is empty. AC_OK or AC_ELSEWHERE. */
AC_UNUSED static ac_status ac_store_close(ac_store *q) {
    ac_mutex_lock(&q->rare);
    const bool here = ac_load_relaxed(&q->mode) != AC_STORE_ELSEWHERE;
    if (here) ac_store_close_all_(q);
    ac_mutex_unlock(&q->rare);
    return here ? AC_OK : AC_ELSEWHERE;
}

/* Sets the bound; 0 for none. What is inside stays, also when it is more than the new bound. AC_OK,
 * AC_ELSEWHERE, or AC_MISUSE for a bound that the store cannot have: of shards any, of a pair none or
 * one above its capacity. */
AC_UNUSED static ac_status ac_store_set_limit(ac_store *q, uint64_t limit) {
    ac_status status = AC_OK;
    ac_mutex_lock(&q->rare);
    const uint32_t mode = ac_load_relaxed(&q->mode);
    if (mode == AC_STORE_ELSEWHERE) {
        status = AC_ELSEWHERE;
    } else if ((mode == AC_STORE_SHARDED && limit != 0) ||
               (mode == AC_STORE_SPSC && (limit == 0 || limit > ac_spsc_capacity(&q->spsc)))) {
        status = AC_MISUSE;
    } else {
        ac_store_relaxed(&q->limit, limit);
        if (mode == AC_STORE_RING && (limit == 0 || limit > ac_mpmc_capacity(&q->ring))) {
            /* release, and before the close: whoever finds the ring closed sees the mode */
            ac_store_release(&q->mode, (uint32_t)AC_STORE_MOVED);
            ac_mpmc_close(&q->ring);
        }
    }
    ac_mutex_unlock(&q->rare);
    return status;
}

/* Takes out what the one consumer left in a closed SPSC store, on any thread; later pops get AC_CLOSED.
 * An array to free, *count items; NULL for any other store, or with *count > 0 when there is no memory. */
AC_UNUSED static uintptr_t *ac_store_take_rest(ac_store *q, uint64_t *count) {
    *count = 0;
    return q->spsc.slots != NULL ? ac_spsc_take_all(&q->spsc, count) : NULL;
}

/* What was inside a store, in the order in which pops would have brought it: part[0], then part[1].
 * Both arrays are to be freed; `was_closed` says whether ac_store_close came before. */
typedef struct ac_store_contents {
    uintptr_t *part[2];
    uint64_t count[2];
    bool was_closed;
} ac_store_contents;

AC_UNUSED static bool ac_store_take_all_(ac_store *q, uint32_t mode, ac_store_contents *all) {
    uintptr_t **const part = all->part;
    uint64_t *const count = all->count;
    switch (mode) {
    case AC_STORE_STACK:
        part[0] = ac_stack_take_all(&q->stack, &count[0]);
        for (uint64_t low = 0, high = count[0]; low + 1 < high; low++) { /* topmost first */
            const uintptr_t item = part[0][low];
            part[0][low] = part[0][--high];
            part[0][high] = item;
        }
        return true;
    case AC_STORE_SPSC:
        part[0] = ac_spsc_take_all(&q->spsc, &count[0]);
        return part[0] != NULL || count[0] == 0;
    default:
        /* The segments first: later nobody gets past the ring's items to theirs. */
        part[1] = ac_seg_take_all(&q->segments, &count[1]);
        if (part[1] == NULL) return false;
        if (part[0] != NULL) ac_mpmc_try_pop_many(&q->ring, part[0], q->ring.mask + 1, &count[0]);
        return true;
    }
}

/* Hands everything over and ends the store. AC_OK; AC_ELSEWHERE: it was done before; AC_MISUSE: shards
 * are not one queue; AC_NOMEM: nothing was taken. After AC_NOMEM the store is as it was, or ended with
 * its items still inside (AC_ELSEWHERE for all others): call it again until it has them. Whoever sleeps
 * for this store is the caller's to wake. */
AC_UNUSED static ac_status ac_store_evict(ac_store *q, ac_store_contents *all) {
    ac_status status = AC_OK;
    memset(all, 0, sizeof *all);
    ac_mutex_lock(&q->rare);
    const uint32_t mode = ac_load_relaxed(&q->mode);
    if (mode == AC_STORE_ELSEWHERE && !q->left_behind) {
        status = AC_ELSEWHERE;
    } else if (mode == AC_STORE_SHARDED) {
        status = AC_MISUSE;
    } else {
        if (q->ring.slots != NULL) all->part[0] = malloc((size_t)(q->ring.mask + 1) * sizeof(uintptr_t));
        if (q->ring.slots != NULL && all->part[0] == NULL) {
            status = AC_NOMEM;
        } else {
            if (!q->left_behind) {
                q->left_behind = true;
                q->left_mode = mode;
                q->left_closed = ac_store_is_closed(q);
                /* release, and before the close: see ac_store_verdict_ */
                ac_store_release(&q->mode, (uint32_t)AC_STORE_ELSEWHERE);
                ac_store_close_all_(q);
            }
            all->was_closed = q->left_closed;
            q->left_behind = !ac_store_take_all_(q, q->left_mode, all);
            if (q->left_behind) {
                free(all->part[0]);
                all->part[0] = NULL;
                all->count[0] = all->count[1] = 0;
                status = AC_NOMEM;
            }
        }
    }
    ac_mutex_unlock(&q->rare);
    return status;
}

/* Pops what an eviction had to leave behind, before the store is destroyed. No thread may be inside. Of
 * an SPSC store ac_store_take_rest takes it. */
AC_UNUSED static ac_status ac_store_pop_left(ac_store *q, uintptr_t *item) {
    if (!q->left_behind) return AC_ELSEWHERE;
    if (q->left_mode == AC_STORE_STACK) return ac_stack_try_pop(&q->stack, item);
    if (q->left_mode == AC_STORE_SPSC) return AC_CLOSED;
    if (q->ring.slots != NULL && ac_mpmc_try_pop(&q->ring, item) == AC_OK) return AC_OK;
    return ac_seg_try_pop(&q->segments, item);
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_store_visit(ac_store *q, int (*visit)(uintptr_t item, void *arg), void *arg) {
    int rc = 0;
    if (q->ring.slots != NULL) rc = ac_mpmc_visit(&q->ring, visit, arg);
    if (rc == 0 && ac_load_relaxed(&q->segments.head_block) != NULL)
        rc = ac_seg_visit(&q->segments, visit, arg);
    if (rc == 0) rc = ac_stack_visit(&q->stack, visit, arg);
    if (rc == 0 && q->spsc.slots != NULL) rc = ac_spsc_visit(&q->spsc, visit, arg);
    if (rc == 0 && q->sharded.shards != NULL) rc = ac_sharded_visit(&q->sharded, visit, arg);
    return rc;
}

#endif
