/* The hash table that only says which keys there are: against sorting them, on every path; keys that
 * are hard on it. */
#include "kernels/ac_seen.h"

#include "keys_check.h"

static uint64_t seed;

static void check_keys(ac_simd simd, const uint64_t *keys, int64_t n, int bits) {
    ac_seen t;
    ac_seen_init(&t, simd, bits);
    CHECK(ac_seen_size(&t) == 0);
    for (int64_t at = 0; at < n; at += 1000)
        CHECK(ac_seen_add(&t, keys + at, n - at < 1000 ? n - at : 1000) == AC_TALLY_OK);
    uint64_t *const got = malloc((size_t)n * 8 + 8);
    const int64_t found = ac_seen_keys(&t, got);
    CHECK(found == ac_seen_size(&t));
    check_each_once(keys, n, got, found);
    ac_seen_end(&t);
    free(got);
}

static void test_patterns(void) { check_key_patterns(seed, AC_SEEN_MIN_BITS, check_keys); }

static void test_zero_is_a_key_like_any_other(void) {
    check_zero_keys(AC_SEEN_MIN_BITS, check_keys);
}

static void test_too_many_keys_are_refused(void) {
    const int64_t n = (int64_t)AC_SEEN_WAYS << AC_SEEN_MAX_BITS;
    uint64_t *const keys = check_different_keys(n);
    ac_seen t;
    ac_seen_init(&t, ac_simd_detect(), AC_SEEN_MIN_BITS);
    CHECK(ac_seen_add(&t, keys, n) == AC_TALLY_FULL);
    CHECK(t.used <= n / 8 * 6);
    ac_seen_end(&t);
    free(keys);
}

static void test_keys_made_to_collide_are_refused(void) {
    uint64_t *const keys = check_colliding_keys(20000);
    ac_seen t;
    ac_seen_init(&t, ac_simd_detect(), 13);
    CHECK(ac_seen_add(&t, keys, 20000) == AC_TALLY_FULL);
    CHECK(t.used < 10000);
    ac_seen_end(&t);
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
