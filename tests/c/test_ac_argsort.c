/* Stable order: a permutation whose keys go up, and whose indices do where keys are equal. */
#include "kernels/ac_keys.h"
#include "kernels/ac_sort.h"
#include "kernels_check.h"

static uint64_t seed;

static void check_order(const uint64_t *key, const int64_t *order, int64_t n) {
    unsigned char *const seen = calloc((size_t)n + 1, 1);
    for (int64_t i = 0; i < n; i++) {
        CHECK(order[i] >= 0 && order[i] < n && !seen[order[i]]);
        seen[order[i]] = 1;
        if (i == 0) continue;
        CHECK(key[order[i - 1]] <= key[order[i]]);
        if (key[order[i - 1]] == key[order[i]]) CHECK(order[i - 1] < order[i]);
    }
    free(seen);
}

static void check_argsort(ac_dtype t, int pattern, int64_t n, int32_t threads, ac_simd simd) {
    uint64_t state = seed + (uint64_t)n;
    const size_t size = ac_dtype_size(t);
    void *base_x, *base_out;
    char *const x = check_room(&base_x, (size_t)n * size, (size_t)pattern % 5);
    ac_i64_at *const out = check_room(&base_out, (size_t)n * 8, (size_t)pattern % 3);
    uint64_t *const key = malloc((size_t)n * 8 + 8);
    int64_t *const order = malloc((size_t)n * 8 + 8);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t word = check_pattern(pattern, i, n, &state);
        memcpy(x + (size_t)i * size, &word, size);
    }
    ac_keys_load(AC_SIMD_PORTABLE, t, AC_KEYS_TIES, x, 0, n, (ac_u64_at *)key);
    const ac_exec ex = check_exec(simd, threads);
    CHECK(ac_argsort(&ex, t, x, out, n) == 0);
    memcpy(order, out, (size_t)n * 8);
    check_order(key, order, n);
    if (pattern % 3 == 0) {
        CHECK(ac_argsort_wide_(&ex, t, x, out, n) == 0);
        CHECK(memcmp(order, out, (size_t)n * 8) == 0);
    }
    free(base_x);
    free(base_out);
    free(key);
    free(order);
}

static void test_every_dtype_and_pattern(void) {
    const int64_t sizes[] = {0, 1, 2, 100, 65536, 65537, 300007};
    for (int t = AC_I8; t <= AC_F64; t++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int s = 0; s < 7; s++) {
                /* A fifth of the large cases, another one with each seed. */
                if (sizes[s] > 1000 && (seed + (uint64_t)(t * 5 + pattern)) % 5 != 0) continue;
                if (check_leaves_out(sizes[s], seed, t * 1000 + pattern * 50 + s)) continue;
                FOR_EACH_SIMD(simd)
                    check_argsort((ac_dtype)t, pattern, sizes[s], 1 + (t + s) % 3, simd);
            }
}

/* Clusters so far apart that the words of a range cannot hold whole keys. */
static void test_keys_that_differ_only_in_bits_that_were_cut(void) {
    uint64_t state = seed;
    for (int64_t n = 3; n < 400000; n = n * 7 + 1) {
        uint64_t *const x = malloc((size_t)n * 8);
        int64_t *const out = malloc((size_t)n * 8);
        for (int64_t i = 0; i < n; i++)
            x[i] = (check_random(&state) % 3) << 62 | check_random(&state) % 40;
        x[0] = UINT64_MAX;
        FOR_EACH_SIMD(simd) {
            const ac_exec ex = check_exec(simd, 2);
            CHECK(ac_argsort(&ex, AC_U64, x, (ac_i64_at *)out, n) == 0);
            check_order(x, out, n);
        }
        free(x);
        free(out);
    }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 23;
    uint64_t *const x = malloc((size_t)n * 8);
    int64_t *const out = malloc((size_t)n * 8);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++) x[i] = check_random(&state);
    const ac_exec ex = check_stopping_exec(2);
    CHECK(ac_argsort(&ex, AC_U64, x, (ac_i64_at *)out, n) == AC_STOPPED_BY_POLL);
    free(x);
    free(out);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_dtype_and_pattern);
    RUN(test_keys_that_differ_only_in_bits_that_were_cut);
    RUN(test_it_stops_when_asked);
    return 0;
}
