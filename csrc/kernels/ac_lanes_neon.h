/* ac_lanes_neon.h - the inner loops of sums, dots and extremes with NEON.
 *
 * Each function takes whole rows: as many numbers as a kernel has lanes. It adds (or compares) row
 * after row into the caller's array of lanes and returns how many numbers it took; the rest, and
 * folding the lanes, is the plain C around it. So number i meets lane i % lanes here as there, one addition after
 * the other, and the bits are the same. What it gains over that C, which the compiler makes vectors of
 * too: the lanes stay in registers over the rows, where they went through memory.
 *
 * Everything is static. Only for aarch64 with the low byte first (AC_NEON): there NEON is part of the
 * architecture. Loads are of bytes, so that no address is unaligned.
 */
#ifndef AC_LANES_NEON_H
#define AC_LANES_NEON_H

#include "kernels/ac_dtype.h"
#include "kernels/ac_simd_paths.h"

#if AC_NEON
#include <arm_neon.h>

#define AC_NEON_FN static inline __attribute__((always_inline, unused))
#define AC_NEON_VECTORS 16 /* of the 32 registers: enough additions under way, and none spilled */

/* gcc unrolls on its own only what gets shorter; clang knows the pragma by another name. */
#if defined(__clang__)
#define AC_NEON_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AC_NEON_UNROLL _Pragma("GCC unroll 16")
#endif

AC_NEON_FN float64x2_t ac_neon_f64(const void *p) {
    return vreinterpretq_f64_u8(vld1q_u8((const uint8_t *)p));
}

/* Eight numbers from p on as doubles, rounded as a cast rounds. */
AC_NEON_FN void ac_neon_widen_s32(int32x4_t v, float64x2_t *d) {
    d[0] = vcvtq_f64_s64(vmovl_s32(vget_low_s32(v)));
    d[1] = vcvtq_f64_s64(vmovl_high_s32(v));
}
AC_NEON_FN void ac_neon_widen_u32(uint32x4_t v, float64x2_t *d) {
    d[0] = vcvtq_f64_u64(vmovl_u32(vget_low_u32(v)));
    d[1] = vcvtq_f64_u64(vmovl_high_u32(v));
}
AC_NEON_FN void ac_neon_widen_s16(int16x8_t v, float64x2_t *d) {
    ac_neon_widen_s32(vmovl_s16(vget_low_s16(v)), d);
    ac_neon_widen_s32(vmovl_high_s16(v), d + 2);
}
AC_NEON_FN void ac_neon_widen_u16(uint16x8_t v, float64x2_t *d) {
    ac_neon_widen_u32(vmovl_u16(vget_low_u16(v)), d);
    ac_neon_widen_u32(vmovl_high_u16(v), d + 2);
}
AC_NEON_FN void ac_neon_eight_i8(const void *p, float64x2_t d[4]) {
    ac_neon_widen_s16(vmovl_s8(vreinterpret_s8_u8(vld1_u8((const uint8_t *)p))), d);
}
AC_NEON_FN void ac_neon_eight_u8(const void *p, float64x2_t d[4]) {
    ac_neon_widen_u16(vmovl_u8(vld1_u8((const uint8_t *)p)), d);
}
AC_NEON_FN void ac_neon_eight_i16(const void *p, float64x2_t d[4]) {
    ac_neon_widen_s16(vreinterpretq_s16_u8(vld1q_u8((const uint8_t *)p)), d);
}
AC_NEON_FN void ac_neon_eight_u16(const void *p, float64x2_t d[4]) {
    ac_neon_widen_u16(vreinterpretq_u16_u8(vld1q_u8((const uint8_t *)p)), d);
}
AC_NEON_FN void ac_neon_eight_i32(const void *p, float64x2_t d[4]) {
    const uint8_t *const at = (const uint8_t *)p;
    ac_neon_widen_s32(vreinterpretq_s32_u8(vld1q_u8(at)), d);
    ac_neon_widen_s32(vreinterpretq_s32_u8(vld1q_u8(at + 16)), d + 2);
}
AC_NEON_FN void ac_neon_eight_u32(const void *p, float64x2_t d[4]) {
    const uint8_t *const at = (const uint8_t *)p;
    ac_neon_widen_u32(vreinterpretq_u32_u8(vld1q_u8(at)), d);
    ac_neon_widen_u32(vreinterpretq_u32_u8(vld1q_u8(at + 16)), d + 2);
}
AC_NEON_FN void ac_neon_eight_i64(const void *p, float64x2_t d[4]) {
    AC_NEON_UNROLL
    for (int k = 0; k < 4; k++)
        d[k] = vcvtq_f64_s64(vreinterpretq_s64_u8(vld1q_u8((const uint8_t *)p + 16 * k)));
}
AC_NEON_FN void ac_neon_eight_u64(const void *p, float64x2_t d[4]) {
    AC_NEON_UNROLL
    for (int k = 0; k < 4; k++)
        d[k] = vcvtq_f64_u64(vreinterpretq_u64_u8(vld1q_u8((const uint8_t *)p + 16 * k)));
}
AC_NEON_FN void ac_neon_eight_f32(const void *p, float64x2_t d[4]) {
    AC_NEON_UNROLL
    for (int k = 0; k < 4; k += 2) {
        const float32x4_t v = vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)p + 8 * k));
        d[k] = vcvt_f64_f32(vget_low_f32(v));
        d[k + 1] = vcvt_high_f64_f32(v);
    }
}
AC_NEON_FN void ac_neon_eight_f64(const void *p, float64x2_t d[4]) {
    AC_NEON_UNROLL
    for (int k = 0; k < 4; k++) d[k] = ac_neon_f64((const uint8_t *)p + 16 * k);
}

