/* Places in a sorted buffer: against counting, on every type and side, with NaNs and both zeros. */
#include "kernels/ac_searchsorted.h"

#include "numbers_check.h"

static uint64_t seed;

/* Whether a stands before b: NaNs last. */
static bool before(int dtype, const char *x, int64_t a, const char *y, int64_t b) {
    if (check_is_float(dtype)) {
        const double u = check_get_f64(dtype, x, a), v = check_get_f64(dtype, y, b);
        return u < v || (!isnan(u) && isnan(v));
    }
    const uint64_t flip = check_is_signed(dtype) ? (uint64_t)1 << 63 : 0;
    return (check_get_u64(dtype, x, a) ^ flip) < (check_get_u64(dtype, y, b) ^ flip);
}

static void sort_slowly(int dtype, char *x, int64_t n) {
    const size_t size = ac_dtype_size((ac_dtype)dtype);
    for (int64_t i = 1; i < n; i++) {
        for (int64_t k = i; k > 0 && before(dtype, x, k, x, k - 1); k--) {
            char swap[8];
            memcpy(swap, x + (size_t)k * size, size);
            memcpy(x + (size_t)k * size, x + (size_t)(k - 1) * size, size);
            memcpy(x + (size_t)(k - 1) * size, swap, size);
        }
    }
}

static void test_every_type(void) {
    const int64_t sizes[] = {0, 1, 2, 3, 4, 7, 31, 64, 200};
    uint64_t state = seed;
    for (int s = 0; s < 9; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int p = 0; p < (check_is_float(dtype) ? 9 : 5); p++) {
                void *base, *v_base;
                const int64_t n = sizes[s], count = 50 + s;
                const int pattern = p == 0 ? 0 : p == 1 ? 5 : p == 2 ? 3 : 11;
                const int shape = p < 5 ? 0 : p - 4;
                char *const x = check_numbers(dtype, n, (size_t)s, pattern, shape, &state, &base);
                char *const v =
                    check_numbers(dtype, count, (size_t)p, pattern, shape, &state, &v_base);
                if (n > 0) memcpy(v, x, ac_dtype_size((ac_dtype)dtype)); /* one that is there */
                sort_slowly(dtype, x, n);
                for (int right = 0; right <= 1; right++) {
                    int64_t out[60];
                    const ac_exec ex = check_exec(ac_simd_detect(), 1 + s % 2);
                    CHECK(ac_searchsorted(&ex, (ac_dtype)dtype, x, n, v, count, right, out) == 0);
                    for (int64_t i = 0; i < count; i++) {
                        int64_t want = 0;
                        while (want < n && (right ? !before(dtype, v, i, x, want)
                                                  : before(dtype, x, want, v, i)))
                            want++;
                        CHECK(out[i] == want);
                    }
                }
                free(base);
                free(v_base);
            }
        }
    }
}

static void test_many_numbers_on_many_threads(void) {
    const int64_t n = 100000, count = 300000;
    int32_t *const x = malloc((size_t)n * 4), *const v = malloc((size_t)count * 4);
    int64_t *const out = malloc((size_t)count * 8);
    for (int64_t i = 0; i < n; i++) x[i] = (int32_t)(3 * i);
    for (int64_t i = 0; i < count; i++) v[i] = (int32_t)i;
    for (int32_t threads = 1; threads <= 3; threads++) {
        const ac_exec ex = check_exec(ac_simd_detect(), threads);
        CHECK(ac_searchsorted(&ex, AC_I32, x, n, v, count, false, out) == 0);
        for (int64_t i = 0; i < count; i++) CHECK(out[i] == (i + 2) / 3);
    }
    free(x);
    free(v);
    free(out);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_many_numbers_on_many_threads);
    return 0;
}
