/* The sharded queue: each producer's order, nobody starved, nothing lost, and its end. */
#include "queues/ac_sharded.h"

#include "queue_stress.h"

static void test_one_thread_sees_first_in_first_out(void) {
    for (uint64_t shards = 1; shards <= 8; shards++) {
        ac_sharded q;
        uintptr_t item;
        CHECK(ac_sharded_init(&q, shards));
        for (uintptr_t i = 1; i <= 500; i++) CHECK(ac_sharded_try_push(&q, i) == AC_OK);
        CHECK(ac_sharded_size(&q) == 500 && ac_sharded_pushed(&q) == 500);
        for (uintptr_t i = 1; i <= 500; i++) CHECK(ac_sharded_try_pop(&q, &item) == AC_OK && item == i);
        CHECK(ac_sharded_try_pop(&q, &item) == AC_EMPTY);
        ac_sharded_destroy(&q);
    }
}

static void test_impossible_numbers_of_shards_are_refused(void) {
    ac_sharded q;
    CHECK(!ac_sharded_init(&q, 0));
    CHECK(!ac_sharded_init(&q, AC_SHARDED_MAX_SHARDS + 1));
}

typedef struct pusher {
    ac_sharded *q;
    uintptr_t number;
} pusher;

static void *push_hundred(void *arg) {
    pusher *const p = arg;
    for (uintptr_t i = 0; i < 100; i++) CHECK(ac_sharded_try_push(p->q, p->number << 32 | i) == AC_OK);
    return NULL;
}

static void test_a_shard_that_is_always_full_does_not_starve_the_others(void) {
    ac_sharded q;
    CHECK(ac_sharded_init(&q, 4));
    pusher pushers[4];
    for (uintptr_t i = 0; i < 4; i++) pushers[i] = (pusher){&q, i};
    check_threads(4, push_hundred, pushers, sizeof pushers[0]);
    /* One item comes back for each that leaves, into our own shard: the others still drain. */
    uint64_t seen[4] = {0, 0, 0, 0}, left = 400;
    for (uint64_t pops = 0; left > 0; pops++) {
        uintptr_t item;
        CHECK(pops < 100000 && ac_sharded_try_pop(&q, &item) == AC_OK);
        if (item != UINTPTR_MAX) {
            CHECK((item & 0xFFFFFFFF) == seen[item >> 32]++);
            left--;
        }
        CHECK(ac_sharded_try_push(&q, UINTPTR_MAX) == AC_OK);
    }
    ac_sharded_destroy(&q);
}

static void test_the_close_is_final(void) {
    ac_sharded q;
    uintptr_t item;
    CHECK(ac_sharded_init(&q, 4));
    CHECK(ac_sharded_try_push(&q, 1) == AC_OK && !ac_sharded_is_closed(&q));
    ac_sharded_close(&q);
    CHECK(ac_sharded_is_closed(&q) && ac_sharded_try_push(&q, 2) == AC_CLOSED);
    CHECK(ac_sharded_try_pop(&q, &item) == AC_OK && item == 1);
    CHECK(ac_sharded_try_pop(&q, &item) == AC_CLOSED);
    ac_sharded_destroy(&q);
}

static ac_status push(void *q, uintptr_t item) { return ac_sharded_try_push(q, item); }
static ac_status pop(void *q, uintptr_t *item) { return ac_sharded_try_pop(q, item); }

static void test_many_threads_keep_each_producers_order(void) {
    const uint64_t seed = check_seed();
    for (uint64_t shards = 1; shards <= 16; shards *= 4) { /* fewer and more than producers */
        ac_sharded q;
        CHECK(ac_sharded_init(&q, shards));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 4, 3, check_scale(40000), seed));
        ac_sharded_destroy(&q);
    }
}

int main(void) {
    RUN(test_one_thread_sees_first_in_first_out);
    RUN(test_impossible_numbers_of_shards_are_refused);
    RUN(test_a_shard_that_is_always_full_does_not_starve_the_others);
    RUN(test_the_close_is_final);
    RUN(test_many_threads_keep_each_producers_order);
    return 0;
}
