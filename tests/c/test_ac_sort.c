/* Sorting buffers: every dtype, pattern, thread count and path; in place and not. */
#include "kernels/ac_sort.h"

#include "kernels/ac_keys.h"
#include "kernels_check.h"

static uint64_t seed;

static void check_sort(ac_dtype t, int pattern, int64_t n, int32_t threads, ac_simd simd) {
    uint64_t state = seed + (uint64_t)n;
    const size_t size = ac_dtype_size(t);
    void *base_x, *base_out;
    char *const x = check_room(&base_x, (size_t)n * size, (size_t)pattern % 5);
    char *const out = check_room(&base_out, (size_t)n * size, (size_t)pattern % 3);
    uint64_t *const want = malloc((size_t)n * 8 + 8), *const got = malloc((size_t)n * 8 + 8);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t word = check_pattern(pattern, i, n, &state);
        memcpy(x + (size_t)i * size, &word, size); /* floats get NaNs and denormals too */
    }
    ac_keys_load(AC_SIMD_PORTABLE, t, AC_KEYS_EXACT, x, 0, n, (ac_u64_at *)want);
    qsort(want, (size_t)n, 8, check_compare_u64);
    const ac_exec ex = check_exec(simd, threads);
    CHECK(ac_sort(&ex, t, x, out, n) == 0);
    ac_keys_load(AC_SIMD_PORTABLE, t, AC_KEYS_EXACT, out, 0, n, (ac_u64_at *)got);
    CHECK(memcmp(got, want, (size_t)n * 8) == 0);
    CHECK(ac_sort(&ex, t, x, x, n) == 0);
    CHECK(n == 0 || memcmp(x, out, (size_t)n * size) == 0);
    free(base_x);
    free(base_out);
    free(want);
    free(got);
}

static void test_every_dtype_and_pattern(void) {
    const int64_t sizes[] = {0, 1, 2, 100, 600, 33000, 131072, 131073, 300007};
    for (int t = AC_I8; t <= AC_F64; t++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int s = 0; s < 9; s++) {
                /* A fifth of the large cases, another one with each seed. */
                if (sizes[s] > 1000 && (seed + (uint64_t)(t * 5 + pattern)) % 5 != 0) continue;
                if (check_leaves_out(sizes[s], seed, t * 1000 + pattern * 50 + s)) continue;
                FOR_EACH_SIMD(simd)
                    check_sort((ac_dtype)t, pattern, sizes[s], 1 + (t + s) % 3, simd);
            }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 23;
    uint64_t *const x = malloc((size_t)n * 8);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) x[i] = check_random(&state);
    for (int32_t threads = 1; threads <= 2; threads++) {
        const ac_exec ex = check_stopping_exec(threads);
        CHECK(ac_sort(&ex, AC_U64, x, x, n) == AC_STOPPED_BY_POLL);
    }
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_dtype_and_pattern);
    RUN(test_it_stops_when_asked);
    return 0;
}
