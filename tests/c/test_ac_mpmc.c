/* The bounded ring: placed by hand at its edges, then under producers and consumers. */
#include "queues/ac_mpmc.h"

#include "queue_stress.h"

static void test_first_in_first_out_over_many_laps(void) {
    for (uint64_t capacity = 1; capacity <= 8; capacity++) {
        ac_mpmc q;
        CHECK(ac_mpmc_init(&q, capacity));
        uintptr_t next_in = 1, next_out = 1, item;
        for (int lap = 0; lap < 20; lap++) {
            while (ac_mpmc_try_push(&q, next_in, capacity) == AC_OK) next_in++;
            CHECK(ac_mpmc_size(&q) == capacity);
            for (uint64_t i = 0; i <= capacity / 2; i++) {
                CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK);
                CHECK(item == next_out++);
            }
        }
        CHECK(ac_mpmc_pushed(&q) == next_in - 1);
        ac_mpmc_destroy(&q);
    }
}

static void test_full_and_empty_are_told_by_the_indices(void) {
    ac_mpmc q;
    uintptr_t item;
    CHECK(ac_mpmc_init(&q, 1));
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_EMPTY);
    CHECK(ac_mpmc_try_push(&q, 7, 1) == AC_OK);
    CHECK(ac_mpmc_try_push(&q, 8, 1) == AC_FULL);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK && item == 7);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_EMPTY);
    ac_mpmc_destroy(&q);
}

static void test_the_limit_may_be_below_the_capacity_and_change(void) {
    ac_mpmc q;
    uintptr_t item;
    CHECK(ac_mpmc_init(&q, 8));
    for (uintptr_t i = 0; i < 3; i++) CHECK(ac_mpmc_try_push(&q, i, 3) == AC_OK);
    CHECK(ac_mpmc_try_push(&q, 9, 3) == AC_FULL);
    CHECK(ac_mpmc_try_push(&q, 9, 4) == AC_OK);
    CHECK(ac_mpmc_try_push(&q, 9, 2) == AC_FULL); /* lowered below what is inside */
    for (uintptr_t i = 0; i < 3; i++) CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK && item == i);
    ac_mpmc_destroy(&q);
}

static void test_close_refuses_pushes_and_lets_pops_drain(void) {
    ac_mpmc q;
    uintptr_t item;
    CHECK(ac_mpmc_init(&q, 4));
    CHECK(ac_mpmc_try_push(&q, 1, 4) == AC_OK);
    ac_mpmc_close(&q);
    CHECK(ac_mpmc_is_closed(&q));
    CHECK(ac_mpmc_try_push(&q, 2, 4) == AC_CLOSED);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK && item == 1);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_CLOSED);
    ac_mpmc_destroy(&q);
}

static void test_batches_move_what_fits_and_say_how_many(void) {
    ac_mpmc q;
    uintptr_t in[10], out[10];
    uint64_t done;
    for (uintptr_t i = 0; i < 10; i++) in[i] = i + 1;
    CHECK(ac_mpmc_init(&q, 8));
    CHECK(ac_mpmc_try_push_many(&q, in, 10, 6, &done) == AC_OK && done == 6);
    CHECK(ac_mpmc_try_push_many(&q, in, 10, 6, &done) == AC_FULL && done == 0);
    CHECK(ac_mpmc_try_pop_many(&q, out, 4, &done) == AC_OK && done == 4);
    for (uintptr_t i = 0; i < 4; i++) CHECK(out[i] == i + 1);
    CHECK(ac_mpmc_try_pop_many(&q, out, 10, &done) == AC_OK && done == 2 && out[1] == 6);
    CHECK(ac_mpmc_try_pop_many(&q, out, 10, &done) == AC_EMPTY && done == 0);
    ac_mpmc_destroy(&q);
}

static int add_up(uintptr_t item, void *arg) {
    *(uintptr_t *)arg += item;
    return item == 99;
}

static void test_visit_sees_what_is_inside_and_stops_when_told(void) {
    ac_mpmc q;
    uintptr_t item, sum = 0;
    CHECK(ac_mpmc_init(&q, 4));
    for (uintptr_t i = 1; i <= 4; i++) CHECK(ac_mpmc_try_push(&q, i, 4) == AC_OK);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK);
    CHECK(ac_mpmc_visit(&q, add_up, &sum) == 0 && sum == 2 + 3 + 4);
    CHECK(ac_mpmc_try_push(&q, 99, 4) == AC_OK);
    CHECK(ac_mpmc_visit(&q, add_up, &sum) == 1);
    ac_mpmc_destroy(&q);
}

static void test_impossible_capacities_are_refused(void) {
    ac_mpmc q;
    CHECK(!ac_mpmc_init(&q, 0));
    CHECK(!ac_mpmc_init(&q, AC_MPMC_MAX_CAPACITY + 1));
}

static ac_status push(void *q, uintptr_t item) {
    return ac_mpmc_try_push(q, item, ac_mpmc_capacity(q));
}
static ac_status pop(void *q, uintptr_t *item) { return ac_mpmc_try_pop(q, item); }

static ac_status push_without_claim(void *q, uintptr_t item) {
    /* broken on purpose: two producers may take one position */
    ac_mpmc *const ring = q;
    const uint64_t tail = ac_load_relaxed(&ring->tail);
    if ((tail >> 1) - ac_load_relaxed(&ring->head) > ring->mask) return AC_FULL;
    sched_yield();
    ac_store_relaxed(&ring->tail, tail + 2);
    ring->slots[(tail >> 1) & ring->mask].item = item;
    ac_store_release(&ring->slots[(tail >> 1) & ring->mask].turn, 2 * (tail >> 1) + 1);
    return AC_OK;
}