/* Adds rows of 32 numbers as doubles, or the squares of their distances from `mean`, to lane[32]. */
#define AC_NEON_ROWS(NAME, TERM)                                                         \
    {                                                                                       \
        float64x2_t sum[AC_NEON_VECTORS];                                                   \
        int64_t i = 0;                                                                      \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) sum[k] = vld1q_f64(lane + 2 * k);         \
        for (; i + 32 <= n; i += 32) {                                                      \
            AC_NEON_UNROLL                                                                  \
            for (int k = 0; k < AC_NEON_VECTORS; k += 4) {                                  \
                float64x2_t d[4];                                                           \
                ac_neon_eight_##NAME(p + i + 2 * k, d);                                     \
                AC_NEON_UNROLL                                                              \
                for (int m = 0; m < 4; m++) sum[k + m] = vaddq_f64(sum[k + m], TERM(d[m])); \
            }                                                                               \
        }                                                                                   \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) vst1q_f64(lane + 2 * k, sum[k]);          \
        return i;                                                                           \
    }
#define AC_NEON_ITSELF(v) (v)
#define AC_NEON_SQUARE(v) ac_neon_square(vsubq_f64((v), middle))
AC_NEON_FN float64x2_t ac_neon_square(float64x2_t v) { return vmulq_f64(v, v); }

#define AC_NEON_DEFINE(NAME, T, V)                                                          \
    AC_NEON_FN int64_t ac_neon_sum_##NAME(const T *p, int64_t n, double *lane)              \
        AC_NEON_ROWS(NAME, AC_NEON_ITSELF)                                                  \
    AC_NEON_FN int64_t ac_neon_deviations_##NAME(const T *p, int64_t n, double mean,        \
                                                 double *lane) {                            \
        const float64x2_t middle = vdupq_n_f64(mean);                                       \
        AC_NEON_ROWS(NAME, AC_NEON_SQUARE)                                                  \
    }
AC_INTEGER_TYPES(AC_NEON_DEFINE)
AC_FLOAT_TYPES(AC_NEON_DEFINE)

/* Adds the products of rows of 256 bytes to the lanes: no product is fused with its addition. */
#define AC_NEON_DOT(NAME, T, V, VEC, SUFFIX)                                                \
    AC_NEON_FN int64_t ac_neon_dot_##NAME(const T *p, const T *q, int64_t n, V *lane) {     \
        const int each = (int)(16 / sizeof(V));                                             \
        const int64_t row = AC_NEON_VECTORS * each;                                         \
        VEC sum[AC_NEON_VECTORS];                                                           \
        int64_t i = 0;                                                                      \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) sum[k] = vld1q_##SUFFIX(lane + each * k); \
        for (; i + row <= n; i += row) {                                                    \
            AC_NEON_UNROLL                                                                  \
            for (int k = 0; k < AC_NEON_VECTORS; k++) {                                     \
                const uint8_t *const a = (const uint8_t *)(p + i) + 16 * k;                 \
                const uint8_t *const b = (const uint8_t *)(q + i) + 16 * k;                 \
                const VEC product = vmulq_##SUFFIX(vreinterpretq_##SUFFIX##_u8(vld1q_u8(a)), \
                                                   vreinterpretq_##SUFFIX##_u8(vld1q_u8(b))); \
                sum[k] = vaddq_##SUFFIX(sum[k], product);                                   \
            }                                                                               \
        }                                                                                   \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) vst1q_##SUFFIX(lane + each * k, sum[k]);  \
        return i;                                                                           \
    }
