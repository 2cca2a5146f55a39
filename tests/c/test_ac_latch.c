/* The latch: its count by hand, then that it opens for all, once. */
#include "sync/ac_latch.h"

#include "check.h"

static void test_the_count_falls_and_no_further(void) {
    ac_latch l = {0};
    ac_latch_init(&l, 3);
    CHECK(ac_latch_count_down(&l, 4) == AC_FULL && ac_latch_count(&l) == 3);
    CHECK(ac_latch_count_down(&l, 2) == AC_OK && ac_latch_count(&l) == 1);
    CHECK(ac_latch_count_down(&l, 1) == AC_OK && ac_latch_count(&l) == 0);
    CHECK(ac_latch_count_down(&l, 1) == AC_FULL);
}

typedef struct shared {
    ac_latch latch;
    ac_atomic_u32 turn;
    uint64_t plain[6]; /* each written before its count_down */
} shared;

static void *meet(void *arg) {
    shared *const s = *(shared **)arg;
    s->plain[ac_fetch_add_relaxed(&s->turn, 1u)] = 1;
    CHECK(ac_latch_count_down(&s->latch, 1) == AC_OK);
    ac_latch_spin(&s->latch, AC_FOREVER);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&s->latch.zero);
        if (ac_latch_count(&s->latch) == 0) break;
        ac_ec_wait(&s->latch.zero, key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
    for (int i = 0; i < 6; i++) CHECK(s->plain[i] == 1);
    return NULL;
}

static void test_all_go_on_when_it_is_zero(void) {
    for (uint64_t i = 0; i < check_scale(300); i++) {
        shared s;
        memset(&s, 0, sizeof s);
        ac_latch_init(&s.latch, 6);
        shared *all[6] = {&s, &s, &s, &s, &s, &s};
        check_threads(6, meet, all, sizeof all[0]);
    }
}

static void *wait_body(void *arg) {
    ac_latch *const l = *(ac_latch **)arg;
    CHECK(ac_latch_wait(l, AC_FOREVER));
    CHECK(ac_latch_count(l) == 0);
    return NULL;
}

static void test_waiting_without_an_interpreter(void) {
    for (uint64_t i = check_scale(200); i > 0; i--) {
        ac_latch l = {.count = 0};
        pthread_t threads[3];
        ac_latch *arg = &l;
        CHECK(ac_latch_wait(&l, 0)); /* zero: open */
        ac_latch_init(&l, 2);
        CHECK(!ac_latch_wait(&l, ac_now_ns() + 1000));
        for (int k = 0; k < 3; k++) CHECK(pthread_create(&threads[k], NULL, wait_body, &arg) == 0);
        CHECK(ac_latch_count_down(&l, 1) == AC_OK);
        CHECK(ac_latch_count_down(&l, 1) == AC_OK);
        for (int k = 0; k < 3; k++) pthread_join(threads[k], NULL);
    }
}

int main(void) {
    RUN(test_the_count_falls_and_no_further);
    RUN(test_all_go_on_when_it_is_zero);
    RUN(test_waiting_without_an_interpreter);
    return 0;
}
