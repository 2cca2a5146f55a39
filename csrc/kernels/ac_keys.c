/* ac_keys.c - see ac_keys.h. Flipping float bits so that they sort as integers: Herf, Radix tricks,
 * 2001. Plain loops, compiled once for each instruction set; the compiler makes vectors of them. */
#include "kernels/ac_keys.h"

#include <string.h>

/* What negative infinity's key is before the rotation: all NaNs with a sign lie below it. */
#define BELOW_F64 UINT64_C(0x000FFFFFFFFFFFFF)
#define BELOW_F32 UINT32_C(0x007FFFFF)
#define SIGN_64 ((uint64_t)1 << 63)
#define SIGN_32 ((uint32_t)1 << 31)

AC_INLINE uint64_t exact_f64(uint64_t bits) {
    return (bits ^ ((uint64_t)((int64_t)bits >> 63) | SIGN_64)) - BELOW_F64;
}

AC_INLINE uint64_t bits_f64(uint64_t key) {
    const uint64_t k = key + BELOW_F64;
    return k ^ (((k >> 63) - 1) | SIGN_64);
}

AC_INLINE uint32_t exact_f32(uint32_t bits) {
    return (bits ^ ((uint32_t)((int32_t)bits >> 31) | SIGN_32)) - BELOW_F32;
}

AC_INLINE uint32_t bits_f32(uint32_t key) {
    const uint32_t k = key + BELOW_F32;
    return k ^ (((k >> 31) - 1) | SIGN_32);
}

AC_INLINE uint64_t ties_f64(uint64_t bits) {
    if ((bits & ~SIGN_64) > UINT64_C(0x7FF0000000000000)) return UINT64_MAX;
    return exact_f64(bits == SIGN_64 ? 0 : bits);
}

AC_INLINE uint32_t ties_f32(uint32_t bits) {
    if ((bits & ~SIGN_32) > UINT32_C(0x7F800000)) return UINT32_MAX;
    return exact_f32(bits == SIGN_32 ? 0 : bits);
}

#define EACH(T, key)                                                                        \
    do {                                                                                    \
        const T *const p = (const T *)x + first;                                            \
        for (int64_t i = 0; i < n; i++) keys[i] = (key);                                    \
    } while (0)

AC_INLINE void load_body(ac_dtype dtype, ac_keys_form form, const void *x, int64_t first, int64_t n,
                         ac_u64_at *AC_RESTRICT keys) {
    switch (dtype) {
    case AC_I8:
        EACH(uint8_t, p[i] ^ 0x80u);
        break;
    case AC_U8:
        EACH(uint8_t, p[i]);
        break;
    case AC_I16:
        EACH(ac_u16_at, p[i] ^ 0x8000u);
        break;
    case AC_U16:
        EACH(ac_u16_at, p[i]);
        break;
    case AC_I32:
        EACH(ac_u32_at, p[i] ^ SIGN_32);
        break;
    case AC_U32:
        EACH(ac_u32_at, p[i]);
        break;
    case AC_I64:
        EACH(ac_u64_at, p[i] ^ SIGN_64);
        break;
    case AC_U64:
        memcpy(keys, (const char *)x + 8 * first, (size_t)n * 8);
        break;
    case AC_F32:
        if (form == AC_KEYS_EXACT) {
            EACH(ac_u32_at, exact_f32(p[i]));
        } else {
            EACH(ac_u32_at, ties_f32(p[i]));
        }
        break;
    case AC_F64:
        if (form == AC_KEYS_EXACT) {
            EACH(ac_u64_at, exact_f64(p[i]));
        } else {
            EACH(ac_u64_at, ties_f64(p[i]));
        }
        break;
    }
}

#define BACK(T, bits)                                                                       \
    do {                                                                                    \
        T *const p = (T *)x + first;                                                        \
        for (int64_t i = 0; i < n; i++) p[i] = (T)(bits);                                   \
    } while (0)

AC_INLINE void store_body(ac_dtype dtype, const ac_u64_at *keys, int64_t n, void *x,
                          int64_t first) {
    switch (dtype) {
    case AC_I8:
        BACK(uint8_t, keys[i] ^ 0x80u);
        break;
    case AC_U8:
        BACK(uint8_t, keys[i]);
        break;
    case AC_I16:
        BACK(ac_u16_at, keys[i] ^ 0x8000u);
        break;
    case AC_U16:
        BACK(ac_u16_at, keys[i]);
        break;
    case AC_I32:
        BACK(ac_u32_at, keys[i] ^ SIGN_32);
        break;
    case AC_U32:
        BACK(ac_u32_at, keys[i]);
        break;
    case AC_I64:
        BACK(ac_u64_at, keys[i] ^ SIGN_64);
        break;
    case AC_U64:
        if ((const char *)keys != (char *)x + 8 * first)
            memcpy((char *)x + 8 * first, keys, (size_t)n * 8);
        break;
    case AC_F32:
        BACK(ac_u32_at, bits_f32((uint32_t)keys[i]));
        break;
    case AC_F64:
        BACK(ac_u64_at, bits_f64(keys[i]));
        break;
    }
}

/* Keys may be the numbers themselves: element by element that is no dependence. */
#define EACH32(T, to, expression)                                                           \
    do {                                                                                    \
        _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++)(to)[i] = (T)(expression);      \
    } while (0)

