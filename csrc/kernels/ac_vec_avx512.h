/* ac_vec_avx512.h - vectors of unsigned words for the width that ac_width.h says, with AVX-512.
 *
 * Of two words the larger one is a ^ b ^ the lesser one: the processor has two places that can do
 * that, and only one for a minimum or maximum. Everything is static. Use it only where the processor
 * has AVX-512 F, BW, DQ and VL.
 */
#include "kernels/ac_width.h"

#if defined(__x86_64__)

#ifndef AC_AVX512
#include <immintrin.h>
#define AC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,lzcnt")))
#define AC_VEC_INLINE static inline __attribute__((always_inline)) AC_AVX512
typedef __m512i ac_vec;
typedef __mmask16 ac_lanes_32; /* a bit a lane */
typedef __mmask8 ac_lanes_64;
#define ac_lanes AC_W(lanes)
#define AC_VEC_LANES (512 / AC_BITS)
#define AC_XOR3 0x96 /* the truth table of a ^ b ^ c */

/* Reverses the order of lanes inside each group of 2, 4 or 8. */
AC_VEC_INLINE ac_vec ac_vec_mirror_64(ac_vec v, int group) {
    if (group == 2) return _mm512_permutex_epi64(v, 0xB1);
    if (group == 4) return _mm512_permutex_epi64(v, 0x1B);
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), v);
}

/* The same in groups of 2, 4, 8 or 16. */
AC_VEC_INLINE ac_vec ac_vec_mirror_32(ac_vec v, int group) {
    if (group == 2) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0xB1);
    if (group == 4) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x1B);
    if (group == 8)
        return _mm512_permutexvar_epi32(
            _mm512_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8), v);
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), v);
}

/* Exchanges lanes at a distance of 1, 2 or 4. */
AC_VEC_INLINE ac_vec ac_vec_swap_64(ac_vec v, int distance) {
    if (distance == 4) return _mm512_shuffle_i64x2(v, v, 0x4E);
    return distance == 1 ? _mm512_permutex_epi64(v, 0xB1) : _mm512_permutex_epi64(v, 0x4E);
}

/* The same at a distance of 1, 2, 4 or 8. */
AC_VEC_INLINE ac_vec ac_vec_swap_32(ac_vec v, int distance) {
    if (distance == 1) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0xB1);
    if (distance == 2) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x4E);
    if (distance == 4) return _mm512_shuffle_i64x2(v, v, 0xB1);
    return _mm512_shuffle_i64x2(v, v, 0x4E);
}
#endif

/* The intrinsics that have the width in their name. */
#undef AC_EPI
#undef AC_EPU
#undef AC_EPU_MASK
#if AC_BITS == 32
#define AC_EPI(name) _mm512_##name##_epi32
#define AC_EPU(name) _mm512_##name##_epu32
#define AC_EPU_MASK(name) _mm512_##name##_epu32_mask
#else
#define AC_EPI(name) _mm512_##name##_epi64
#define AC_EPU(name) _mm512_##name##_epu64
#define AC_EPU_MASK(name) _mm512_##name##_epu64_mask
#endif

AC_VEC_INLINE ac_vec AC_W(vec_load)(const ac_word_at *p) {
    return _mm512_loadu_si512((const void *)p);
}

AC_VEC_INLINE void AC_W(vec_store)(ac_word_at *p, ac_vec v) { _mm512_storeu_si512((void *)p, v); }

AC_VEC_INLINE ac_vec AC_W(vec_of)(ac_word w) {
#if AC_BITS == 32
    return _mm512_set1_epi32((int)w);
#else
    return _mm512_set1_epi64((long long)w);
#endif
}

/* The lanes of a vector at `at` that lie below n. */
AC_VEC_INLINE ac_lanes AC_W(vec_have)(int64_t n, int64_t at) {
    const int64_t left = n - at;
    return left >= AC_VEC_LANES ? (ac_lanes)-1 : left <= 0 ? 0 : (ac_lanes)((1u << left) - 1);
}

/* The vector at `at`, with the largest word where nothing is left of n. */
AC_VEC_INLINE ac_vec AC_W(vec_load_some)(const ac_word_at *words, int64_t n, int64_t at) {
    return AC_EPI(mask_loadu)(AC_EPI(set1)(-1), AC_W(vec_have)(n, at), (const void *)(words + at));
}

AC_VEC_INLINE void AC_W(vec_store_some)(ac_word_at *words, int64_t n, int64_t at, ac_vec v) {
    AC_EPI(mask_storeu)((void *)(words + at), AC_W(vec_have)(n, at), v);
}

/* Lane by lane the lesser word to *a and the larger one to *b. */
AC_VEC_INLINE void AC_W(vec_exchange)(ac_vec *a, ac_vec *b) {
    const ac_vec low = AC_EPU(min)(*a, *b);
    *b = AC_EPI(ternarylogic)(*a, *b, low, AC_XOR3);
    *a = low;
}

/* The second halves of groups of twice the distance. */
AC_VEC_INLINE ac_lanes AC_W(vec_second)(int distance) {
    return (ac_lanes)(distance == 1 ? 0xAAAA : distance == 2 ? 0xCCCC : distance == 4 ? 0xF0F0 : 0xFF00);
}

/* Compares each lane with the one at a distance; the larger word goes to the second. */
AC_VEC_INLINE ac_vec AC_W(vec_step)(ac_vec v, int distance) {
    const ac_vec other = AC_W(vec_swap)(v, distance), low = AC_EPU(min)(v, other);
    return AC_EPI(mask_ternarylogic)(low, AC_W(vec_second)(distance), v, other, AC_XOR3);
}

#endif
