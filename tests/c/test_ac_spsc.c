/* The single-producer single-consumer ring: its edges, its guards, its ends, and two threads. */
#include "queues/ac_spsc.h"

#include "queue_stress.h"

static void test_the_limit_is_exact_and_may_change(void) {
    for (uint64_t capacity = 1; capacity <= 9; capacity++) {
        ac_spsc q;
        CHECK(ac_spsc_init(&q, capacity));
        uintptr_t in = 1, out = 1, item = 0;
        for (uint64_t limit = capacity; limit >= 1; limit--) {
            for (int lap = 0; lap < 5; lap++) {
                while (ac_spsc_try_push(&q, in, limit) == AC_OK) in++;
                CHECK(ac_spsc_size(&q) == limit);
                while (ac_spsc_try_pop(&q, &item) == AC_OK) CHECK(item == out++);
                CHECK(ac_spsc_size(&q) == 0 && in == out && ac_spsc_pushed(&q) == in - 1);
            }
        }
        ac_spsc_destroy(&q);
    }
}

static void *intrude(void *arg) {
    ac_spsc *const q = arg;
    uintptr_t item = 77;
    uint64_t done;
    CHECK(ac_spsc_try_push(q, 99, 4) == AC_MISUSE);
    CHECK(ac_spsc_try_pop(q, &item) == AC_MISUSE && item == 77);
    CHECK(ac_spsc_try_push_many(q, &item, 1, 4, &done) == AC_MISUSE && done == 0);
    CHECK(ac_spsc_try_pop_many(q, &item, 1, &done) == AC_MISUSE && done == 0);
    return NULL;
}

static void test_another_thread_on_one_side_is_refused(void) {
    ac_spsc q;
    uintptr_t item = 0;
    CHECK(ac_spsc_init(&q, 4));
    CHECK(ac_spsc_try_push(&q, 1, 4) == AC_OK && ac_spsc_try_push(&q, 2, 4) == AC_OK);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_OK && item == 1);
    check_threads(1, intrude, &q, sizeof q);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_OK && item == 2);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_EMPTY);
    ac_spsc_destroy(&q);
}

static void test_batches_take_what_fits_and_what_is_there(void) {
    ac_spsc q;
    uintptr_t in[8], out[8];
    uint64_t done;
    for (uintptr_t i = 0; i < 8; i++) in[i] = i + 1;
    CHECK(ac_spsc_init(&q, 5));
    CHECK(ac_spsc_try_pop_many(&q, out, 8, &done) == AC_EMPTY && done == 0);
    CHECK(ac_spsc_try_push_many(&q, in, 8, 5, &done) == AC_OK && done == 5);
    CHECK(ac_spsc_try_push_many(&q, in, 8, 5, &done) == AC_FULL && done == 0);
    CHECK(ac_spsc_try_pop_many(&q, out, 2, &done) == AC_OK && done == 2 && out[1] == 2);
    CHECK(ac_spsc_try_push_many(&q, in + 5, 3, 5, &done) == AC_OK && done == 2);
    CHECK(ac_spsc_try_pop_many(&q, out, 8, &done) == AC_OK && done == 5);
    for (uintptr_t i = 0; i < 5; i++) CHECK(out[i] == i + 3);
    ac_spsc_destroy(&q);
}

static void test_nothing_goes_in_after_the_close_and_everything_comes_out(void) {
    ac_spsc q;
    uintptr_t item = 0;
    CHECK(ac_spsc_init(&q, 4));
    CHECK(ac_spsc_try_push(&q, 1, 4) == AC_OK);
    ac_spsc_close(&q);
    CHECK(ac_spsc_is_closed(&q) && ac_spsc_try_push(&q, 2, 4) == AC_CLOSED);
    CHECK(ac_spsc_try_push(&q, 2, 1) == AC_CLOSED); /* full, and closed */
    CHECK(ac_spsc_try_pop(&q, &item) == AC_OK && item == 1);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_CLOSED);
    ac_spsc_destroy(&q);
}

