/* Running sums: integers wrap, floats have the bits that ac_cumsum.h promises, in place too. */
#include "kernels/ac_cumsum.h"

#include "numbers_check.h"

static uint64_t seed;

static const int64_t sizes[] = {0,    1,    2,     127,   128,   129,   255,   300,   1024,
                                1025, 9000, 16383, 16384, 16385, 32769, 100003};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

/* What the header promises, written the slow way. */
static void slow(int dtype, const char *x, char *out, int64_t n) {
    double before = -0.0, run = 0;
    uint64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!check_is_float(dtype)) {
            total += check_get_u64(dtype, x, i);
            memcpy(out + 8 * i, &total, 8);
            continue;
        }
        const double v = check_get_f64(dtype, x, i);
        if (i % AC_CUMSUM_SEGMENT == 0) {
            if (i > 0) before += run;
            run = v;
        } else {
            run += v;
        }
        const double sum = before + run;
        if (dtype == AC_F32) {
            const float narrow = (float)sum;
            memcpy(out + 4 * i, &narrow, 4);
        } else {
            memcpy(out + 8 * i, &sum, 8);
        }
    }
}

static void test_every_type(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int shape = 0; shape <= (check_is_float(dtype) ? 2 : 0); shape++) {
                const int64_t n = sizes[s];
                if (check_leaves_out(n, seed, s * 1000 + dtype * 50 + shape)) continue;
                const size_t wide = dtype == AC_F32 ? 4 : 8, bytes = (size_t)n * wide;
                void *base, *got_base, *want_base;
                char *const x = check_numbers(dtype, n, (size_t)(s + shape) % 9, 11, shape % 2,
                                              &state, &base);
                char *const got = check_room(&got_base, bytes, (size_t)s % 5);
                char *const want = check_room(&want_base, bytes, 0);
                slow(dtype, x, want, n);
                for (int32_t threads = 1; threads <= 4; threads++) {
                    const ac_exec ex = check_exec(AC_SIMD_PORTABLE, threads);
                    memset(got, 0x55, bytes);
                    CHECK(ac_cumsum(&ex, (ac_dtype)dtype, x, got, n) == 0);
                    CHECK(memcmp(got, want, bytes) == 0);
                }
                if (ac_dtype_size((ac_dtype)dtype) == wide) {
                    const ac_exec ex = check_exec(AC_SIMD_PORTABLE, 2);
                    CHECK(ac_cumsum(&ex, (ac_dtype)dtype, x, x, n) == 0);
                    CHECK(memcmp(x, want, bytes) == 0);
                }
                free(base);
                free(got_base);
                free(want_base);
            }
        }
    }
}

static void test_sums_of_positive_numbers_never_fall(void) {
    const int64_t n = 200000;
    double *const x = malloc((size_t)n * 8);
    const ac_exec ex = check_exec(AC_SIMD_PORTABLE, 2);
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++)
        x[i] = ldexp((double)(check_random(&state) >> 11), -(int)(check_random(&state) % 60));
    CHECK(ac_cumsum(&ex, AC_F64, x, x, n) == 0);
    for (int64_t i = 1; i < n; i++) CHECK(x[i - 1] <= x[i]);
    free(x);
}

/* Several callers at the same time, each with its own chain of chunks. */
static void *caller(void *arg) {
    const int64_t n = 300000;
    int64_t *const x = malloc((size_t)n * 8);
    const ac_exec ex = check_exec(AC_SIMD_PORTABLE, 4);
    (void)arg;
    for (int round = 0; round < 20; round++) {
        for (int64_t i = 0; i < n; i++) x[i] = 1;
        CHECK(ac_cumsum(&ex, AC_I64, x, x, n) == 0);
        for (int64_t i = 0; i < n; i++) CHECK(x[i] == i + 1);
    }
    free(x);
    return NULL;
}

static void test_callers_side_by_side(void) {
    char none[3];
    check_threads(3, caller, none, 1);
}

static void test_it_stops_when_asked(void) {
    const int64_t n = 60 * 1000 * 1000;
    char *const x = calloc((size_t)n * 8, 1);
    for (int32_t threads = 1; threads <= 2; threads++) {
        const ac_exec ex = check_stopping_exec(threads);
        CHECK(x != NULL && ac_cumsum(&ex, AC_F64, x, x, n) == AC_STOPPED_BY_POLL);
    }
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_sums_of_positive_numbers_never_fall);
    RUN(test_callers_side_by_side);
    RUN(test_it_stops_when_asked);
    return 0;
}
