/* ac_spsc.h - a bounded first-in first-out ring for one producer and one consumer.
 *
 * In steady flow neither side looks at the other's index: the producer keeps a copy of the head, which
 * it renews once per lap (as Lee et al., MCRingBuffer 2010, and rigtorp/SPSCQueue do); the consumer sees
 * by the slot whether it is full (FastForward, Giacomoni et al. 2008), so that an item crosses between
 * two processors in one cache line, its own. What is refused is refused by the indices, as in ac_mpmc.h.
 *
 *   tail = { position:63, closed:1 }  next position to push; closed refuses every later push
 *   head = { position:63, ended:1 }   next position to pop; ended refuses every later pop
 *   slot(p).turn = p + 1              holds the item of position p
 *
 * The first thread that pushes is the producer, the first that pops the consumer; another one on the
 * same side gets AC_MISUSE and nothing has happened. Threads are told apart by the address of their
 * errno: threads that live at the same time differ. One that began after the owner's end may have got
 * its address, and then takes its part over, which is as safe as any hand-over.
 *
 * The indices move by compare-and-swap though only one thread moves each: it fails only when the
 * ring was closed (ended) in between, so that no push slips in after the close; and as a sequentially
 * consistent read-modify-write it allows a look at an event count without a fence
 * (ac_ec_anybody). These two locked instructions are most of what an item costs: a ring that can neither
 * be closed by another thread nor have sleepers does without them. Each side expects the value that
 * it left there itself, so that the next instruction need not wait until the word can be read again.
 *
 * Progress: a push is wait-free; a pop waits for a producer between claim and publication, for the few
 * instructions of its window. Try-operations only. With AC_GUARDED_BY_LOCK the caller's lock
 * serialises all but ac_spsc_size.
 */
#ifndef AC_SPSC_H
#define AC_SPSC_H

#include "queues/ac_mpmc.h" /* AC_MPMC_SLOT_ALIGN, and the backoff */

#include <errno.h>
#include <stdlib.h>

#define AC_SPSC_MAX_CAPACITY (UINT64_C(1) << 24) /* 512 MiB of slots, reserved at once */

typedef struct ac_spsc_slot {
    _Alignas(AC_MPMC_SLOT_ALIGN)
    ac_atomic_u64 turn; /* written by the producer */
    uintptr_t item;     /* plain: handed over by turn's release and acquire */
} ac_spsc_slot;

typedef struct ac_spsc {
    ac_spsc_slot *slots; /* constant after init */
    uint64_t mask;    /* slots - 1; constant after init */
    struct {          /* written by the producer, but for `tail`'s bit and `owner`'s first value */
        AC_ALIGNED_LINE ac_atomic_u64 tail;
        AC_ALIGNED_LINE uint64_t next;      /* `tail` as the producer left it */
        uint64_t head_seen;                 /* the consumer's position, when last read */
        ac_atomic_ptr owner; /* the producer's mark; by the first thread that pushes */
    } producer;
    struct { /* written by the consumer, with the same exceptions */
        AC_ALIGNED_LINE ac_atomic_u64 head;
        AC_ALIGNED_LINE uint64_t next; /* `head` as the consumer left it */
        ac_atomic_ptr owner;
    } consumer;
} ac_spsc;

AC_UNUSED static bool ac_spsc_init(ac_spsc *q, uint64_t capacity) {
    if (capacity < 1 || capacity > AC_SPSC_MAX_CAPACITY) return false;
    const uint64_t slots = ac_ceil_pow2_u64(capacity);
    const size_t bytes = (size_t)slots * sizeof *q->slots + AC_CACHE_LINE - 1; /* whole lines of our own */
    q->slots = ac_alloc_lines(bytes / AC_CACHE_LINE * AC_CACHE_LINE);
    if (q->slots == NULL) return false;
    for (uint64_t p = 0; p < slots; p++) {
        ac_store_relaxed(&q->slots[p].turn, UINT64_C(0));
        q->slots[p].item = 0;
    }
    q->mask = slots - 1;
    ac_store_relaxed(&q->producer.tail, UINT64_C(0));
    ac_store_relaxed(&q->producer.owner, NULL);
    q->producer.next = q->producer.head_seen = 0;
    ac_store_relaxed(&q->consumer.head, UINT64_C(0));
    ac_store_relaxed(&q->consumer.owner, NULL);
    q->consumer.next = 0;
    return true;
}

