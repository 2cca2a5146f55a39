/* ac_mpmc.h - a bounded first-in first-out ring for any number of producers and consumers.
 *
 * Items are uintptr_t; the ring neither looks at them nor owns them. Use it when the bound is
 * known; use ac_segments.h when there is none, ac_spsc.h for one thread on each side.
 *
 * The slots carry turns as in Dmitry Vyukov's bounded MPMC queue (1024cores.net), but a try
 * is refused by the indices alone, never by a slot: an AC_FULL or AC_EMPTY was true at one instant
 * of the call, also while another thread stands between its claim and its publication.
 *
 *   position p of a push or pop is a 64-bit count that never wraps in practice (500 years at 1 GHz)
 *   tail = { position:63, closed:1 }     next position to push; closed refuses every later push
 *   head = position                      next position to pop
 *   slot(p).turn = 2p                    free for the push of p
 *                  2p + 1                holds the item of p
 *                  2(p + capacity)       after the pop of p: free for the next lap
 *   (turns of pushes are even, of pops odd: capacity 1 works)
 *
 * A success may be decided by less. An item that stands published at the head can be popped: the pop
 * need not look at the tail, which is on the producers' line. And what a head of the past leaves
 * free is free: the push looks at `head_seen`, a copy on its own line, and at the consumers' line
 * only when the copy says "full". So an item moves its slot's line between processors and, but near
 * empty and full, no other (the copies of ac_spsc.h, for many). Two slots lie on a line: neighbours
 * cross together, and two sides that stand side by side disturb each other less than with four.
 * Measured: bench/c/README.md.
 *
 * `limit` (the queue's maxsize) is an argument of every push: it may change at any time and may be
 * anything from 1 to the capacity.
 *
 * Progress: claims are lock-free (a failed CAS means that another thread claimed). A claimed slot
 * whose other side has not finished is waited for: blocking behind a stalled claimant, for the few
 * instructions of its window. In shared memory that would not be safe; this ring is for threads.
 * With AC_GUARDED_BY_LOCK (ac_guarded.h) the caller's lock serialises all but ac_mpmc_size.
 */
#ifndef AC_MPMC_H
#define AC_MPMC_H

#include "base/ac_backoff.h"
#include "base/ac_guarded.h"

#include <stdlib.h>

#define AC_MPMC_MAX_CAPACITY (UINT64_C(1) << 32)

/* With an outer lock no two processors are inside: nothing is gained by room between the slots. */
#ifdef AC_GUARDED_BY_LOCK
#define AC_MPMC_SLOT_ALIGN (2 * sizeof(uint64_t))
#else
#define AC_MPMC_SLOT_ALIGN (AC_CACHE_LINE / 2)
#endif

typedef struct ac_mpmc_slot {
    _Alignas(AC_MPMC_SLOT_ALIGN)
    ac_atomic_u64 turn; /* written by whoever claimed the position that it stands for */
    uintptr_t item;     /* plain: handed over by turn's release and acquire */
} ac_mpmc_slot;

typedef struct ac_mpmc {
    ac_mpmc_slot *slots; /* constant after init */
    uint64_t mask;       /* capacity - 1; constant after init */
    AC_ALIGNED_LINE ac_atomic_u64 tail; /* written by producers, and by close */
    ac_atomic_u64 head_seen;            /* some head of the past; written by producers */
    AC_ALIGNED_LINE ac_atomic_u64 head; /* written by consumers */
} ac_mpmc;

/* Allocates; capacity is rounded up to a power of two. False when there is no memory. */
AC_UNUSED static bool ac_mpmc_init(ac_mpmc *q, uint64_t capacity) {
    if (capacity < 1 || capacity > AC_MPMC_MAX_CAPACITY) return false;
    capacity = ac_ceil_pow2_u64(capacity);
    /* Whole lines of our own. */
    const size_t bytes = (size_t)capacity * sizeof *q->slots + AC_CACHE_LINE - 1;
    q->slots = ac_alloc_lines(bytes / AC_CACHE_LINE * AC_CACHE_LINE);
    if (q->slots == NULL) return false;
    for (uint64_t p = 0; p < capacity; p++) {
        ac_store_relaxed(&q->slots[p].turn, 2 * p);
        q->slots[p].item = 0;
    }
    q->mask = capacity - 1;
    ac_store_relaxed(&q->tail, UINT64_C(0));
    ac_store_relaxed(&q->head_seen, UINT64_C(0));
    ac_store_relaxed(&q->head, UINT64_C(0));
    return true;
}

/* Frees the slots; what they still hold is the caller's to take out before. No thread may be inside. */
AC_UNUSED static void ac_mpmc_destroy(ac_mpmc *q) {
    ac_free_lines(q->slots);
    q->slots = NULL;
}

