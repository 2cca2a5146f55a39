/* The queue that moves from a ring to segments when its bound grows: order and bounds survive. */
#include "queues/ac_store.h"

#include "queue_stress.h"

static void test_the_bound_decides_where_it_begins(void) {
    ac_store q;
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 4) && ac_load_relaxed(&q.mode) == AC_STORE_RING);
    ac_store_destroy(&q);
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 0) && ac_load_relaxed(&q.mode) == AC_STORE_SEGMENTS);
    ac_store_destroy(&q);
    CHECK(ac_store_init(&q, AC_STORE_FIFO, AC_STORE_MAX_RING + 1) && ac_load_relaxed(&q.mode) == AC_STORE_SEGMENTS);
    ac_store_destroy(&q);
}

static void fill(ac_store *q, uintptr_t *next) {
    while (ac_store_try_push(q, *next) == AC_OK) ++*next;
}

static void test_growing_the_bound_keeps_order_and_exactness(void) {
    for (uint64_t start = 1; start < 6; start++) {
        ac_store q;
        uintptr_t next = 1, expected = 1, item;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, start));
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start);
        ac_store_set_limit(&q, start + 10);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start + 10 && ac_store_pushed(&q) == start + 10);
        for (int i = 0; i < 3; i++) CHECK(ac_store_try_pop(&q, &item) == AC_OK && item == expected++);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == start + 10);
        ac_store_set_limit(&q, 2); /* below what is inside: it stays, nothing goes in */
        CHECK(ac_store_try_push(&q, 0) == AC_FULL);
        while (ac_store_try_pop(&q, &item) == AC_OK) CHECK(item == expected++);
        CHECK(expected == next);
        fill(&q, &next);
        CHECK(ac_store_size(&q) == 2);
        ac_store_destroy(&q);
    }
}

static void test_a_closed_queue_stays_closed_through_a_move(void) {
    for (int order = 0; order < 2; order++) {
        ac_store q;
        uintptr_t item;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, 2));
        CHECK(ac_store_try_push(&q, 1) == AC_OK);
        if (order == 0) ac_store_close(&q);
        ac_store_set_limit(&q, 100);
        if (order == 1) ac_store_close(&q);
        CHECK(ac_store_is_closed(&q));
        CHECK(ac_store_try_push(&q, 2) == AC_CLOSED);
        CHECK(ac_store_try_pop(&q, &item) == AC_OK && item == 1);
        CHECK(ac_store_try_pop(&q, &item) == AC_CLOSED);
        ac_store_destroy(&q);
    }
}

static void test_batches_cross_the_move(void) {
    ac_store q;
    uintptr_t in[20], out[20];
    uint64_t done;
    for (uintptr_t i = 0; i < 20; i++) in[i] = i;
    CHECK(ac_store_init(&q, AC_STORE_FIFO, 4));
    CHECK(ac_store_try_push_many(&q, in, 20, &done) == AC_OK && done == 4);
    ac_store_set_limit(&q, 0);
    CHECK(ac_store_try_push_many(&q, in + 4, 16, &done) == AC_OK && done == 16);
    uint64_t at = 0;
    while (ac_store_try_pop_many(&q, out, 20, &done) == AC_OK)
        for (uint64_t i = 0; i < done; i++) CHECK(out[i] == at++);
    CHECK(at == 20);
    ac_store_destroy(&q);
}

static ac_status push(void *q, uintptr_t item) { return ac_store_try_push(q, item); }
static ac_status pop(void *q, uintptr_t *item) {
    /* now and then, in the middle of the traffic, the bound grows beyond the ring */
    static _Thread_local uint64_t calls;
    if (++calls == 5000) ac_store_set_limit(q, 1000);
    if (calls == 9000) ac_store_set_limit(q, 3);
    return ac_store_try_pop(q, item);
}

static void test_a_move_under_load_loses_nothing(void) {
    const uint64_t seed = check_seed();
    for (int round = 0; round < 5; round++) {
        ac_store q;
        CHECK(ac_store_init(&q, AC_STORE_FIFO, 8));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 3, 3, check_scale(20000), seed + (uint64_t)round));
        ac_store_destroy(&q);
    }
}

int main(void) {
    RUN(test_the_bound_decides_where_it_begins);
    RUN(test_growing_the_bound_keeps_order_and_exactness);
    RUN(test_a_closed_queue_stays_closed_through_a_move);
    RUN(test_batches_cross_the_move);
    RUN(test_a_move_under_load_loses_nothing);
    return 0;
}