AC_UNUSED static void ac_spsc_destroy(ac_spsc *q) {
    ac_free_lines(q->slots);
    q->slots = NULL;
}

AC_INLINE uint64_t ac_spsc_capacity(const ac_spsc *q) { return q->mask + 1; }

AC_INLINE uint64_t ac_spsc_size(ac_spsc *q) {
    const uint64_t head = ac_load_acquire(&q->consumer.head) >> 1; /* first: tail only grows past it */
    return (ac_load_relaxed(&q->producer.tail) >> 1) - head;
}

AC_INLINE uint64_t ac_spsc_pushed(ac_spsc *q) { return ac_load_relaxed(&q->producer.tail) >> 1; }

AC_INLINE bool ac_spsc_is_closed(ac_spsc *q) {
    return (ac_load_relaxed(&q->producer.tail) & 1) != 0;
}

/* Whether this side is the calling thread's, or becomes it now. */
AC_INLINE bool ac_spsc_own_(ac_atomic_ptr *owner) {
    void *const me = &errno;
    void *seen = ac_load_relaxed(owner);
    if (AC_LIKELY(seen == me)) return true;
    return seen == NULL && ac_cas_acq_rel(owner, &seen, me);
}

/* Pushes items[0 .. *done-1], as many as fit below `limit`, which is at most the capacity. AC_OK with
 * *done >= 1, else AC_FULL, AC_CLOSED or AC_MISUSE with *done == 0. */
AC_INLINE ac_status ac_spsc_try_push_many(ac_spsc *q, const uintptr_t *items, uint64_t count,
                                          uint64_t limit, uint64_t *done) {
    *done = 0;
    if (AC_UNLIKELY(!ac_spsc_own_(&q->producer.owner))) return AC_MISUSE;
    uint64_t tail = q->producer.next;
    const uint64_t position = tail >> 1;
    if (AC_UNLIKELY(position - q->producer.head_seen + count > limit))
        /* acquire: the consumer has read the slots before we write them again; pairs with (2) */
        q->producer.head_seen = ac_gload_acquire(&q->consumer.head) >> 1;
    const uint64_t size = position - q->producer.head_seen;
    if (AC_UNLIKELY(size >= limit)) return ac_spsc_is_closed(q) ? AC_CLOSED : AC_FULL;
    const uint64_t n = count < limit - size ? count : limit - size;
    /* fails only for a close */
    if (AC_UNLIKELY(!ac_gcas_seq_cst(&q->producer.tail, &tail, tail + 2 * n))) return AC_CLOSED;
    q->producer.next = tail + 2 * n;
    for (uint64_t i = 0; i < n; i++) {
        ac_spsc_slot *const slot = &q->slots[(position + i) & q->mask];
        slot->item = items[i];
        ac_gstore_release(&slot->turn, position + i + 1); /* (1) */
    }
    *done = n;
    return AC_OK;
}

AC_INLINE bool ac_spsc_is_there_(ac_spsc *q, uint64_t position) {
    /* acquire: pairs with (1) */
    return ac_gload_acquire(&q->slots[position & q->mask].turn) == position + 1;
}

/* The item of a position below the tail; its producer may stand between claim and publication. */
AC_INLINE uintptr_t ac_spsc_read_(ac_spsc *q, uint64_t position) {
    if (AC_UNLIKELY(!ac_spsc_is_there_(q, position))) {
        ac_backoff backoff = {0};
        while (!ac_spsc_is_there_(q, position)) ac_backoff_snooze(&backoff);
    }
    return q->slots[position & q->mask].item;
}

