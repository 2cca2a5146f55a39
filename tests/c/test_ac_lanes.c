/* Rows of lanes by hand: each function takes whole rows alone, and leaves the bits that a loop over
 * lanes leaves. On other processors there is nothing of it. */
#include "kernels/ac_lanes_neon.h"

#include "numbers_check.h"

#if AC_NEON

static uint64_t seed;

static const int64_t sizes[] = {0, 1, 31, 32, 33, 63, 64, 255, 256, 257, 1000, 2048};
#define SIZES (int)(sizeof sizes / sizeof *sizes)

/* What the lanes begin with: no zeroes, so that a lane that is not looked at shows. */
#define FILL(lane, count) \
    for (int j = 0; j < (count); j++) (lane)[j] = 1 + j % 3

#define CHECK_ADDING(NAME, T, V)                                                            \
    static void adding_##NAME(const T *x, int64_t n) {                                      \
        double got[32], want[32], got_squares[32], want_squares[32];                        \
        FILL(got, 32);                                                                      \
        FILL(want, 32);                                                                     \
        FILL(got_squares, 32);                                                              \
        FILL(want_squares, 32);                                                             \
        for (int64_t i = 0; i < n / 32 * 32; i++) {                                         \
            const double v = (double)x[i], away = v - 2.5;                                  \
            want[i % 32] += v;                                                              \
            want_squares[i % 32] += away * away;                                            \
        }                                                                                   \
        CHECK(ac_neon_sum_##NAME(x, n, got) == n / 32 * 32);                                \
        CHECK(ac_neon_deviations_##NAME(x, n, 2.5, got_squares) == n / 32 * 32);            \
        for (int j = 0; j < 32; j++) {                                                      \
            const bool nan = want[j] != want[j]; /* whose bits nobody promises */           \
            CHECK(nan ? got[j] != got[j] : memcmp(got + j, want + j, 8) == 0);              \
            const bool odd = want_squares[j] != want_squares[j];                            \
            CHECK(odd ? got_squares[j] != got_squares[j]                                    \
                      : memcmp(got_squares + j, want_squares + j, 8) == 0);                 \
        }                                                                                   \
    }
AC_INTEGER_TYPES(CHECK_ADDING)
AC_FLOAT_TYPES(CHECK_ADDING)

#define LANES(V) (256 / (int)sizeof(V))

#define CHECK_EXTREMES(NAME, T, V)                                                          \
    static void extremes_##NAME(const T *x, int64_t n) {                                    \
        V low[LANES(V)], high[LANES(V)], want_low[LANES(V)], want_high[LANES(V)];           \
        const int64_t whole = n / LANES(V) * LANES(V);                                      \
        uint64_t odd = 0, odd_too = 0;                                                      \
        bool nan = false;                                                                   \
        FILL(low, LANES(V));                                                                \
        FILL(high, LANES(V));                                                               \
        FILL(want_low, LANES(V));                                                           \
        FILL(want_high, LANES(V));                                                          \
        for (int64_t i = 0; i < whole; i++) {                                               \
            const V v = x[i];                                                               \
            if (v < want_low[i % LANES(V)]) want_low[i % LANES(V)] = v;                     \
            if (v > want_high[i % LANES(V)]) want_high[i % LANES(V)] = v;                   \
            nan |= v != v;                                                                  \
        }                                                                                   \
        CHECK(ac_neon_extreme_##NAME(x, n, true, low, &odd) == whole);                      \
        CHECK(ac_neon_extreme_##NAME(x, n, false, high, &odd_too) == whole);                \
        CHECK(memcmp(low, want_low, sizeof low) == 0);                                      \
        CHECK(memcmp(high, want_high, sizeof high) == 0);                                   \
        CHECK((odd != 0) == nan && (odd_too != 0) == nan);                                  \
    }
AC_INTEGER_TYPES(CHECK_EXTREMES)
AC_FLOAT_TYPES(CHECK_EXTREMES)

#define CHECK_DOT(NAME, T, V)                                                               \
    static void dot_##NAME(const T *x, const T *y, int64_t n) {                             \
        V got[LANES(V)], want[LANES(V)];                                                    \
        const int64_t whole = n / LANES(V) * LANES(V);                                      \
        FILL(got, LANES(V));                                                                \
        FILL(want, LANES(V));                                                               \
        for (int64_t i = 0; i < whole; i++) want[i % LANES(V)] += x[i] * y[i];              \
        CHECK(ac_neon_dot_##NAME(x, y, n, got) == whole);                                   \
        for (int j = 0; j < LANES(V); j++)                                                  \
            CHECK(want[j] != want[j] ? got[j] != got[j]                                     \
                                     : memcmp(got + j, want + j, sizeof(V)) == 0);          \
    }
AC_FLOAT_TYPES(CHECK_DOT)

static void test_every_type_size_alignment_and_pattern(void) {
    uint64_t state = seed;
    for (int s = 0; s < SIZES; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int p = 0; p < PATTERNS * (CHECK_FLOATS + 1); p++) {
                const int pattern = p % PATTERNS, shape = p / PATTERNS;
                if (shape != 0 && !check_is_float(dtype)) break;
                void *base, *base2;
                const int64_t n = sizes[s];
                const char *const x = check_numbers(dtype, n, (size_t)(s + p) % 17, pattern, shape,
                                                    &state, &base);
                const char *const y = check_numbers(dtype, n, (size_t)p % 5, 11, shape, &state, &base2);
                switch (dtype) {
#define CASE(NAME, T, V)                                 \
    adding_##NAME((const T *)x, n);                      \
    extremes_##NAME((const T *)x, n);                    \
    break;
                case AC_I8: CASE(i8, int8_t, )
                case AC_U8: CASE(u8, uint8_t, )
                case AC_I16: CASE(i16, ac_i16_at, )
                case AC_U16: CASE(u16, ac_u16_at, )
                case AC_I32: CASE(i32, ac_i32_at, )
                case AC_U32: CASE(u32, ac_u32_at, )
                case AC_I64: CASE(i64, ac_i64_at, )
                case AC_U64: CASE(u64, ac_u64_at, )
                case AC_F32:
                    dot_f32((const ac_f32_at *)x, (const ac_f32_at *)y, n);
                    CASE(f32, ac_f32_at, )
                case AC_F64:
                    dot_f64((const ac_f64_at *)x, (const ac_f64_at *)y, n);
                    CASE(f64, ac_f64_at, )
                }
                free(base);
                free(base2);
            }
        }
    }
}

int main(void) {
    seed = check_seed();
    CHECK(ac_simd_detect() == AC_SIMD_NEON);
    RUN(test_every_type_size_alignment_and_pattern);
    return 0;
}

#else
int main(void) { return 0; }
#endif
