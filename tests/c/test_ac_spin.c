/* The spin: hits and misses by hand, its bounds, and that it ends at the deadline. */
#include "sync/ac_spin.h"

#include "check.h"

static bool after(void *what, uint32_t looks) { return ++*(uint32_t *)what > looks; }

static void test_a_hit_doubles_the_patience_and_a_miss_halves_it(void) {
    ac_spin spin = {0};
    uint32_t seen = 0;
    CHECK(ac_spin_until(&spin, after, &seen, 0, AC_FOREVER) != 0);
    CHECK(ac_load_relaxed(&spin.budget_ns) == 2 * AC_SPIN_MIN_NS);
    seen = 0;
    CHECK(ac_spin_until(&spin, after, &seen, UINT32_MAX - 1, AC_FOREVER) == 0);
    CHECK(ac_load_relaxed(&spin.budget_ns) == AC_SPIN_MIN_NS);
}

static void test_the_patience_has_an_end(void) {
    ac_spin spin = {0};
    for (int i = 0; i < 20; i++) {
        uint32_t seen = 0;
        ac_spin_until(&spin, after, &seen, 0, AC_FOREVER);
    }
    CHECK(ac_load_relaxed(&spin.budget_ns) == AC_SPIN_MAX_NS);
}

static void test_a_deadline_that_is_past_allows_one_look(void) {
    ac_spin spin = {0};
    uint32_t seen = 0;
    CHECK(ac_spin_until(&spin, after, &seen, UINT32_MAX - 1, 0) == 0);
    CHECK(seen == 1);
}

static void test_a_long_yield_is_the_last_for_a_while(void) {
    ac_spin spin = {0};
    uint32_t seen = 0;
    ac_store_relaxed(&spin.quiet, 2u);
    ac_spin_until(&spin, after, &seen, 0, AC_FOREVER);
    CHECK(ac_load_relaxed(&spin.quiet) == 1);
}

static void test_of_many_misses_one_is_followed_by_a_long_spin(void) {
    ac_spin spin = {0};
    uint32_t seen = 0;
    ac_store_relaxed(&spin.misses, AC_SPIN_PROBE_EVERY - 1);
    const int64_t start = ac_now_ns();
    ac_spin_until(&spin, after, &seen, UINT32_MAX - 1, AC_FOREVER);
    CHECK(ac_now_ns() - start >= AC_SPIN_PROBE_NS);
    CHECK(ac_load_relaxed(&spin.misses) == AC_SPIN_PROBE_EVERY);
    seen = 0;
    ac_spin_until(&spin, after, &seen, 0, AC_FOREVER);
    CHECK(ac_load_relaxed(&spin.misses) == 0);
}

int main(void) {
    RUN(test_of_many_misses_one_is_followed_by_a_long_spin);
    RUN(test_a_hit_doubles_the_patience_and_a_miss_halves_it);
    RUN(test_the_patience_has_an_end);
    RUN(test_a_deadline_that_is_past_allows_one_look);
    RUN(test_a_long_yield_is_the_last_for_a_while);
    return 0;
}
