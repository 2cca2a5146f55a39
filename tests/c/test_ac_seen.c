/* The hash table that only says which keys there are: against sorting them, on every path; keys that
 * are hard on it. */
#include "kernels/ac_seen.h"

#include "kernels_check.h"

static uint64_t seed;

static void check_keys(ac_simd simd, const uint64_t *keys, int64_t n, int bits) {
    ac_seen t;
    ac_seen_init(&t, simd, bits);
    CHECK(ac_seen_size(&t) == 0);
    for (int64_t at = 0; at < n; at += 1000)
        CHECK(ac_seen_add(&t, keys + at, n - at < 1000 ? n - at : 1000) == AC_TALLY_OK);
    uint64_t *const want = malloc((size_t)n * 8 + 8), *const got = malloc((size_t)n * 8 + 8);
    memcpy(want, keys, (size_t)n * 8);
    qsort(want, (size_t)n, 8, check_compare_u64);
    const int64_t found = ac_seen_keys(&t, got);
    CHECK(found == ac_seen_size(&t));
    qsort(got, (size_t)found, 8, check_compare_u64);
    int64_t different = 0;
    for (int64_t lo = 0, hi; lo < n; lo = hi) {
        for (hi = lo; hi < n && want[hi] == want[lo]; hi++) {
        }
        CHECK(different < found && got[different] == want[lo]);
        different++;
    }
    CHECK(different == found);
    ac_seen_end(&t);
    free(want);
    free(got);
}

static void test_patterns(void) {
    const int64_t sizes[] = {0, 1, 63, 64, 65, 1000, 50000};
    uint64_t *const keys = malloc(50000 * 8);
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int s = 0; s < 7; s++) {
            uint64_t state = seed;
            for (int64_t i = 0; i < sizes[s]; i++)
                keys[i] = check_pattern(pattern, i, sizes[s], &state);
            FOR_EACH_SIMD(simd) check_keys(simd, keys, sizes[s], AC_SEEN_MIN_BITS + s % 3);
        }
    free(keys);
}

static void test_zero_is_a_key_like_any_other(void) {
    uint64_t keys[300];
    for (uint64_t i = 0; i < 300; i++) keys[i] = i % 3 == 0 ? 0 : i;
    FOR_EACH_SIMD(simd) check_keys(simd, keys, 300, AC_SEEN_MIN_BITS);
    FOR_EACH_SIMD(simd) check_keys(simd, keys + 1, 299, AC_SEEN_MIN_BITS);
}

static void test_too_many_keys_are_refused(void) {
    const int64_t n = (int64_t)AC_SEEN_WAYS << AC_SEEN_MAX_BITS;
    uint64_t *const keys = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) keys[i] = (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
    ac_seen t;
    ac_seen_init(&t, ac_simd_detect(), AC_SEEN_MIN_BITS);
    CHECK(ac_seen_add(&t, keys, n) == AC_TALLY_FULL);
    CHECK(t.used <= n / 8 * 6);
    ac_seen_end(&t);
    free(keys);
}

/* Keys of one home: the hash undone. The factor's inverse modulo 2^64, by Newton's steps. */
static void test_keys_made_to_collide_are_refused(void) {
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t inverse = factor;
    for (int i = 0; i < 6; i++) inverse *= 2 - factor * inverse;
    CHECK(inverse * factor == 1);
    uint64_t *const keys = malloc(20000 * 8);
    for (uint64_t i = 0; i < 20000; i++) {
        const uint64_t folded = i * inverse;
        keys[i] = folded ^ (folded >> 32);
    }
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
