/* Sums: wrapping integers, and floats with the same bits on every path. */
#include "kernels/ac_sum.h"

#include <math.h>

#include "kernels_check.h"

static uint64_t seed;

static int64_t sizes[] = {0, 1, 2, 31, 32, 33, 100, 2047, 2048, 2049, 5000, 131071, 131072, 131073,
                          400001};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

/* The order of additions that ac_sum.h promises, written the slow way. */
static double leaf_sum(const double *v, int64_t n) {
    double lane[AC_SUM_LANES];
    for (int j = 0; j < AC_SUM_LANES; j++) lane[j] = -0.0;
    for (int64_t i = 0; i < n; i++) lane[i % AC_SUM_LANES] += v[i];
    for (int half = AC_SUM_LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static double tree_sum(const double *v, int64_t n) {
    int64_t left = AC_SUM_LEAF;
    if (n <= left) return leaf_sum(v, n);
    while (left * 2 < n) left *= 2;
    return tree_sum(v, left) + tree_sum(v + left, n - left);
}

static void test_floats_have_the_promised_bits_on_every_path(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        const int64_t n = sizes[s];
        double *const x = malloc((size_t)n * 8 + 8);
        double *const narrow = malloc((size_t)n * 8 + 8);
        void *base, *base4;
        char *const at = check_room(&base, (size_t)n * 8, (size_t)s % 13);
        char *const at4 = check_room(&base4, (size_t)n * 4, (size_t)s % 7);
        for (int64_t i = 0; i < n; i++) {
            const int exponent = (int)(check_random(&state) % 90) - 100;
            x[i] = ldexp((double)(int64_t)check_random(&state), exponent);
            const float f = (float)x[i];
            narrow[i] = (double)f;
            memcpy(at + 8 * i, &x[i], 8);
            memcpy(at4 + 4 * i, &f, 4);
        }
        const double want = n == 0 ? 0.0 : tree_sum(x, n);
        const double want4 = n == 0 ? 0.0 : (double)(float)tree_sum(narrow, n);
        FOR_EACH_SIMD(simd) {
            for (int32_t threads = 1; threads <= 3; threads++) {
                const ac_exec ex = check_exec(simd, threads);
                ac_number got;
                CHECK(ac_sum(&ex, AC_F64, at, n, &got) == 0);
                CHECK(memcmp(&got.f64, &want, 8) == 0);
                CHECK(ac_sum(&ex, AC_F32, at4, n, &got) == 0);
                CHECK(memcmp(&got.f64, &want4, 8) == 0);
            }
        }
        free(x);
        free(narrow);
        free(base);
        free(base4);
    }
}

static void test_integers_wrap_and_keep_their_sign(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int t = AC_I8; t <= AC_U64; t++) {
            const size_t size = ac_dtype_size((ac_dtype)t);
            const int64_t n = sizes[s];
            if (check_leaves_out(n, seed, s * 1000 + t)) continue;
            void *base;
            char *const x = check_room(&base, (size_t)n * size, (size_t)(s + t) % 9);
            uint64_t want = 0;
            for (int64_t i = 0; i < n; i++) {
                const uint64_t signs = s % 2 ? 0 : UINT64_C(0x8080808080808080);
                const uint64_t r = check_random(&state) | signs;
                memcpy(x + (size_t)i * size, &r, size);
                const int drop = 64 - 8 * (int)size;
                want += t % 2 ? r << drop >> drop : (uint64_t)((int64_t)(r << drop) >> drop);
            }
            FOR_EACH_SIMD(simd) {
                const ac_exec ex = check_exec(simd, 2);
                ac_number got;
                CHECK(ac_sum(&ex, (ac_dtype)t, x, n, &got) == 0 && got.u64 == want);
            }
            free(base);
        }
    }
}

static void test_special_floats(void) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    double x[40];
    ac_number got;
    for (int i = 0; i < 40; i++) x[i] = -0.0;
    CHECK(ac_sum(&ex, AC_F64, x, 40, &got) == 0 && got.f64 == 0 && signbit(got.f64));
    CHECK(ac_sum(&ex, AC_F64, x, 0, &got) == 0 && got.f64 == 0 && !signbit(got.f64));
    x[7] = INFINITY;
    CHECK(ac_sum(&ex, AC_F64, x, 40, &got) == 0 && isinf(got.f64));
    x[8] = -INFINITY;
    CHECK(ac_sum(&ex, AC_F64, x, 40, &got) == 0 && isnan(got.f64));
    const float big[2] = {3e38f, 3e38f};
    CHECK(ac_sum(&ex, AC_F32, big, 2, &got) == 0 && isinf(got.f64));
}

int main(void) {
    seed = check_seed();
    RUN(test_floats_have_the_promised_bits_on_every_path);
    RUN(test_integers_wrap_and_keep_their_sign);
    RUN(test_special_floats);
    return 0;
}
