/* The single-producer single-consumer ring: its edges, its guards, and two threads. */
#include "queues/ac_spsc.h"

#include "queue_stress.h"

static void test_the_capacity_is_exactly_what_was_asked_for(void) {
    for (uint64_t capacity = 1; capacity <= 9; capacity++) {
        ac_spsc q;
        CHECK(ac_spsc_init(&q, capacity));
        uintptr_t in = 1, out = 1, item;
        for (int lap = 0; lap < 5; lap++) {
            while (ac_spsc_try_push(&q, in) == AC_OK) in++;
            CHECK(ac_spsc_size(&q) == capacity);
            while (ac_spsc_try_pop(&q, &item) == AC_OK) CHECK(item == out++);
            CHECK(ac_spsc_size(&q) == 0 && in == out);
        }
        ac_spsc_destroy(&q);
    }
}

static void test_a_second_party_on_one_side_is_refused(void) {
    ac_spsc q;
    uintptr_t item = 0;
    CHECK(ac_spsc_init(&q, 2));
    ac_store_relaxed(&q.producer.busy, 1u); /* as if another thread stood inside a push */
    CHECK(ac_spsc_try_push(&q, 1) == AC_MISUSE);
    ac_store_relaxed(&q.producer.busy, 0u);
    CHECK(ac_spsc_try_push(&q, 1) == AC_OK);
    ac_store_relaxed(&q.consumer.busy, 1u);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_MISUSE && item == 0);
    ac_store_relaxed(&q.consumer.busy, 0u);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_OK && item == 1);
    ac_spsc_destroy(&q);
}

static void test_impossible_capacities_are_refused(void) {
    ac_spsc q;
    CHECK(!ac_spsc_init(&q, 0));
    CHECK(!ac_spsc_init(&q, (UINT64_C(1) << 32) + 1));
}

static ac_status push(void *q, uintptr_t item) { return ac_spsc_try_push(q, item); }
static ac_status pop(void *q, uintptr_t *item) { return ac_spsc_try_pop(q, item); }

static void test_two_threads_pass_everything_in_order(void) {
    const uint64_t seed = check_seed();
    for (uint64_t capacity = 1; capacity <= 1024; capacity *= 32) {
        ac_spsc q;
        CHECK(ac_spsc_init(&q, capacity));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 1, 1, check_scale(200000), seed));
        ac_spsc_destroy(&q);
    }
}

int main(void) {
    RUN(test_the_capacity_is_exactly_what_was_asked_for);
    RUN(test_a_second_party_on_one_side_is_refused);
    RUN(test_impossible_capacities_are_refused);
    RUN(test_two_threads_pass_everything_in_order);
    return 0;
}
