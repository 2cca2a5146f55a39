/* The compiler layer: powers of two, cache lines. */
#include "base/ac_base.h"

#include "check.h"

static void test_ceil_pow2_is_the_least_power_not_below(void) {
    CHECK(ac_ceil_pow2_u64(0) == 1);
    CHECK(ac_ceil_pow2_u64(1) == 1);
    CHECK(ac_ceil_pow2_u64(2) == 2);
    CHECK(ac_ceil_pow2_u64(3) == 4);
    CHECK(ac_ceil_pow2_u64(1024) == 1024);
    CHECK(ac_ceil_pow2_u64((UINT64_C(1) << 40) + 1) == UINT64_C(1) << 41);
}

static void test_aligned_fields_stand_on_lines_of_their_own(void) {
    struct pair {
        AC_ALIGNED_LINE char a;
        AC_ALIGNED_LINE char b;
    };
    CHECK(offsetof(struct pair, b) - offsetof(struct pair, a) >= AC_CACHE_LINE);
}

static void test_lines_are_given_whole(void) {
    void *const p = ac_alloc_lines(3 * AC_CACHE_LINE);
    CHECK(p != NULL && (uintptr_t)p % AC_CACHE_LINE == 0);
    ac_free_lines(p);
    ac_free_lines(NULL);
}

static void test_pause_returns(void) { ac_pause(); }

int main(void) {
    RUN(test_ceil_pow2_is_the_least_power_not_below);
    RUN(test_aligned_fields_stand_on_lines_of_their_own);
    RUN(test_lines_are_given_whole);
    RUN(test_pause_returns);
    return 0;
}
