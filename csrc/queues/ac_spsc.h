/* ac_spsc.h - a bounded first-in first-out ring for one producer and one consumer.
 *
 * Lamport's ring with a cached copy of the other side's index, so that in steady flow each side
 * touches the other's line once per lap and not once per item (as Lee et al., MCRingBuffer 2010, and
 * rigtorp/SPSCQueue do). Capacity is exactly what was asked for: the indices count and do not wrap.
 *
 * Which thread is the producer may change, if the change itself is ordered (a lock, a join). Two
 * producers at the same time would lose items, so that each side is guarded by a flag: the second
 * one gets AC_MISUSE and nothing has happened. The flag lies on the line that its side owns: a few
 * nanoseconds.
 *
 * Progress: wait-free. Zero waiting: try-operations only.
 */
#ifndef AC_SPSC_H
#define AC_SPSC_H

#include "base/ac_guarded.h"

#include <stdlib.h>

typedef struct ac_spsc {
    uintptr_t *slots; /* constant after init */
    uint64_t mask;    /* slots - 1; constant after init */
    uint64_t limit;   /* the capacity asked for, at most mask + 1; constant after init */
    struct {          /* written by the producer */
        AC_ALIGNED_LINE ac_atomic_u64 tail; /* next position to push */
        uint64_t head_seen;                 /* the consumer's head, when last read */
        ac_atomic_u32 busy;                 /* 1 while a push is under way */
    } producer;
    struct { /* written by the consumer */
        AC_ALIGNED_LINE ac_atomic_u64 head; /* next position to pop */
        uint64_t tail_seen;                 /* the producer's tail, when last read */
        ac_atomic_u32 busy;                 /* 1 while a pop is under way */
    } consumer;
} ac_spsc;

AC_UNUSED static bool ac_spsc_init(ac_spsc *q, uint64_t capacity) {
    if (capacity < 1 || capacity > UINT64_C(1) << 32) return false;
    const uint64_t slots = ac_ceil_pow2_u64(capacity);
    q->slots = calloc((size_t)slots, sizeof *q->slots);
    if (q->slots == NULL) return false;
    q->mask = slots - 1;
    q->limit = capacity;
    ac_store_relaxed(&q->producer.tail, UINT64_C(0));
    ac_store_relaxed(&q->producer.busy, 0u);
    q->producer.head_seen = 0;
    ac_store_relaxed(&q->consumer.head, UINT64_C(0));
    ac_store_relaxed(&q->consumer.busy, 0u);
    q->consumer.tail_seen = 0;
    return true;
}

AC_UNUSED static void ac_spsc_destroy(ac_spsc *q) {
    free(q->slots);
    q->slots = NULL;
}

AC_INLINE uint64_t ac_spsc_size(ac_spsc *q) {
    const uint64_t head = ac_load_acquire(&q->consumer.head); /* first: tail only grows past it */
    return ac_load_relaxed(&q->producer.tail) - head;
}

/* AC_OK, AC_FULL, or AC_MISUSE: another thread is pushing at this moment. */
AC_INLINE ac_status ac_spsc_try_push(ac_spsc *q, uintptr_t item) {
    /* acquire: the fields of the last producer are ours now; pairs with the release below */
    if (AC_UNLIKELY(ac_exchange_acquire(&q->producer.busy, 1u) != 0)) return AC_MISUSE;
    ac_status status = AC_OK;
    const uint64_t tail = ac_load_relaxed(&q->producer.tail);
    if (AC_UNLIKELY(tail - q->producer.head_seen >= q->limit))
        /* acquire: the consumer has read the slot before we write it again; pairs with (2) */
        q->producer.head_seen = ac_load_acquire(&q->consumer.head);
    if (AC_UNLIKELY(tail - q->producer.head_seen >= q->limit)) {
        status = AC_FULL;
    } else {
        q->slots[tail & q->mask] = item;
        ac_store_release(&q->producer.tail, tail + 1); /* (1) hands the slot to the consumer */
    }
    ac_store_release(&q->producer.busy, 0u);
    return status;
}

/* AC_OK, AC_EMPTY, or AC_MISUSE: another thread is popping at this moment. */
AC_INLINE ac_status ac_spsc_try_pop(ac_spsc *q, uintptr_t *item) {
    if (AC_UNLIKELY(ac_exchange_acquire(&q->consumer.busy, 1u) != 0)) return AC_MISUSE;
    ac_status status = AC_OK;
    const uint64_t head = ac_load_relaxed(&q->consumer.head);
    if (AC_UNLIKELY(head == q->consumer.tail_seen))
        q->consumer.tail_seen = ac_load_acquire(&q->producer.tail); /* pairs with (1) */
    if (AC_UNLIKELY(head == q->consumer.tail_seen)) {
        status = AC_EMPTY;
    } else {
        *item = q->slots[head & q->mask];
        ac_store_release(&q->consumer.head, head + 1); /* (2) gives the slot back */
    }
    ac_store_release(&q->consumer.busy, 0u);
    return status;
}

#endif