/* Pops up to `count`. AC_OK with *done >= 1, else AC_EMPTY, AC_CLOSED (empty, and nothing will ever
 * come) or AC_MISUSE. */
AC_INLINE ac_status ac_spsc_try_pop_many(ac_spsc *q, uintptr_t *items, uint64_t count,
                                         uint64_t *done) {
    *done = 0;
    if (AC_UNLIKELY(!ac_spsc_own_(&q->consumer.owner))) return AC_MISUSE;
    uint64_t head = q->consumer.next;
    const uint64_t position = head >> 1;
    uint64_t n = 1;
    if (count > 1 || !ac_spsc_is_there_(q, position)) {
        const uint64_t tail = ac_gload_acquire(&q->producer.tail);
        const uint64_t size = (tail >> 1) - position;
        if (size == 0) return (tail & 1) ? AC_CLOSED : AC_EMPTY;
        n = count < size ? count : size;
    }
    for (uint64_t i = 0; i < n; i++) items[i] = ac_spsc_read_(q, position + i);
    /* (2) gives the slots back; fails only for an end, and then they are not ours */
    if (AC_UNLIKELY(!ac_gcas_seq_cst(&q->consumer.head, &head, head + 2 * n))) return AC_CLOSED;
    q->consumer.next = head + 2 * n;
    *done = n;
    return AC_OK;
}

AC_INLINE ac_status ac_spsc_try_push(ac_spsc *q, uintptr_t item, uint64_t limit) {
    uint64_t done;
    return ac_spsc_try_push_many(q, &item, 1, limit, &done);
}

AC_INLINE ac_status ac_spsc_try_pop(ac_spsc *q, uintptr_t *item) {
    uint64_t done;
    return ac_spsc_try_pop_many(q, item, 1, &done);
}

/* No push succeeds after it; pops go on until the ring is empty. Any thread may call. */
AC_INLINE void ac_spsc_close(ac_spsc *q) {
    ac_gfetch_or_u64_seq_cst(&q->producer.tail, UINT64_C(1));
}

/* Takes out all that is inside, at one instant, on any thread: after it both sides get AC_CLOSED.
 * The first caller gets the items in an array to free (*count of them); every later one gets none.
 * NULL with *count > 0: no memory, and the ring is closed but not ended. */
AC_UNUSED static uintptr_t *ac_spsc_take_all(ac_spsc *q, uint64_t *count) {
    ac_spsc_close(q);
    const uint64_t tail = ac_gload_acquire(&q->producer.tail) >> 1; /* stands still from now on */
    uint64_t head = ac_gload_acquire(&q->consumer.head);
    *count = 0;
    if (head & 1) return NULL;
    /* as much as could be there: the consumer may take some of it meanwhile */
    *count = tail - (head >> 1);
    uintptr_t *const items = malloc((size_t)(*count + 1) * sizeof *items);
    if (items == NULL) {
        *count += 1;
        return NULL;
    }
    do {
        if (head & 1) { /* another caller was first */
            *count = 0;
            return items;
        }
    } while (!ac_gcas_seq_cst(&q->consumer.head, &head, tail << 1 | 1));
    *count = tail - (head >> 1);
    for (uint64_t i = 0; i < *count; i++) items[i] = ac_spsc_read_(q, (head >> 1) + i);
    return items;
}

/* See ac_mpmc_visit: only while no thread is inside any operation. */
AC_UNUSED static int ac_spsc_visit(ac_spsc *q, int (*visit)(uintptr_t item, void *arg), void *arg) {
    const uint64_t tail = ac_load_relaxed(&q->producer.tail) >> 1;
    for (uint64_t p = ac_load_relaxed(&q->consumer.head) >> 1; p != tail; p++) {
        const int rc = visit(q->slots[p & q->mask].item, arg);
        if (rc != 0) return rc;
    }
    return 0;
}

#endif
