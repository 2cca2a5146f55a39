/* queue_stress.h - producers and consumers against one queue: every item arrives once, and each
 * consumer sees the items of one producer in order. Shared by the tests of all pointer queues.
 *
 * On a machine that has other work each yield to the other side costs a slice of the scheduler's: so
 * producers end when their items are put or their time is over, and the rest is not waited for.
 *
 * item = { producer:24, sequence:40 }, sequence from 1 (so that no item is 0)
 */
#ifndef AC_QUEUE_STRESS_H
#define AC_QUEUE_STRESS_H

#include "check.h"

#include <sched.h>

#ifndef STRESS_MOST_NS
#define STRESS_MOST_NS ((int64_t)check_scale(AC_NS_PER_S))
#endif

typedef struct stress_queue {
    void *q;
    ac_status (*push)(void *q, uintptr_t item);
    ac_status (*pop)(void *q, uintptr_t *item);
} stress_queue;

typedef struct stress_side {
    const stress_queue *queue;
    int number, producers;
    uint64_t count;              /* a producer's items; a consumer's are counted in `received` */
    int64_t end_ns;              /* a producer stops here, and takes what it has not put off `expected` */
    ac_atomic_u64 *received;     /* by all consumers together */
    ac_atomic_u64 *expected;     /* how many that will be */
    uint64_t *last;              /* of a consumer: last sequence seen, one a producer */
    uint64_t sum, random;
    ac_atomic_u32 *order_broken; /* set by a consumer that sees items out of order */
} stress_side;

/* Now and then a thread stops in the middle, so that others meet half-done work. */
AC_UNUSED static void stress_perturb(stress_side *side) {
    if (check_random(&side->random) % 1024 == 0) sched_yield();
}

AC_UNUSED static void *stress_produce(void *arg) {
    stress_side *const side = arg;
    for (uint64_t i = 1; i <= side->count; i++) {
        const uintptr_t item = (uintptr_t)side->number << 40 | i;
        while (side->queue->push(side->queue->q, item) != AC_OK) sched_yield();
        side->sum += item;
        stress_perturb(side);
        if (i % 64 == 0 && ac_now_ns() > side->end_ns) {
            ac_fetch_add_relaxed(side->expected, i - side->count);
            break;
        }
    }
    return NULL;
}

AC_UNUSED static void *stress_consume(void *arg) {
    stress_side *const side = arg;
    while (ac_load_relaxed(side->received) < ac_load_relaxed(side->expected)) {
        uintptr_t item;
        if (side->queue->pop(side->queue->q, &item) != AC_OK) {
            sched_yield();
            continue;
        }
        ac_fetch_add_relaxed(side->received, UINT64_C(1));
        const uint64_t producer = item >> 40, sequence = item & ((UINT64_C(1) << 40) - 1);
        if (producer >= (uint64_t)side->producers || sequence <= side->last[producer])
            ac_store_relaxed(side->order_broken, 1u);
        else
            side->last[producer] = sequence;
        side->sum += item;
        stress_perturb(side);
    }
    return NULL;
}

AC_UNUSED static void *stress_run(void *arg) {
    stress_side *const side = arg;
    return side->last == NULL ? stress_produce(side) : stress_consume(side);
}

/* Returns true if nothing was lost, doubled or reordered. */
AC_UNUSED static bool stress_ok(const stress_queue *queue, int producers, int consumers,
                                uint64_t count, uint64_t seed) {
    stress_side sides[16];
    ac_atomic_u64 received, expected;
    ac_atomic_u32 order_broken;
    const int total = producers + consumers;
    CHECK(total <= 16);
    memset(sides, 0, sizeof sides);
    ac_store_relaxed(&received, UINT64_C(0));
    ac_store_relaxed(&expected, count * (uint64_t)producers);
    ac_store_relaxed(&order_broken, 0u);
    for (int i = 0; i < total; i++) {
        stress_side *const side = &sides[i];
        side->queue = queue;
        side->producers = producers;
        side->received = &received;
        side->expected = &expected;
        side->end_ns = ac_now_ns() + STRESS_MOST_NS;
        side->random = seed + (uint64_t)i;
        side->order_broken = &order_broken;
        side->number = i;
        side->count = count;
        if (i >= producers) {
            side->last = calloc((size_t)producers, sizeof *side->last);
            CHECK(side->last != NULL);
        }
    }
    check_threads(total, stress_run, sides, sizeof sides[0]);
    uint64_t put = 0, got = 0;
    for (int i = 0; i < total; i++) {
        if (i < producers) put += sides[i].sum;
        else got += sides[i].sum;
        free(sides[i].last);
    }
    uintptr_t left;
    const bool empty = queue->pop(queue->q, &left) != AC_OK;
    return put == got && empty && ac_load_relaxed(&order_broken) == 0 &&
           ac_load_relaxed(&received) == ac_load_relaxed(&expected);
}

#endif
