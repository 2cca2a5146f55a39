/* The number: each operation by hand, its ends, then that no step is lost between threads. */
#include "sync/ac_atomic_int.h"

#include "check.h"

static void test_each_operation(void) {
    ac_atomic_int a = {0};
    int64_t before = -1;
    CHECK(ac_atomic_int_apply(&a, AC_INT_ADD, 12, &before) && before == 0);
    CHECK(ac_atomic_int_apply(&a, AC_INT_SUB, 2, &before) && before == 12);
    CHECK(ac_atomic_int_apply(&a, AC_INT_AND, 6, &before) && before == 10);
    CHECK(ac_atomic_int_apply(&a, AC_INT_OR, 9, &before) && before == 2);
    CHECK(ac_atomic_int_apply(&a, AC_INT_XOR, -1, &before) && before == 11);
    CHECK(ac_atomic_int_apply(&a, AC_INT_SET, 5, &before) && before == -12);
    CHECK(!ac_atomic_int_cas(&a, 4, 1) && ac_atomic_int_cas(&a, 5, 1));
    CHECK(ac_atomic_int_load(&a) == 1);
}

static void test_past_the_ends_nothing_changes(void) {
    ac_atomic_int a = {0};
    int64_t before;
    ac_atomic_int_store(&a, INT64_MAX);
    CHECK(!ac_atomic_int_apply(&a, AC_INT_ADD, 1, &before) && ac_atomic_int_load(&a) == INT64_MAX);
    CHECK(!ac_atomic_int_apply(&a, AC_INT_SUB, INT64_MIN, &before));
    ac_atomic_int_store(&a, INT64_MIN);
    CHECK(!ac_atomic_int_apply(&a, AC_INT_SUB, 1, &before) && ac_atomic_int_load(&a) == INT64_MIN);
}

typedef struct shared {
    ac_atomic_int a;
    uint64_t rounds;
} shared;

static void *play(void *arg) {
    shared *const s = *(shared **)arg;
    int64_t before, last = -1;
    for (uint64_t i = 0; i < s->rounds; i++) {
        CHECK(ac_atomic_int_apply(&s->a, AC_INT_ADD, 3, &before) && before > last);
        last = before;
    }
    return NULL;
}

static void test_no_step_is_lost(void) {
    shared s;
    memset(&s, 0, sizeof s);
    s.rounds = check_scale(50000);
    shared *all[4] = {&s, &s, &s, &s};
    check_threads(4, play, all, sizeof all[0]);
    CHECK(ac_atomic_int_load(&s.a) == (int64_t)(12 * s.rounds));
}

int main(void) {
    RUN(test_each_operation);
    RUN(test_past_the_ends_nothing_changes);
    RUN(test_no_step_is_lost);
    return 0;
}
