/* The unbounded queue: block edges by hand, memory given back, then producers and consumers. */
#include "queues/ac_segments.h"

#include "queue_stress.h"

static void test_first_in_first_out_across_blocks(void) {
    ac_segments q;
    uintptr_t item;
    CHECK(ac_seg_init(&q));
    uintptr_t in = 1, out = 1;
    for (int burst = 1; burst < 200; burst++) {
        for (int i = 0; i < burst; i++) CHECK(ac_seg_try_push(&q, in++, AC_SEG_NO_LIMIT) == AC_OK);
        CHECK(ac_seg_size(&q) == in - out);
        for (int i = 0; i < burst - 1; i++)
            CHECK(ac_seg_try_pop(&q, &item) == AC_OK && item == out++);
    }
    CHECK(ac_seg_pushed(&q) == in - 1);
    while (ac_seg_try_pop(&q, &item) == AC_OK) CHECK(item == out++);
    CHECK(in == out && ac_seg_size(&q) == 0);
    ac_seg_destroy(&q);
}

static void test_a_drained_queue_holds_one_block_and_one_spare(void) {
    ac_segments q;
    uintptr_t item;
    CHECK(ac_seg_init(&q));
    for (uintptr_t i = 0; i < 100000; i++) CHECK(ac_seg_try_push(&q, i, AC_SEG_NO_LIMIT) == AC_OK);
    while (ac_seg_try_pop(&q, &item) == AC_OK) {
    }
    ac_seg_block *const head = ac_load_relaxed(&q.head_block);
    CHECK(head == ac_load_relaxed(&q.tail_block));
    CHECK(ac_load_relaxed(&head->next) == NULL);
    CHECK(ac_load_relaxed(&q.spare) != NULL);
    ac_seg_destroy(&q);
}

static void test_a_limit_is_exact_at_every_fill(void) {
    ac_segments q;
    uintptr_t item;
    CHECK(ac_seg_init(&q));
    for (uint64_t limit = 1; limit < 100; limit++) {
        while (ac_seg_try_push(&q, 1, limit) == AC_OK) {
        }
        CHECK(ac_seg_size(&q) == limit);
        CHECK(ac_seg_try_push(&q, 1, limit) == AC_FULL);
        CHECK(ac_seg_try_pop(&q, &item) == AC_OK);
        CHECK(ac_seg_try_push(&q, 1, limit) == AC_OK);
    }
    ac_seg_destroy(&q);
}

static void test_close_refuses_pushes_and_lets_pops_drain(void) {
    for (int fill = 0; fill < 70; fill++) {
        ac_segments q;
        uintptr_t item;
        CHECK(ac_seg_init(&q));
        for (int i = 0; i < fill; i++) CHECK(ac_seg_try_push(&q, 1, AC_SEG_NO_LIMIT) == AC_OK);
        ac_seg_close(&q);
        CHECK(ac_seg_is_closed(&q));
        CHECK(ac_seg_try_push(&q, 1, AC_SEG_NO_LIMIT) == AC_CLOSED);
        for (int i = 0; i < fill; i++) CHECK(ac_seg_try_pop(&q, &item) == AC_OK);
        CHECK(ac_seg_try_pop(&q, &item) == AC_CLOSED);
        ac_seg_destroy(&q);
    }
}

static void test_batches_of_every_size_keep_the_order(void) {
    uintptr_t in[100], out[100];
    uint64_t done;
    for (uint64_t size = 1; size <= 100; size++) {
        ac_segments q;
        CHECK(ac_seg_init(&q));
        uintptr_t next = 1, expected = 1;
        for (int round = 0; round < 20; round++) {
            for (uint64_t i = 0; i < size; i++) in[i] = next++;
            CHECK(ac_seg_try_push_many(&q, in, size, AC_SEG_NO_LIMIT, &done) == AC_OK);
            CHECK(done == size);
            CHECK(ac_seg_try_pop_many(&q, out, 1 + size / 2, &done) == AC_OK);
            for (uint64_t i = 0; i < done; i++) CHECK(out[i] == expected++);
        }
        while (ac_seg_try_pop_many(&q, out, 100, &done) == AC_OK)
            for (uint64_t i = 0; i < done; i++) CHECK(out[i] == expected++);
        CHECK(expected == next);
        ac_seg_destroy(&q);
    }
}

