/* Products: integers wrap at their width, floats have the bits that ac_dot.h promises. */
#include "kernels/ac_dot.h"

#include "numbers_check.h"

static uint64_t seed;

static const int64_t sizes[] = {0, 1, 2, 31, 33, 64, 65, 2047, 2048, 2049, 4096,
                                6145, 9000, 65536, 65537, 300001};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

/* The order of additions that ac_dot.h promises, written the slow way. */
static double leaf(int dtype, const char *x, const char *y, int64_t lo, int64_t n) {
    const int lanes = dtype == AC_F32 ? 64 : 32;
    double lane[64];
    for (int j = 0; j < lanes; j++) lane[j] = -0.0;
    for (int64_t i = 0; i < n; i++) {
        const double a = check_get_f64(dtype, x, lo + i), b = check_get_f64(dtype, y, lo + i);
        if (dtype == AC_F32) {
            lane[i % lanes] = (double)((float)lane[i % lanes] + (float)((float)a * (float)b));
        } else {
            lane[i % lanes] += a * b;
        }
    }
    for (int half = lanes / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static double tree(int dtype, const char *x, const char *y, int64_t lo, int64_t n) {
    int64_t left = AC_DOT_LEAF;
    if (n <= left) return leaf(dtype, x, y, lo, n);
    while (left * 2 < n) left *= 2;
    return tree(dtype, x, y, lo, left) + tree(dtype, x, y, lo + left, n - left);
}

static void check_one(int dtype, const char *x, const char *y, int64_t n) {
    const int drop = 64 - 8 * (int)ac_dtype_size((ac_dtype)dtype);
    ac_number want = {0};
    if (check_is_float(dtype)) {
        want.f64 = n == 0 ? 0.0 : tree(dtype, x, y, 0, n);
        if (dtype == AC_F32) want.f64 = (double)(float)want.f64;
    } else {
        for (int64_t i = 0; i < n; i++)
            want.u64 += check_get_u64(dtype, x, i) * check_get_u64(dtype, y, i);
        if (check_is_signed(dtype)) {
            want.i64 = (int64_t)(want.u64 << drop) >> drop;
        } else {
            want.u64 = want.u64 << drop >> drop;
        }
    }
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            ac_number got;
            CHECK(ac_dot(&ex, (ac_dtype)dtype, x, y, n, &got) == 0);
            CHECK(memcmp(&got, &want, 8) == 0);
        }
    }
}

static void test_every_type(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int shape = 0; shape <= (check_is_float(dtype) ? 3 : 0); shape += 3) {
                void *base, *other;
                const int64_t n = sizes[s];
                if (check_leaves_out(n, seed, s * 1000 + dtype * 50 + shape)) continue;
                char *const x =
                    check_numbers(dtype, n, (size_t)s % 9, 11, shape, &state, &base);
                char *const y = check_numbers(dtype, n, (size_t)dtype, 0, 0, &state, &other);
                check_one(dtype, x, y, n);
                check_one(dtype, x, x, n);
                free(base);
                free(other);
            }
        }
    }
}

static void test_special_floats(void) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    const double x[2] = {(double)INFINITY, -0.0}, y[2] = {0.0, 1.0};
    ac_number got;
    CHECK(ac_dot(&ex, AC_F64, x, y, 2, &got) == 0 && isnan(got.f64));
    CHECK(ac_dot(&ex, AC_F64, x + 1, y + 1, 1, &got) == 0 && got.f64 == 0 && signbit(got.f64));
    const float big[1] = {3e38f};
    CHECK(ac_dot(&ex, AC_F32, big, big, 1, &got) == 0 && isinf(got.f64));
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_special_floats);
    return 0;
}
