/* Means and squared deviations: against two plain passes, and the same bits on every path. */
#include "kernels/ac_moments.h"

#include "numbers_check.h"

static uint64_t seed;

static const int64_t sizes[] = {1, 2, 31, 33, 2047, 2048, 2049, 9000, 131072, 131073, 400001};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

static bool close_to(double got, double want, double scale) {
    return fabs(got - want) <= 1e-10 * (fabs(want) + scale);
}

static void check_one(int dtype, const char *x, int64_t n) {
    long double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += (long double)check_get_f64(dtype, x, i);
    const long double mean = sum / (long double)n;
    long double size = 0;
    for (int64_t i = 0; i < n; i++) {
        const long double v = (long double)check_get_f64(dtype, x, i);
        squares += (v - mean) * (v - mean);
        size += v < 0 ? -v : v;
    }
    ac_moments first = {0};
    bool begun = false;
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            ac_moments m, only_mean;
            CHECK(ac_moments_of(&ex, (ac_dtype)dtype, x, n, true, &m) == 0);
            CHECK(ac_moments_of(&ex, (ac_dtype)dtype, x, n, false, &only_mean) == 0);
            CHECK(memcmp(&m.mean, &only_mean.mean, 8) == 0 && only_mean.deviations == 0);
            CHECK(close_to(m.mean, (double)mean, (double)(size / (long double)n)));
            CHECK(close_to(m.deviations, (double)squares, 0));
            if (!begun) first = m;
            begun = true;
            CHECK(memcmp(&first, &m, sizeof m) == 0);
        }
    }
}

static void test_every_type(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int p = 0; p < PATTERNS; p += 5) {
                if (check_leaves_out(sizes[s], seed, s * 1000 + dtype * 50 + p)) continue;
                void *base;
                char *const x =
                    check_numbers(dtype, sizes[s], (size_t)(s + p) % 9, p, 0, &state, &base);
                check_one(dtype, x, sizes[s]);
                free(base);
            }
        }
    }
}

/* The deviations of numbers that are large and close together are lost if squares are subtracted. */
static void test_a_large_mean_does_not_hide_the_variance(void) {
    double x[5000];
    ac_moments m;
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    for (int i = 0; i < 5000; i++) x[i] = 1e9 + (i % 2);
    CHECK(ac_moments_of(&ex, AC_F64, x, 5000, true, &m) == 0);
    CHECK(fabs(m.mean - (1e9 + 0.5)) < 1e-6 && fabs(m.deviations - 1250) < 1e-6);
}

static void test_special_floats(void) {
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    double x[3000];
    ac_moments m;
    for (int i = 0; i < 3000; i++) x[i] = 1;
    x[2900] = (double)INFINITY;
    CHECK(ac_moments_of(&ex, AC_F64, x, 3000, true, &m) == 0);
    CHECK(isinf(m.mean) && isnan(m.deviations));
    x[5] = -(double)INFINITY;
    CHECK(ac_moments_of(&ex, AC_F64, x, 3000, false, &m) == 0 && isnan(m.mean));
    CHECK(ac_moments_of(&ex, AC_F64, x, 0, true, &m) == 0 && m.mean == 0 && m.deviations == 0);
    const uint64_t big[2] = {UINT64_MAX, UINT64_MAX};
    CHECK(ac_moments_of(&ex, AC_U64, big, 2, true, &m) == 0 && m.mean == 0x1p64);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_a_large_mean_does_not_hide_the_variance);
    RUN(test_special_floats);
    return 0;
}