static int count(uintptr_t item, void *arg) {
    (void)item;
    ++*(uint64_t *)arg;
    return 0;
}

static void test_visit_sees_every_item_across_blocks(void) {
    ac_segments q;
    uintptr_t item;
    CHECK(ac_seg_init(&q));
    for (uint64_t i = 0; i < 100; i++) {
        CHECK(ac_seg_try_push(&q, i, AC_SEG_NO_LIMIT) == AC_OK);
        CHECK(ac_seg_try_push(&q, i, AC_SEG_NO_LIMIT) == AC_OK);
        CHECK(ac_seg_try_pop(&q, &item) == AC_OK);
        uint64_t seen = 0;
        CHECK(ac_seg_visit(&q, count, &seen) == 0 && seen == i + 1);
    }
    ac_seg_destroy(&q);
}

static ac_status push(void *q, uintptr_t item) { return ac_seg_try_push(q, item, AC_SEG_NO_LIMIT); }
static ac_status push_bounded(void *q, uintptr_t item) { return ac_seg_try_push(q, item, 40); }
static ac_status pop(void *q, uintptr_t *item) { return ac_seg_try_pop(q, item); }

static void test_nothing_is_lost_doubled_or_reordered(void) {
    const uint64_t seed = check_seed();
    ac_segments q;
    CHECK(ac_seg_init(&q));
    const stress_queue queue = {&q, push, pop};
    const stress_queue bounded = {&q, push_bounded, pop};
    CHECK(stress_ok(&queue, 3, 3, check_scale(50000), seed));
    CHECK(stress_ok(&queue, 1, 4, check_scale(50000), seed));
    CHECK(stress_ok(&queue, 4, 1, check_scale(50000), seed));
    CHECK(stress_ok(&bounded, 3, 3, check_scale(50000), seed));
    ac_seg_destroy(&q);
}

/* Batches of several consumers in one block: who frees it is decided slot by slot. */
static void *pop_batches(void *arg) {
    stress_side *const side = arg;
    if (side->last == NULL) return stress_produce(side);
    uintptr_t items[7];
    uint64_t done;
    while (ac_load_relaxed(side->received) < ac_load_relaxed(side->expected)) {
        if (ac_seg_try_pop_many(side->queue->q, items, 7, &done) != AC_OK) {
            sched_yield();
            continue;
        }
        ac_fetch_add_relaxed(side->received, done);
        for (uint64_t i = 0; i < done; i++) side->sum += items[i];
    }
    return NULL;
}

static void test_batches_of_many_consumers_lose_nothing(void) {
    ac_segments q;
    CHECK(ac_seg_init(&q));
    const stress_queue queue = {&q, push, pop};
    ac_atomic_u64 received = 0, expected = 3 * check_scale(60000);
    uint64_t marker = 0;
    stress_side sides[6];
    memset(sides, 0, sizeof sides);
    for (int i = 0; i < 6; i++) {
        sides[i].queue = &queue;
        sides[i].number = i;
        sides[i].count = check_scale(60000);
        sides[i].received = &received;
        sides[i].expected = &expected;
        sides[i].end_ns = ac_now_ns() + STRESS_MOST_NS;
        sides[i].random = (uint64_t)i;
        sides[i].last = i < 3 ? NULL : &marker;
    }
    check_threads(6, pop_batches, sides, sizeof sides[0]);
    CHECK(sides[0].sum + sides[1].sum + sides[2].sum == sides[3].sum + sides[4].sum + sides[5].sum);
    ac_seg_destroy(&q);
}

int main(void) {
    RUN(test_first_in_first_out_across_blocks);
    RUN(test_a_drained_queue_holds_one_block_and_one_spare);
    RUN(test_a_limit_is_exact_at_every_fill);
    RUN(test_close_refuses_pushes_and_lets_pops_drain);
    RUN(test_batches_of_every_size_keep_the_order);
    RUN(test_visit_sees_every_item_across_blocks);
    RUN(test_nothing_is_lost_doubled_or_reordered);
    RUN(test_batches_of_many_consumers_lose_nothing);
    return 0;
}