static void *take_the_rest(void *arg) {
    ac_spsc *const q = arg;
    uint64_t count;
    uintptr_t *const rest = ac_spsc_take_all(q, &count);
    CHECK(rest != NULL && count == 2 && rest[0] == 2 && rest[1] == 3);
    free(rest);
    CHECK(ac_spsc_take_all(q, &count) == NULL && count == 0);
    return NULL;
}

static void test_the_rest_can_be_taken_on_any_thread(void) {
    ac_spsc q;
    uintptr_t item = 0;
    CHECK(ac_spsc_init(&q, 4));
    for (uintptr_t i = 1; i <= 3; i++) CHECK(ac_spsc_try_push(&q, i, 4) == AC_OK);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_OK && item == 1);
    check_threads(1, take_the_rest, &q, sizeof q);
    CHECK(ac_spsc_size(&q) == 0);
    CHECK(ac_spsc_try_pop(&q, &item) == AC_CLOSED && ac_spsc_try_push(&q, 9, 4) == AC_CLOSED);
    ac_spsc_destroy(&q);
}

/* The consumer pops while another thread takes the rest: every item goes to exactly one of them. */
typedef struct raced {
    ac_spsc *q;
    uint64_t got, sum;
    bool takes;
    ac_atomic_u32 *popped;
} raced;

static void *race(void *arg) {
    raced *const side = arg;
    if (side->takes) {
        while (ac_load_relaxed(side->popped) < 50) sched_yield();
        uintptr_t *const rest = ac_spsc_take_all(side->q, &side->got);
        for (uint64_t i = 0; i < side->got; i++) side->sum += rest[i];
        free(rest);
        return NULL;
    }
    uintptr_t item = 0;
    while (ac_spsc_try_pop(side->q, &item) == AC_OK) {
        side->got++;
        side->sum += item;
        ac_fetch_add_relaxed(side->popped, 1u);
    }
    ac_fetch_add_relaxed(side->popped, 50u);
    return NULL;
}

static void test_taking_the_rest_races_with_the_consumer(void) {
    for (uint64_t round = 0; round < check_scale(300); round++) {
        ac_spsc q;
        ac_atomic_u32 popped;
        ac_store_relaxed(&popped, 0u);
        CHECK(ac_spsc_init(&q, 1024));
        uint64_t sum = 0;
        for (uintptr_t i = 1; i <= 1000; i++) {
            CHECK(ac_spsc_try_push(&q, i, 1024) == AC_OK);
            sum += i;
        }
        raced sides[2] = {{&q, 0, 0, false, &popped}, {&q, 0, 0, true, &popped}};
        check_threads(2, race, sides, sizeof sides[0]);
        CHECK(sides[0].got + sides[1].got == 1000 && sides[0].sum + sides[1].sum == sum);
        ac_spsc_destroy(&q);
    }
}

static void test_impossible_capacities_are_refused(void) {
    ac_spsc q;
    CHECK(!ac_spsc_init(&q, 0));
    CHECK(!ac_spsc_init(&q, AC_SPSC_MAX_CAPACITY + 1));
}

static uint64_t stress_limit;
static ac_status push(void *q, uintptr_t item) { return ac_spsc_try_push(q, item, stress_limit); }
static ac_status pop(void *q, uintptr_t *item) { return ac_spsc_try_pop(q, item); }

static void test_two_threads_pass_everything_in_order(void) {
    const uint64_t seed = check_seed();
    for (stress_limit = 1; stress_limit <= 1024; stress_limit *= 32) {
        ac_spsc q;
        CHECK(ac_spsc_init(&q, stress_limit));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 1, 1, check_scale(200000), seed));
        CHECK(ac_spsc_size(&q) == 0);
        ac_spsc_destroy(&q);
    }
}

int main(void) {
    RUN(test_the_limit_is_exact_and_may_change);
    RUN(test_another_thread_on_one_side_is_refused);
    RUN(test_batches_take_what_fits_and_what_is_there);
    RUN(test_nothing_goes_in_after_the_close_and_everything_comes_out);
    RUN(test_the_rest_can_be_taken_on_any_thread);
    RUN(test_taking_the_rest_races_with_the_consumer);
    RUN(test_impossible_capacities_are_refused);
    RUN(test_two_threads_pass_everything_in_order);
    return 0;
}
