/* Counting numbers of 8 and 16 bits: every such dtype, thread count, alignment and pattern. */
#include "kernels/ac_census.h"

#include "kernels/ac_keys.h"
#include "kernels_check.h"

static uint64_t seed;

static void check_one(ac_dtype t, int pattern, int64_t n, int32_t threads) {
    uint64_t state = seed + (uint64_t)n;
    const size_t size = ac_dtype_size(t);
    const int64_t places = ac_census_size(t);
    void *base;
    char *const x = check_room(&base, (size_t)n * size, (size_t)pattern % 5);
    uint64_t *const want = calloc((size_t)places, 8), *const got = malloc((size_t)places * 8);
    uint64_t key;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t word = check_pattern(pattern, i, n, &state);
        memcpy(x + (size_t)i * size, &word, size);
        ac_keys_load(AC_SIMD_PORTABLE, t, AC_KEYS_EXACT, x, i, 1, (ac_u64_at *)&key);
        want[key]++;
    }
    const ac_exec ex = check_exec(ac_simd_detect(), threads);
    CHECK(ac_census(&ex, t, x, n, got) == 0);
    CHECK(memcmp(got, want, (size_t)places * 8) == 0);
    free(base);
    free(want);
    free(got);
}

static void test_every_dtype_and_pattern(void) {
    const int64_t sizes[] = {0, 1, 7, 8, 9, 1000, 262144, 600001};
    for (int t = AC_I8; t <= AC_U16; t++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int s = 0; s < 8; s++) {
                if (sizes[s] > 1000 && (seed + (uint64_t)(t + pattern)) % 5 != 0) continue;
                check_one((ac_dtype)t, pattern, sizes[s], 1 + (t + s) % 3);
            }
}

static void test_wide_dtypes_have_no_census(void) {
    for (int t = AC_I8; t <= AC_F64; t++) {
        const int64_t want = t <= AC_U8 ? 256 : t <= AC_U16 ? 65536 : 0;
        CHECK(ac_census_size((ac_dtype)t) == want);
    }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 27;
    uint8_t *const x = calloc((size_t)n, 1);
    uint64_t count[256];
    for (int32_t threads = 1; threads <= 2; threads++) {
        const ac_exec ex = check_stopping_exec(threads);
        CHECK(ac_census(&ex, AC_U8, x, n, count) == AC_STOPPED_BY_POLL);
    }
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_dtype_and_pattern);
    RUN(test_wide_dtypes_have_no_census);
    RUN(test_it_stops_when_asked);
    return 0;
}
