/* Which numbers occur in another buffer: against looking at all of them, by each way, on every type,
 * path and address, with NaNs and both zeros. */
#include "kernels/ac_isin.h"

#include "numbers_check.h"

static uint64_t seed;

static bool equal(int dtype, const char *x, int64_t a, const char *y, int64_t b) {
    if (check_is_float(dtype)) return check_get_f64(dtype, x, a) == check_get_f64(dtype, y, b);
    return check_get_u64(dtype, x, a) == check_get_u64(dtype, y, b);
}

static void check_way(const ac_exec *ex, int dtype, const char *x, int64_t n, const char *tests,
                      int64_t count, ac_isin_way way) {
    uint8_t out[600], opposite[600];
    CHECK(n < 600);
    memset(out, 7, sizeof out);
    CHECK(ac_isin_by_(ex, (ac_dtype)dtype, x, n, tests, count, false, way, out) == 0);
    CHECK(ac_isin_by_(ex, (ac_dtype)dtype, x, n, tests, count, true, way, opposite) == 0);
    CHECK(out[n] == 7);
    for (int64_t i = 0; i < n; i++) {
        bool want = false;
        for (int64_t k = 0; k < count && !want; k++) want = equal(dtype, x, i, tests, k);
        CHECK(out[i] == want);
        CHECK(opposite[i] == !want);
    }
}

static void test_every_type_and_way(void) {
    const int64_t sizes[] = {0, 1, 2, 7, 64, 130, 500};
    const int64_t counts[] = {0, 1, 3, 16, 17, 131, 400};
    uint64_t state = seed;
    for (int s = 0; s < 7; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int p = 0; p < (check_is_float(dtype) ? 9 : 5); p++) {
                void *base, *tests_base;
                const int64_t n = sizes[s], count = counts[(s * 3 + p) % 7];
                const int pattern = p == 0 ? 0 : p == 1 ? 5 : p == 2 ? 1 : 11;
                const int shape = p < 5 ? 0 : p - 4;
                const size_t size = ac_dtype_size((ac_dtype)dtype);
                char *const x = check_numbers(dtype, n, (size_t)s, pattern, shape, &state, &base);
                char *const tests =
                    check_numbers(dtype, count, (size_t)p, pattern, shape, &state, &tests_base);
                for (int64_t i = 0; i < n && i < count; i += 3) /* some that are there */
                    memcpy(x + (size_t)i * size, tests + (size_t)i * size, size);
                FOR_EACH_SIMD(simd) {
                    const ac_exec ex = check_exec(simd, 1 + s % 2);
                    for (int way = AC_ISIN_ANY; way <= AC_ISIN_HASH; way++)
                        check_way(&ex, dtype, x, n, tests, count, (ac_isin_way)way);
                }
                free(base);
                free(tests_base);
            }
        }
    }
}

static void test_floats_that_are_not_themselves(void) {
    const double x[] = {0.0, -0.0, (double)NAN, -(double)NAN, (double)INFINITY, 1.0};
    const double tests[] = {(double)NAN, -0.0, (double)INFINITY, -(double)NAN};
    const uint8_t want[] = {1, 1, 0, 0, 1, 0};
    uint8_t out[6];
    FOR_EACH_SIMD(simd) {
        const ac_exec ex = check_exec(simd, 1);
        for (int way = AC_ISIN_ANY; way <= AC_ISIN_HASH; way++) {
            CHECK(ac_isin_by_(&ex, AC_F64, x, 6, tests, 4, false, (ac_isin_way)way, out) == 0);
            CHECK(memcmp(out, want, 6) == 0);
        }
    }
}

/* The least and the greatest of each type are neighbours modulo its width. */
static void test_the_ends_of_integers(void) {
    const int64_t wide[] = {INT64_MIN, -1, 0, INT64_MAX};
    const int32_t narrow[] = {INT32_MIN, -1, 0, INT32_MAX};
    const int64_t wide_tests[] = {INT64_MAX - 70, INT64_MAX};
    const int32_t narrow_tests[] = {INT32_MIN, INT32_MIN + 40};
    uint8_t out[4];
    FOR_EACH_SIMD(simd) {
        const ac_exec ex = check_exec(simd, 1);
        for (int way = AC_ISIN_ANY; way <= AC_ISIN_HASH; way++) {
            CHECK(ac_isin_by_(&ex, AC_I64, wide, 4, wide_tests, 2, false, (ac_isin_way)way, out) == 0);
            CHECK(memcmp(out, "\0\0\0\1", 4) == 0);
            CHECK(ac_isin_by_(&ex, AC_I32, narrow, 4, narrow_tests, 2, false, (ac_isin_way)way, out) ==
                  0);
            CHECK(memcmp(out, "\1\0\0\0", 4) == 0);
        }
    }
}

/* Enough for several parts and slabs of the hash set, and for several chunks. */
static void test_many_numbers_on_many_threads(void) {
    const int64_t n = 300000, count = 1200000;
    uint64_t *const x = malloc((size_t)n * 8), *const tests = malloc((size_t)count * 8);
    uint8_t *const out = malloc((size_t)n);
    for (int64_t i = 0; i < count; i++) tests[i] = (uint64_t)(3 * i) << 30;
    for (int64_t i = 0; i < n; i++) x[i] = (uint64_t)(i * 13) << 30;
    const int32_t step = check_scale(100) < 100 ? 2 : 1; /* one and three */
    for (int32_t threads = 1; threads <= 3; threads += step) {
        const ac_exec ex = check_exec(ac_simd_detect(), threads);
        CHECK(ac_isin(&ex, AC_U64, x, n, tests, count, false, out) == 0);
        for (int64_t i = 0; i < n; i++) CHECK(out[i] == (i % 3 == 0 && i * 13 < 3 * count));
    }
    const ac_exec stopping = check_stopping_exec(2);
    CHECK(ac_isin(&stopping, AC_U64, x, n, tests, count, false, out) == AC_STOPPED_BY_POLL);
    free(x);
    free(tests);
    free(out);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type_and_way);
    RUN(test_floats_that_are_not_themselves);
    RUN(test_the_ends_of_integers);
    RUN(test_many_numbers_on_many_threads);
    return 0;
}
