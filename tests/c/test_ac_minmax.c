/* Extremes: against a plain loop, on every type, path, alignment and pattern. */
#include "kernels/ac_minmax.h"

#include "numbers_check.h"

static uint64_t seed;

static const int64_t sizes[] = {1, 2, 3, 31, 32, 33, 63, 64, 257, 1000, 4099, 131072, 300007};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

static bool less(int dtype, const char *x, int64_t a, int64_t b) {
    if (check_is_float(dtype)) return check_get_f64(dtype, x, a) < check_get_f64(dtype, x, b);
    const uint64_t flip = check_is_signed(dtype) ? (uint64_t)1 << 63 : 0;
    return (check_get_u64(dtype, x, a) ^ flip) < (check_get_u64(dtype, x, b) ^ flip);
}

static void check_one(int dtype, const char *x, int64_t n) {
    int64_t at_least = 0, at_most = 0;
    bool nan = false;
    for (int64_t i = 0; i < n; i++) {
        if (less(dtype, x, i, at_least)) at_least = i;
        if (less(dtype, x, at_most, i)) at_most = i;
        if (check_is_float(dtype)) nan |= isnan(check_get_f64(dtype, x, i));
    }
    ac_number first = {0};
    bool begun = false;
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            const ac_exec ex = check_exec(simd, threads);
            ac_number least, most, only_least, only_most;
            CHECK(ac_minmax(&ex, (ac_dtype)dtype, x, n, &least, &most) == 0);
            CHECK(ac_minmax(&ex, (ac_dtype)dtype, x, n, &only_least, NULL) == 0);
            CHECK(ac_minmax(&ex, (ac_dtype)dtype, x, n, NULL, &only_most) == 0);
            CHECK(memcmp(&least, &only_least, 8) == 0 && memcmp(&most, &only_most, 8) == 0);
            if (!check_is_float(dtype)) {
                CHECK(least.u64 == check_get_u64(dtype, x, at_least));
                CHECK(most.u64 == check_get_u64(dtype, x, at_most));
            } else if (nan) {
                CHECK(isnan(least.f64) && isnan(most.f64) && !signbit(least.f64));
            } else {
                CHECK(least.f64 == check_get_f64(dtype, x, at_least));
                CHECK(most.f64 == check_get_f64(dtype, x, at_most));
            }
            if (!begun) first = least;
            begun = true;
            CHECK(memcmp(&first, &least, 8) == 0); /* also which zero */
        }
    }
}

static void test_every_type_and_pattern(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            const int shapes = check_is_float(dtype) ? CHECK_FLOATS : 0;
            for (int p = 0; p < PATTERNS + shapes; p++) {
                if (sizes[s] > 5000 && p % 4 != 0 && p < PATTERNS) continue;
                if (check_leaves_out(sizes[s], seed, s * 1000 + dtype * 50 + p)) continue;
                void *base;
                char *const x =
                    check_numbers(dtype, sizes[s], (size_t)(s + p) % 9, p < PATTERNS ? p : 0,
                                  p < PATTERNS ? 0 : p - PATTERNS + 1, &state, &base);
                check_one(dtype, x, sizes[s]);
                free(base);
            }
        }
    }
}

static void test_the_extreme_is_found_at_every_place(void) {
    double x[600];
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    for (int64_t n = 1; n <= 600; n += 37) {
        for (int64_t at = 0; at < n; at++) {
            ac_number least, most;
            for (int64_t i = 0; i < n; i++) x[i] = 1.0;
            x[at] = -5.0;
            CHECK(ac_minmax(&ex, AC_F64, x, n, &least, NULL) == 0 && least.f64 == -5.0);
            x[at] = (double)NAN;
            CHECK(ac_minmax(&ex, AC_F64, x, n, NULL, &most) == 0 && isnan(most.f64));
        }
    }
}

static void test_it_stops_when_asked(void) {
    const int64_t n = 60 * 1000 * 1000;
    char *const x = calloc((size_t)n * 8, 1);
    const ac_exec ex = check_stopping_exec(1);
    ac_number least;
    CHECK(x != NULL && ac_minmax(&ex, AC_F64, x, n, &least, NULL) == AC_STOPPED_BY_POLL);
    free(x);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type_and_pattern);
    RUN(test_the_extreme_is_found_at_every_place);
    RUN(test_it_stops_when_asked);
    return 0;
}