AC_INLINE uint64_t ac_mpmc_capacity(const ac_mpmc *q) { return q->mask + 1; }

/* How many items: exact when nobody pushes or pops, else a value from during the call. */
AC_INLINE uint64_t ac_mpmc_size(ac_mpmc *q) {
    const uint64_t head = ac_load_acquire(&q->head); /* first: tail can only grow past it */
    return (ac_load_relaxed(&q->tail) >> 1) - head;
}

/* How many were ever pushed. */
AC_INLINE uint64_t ac_mpmc_pushed(ac_mpmc *q) { return ac_load_relaxed(&q->tail) >> 1; }

AC_INLINE bool ac_mpmc_is_closed(ac_mpmc *q) { return (ac_load_relaxed(&q->tail) & 1) != 0; }

/* Waits until the slot's turn has come; nearly always it has. */
AC_INLINE void ac_mpmc_await_(ac_mpmc_slot *slot, uint64_t turn) {
    if (AC_LIKELY(ac_gload_acquire(&slot->turn) == turn)) return; /* pairs with the two releases below */
    ac_backoff backoff = {0};
    while (ac_gload_acquire(&slot->turn) != turn) ac_backoff_snooze(&backoff);
}

/* Claims up to `count` positions to push, at most up to `limit` items; returns how many and the
 * first position, or a status. */
AC_INLINE ac_status ac_mpmc_claim_push_(ac_mpmc *q, uint64_t limit, uint64_t count,
                                        uint64_t *first, uint64_t *claimed) {
    ac_backoff backoff = {0};
    uint64_t tail = ac_gload_acquire(&q->tail);
    for (;;) {
        if (AC_UNLIKELY(tail & 1)) return AC_CLOSED;
        /* At most too large: the head is at least what was seen. Pairs with (1). */
        uint64_t size = (tail >> 1) - ac_gload_acquire(&q->head_seen);
        if (AC_UNLIKELY((int64_t)size >= (int64_t)limit || limit - size < count)) {
            /* After the tail, so that tail - head is at most the size at the instant of this load. */
            const uint64_t head = ac_gload_acquire(&q->head);
            /* (1) release: whoever relies on this head has the pops before it behind him. An older
             * head may overwrite a newer one; that costs a look at the head. */
            ac_gstore_release(&q->head_seen, head);
            size = (tail >> 1) - head;
            /* A head newer than the tail makes the difference negative: the tail is stale. */
            if (AC_UNLIKELY((int64_t)size >= (int64_t)limit)) return AC_FULL;
        }
        uint64_t n = limit - size;
        if (n > count) n = count;
        if (n > q->mask + 1) n = q->mask + 1;
        /* The item is handed over by the slot's turn; seq_cst is for who sleeps: the claim comes
         * before a load of an event count's word (ac_ec_anybody). */
        if (AC_LIKELY(ac_gcas_seq_cst(&q->tail, &tail, tail + 2 * n))) {
            *first = tail >> 1;
            *claimed = n;
            return AC_OK;
        }
        ac_backoff_spin(&backoff);
    }
}

AC_INLINE ac_status ac_mpmc_claim_pop_(ac_mpmc *q, uint64_t count, uint64_t *first,
                                       uint64_t *claimed) {
    ac_backoff backoff = {0};
    uint64_t head = ac_gload_acquire(&q->head);
    for (;;) {
        const uint64_t tail = ac_gload_acquire(&q->tail);
        const int64_t size = (int64_t)((tail >> 1) - head);
        if (size <= 0) {
            /* Empty, if the head has not moved meanwhile: it cannot pass the tail. */
            const uint64_t again = ac_gload_acquire(&q->head);
            if (again == head) return (tail & 1) ? AC_CLOSED : AC_EMPTY;
            head = again;
            continue;
        }
        const uint64_t n = (uint64_t)size < count ? (uint64_t)size : count;
        if (AC_LIKELY(ac_gcas_seq_cst(&q->head, &head, head + n))) {
            *first = head;
            *claimed = n;
            return AC_OK;
        }
        ac_backoff_spin(&backoff);
    }
}

AC_INLINE void ac_mpmc_publish_(ac_mpmc *q, uint64_t p, uintptr_t item) {
    ac_mpmc_slot *const slot = &q->slots[p & q->mask];
    ac_mpmc_await_(slot, 2 * p);
    slot->item = item;
    ac_gstore_release(&slot->turn, 2 * p + 1); /* pairs with the await of the pop */
}

