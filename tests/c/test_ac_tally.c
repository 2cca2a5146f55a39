/* The counting hash table: against sorting the keys, on every path; keys that are hard on it. */
#include "kernels/ac_tally.h"

#include "keys_check.h"

static uint64_t seed;

static void check_counts(ac_simd simd, const uint64_t *keys, int64_t n, int bits) {
    ac_tally t;
    ac_tally_init(&t, simd, bits);
    CHECK(ac_tally_get(&t, 0) == 0);
    for (int64_t at = 0; at < n; at += 1000)
        CHECK(ac_tally_add(&t, keys + at, n - at < 1000 ? n - at : 1000) == AC_TALLY_OK);
    uint64_t *const got = malloc((size_t)n * 8 + 8);
    const int64_t found = ac_tally_keys(&t, got);
    CHECK(found == t.used);
    check_each_once(keys, n, got, found);
    uint64_t *const sorted = check_sorted_keys(keys, n);
    for (int64_t lo = 0, hi; lo < n; lo = hi) {
        hi = check_end_of_run(sorted, n, lo);
        CHECK(ac_tally_get(&t, sorted[lo]) == (uint64_t)(hi - lo));
    }
    CHECK(ac_tally_get(&t, UINT64_C(0x123456789ABCDEF1)) == 0);
    ac_tally_end(&t);
    free(sorted);
    free(got);
}

static void test_patterns(void) { check_key_patterns(seed, AC_TALLY_MIN_BITS, check_counts); }

static void test_zero_is_a_key_like_any_other(void) {
    check_zero_keys(AC_TALLY_MIN_BITS, check_counts);
}

static void test_too_many_keys_are_refused(void) {
    const int64_t n = (int64_t)AC_TALLY_WAYS << AC_TALLY_MAX_BITS;
    uint64_t *const keys = check_different_keys(n);
    ac_tally t;
    ac_tally_init(&t, ac_simd_detect(), AC_TALLY_MIN_BITS);
    CHECK(ac_tally_add(&t, keys, n) == AC_TALLY_FULL);
    CHECK(t.used <= n / 2);
    ac_tally_end(&t);
    free(keys);
}

static void test_keys_made_to_collide_are_refused(void) {
    uint64_t *const keys = check_colliding_keys(20000);
    ac_tally t;
    ac_tally_init(&t, ac_simd_detect(), 14);
    CHECK(ac_tally_add(&t, keys, 20000) == AC_TALLY_FULL);
    CHECK(t.used < 10000);
    ac_tally_end(&t);
    free(keys);
}

int main(void) {
    seed = check_seed();
    RUN(test_patterns);
    RUN(test_zero_is_a_key_like_any_other);
    RUN(test_too_many_keys_are_refused);
    RUN(test_keys_made_to_collide_are_refused);
    return 0;
}