AC_INLINE void load32_body(ac_dtype dtype, const void *x, int64_t first, int64_t n,
                           ac_u32_at *keys) {
    const uint8_t *const bytes = (const uint8_t *)x + first;
    const ac_u16_at *const pairs = (const ac_u16_at *)x + first;
    const ac_u32_at *const words = (const ac_u32_at *)x + first;
    switch (dtype) {
    case AC_I8:
        EACH32(uint32_t, keys, bytes[i] ^ 0x80u);
        break;
    case AC_U8:
        EACH32(uint32_t, keys, bytes[i]);
        break;
    case AC_I16:
        EACH32(uint32_t, keys, pairs[i] ^ 0x8000u);
        break;
    case AC_U16:
        EACH32(uint32_t, keys, pairs[i]);
        break;
    case AC_I32:
        EACH32(uint32_t, keys, words[i] ^ SIGN_32);
        break;
    case AC_F32:
        EACH32(uint32_t, keys, exact_f32(words[i]));
        break;
    default:
        memmove(keys, words, (size_t)n * 4);
    }
}

AC_INLINE void store32_body(ac_dtype dtype, const ac_u32_at *keys, int64_t n, void *x,
                            int64_t first) {
    uint8_t *const bytes = (uint8_t *)x + first;
    ac_u16_at *const pairs = (ac_u16_at *)x + first;
    ac_u32_at *const words = (ac_u32_at *)x + first;
    switch (dtype) {
    case AC_I8:
        EACH32(uint8_t, bytes, keys[i] ^ 0x80u);
        break;
    case AC_U8:
        EACH32(uint8_t, bytes, keys[i]);
        break;
    case AC_I16:
        EACH32(uint16_t, pairs, keys[i] ^ 0x8000u);
        break;
    case AC_U16:
        EACH32(uint16_t, pairs, keys[i]);
        break;
    case AC_I32:
        EACH32(uint32_t, words, keys[i] ^ SIGN_32);
        break;
    case AC_F32:
        EACH32(uint32_t, words, bits_f32(keys[i]));
        break;
    default:
        memmove(words, keys, (size_t)n * 4);
    }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#define AVX512                                                                              \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))

AVX2 static void load_avx2(ac_dtype dtype, ac_keys_form form, const void *x, int64_t first,
                           int64_t n, ac_u64_at *keys) {
    load_body(dtype, form, x, first, n, keys);
}

AVX512 static void load_avx512(ac_dtype dtype, ac_keys_form form, const void *x, int64_t first,
                               int64_t n, ac_u64_at *keys) {
    load_body(dtype, form, x, first, n, keys);
}

AVX2 static void store_avx2(ac_dtype dtype, const ac_u64_at *keys, int64_t n, void *x,
                            int64_t first) {
    store_body(dtype, keys, n, x, first);
}

AVX512 static void store_avx512(ac_dtype dtype, const ac_u64_at *keys, int64_t n, void *x,
                                int64_t first) {
    store_body(dtype, keys, n, x, first);
}

AVX2 static void load32_avx2(ac_dtype dtype, const void *x, int64_t first, int64_t n,
                             ac_u32_at *keys) {
    load32_body(dtype, x, first, n, keys);
}

AVX512 static void load32_avx512(ac_dtype dtype, const void *x, int64_t first, int64_t n,
                                 ac_u32_at *keys) {
    load32_body(dtype, x, first, n, keys);
}

AVX2 static void store32_avx2(ac_dtype dtype, const ac_u32_at *keys, int64_t n, void *x,
                              int64_t first) {
    store32_body(dtype, keys, n, x, first);
}

AVX512 static void store32_avx512(ac_dtype dtype, const ac_u32_at *keys, int64_t n, void *x,
                                  int64_t first) {
    store32_body(dtype, keys, n, x, first);
}
#endif

void ac_keys_load(ac_simd simd, ac_dtype dtype, ac_keys_form form, const void *x, int64_t first,
                  int64_t n, ac_u64_at *keys) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        load_avx512(dtype, form, x, first, n, keys);
        return;
    }
    if (simd == AC_SIMD_AVX2) {
        load_avx2(dtype, form, x, first, n, keys);
        return;
    }
#endif
    (void)simd;
    load_body(dtype, form, x, first, n, keys);
}

void ac_keys_store(ac_simd simd, ac_dtype dtype, const ac_u64_at *keys, int64_t n, void *x,
                   int64_t first) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        store_avx512(dtype, keys, n, x, first);
        return;
    }
    if (simd == AC_SIMD_AVX2) {
        store_avx2(dtype, keys, n, x, first);
        return;
    }
#endif
    (void)simd;
    store_body(dtype, keys, n, x, first);
}

void ac_keys_load32(ac_simd simd, ac_dtype dtype, const void *x, int64_t first, int64_t n,
                    ac_u32_at *keys) {
    if (n <= 0) return;
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        load32_avx512(dtype, x, first, n, keys);
        return;
    }
    if (simd == AC_SIMD_AVX2) {
        load32_avx2(dtype, x, first, n, keys);
        return;
    }
#endif
    (void)simd;
    load32_body(dtype, x, first, n, keys);
}

void ac_keys_store32(ac_simd simd, ac_dtype dtype, const ac_u32_at *keys, int64_t n, void *x,
                     int64_t first) {
    if (n <= 0) return;
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        store32_avx512(dtype, keys, n, x, first);
        return;
    }
    if (simd == AC_SIMD_AVX2) {
        store32_avx2(dtype, keys, n, x, first);
        return;
    }
#endif
    (void)simd;
    store32_body(dtype, keys, n, x, first);
}