AC_INLINE uintptr_t ac_mpmc_take_(ac_mpmc *q, uint64_t p) {
    ac_mpmc_slot *const slot = &q->slots[p & q->mask];
    ac_mpmc_await_(slot, 2 * p + 1);
    const uintptr_t item = slot->item;
    ac_gstore_release(&slot->turn, 2 * (p + q->mask + 1)); /* pairs with the await of the push */
    return item;
}

/* AC_OK, AC_FULL (at least `limit` items) or AC_CLOSED. 1 <= limit <= capacity. */
AC_INLINE ac_status ac_mpmc_try_push(ac_mpmc *q, uintptr_t item, uint64_t limit) {
    /* Nearly always: open, room by the head that was seen, the slot free. The slot is looked at
     * before the claim, because a line that has to come from another processor then comes while
     * the last push's writes still go out; a locked instruction waits for those. */
    uint64_t tail = ac_gload_acquire(&q->tail), p = tail >> 1, n;
    const int64_t size = (int64_t)(p - ac_gload_acquire(&q->head_seen)); /* pairs with (1) */
    ac_mpmc_slot *const slot = &q->slots[p & q->mask];
    if (AC_LIKELY(size < (int64_t)limit && (tail & 1) == 0 &&
                  ac_gload_acquire(&slot->turn) == 2 * p && /* pairs with the pop's release */
                  ac_gcas_seq_cst(&q->tail, &tail, tail + 2))) {
        slot->item = item;
        ac_gstore_release(&slot->turn, 2 * p + 1); /* pairs with the look of the pop */
        return AC_OK;
    }
    const ac_status status = ac_mpmc_claim_push_(q, limit, 1, &p, &n);
    if (AC_LIKELY(status == AC_OK)) ac_mpmc_publish_(q, p, item);
    return status;
}

/* AC_OK, AC_EMPTY, or AC_CLOSED (empty, and nothing will ever come). */
AC_INLINE ac_status ac_mpmc_try_pop(ac_mpmc *q, uintptr_t *item) {
    /* Nearly always there is an item, published: so the tail is beyond it. */
    uint64_t p = ac_gload_acquire(&q->head), n;
    const uint64_t here = p;
    ac_mpmc_slot *const slot = &q->slots[here & q->mask];
    if (AC_LIKELY(ac_gload_acquire(&slot->turn) == 2 * here + 1 && /* pairs with the push's release */
                  ac_gcas_seq_cst(&q->head, &p, here + 1))) {
        *item = slot->item;
        ac_gstore_release(&slot->turn, 2 * (here + q->mask + 1)); /* pairs with the look of the push */
        return AC_OK;
    }
    const ac_status status = ac_mpmc_claim_pop_(q, 1, &p, &n);
    if (AC_LIKELY(status == AC_OK)) *item = ac_mpmc_take_(q, p);
    return status;
}

/* Pushes items[0 .. *done-1], as many as fit, with one claim: they stand side by side in the queue. */
AC_UNUSED static ac_status ac_mpmc_try_push_many(ac_mpmc *q, const uintptr_t *items, uint64_t count,
                                                 uint64_t limit, uint64_t *done) {
    uint64_t p = 0, n = 0;
    const ac_status status = ac_mpmc_claim_push_(q, limit, count, &p, &n);
    for (uint64_t i = 0; i < n; i++) ac_mpmc_publish_(q, p + i, items[i]);
    *done = n;
    return status;
}

AC_UNUSED static ac_status ac_mpmc_try_pop_many(ac_mpmc *q, uintptr_t *items, uint64_t count,
                                                uint64_t *done) {
    uint64_t p = 0, n = 0;
    const ac_status status = ac_mpmc_claim_pop_(q, count, &p, &n);
    for (uint64_t i = 0; i < n; i++) items[i] = ac_mpmc_take_(q, p + i);
    *done = n;
    return status;
}

/* No push succeeds after it; pops go on until the ring is empty. */
AC_INLINE void ac_mpmc_close(ac_mpmc *q) { ac_gfetch_or_u64_seq_cst(&q->tail, UINT64_C(1)); }

/* Calls visit(item, arg) for every item inside, oldest first, and stops at a non-zero result, which
 * it returns. Only while no thread is inside any operation (the interpreter's collector stops the
 * world): it writes nothing. */
AC_UNUSED static int ac_mpmc_visit(ac_mpmc *q, int (*visit)(uintptr_t item, void *arg), void *arg) {
    const uint64_t tail = ac_load_relaxed(&q->tail) >> 1;
    for (uint64_t p = ac_load_relaxed(&q->head); p != tail; p++) {
        ac_mpmc_slot *const slot = &q->slots[p & q->mask];
        if (ac_load_relaxed(&slot->turn) != 2 * p + 1) continue;
        const int rc = visit(slot->item, arg);
        if (rc != 0) return rc;
    }
    return 0;
}

#endif