static void test_nothing_is_lost_doubled_or_reordered(void) {
    const uint64_t seed = check_seed();
    for (uint64_t capacity = 1; capacity <= 64; capacity *= 8) {
        ac_mpmc q;
        CHECK(ac_mpmc_init(&q, capacity));
        const stress_queue queue = {&q, push, pop};
        CHECK(stress_ok(&queue, 3, 3, check_scale(30000), seed));
        CHECK(stress_ok(&queue, 1, 4, check_scale(30000), seed));
        CHECK(stress_ok(&queue, 4, 1, check_scale(30000), seed));
        ac_mpmc_destroy(&q);
    }
}

/* The stress test is worth something only if it fails on a ring that loses items: one thread
 * alternates two producers on the broken push. */
static void test_the_check_notices_a_lost_item(void) {
    ac_mpmc q;
    CHECK(ac_mpmc_init(&q, 8));
    uint64_t put = 0, got = 0;
    uintptr_t item;
    const uint64_t tail = ac_load_relaxed(&q.tail);
    CHECK(push_without_claim(&q, 1) == AC_OK);
    ac_store_relaxed(&q.tail, tail); /* the second producer read the tail before the first wrote it */
    CHECK(push_without_claim(&q, 2) == AC_OK);
    put = 1 + 2;
    while (ac_mpmc_try_pop(&q, &item) == AC_OK) got += item;
    CHECK(put != got);
    ac_mpmc_destroy(&q);
}

/* How many are inside, from outside: what was pushed is counted after the push and what is popped
 * before the pop, so that the difference is never more than the truth. */
typedef struct bounded_run {
    ac_mpmc q;
    uint64_t limit, count;
    int64_t end_ns; /* producers stop here: each yield may cost a slice of the scheduler's */
    ac_atomic_u64 pushed, popping, popped, expected;
    ac_atomic_u32 passed; /* set when more than `limit` were inside; written by producers */
} bounded_run;

static void *push_to_the_limit(void *arg) {
    bounded_run *const run = arg;
    for (uint64_t i = 0; i < run->count; i++) {
        if (i % 64 == 0 && ac_now_ns() > run->end_ns) {
            ac_fetch_add_relaxed(&run->expected, i - run->count);
            break;
        }
        while (ac_mpmc_try_push(&run->q, i, run->limit) != AC_OK) sched_yield();
        const uint64_t pushed = ac_fetch_add_seq_cst(&run->pushed, UINT64_C(1)) + 1;
        const uint64_t popping = ac_load_seq_cst(&run->popping);
        if ((int64_t)(pushed - popping) > (int64_t)run->limit) ac_store_relaxed(&run->passed, 1u);
    }
    return NULL;
}

static void *pop_what_comes(void *arg) {
    bounded_run *const run = arg;
    uintptr_t item;
    while (ac_load_relaxed(&run->popped) < ac_load_relaxed(&run->expected)) {
        ac_fetch_add_seq_cst(&run->popping, UINT64_C(1));
        if (ac_mpmc_try_pop(&run->q, &item) == AC_OK) {
            ac_fetch_add_relaxed(&run->popped, UINT64_C(1));
        } else {
            ac_fetch_add_seq_cst(&run->popping, ~UINT64_C(0)); /* minus one: it took nothing */
            sched_yield();
        }
    }
    return NULL;
}

static void test_no_push_passes_the_limit(void) {
    static bounded_run run; /* aligned to its lines */
    pthread_t threads[4];
    CHECK(ac_mpmc_init(&run.q, 8));
    run.limit = 3; /* below the capacity: a free slot alone allows nothing */
    run.count = check_scale(30000);
    run.end_ns = ac_now_ns() + STRESS_MOST_NS;
    ac_store_relaxed(&run.expected, 2 * run.count);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, i < 2 ? push_to_the_limit : pop_what_comes, &run) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(ac_load_relaxed(&run.passed) == 0);
    CHECK(ac_mpmc_size(&run.q) == 0);
    ac_mpmc_destroy(&run.q);
}

/* The copy of the head says "full" long after it is not: a push must look, and a batch take all. */
static void test_an_old_head_refuses_nothing(void) {
    ac_mpmc q;
    uintptr_t item;
    const uintptr_t more[5] = {4, 5, 6, 7, 8};
    uint64_t done;
    CHECK(ac_mpmc_init(&q, 8));
    for (uintptr_t i = 0; i < 5; i++) CHECK(ac_mpmc_try_push(&q, i, 5) == AC_OK);
    for (uintptr_t i = 0; i < 3; i++) CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK && item == i);
    CHECK(ac_mpmc_try_push_many(&q, more, 5, 5, &done) == AC_OK && done == 3);
    CHECK(ac_mpmc_try_pop(&q, &item) == AC_OK && item == 3);
    CHECK(ac_mpmc_try_push(&q, 9, 5) == AC_OK);
    CHECK(ac_mpmc_try_push(&q, 9, 5) == AC_FULL);
    ac_mpmc_destroy(&q);
}

int main(void) {
    RUN(test_an_old_head_refuses_nothing);
    RUN(test_no_push_passes_the_limit);
    RUN(test_first_in_first_out_over_many_laps);
    RUN(test_full_and_empty_are_told_by_the_indices);
    RUN(test_the_limit_may_be_below_the_capacity_and_change);
    RUN(test_close_refuses_pushes_and_lets_pops_drain);
    RUN(test_batches_move_what_fits_and_say_how_many);
    RUN(test_visit_sees_what_is_inside_and_stops_when_told);
    RUN(test_impossible_capacities_are_refused);
    RUN(test_the_check_notices_a_lost_item);
    RUN(test_nothing_is_lost_doubled_or_reordered);
    return 0;
}
