/* Counts of integers: against a plain loop, on every type and path; what does not count is left out. */
#include "kernels/ac_bincount.h"

#include "numbers_check.h"

static uint64_t seed;

static void test_every_type(void) {
    const int64_t sizes[] = {0, 1, 3, 100, 1025, 20000, 131073, 300001};
    const int64_t bins[] = {0, 1, 100, 2047, 2048, 60000};
    uint64_t state = seed;
    for (int s = 0; s < 8; s++) {
        for (int dtype = AC_I8; dtype <= AC_U64; dtype++) {
            void *base;
            const int64_t n = sizes[s];
            if (check_leaves_out(n, seed, s * 1000 + dtype)) continue;
            char *const x =
                check_numbers(dtype, n, (size_t)s % 9, s % 3 == 0 ? 11 : 5, 0, &state, &base);
            for (int b = 0; b < 6; b++) {
                int64_t *const want = calloc((size_t)bins[b] + 1, 8);
                int64_t *const got = malloc((size_t)bins[b] * 8 + 8);
                for (int64_t i = 0; i < n; i++) {
                    const uint64_t v = check_get_u64(dtype, x, i);
                    if (v < (uint64_t)bins[b]) want[v]++;
                }
                FOR_EACH_SIMD(simd) {
                    for (int32_t threads = 1; threads <= 3; threads += 2) {
                        const ac_exec ex = check_exec(simd, threads);
                        memset(got, 0x55, (size_t)bins[b] * 8);
                        CHECK(ac_bincount(&ex, (ac_dtype)dtype, x, n, bins[b], got) == 0);
                        CHECK(memcmp(got, want, (size_t)bins[b] * 8) == 0);
                    }
                }
                free(want);
                free(got);
            }
            free(base);
        }
    }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = 100 * 1000 * 1000;
    char *const x = calloc((size_t)n, 4);
    int64_t out[10];
    const ac_exec ex = check_stopping_exec(1);
    CHECK(x != NULL && ac_bincount(&ex, AC_I32, x, n, 10, out) == AC_STOPPED_BY_POLL);
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_it_stops_when_asked);
    return 0;
}