AC_NEON_DOT(f32, ac_f32_at, float, float32x4_t, f32)
AC_NEON_DOT(f64, ac_f64_at, double, float64x2_t, f64)

/* All bits of the lanes that hold no NaN. */
#define AC_NEON_ANY(v) vdupq_n_u8(255)
#define AC_NEON_NUMBER_F32(v) vreinterpretq_u8_u32(vceqq_f32((v), (v)))
#define AC_NEON_NUMBER_F64(v) vreinterpretq_u8_u64(vceqq_f64((v), (v)))

/* Lane by lane the less (least) or the greater of rows of 256 bytes and lane[]: of equal ones the lane,
 * and the lane if either is a NaN. `odd` gets bits that are not 0 if there was one (floats only). */
#define AC_NEON_EXTREME(NAME, T, V, VEC, SUFFIX, IS_FLOAT, IS_NUMBER)                       \
    AC_NEON_FN int64_t ac_neon_extreme_##NAME(const T *p, int64_t n, bool least, V *lane,   \
                                              uint64_t *odd) {                              \
        const int each = (int)(16 / sizeof(V));                                             \
        const int64_t row = AC_NEON_VECTORS * each;                                         \
        VEC best[AC_NEON_VECTORS];                                                          \
        uint8x16_t numbers[4]; /* all bits, as long as no lane met a NaN */                 \
        int64_t i = 0;                                                                      \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < 4; k++) numbers[k] = vdupq_n_u8(255);                           \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) best[k] = vld1q_##SUFFIX(lane + each * k); \
        for (; i + row <= n; i += row) {                                                    \
            AC_NEON_UNROLL                                                                  \
            for (int k = 0; k < AC_NEON_VECTORS; k++) {                                     \
                const uint8_t *const at = (const uint8_t *)(p + i) + 16 * k;                \
                const VEC v = (VEC)vld1q_u8(at);                                            \
                best[k] = vbslq_##SUFFIX(                                                   \
                    least ? vcltq_##SUFFIX(v, best[k]) : vcgtq_##SUFFIX(v, best[k]), v, best[k]); \
                if (IS_FLOAT)                                                               \
                    numbers[k & 3] =                                                        \
                        vandq_u8(numbers[k & 3], IS_NUMBER(v));                              \
            }                                                                               \
        }                                                                                   \
        AC_NEON_UNROLL                                                                      \
        for (int k = 0; k < AC_NEON_VECTORS; k++) vst1q_##SUFFIX(lane + each * k, best[k]); \
        if (IS_FLOAT) {                                                                     \
            const uint8x16_t all = vandq_u8(vandq_u8(numbers[0], numbers[1]),               \
                                            vandq_u8(numbers[2], numbers[3]));              \
            *odd |= (uint64_t)(vminvq_u8(all) != 255);                                      \
        }                                                                                   \
        return i;                                                                           \
    }
AC_NEON_EXTREME(i8, int8_t, int8_t, int8x16_t, s8, false, AC_NEON_ANY)
AC_NEON_EXTREME(u8, uint8_t, uint8_t, uint8x16_t, u8, false, AC_NEON_ANY)
AC_NEON_EXTREME(i16, ac_i16_at, int16_t, int16x8_t, s16, false, AC_NEON_ANY)
AC_NEON_EXTREME(u16, ac_u16_at, uint16_t, uint16x8_t, u16, false, AC_NEON_ANY)
AC_NEON_EXTREME(i32, ac_i32_at, int32_t, int32x4_t, s32, false, AC_NEON_ANY)
AC_NEON_EXTREME(u32, ac_u32_at, uint32_t, uint32x4_t, u32, false, AC_NEON_ANY)
AC_NEON_EXTREME(i64, ac_i64_at, int64_t, int64x2_t, s64, false, AC_NEON_ANY)
AC_NEON_EXTREME(u64, ac_u64_at, uint64_t, uint64x2_t, u64, false, AC_NEON_ANY)
AC_NEON_EXTREME(f32, ac_f32_at, float, float32x4_t, f32, true, AC_NEON_NUMBER_F32)
AC_NEON_EXTREME(f64, ac_f64_at, double, float64x2_t, f64, true, AC_NEON_NUMBER_F64)

#endif
#endif
