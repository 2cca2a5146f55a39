/* ac_simd_paths.h - one body of plain C, compiled once for each instruction set.
 *
 *     AC_INLINE double total_body(const double *x, int64_t n) { ... }
 *     AC_SIMD_PATHS(double, total, (const double *x, int64_t n), (x, n))
 *     ... choose_total(ex->simd)(x, n)
 *
 * The body is inlined into each path, so that the compiler makes vectors as wide as the path has.
 * What it computes cannot differ between them: the flags forbid it to contract or reorder floats.
 */
#ifndef AC_SIMD_PATHS_H
#define AC_SIMD_PATHS_H

#include "sched/ac_exec.h"

/* Whether NEON is there, which on aarch64 it always is. Not on one with the high byte first: vectors
 * are loaded by the byte here. 32-bit ARM has no doubles in its vectors. */
#if defined(__aarch64__) && defined(__ARM_NEON) && \
    !(defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define AC_NEON 1
#else
#define AC_NEON 0
#endif

#if defined(__x86_64__)
#define AC_TARGET_AVX2 __attribute__((target("avx2,bmi2,popcnt")))
#if defined(__clang__) /* it would leave out the whole list for a word of gcc's */
#define AC_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt")))
#else
#define AC_TARGET_AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,prefer-vector-width=512")))
#endif
#define AC_SIMD_PATHS(R, NAME, PARAMETERS, ARGUMENTS)                                 \
    static R NAME##_portable PARAMETERS { return NAME##_body ARGUMENTS; }             \
    AC_TARGET_AVX2 static R NAME##_avx2 PARAMETERS { return NAME##_body ARGUMENTS; }  \
    AC_TARGET_AVX512 static R NAME##_avx512 PARAMETERS { return NAME##_body ARGUMENTS; } \
    typedef R(*NAME##_fn) PARAMETERS;                                                 \
    AC_UNUSED static NAME##_fn choose_##NAME(ac_simd simd) {                          \
        return simd == AC_SIMD_AVX512 ? NAME##_avx512                                 \
               : simd == AC_SIMD_AVX2 ? NAME##_avx2                                   \
                                      : NAME##_portable;                              \
    }
#else
#define AC_SIMD_PATHS(R, NAME, PARAMETERS, ARGUMENTS)                     \
    static R NAME##_portable PARAMETERS { return NAME##_body ARGUMENTS; } \
    typedef R(*NAME##_fn) PARAMETERS;                                     \
    AC_UNUSED static NAME##_fn choose_##NAME(ac_simd simd) {              \
        (void)simd; /* aarch64 has vectors in every build of it */        \
        return NAME##_portable;                                           \
    }
#endif

/* The same for a body that has another one, NAME_neon_body, by hand for NEON (ac_lanes_neon.h). */
#if AC_NEON
#define AC_SIMD_PATHS_AND_NEON(R, NAME, PARAMETERS, ARGUMENTS)              \
    static R NAME##_portable PARAMETERS { return NAME##_body ARGUMENTS; }   \
    static R NAME##_neon PARAMETERS { return NAME##_neon_body ARGUMENTS; }  \
    typedef R(*NAME##_fn) PARAMETERS;                                       \
    AC_UNUSED static NAME##_fn choose_##NAME(ac_simd simd) {                \
        return simd == AC_SIMD_NEON ? NAME##_neon : NAME##_portable;        \
    }
#else
#define AC_SIMD_PATHS_AND_NEON AC_SIMD_PATHS
#endif

/* X(name, type at any address, type of a value) for the types of ac_dtype, in its order. */
#define AC_INTEGER_TYPES(X)      \
    X(i8, int8_t, int8_t)        \
    X(u8, uint8_t, uint8_t)      \
    X(i16, ac_i16_at, int16_t)   \
    X(u16, ac_u16_at, uint16_t)  \
    X(i32, ac_i32_at, int32_t)   \
    X(u32, ac_u32_at, uint32_t)  \
    X(i64, ac_i64_at, int64_t)   \
    X(u64, ac_u64_at, uint64_t)
#define AC_FLOAT_TYPES(X)   \
    X(f32, ac_f32_at, float) \
    X(f64, ac_f64_at, double)

#endif
