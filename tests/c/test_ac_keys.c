/* Keys: their order is the order of the numbers; exact ones give the numbers back. */
#include "kernels/ac_keys.h"

#include <math.h>
#include <stdbool.h>

#include "kernels_check.h"

static uint64_t seed;

static uint64_t key_f64(double v, ac_keys_form form) {
    uint64_t key;
    ac_keys_load(AC_SIMD_PORTABLE, AC_F64, form, &v, 0, 1, (ac_u64_at *)&key);
    return key;
}

static uint64_t key_f32(float v, ac_keys_form form) {
    uint64_t key;
    ac_keys_load(AC_SIMD_PORTABLE, AC_F32, form, &v, 0, 1, (ac_u64_at *)&key);
    return key;
}

static void test_floats_go_up_and_nans_come_last(void) {
    const double up[] = {-INFINITY, -1e308, -1.5, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1.5, 1e308,
                         INFINITY};
    const int n = sizeof up / sizeof *up;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            const bool zeroes = up[i] == 0 && up[k] == 0;
            CHECK((key_f64(up[i], AC_KEYS_EXACT) < key_f64(up[k], AC_KEYS_EXACT)) == (i < k));
            CHECK((key_f64(up[i], AC_KEYS_TIES) < key_f64(up[k], AC_KEYS_TIES)) ==
                  (i < k && !zeroes));
            CHECK((key_f32((float)up[i], AC_KEYS_TIES) < key_f32((float)up[k], AC_KEYS_TIES)) ==
                  ((float)up[i] < (float)up[k]));
        }
        CHECK(key_f64(up[i], AC_KEYS_EXACT) < key_f64(NAN, AC_KEYS_EXACT));
        CHECK(key_f64(up[i], AC_KEYS_EXACT) < key_f64(-NAN, AC_KEYS_EXACT));
        CHECK(key_f64(up[i], AC_KEYS_TIES) < key_f64(NAN, AC_KEYS_TIES));
        CHECK(key_f32((float)up[i], AC_KEYS_EXACT) < key_f32(-NAN, AC_KEYS_EXACT));
    }
    CHECK(key_f64(NAN, AC_KEYS_TIES) == key_f64(-NAN, AC_KEYS_TIES));
    CHECK(key_f32(NAN, AC_KEYS_TIES) == key_f32(-NAN, AC_KEYS_TIES));
    CHECK(key_f64(-INFINITY, AC_KEYS_EXACT) == 0 && key_f32(-INFINITY, AC_KEYS_EXACT) == 0);
}

#define COMPARE(T, a, b) ((*(const T *)(a) > *(const T *)(b)) - (*(const T *)(a) < *(const T *)(b)))

static int compare_integers(ac_dtype t, const void *a, const void *b) {
    switch (t) {
    case AC_I8:
        return COMPARE(int8_t, a, b);
    case AC_U8:
        return COMPARE(uint8_t, a, b);
    case AC_I16:
        return COMPARE(ac_i16_at, a, b);
    case AC_U16:
        return COMPARE(ac_u16_at, a, b);
    case AC_I32:
        return COMPARE(ac_i32_at, a, b);
    case AC_U32:
        return COMPARE(ac_u32_at, a, b);
    case AC_I64:
        return COMPARE(ac_i64_at, a, b);
    default:
        return COMPARE(ac_u64_at, a, b);
    }
}

static void test_any_bits_come_back_and_integers_keep_their_order(void) {
    uint64_t state = seed;
    char x[8 * 70], back[8 * 70];
    uint64_t key[64];
    for (int round = 0; round < 200; round++) {
        for (int t = AC_I8; t <= AC_F64; t++) {
            const size_t size = ac_dtype_size((ac_dtype)t);
            const int64_t n = (int64_t)(check_random(&state) % 64) + 1, first = round % 5;
            for (size_t i = 0; i < sizeof x; i++)
                x[i] = (char)(round % 3 ? check_random(&state) : check_random(&state) % 2 * 255);
            ac_keys_load(AC_SIMD_PORTABLE, (ac_dtype)t, AC_KEYS_EXACT, x, first, n,
                         (ac_u64_at *)key);
            memset(back, 0, sizeof back);
            ac_keys_store(AC_SIMD_PORTABLE, (ac_dtype)t, (ac_u64_at *)key, n, back, first);
            CHECK(memcmp(back + (size_t)first * size, x + (size_t)first * size, (size_t)n * size) ==
                  0);
            FOR_EACH_SIMD(simd) {
                uint64_t other[64];
                for (int form = AC_KEYS_EXACT; form <= AC_KEYS_TIES; form++) {
                    uint64_t want[64];
                    ac_keys_load(AC_SIMD_PORTABLE, (ac_dtype)t, (ac_keys_form)form, x, first, n,
                                 (ac_u64_at *)want);
                    ac_keys_load(simd, (ac_dtype)t, (ac_keys_form)form, x, first, n,
                                 (ac_u64_at *)other);
                    CHECK(memcmp(other, want, (size_t)n * 8) == 0);
                }
                char again[8 * 70];
                memset(again, 0, sizeof again);
                ac_keys_store(simd, (ac_dtype)t, (ac_u64_at *)key, n, again, first);
                CHECK(memcmp(again, back, sizeof back) == 0);
            }
            if (t > AC_U64) continue;
            for (int64_t i = 1; i < n; i++) {
                const int order =
                    compare_integers((ac_dtype)t, x + (size_t)(first + i - 1) * size,
                                     x + (size_t)(first + i) * size);
                CHECK(order == (key[i - 1] > key[i]) - (key[i - 1] < key[i]));
            }
        }
    }
}

static void test_short_keys_are_the_long_ones(void) {
    uint64_t state = seed, want[200];
    uint32_t key[201];
    char x[4 * 210], back[4 * 210];
    for (int round = 0; round < 100; round++)
        for (int t = AC_I8; t <= AC_F32; t++) {
            const size_t size = ac_dtype_size((ac_dtype)t);
            const int64_t n = (int64_t)(check_random(&state) % 200), first = round % 5;
            if (size > 4) continue;
            for (size_t i = 0; i < sizeof x; i++) x[i] = (char)check_random(&state);
            memset(want, 0, sizeof want);
            ac_keys_load(AC_SIMD_PORTABLE, (ac_dtype)t, AC_KEYS_EXACT, x, first, n,
                         (ac_u64_at *)want);
            FOR_EACH_SIMD(simd) {
                ac_u32_at *const keys = (ac_u32_at *)((char *)key + round % 4);
                ac_keys_load32(simd, (ac_dtype)t, x, first, n, keys);
                for (int64_t i = 0; i < n; i++) CHECK(keys[i] == want[i]);
                memcpy(back, x, sizeof x);
                memset(back + (size_t)first * size, 0, (size_t)n * size);
                ac_keys_store32(simd, (ac_dtype)t, keys, n, back, first);
                CHECK(memcmp(back, x, sizeof x) == 0);
                if (size < 4) continue;
                ac_u32_at *const there = (ac_u32_at *)back + first; /* in place */
                ac_keys_load32(simd, (ac_dtype)t, back, first, n, there);
                for (int64_t i = 0; i < n; i++) CHECK(there[i] == want[i]);
                ac_keys_store32(simd, (ac_dtype)t, there, n, back, first);
                CHECK(memcmp(back, x, sizeof x) == 0);
            }
        }
}

int main(void) {
    seed = check_seed();
    RUN(test_floats_go_up_and_nans_come_last);
    RUN(test_short_keys_are_the_long_ones);
    RUN(test_any_bits_come_back_and_integers_keep_their_order);
    return 0;
}
