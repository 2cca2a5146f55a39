/* The queue of pointers that waits: order, bounds, deadlines, the end; every item once. */
#include "queues/ac_pointers.h"

#include "check.h"

#define ITEM(i) ((void *)(uintptr_t)(i))

static void test_order_bounds_and_deadlines(void) {
    for (uint64_t limit = 1; limit <= 5; limit++) {
        ac_pointers q;
        void *item = ITEM(77);
        CHECK(ac_pointers_init(&q, limit) == AC_OK);
        CHECK(ac_pointers_try_get(&q, &item) == AC_EMPTY && item == ITEM(77));
        for (uint64_t i = 0; i < limit; i++) CHECK(ac_pointers_put(&q, ITEM(i), AC_FOREVER) == AC_OK);
        CHECK(ac_pointers_size(&q) == limit);
        CHECK(ac_pointers_try_put(&q, ITEM(9)) == AC_FULL);
        const int64_t deadline = ac_now_ns() + 5 * AC_NS_PER_MS;
        CHECK(ac_pointers_put(&q, ITEM(9), deadline) == AC_FULL && ac_now_ns() >= deadline);
        for (uint64_t i = 0; i < limit; i++)
            CHECK(ac_pointers_get(&q, &item, AC_FOREVER) == AC_OK && item == ITEM(i));
        CHECK(ac_pointers_get(&q, &item, 0) == AC_EMPTY);
        ac_pointers_destroy(&q);
    }
}

static void test_a_closed_one_gives_what_it_has_and_takes_nothing(void) {
    ac_pointers q;
    void *item = NULL;
    CHECK(ac_pointers_init(&q, 4) == AC_OK);
    CHECK(ac_pointers_put(&q, ITEM(1), 0) == AC_OK);
    ac_pointers_close(&q);
    ac_pointers_close(&q);
    CHECK(ac_pointers_put(&q, ITEM(2), AC_FOREVER) == AC_CLOSED);
    CHECK(ac_pointers_get(&q, &item, AC_FOREVER) == AC_OK && item == ITEM(1));
    CHECK(ac_pointers_get(&q, &item, AC_FOREVER) == AC_CLOSED);
    ac_pointers_destroy(&q);
}

/* -- producers and consumers that sleep ------------------------------------------------------------ */

typedef struct party {
    ac_pointers *q;
    uint64_t first, count; /* count 0: a consumer */
    int64_t end_ns;        /* a producer stops here: each sleep may cost a slice of the scheduler's */
    uint64_t sum, got;     /* of a producer: what it has put */
} party;

static void *party_body(void *arg) {
    party *const p = arg;
    void *item = NULL;
    while (p->got < p->count && (p->got % 16 != 0 || ac_now_ns() < p->end_ns)) {
        CHECK(ac_pointers_put(p->q, ITEM(p->first + p->got), AC_FOREVER) == AC_OK);
        p->sum += p->first + p->got++;
    }
    while (p->count == 0 && ac_pointers_get(p->q, &item, AC_FOREVER) == AC_OK) {
        p->sum += (uintptr_t)item;
        p->got++;
    }
    return NULL;
}

static void check_parties(uint64_t limit, uint64_t count) {
    enum { SIDE = 3 };
    ac_pointers q;
    CHECK(ac_pointers_init(&q, limit) == AC_OK);
    party all[2 * SIDE];
    pthread_t threads[2 * SIDE];
    for (uint64_t i = 0; i < 2 * SIDE; i++) {
        all[i] = (party){.q = &q, .first = i * count + 1, .count = i < SIDE ? count : 0,
                         .end_ns = ac_now_ns() + AC_NS_PER_S};
        CHECK(pthread_create(&threads[i], NULL, party_body, &all[i]) == 0);
    }
    uint64_t sum = 0, got = 0;
    for (int i = 0; i < SIDE; i++) {
        pthread_join(threads[i], NULL);
        sum -= all[i].sum;
        got -= all[i].got;
    }
    ac_pointers_close(&q); /* ends the consumers, all of them, also those that sleep */
    for (int i = SIDE; i < 2 * SIDE; i++) {
        pthread_join(threads[i], NULL);
        sum += all[i].sum;
        got += all[i].got;
    }
    CHECK(got == 0 && sum == 0);
    ac_pointers_destroy(&q);
}

static void test_every_item_once_and_nobody_sleeps_on(void) {
    for (uint64_t limit = 1; limit <= 64; limit *= 8) check_parties(limit, check_scale(20000));
    const int64_t end = ac_now_ns() + AC_NS_PER_S;
    for (uint64_t i = check_scale(200); i > 0 && ac_now_ns() < end; i--)
        check_parties(1 + i % 3, 1 + i % 7);
}

int main(void) {
    RUN(test_order_bounds_and_deadlines);
    RUN(test_a_closed_one_gives_what_it_has_and_takes_nothing);
    RUN(test_every_item_once_and_nobody_sleeps_on);
    return 0;
}
