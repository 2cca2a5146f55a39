/* ac_sort_net32_avx512.h - sorting networks for blocks of up to 512 words of 32 bits, with AVX-512.
 *
 * As ac_sort_net_avx512.h, which says how it works, with sixteen columns: a block of up to 256 words
 * is a matrix of 1, 2, 4, 8 or 16 rows; two sorted blocks are merged as rows. Everything is static:
 * one file includes this. Call ac_sort32_block_ only where the processor has AVX-512 F, BW, DQ
 * and VL.
 */
#ifndef AC_SORT_NET32_AVX512_H
#define AC_SORT_NET32_AVX512_H

#include "kernels/ac_dtype.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,lzcnt")))
#define AC_VEC_INLINE static inline __attribute__((always_inline)) AC_AVX512
typedef __m512i ac_vec;

#define AC_VEC32_LANES 16
#define AC_SORT32_HALF 256  /* what one matrix holds */
#define AC_SORT32_BLOCK 512 /* what networks sort */

AC_VEC_INLINE ac_vec ac_vec32_load(const ac_u32_at *p) {
    return _mm512_loadu_si512((const void *)p);
}
AC_VEC_INLINE void ac_vec32_store(ac_u32_at *p, ac_vec v) { _mm512_storeu_si512((void *)p, v); }

/* The lanes of a vector at `at` that lie below n. */
AC_VEC_INLINE __mmask16 ac_net32_have(int64_t n, int64_t at) {
    const int64_t left = n - at;
    return left >= AC_VEC32_LANES ? 0xFFFF : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
}

#define AC_NET32_CX(i, j)                                                                   \
    do {                                                                                    \
        const ac_vec lo_ = _mm512_min_epu32(r[i], r[j]);                                    \
        r[j] = _mm512_max_epu32(r[i], r[j]);                                                \
        r[i] = lo_;                                                                         \
    } while (0)

/* Batcher's odd-even merge sort of each column. */
AC_VEC_INLINE void ac_net32_sort_columns(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int p = 1; p < rows; p += p) {
#pragma GCC unroll 16
        for (int k = p; k >= 1; k /= 2) {
#pragma GCC unroll 16
            for (int j = k % p; j + k < rows; j += 2 * k) {
#pragma GCC unroll 16
                for (int i = 0; i < k; i++) {
                    if (i + j + k < rows && (i + j) / (2 * p) == (i + j + k) / (2 * p))
                        AC_NET32_CX(i + j, i + j + k);
                }
            }
        }
    }
}

/* Columns hold bitonic sequences of `rows`: makes each sorted. */
AC_VEC_INLINE void ac_net32_clean_columns(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int d = rows / 2; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            if ((i & d) == 0) AC_NET32_CX(i, i + d);
        }
    }
}

/* Reverses the order of columns inside each group of 2, 4, 8 or 16. */
AC_VEC_INLINE ac_vec ac_net32_mirror(ac_vec v, int group) {
    if (group == 2) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0xB1);
    if (group == 4) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x1B);
    if (group == 8)
        return _mm512_permutexvar_epi32(
            _mm512_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8), v);
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), v);
}

/* Exchanges columns at a distance of 1, 2, 4 or 8. */
AC_VEC_INLINE ac_vec ac_net32_shift_columns(ac_vec v, int distance) {
    if (distance == 1) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0xB1);
    if (distance == 2) return _mm512_shuffle_epi32(v, (_MM_PERM_ENUM)0x4E);
    if (distance == 4) return _mm512_shuffle_i64x2(v, v, 0xB1);
    return _mm512_shuffle_i64x2(v, v, 0x4E);
}

/* The second halves of groups of twice the distance. */
AC_VEC_INLINE __mmask16 ac_net32_second(int distance) {
    return distance == 1 ? 0xAAAA : distance == 2 ? 0xCCCC : distance == 4 ? 0xF0F0 : 0xFF00;
}

/* Compares each column with the one at a distance; the larger word goes to the second. */
AC_VEC_INLINE ac_vec ac_net32_step(ac_vec v, int distance) {
    const ac_vec other = ac_net32_shift_columns(v, distance);
    return _mm512_mask_max_epu32(_mm512_min_epu32(v, other), ac_net32_second(distance), v, other);
}

/* Groups of group/2 columns are sorted (column after column); merges them two and two. */
AC_VEC_INLINE void ac_net32_merge_columns(ac_vec *r, int rows, int group) {
    const __mmask16 upper = ac_net32_second(group / 2);
#pragma GCC unroll 16
    for (int i = 0; i < (rows + 1) / 2; i++) {
        const int k = rows - 1 - i;
        const ac_vec a = r[i], b = ac_net32_mirror(r[k], group);
        const ac_vec lo = _mm512_min_epu32(a, b), hi = _mm512_max_epu32(a, b);
        r[i] = _mm512_mask_mov_epi32(lo, upper, hi);
        r[k] = ac_net32_mirror(_mm512_mask_mov_epi32(hi, upper, lo), group);
    }
#pragma GCC unroll 16
    for (int d = group / 4; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) r[i] = ac_net32_step(r[i], d);
    }
    ac_net32_clean_columns(r, rows);
}

/* Runs of `run` lanes of a and b in turn: the first sixteen words of that, or the second. */
AC_VEC_INLINE ac_vec ac_net32_interleave(ac_vec a, ac_vec b, int run, int second) {
    const ac_vec lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const int shift = run == 1 ? 0 : run == 2 ? 1 : run == 4 ? 2 : 3;
    const ac_vec within = _mm512_and_si512(lane, _mm512_set1_epi32(run - 1));
    const ac_vec turn = _mm512_srli_epi32(lane, (unsigned)shift);
    const ac_vec from_b = _mm512_and_si512(turn, _mm512_set1_epi32(1));
    const ac_vec chunk = _mm512_slli_epi32(_mm512_srli_epi32(turn, 1), (unsigned)shift);
    ac_vec order = _mm512_or_si512(_mm512_add_epi32(within, chunk), _mm512_slli_epi32(from_b, 4));
    order = _mm512_add_epi32(order, _mm512_set1_epi32(second ? 8 : 0));
    return _mm512_permutex2var_epi32(a, order, b);
}

/* Words that go up column after column go up row after row afterwards: rows are interleaved two and
 * two, then the pairs, and so on. */
AC_VEC_INLINE void ac_net32_rows_of_columns(ac_vec *r, int rows) {
#pragma GCC unroll 4
    for (int length = 1; length < rows; length *= 2) {
        ac_vec t[16];
#pragma GCC unroll 16
        for (int s = 0; s < rows; s += 2 * length) {
#pragma GCC unroll 16
            for (int k = 0; k < length; k++) {
                t[s + 2 * k] = ac_net32_interleave(r[s + k], r[s + length + k], length, 0);
                t[s + 2 * k + 1] = ac_net32_interleave(r[s + k], r[s + length + k], length, 1);
            }
        }
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) r[i] = t[i];
    }
}

/* Sorts n <= 16 * rows words, with the missing ones taken as the largest word. */
AC_VEC_INLINE void ac_net32_sort_rows(ac_u32_at *words, int64_t n, int rows) {
    ac_vec r[16];
    const ac_vec largest = _mm512_set1_epi32(-1);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
        r[i] = _mm512_mask_loadu_epi32(largest, ac_net32_have(n, 16 * i),
                                       (const void *)(words + 16 * i));
    ac_net32_sort_columns(r, rows);
    ac_net32_merge_columns(r, rows, 2);
    ac_net32_merge_columns(r, rows, 4);
    ac_net32_merge_columns(r, rows, 8);
    ac_net32_merge_columns(r, rows, 16);
    ac_net32_rows_of_columns(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
        _mm512_mask_storeu_epi32((void *)(words + 16 * i), ac_net32_have(n, 16 * i), r[i]);
}

AC_AVX512 static void ac_net32_sort_16(ac_u32_at *words, int64_t n) {
    ac_net32_sort_rows(words, n, 1);
}
AC_AVX512 static void ac_net32_sort_32(ac_u32_at *words, int64_t n) {
    ac_net32_sort_rows(words, n, 2);
}
AC_AVX512 static void ac_net32_sort_64(ac_u32_at *words, int64_t n) {
    ac_net32_sort_rows(words, n, 4);
}
AC_AVX512 static void ac_net32_sort_128(ac_u32_at *words, int64_t n) {
    ac_net32_sort_rows(words, n, 8);
}
AC_AVX512 static void ac_net32_sort_256(ac_u32_at *words, int64_t n) {
    ac_net32_sort_rows(words, n, 16);
}

/* Rows hold one bitonic sequence, row after row: sorts it. */
AC_VEC_INLINE void ac_net32_clean_rows(ac_vec *r, int rows) {
    ac_net32_clean_columns(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        r[i] = ac_net32_step(r[i], 8);
        r[i] = ac_net32_step(r[i], 4);
        r[i] = ac_net32_step(r[i], 2);
        r[i] = ac_net32_step(r[i], 1);
    }
}

/* Merges words[0..256) with words[256..n), n <= 512, the missing ones taken as the largest word. */
AC_AVX512 static void ac_net32_merge_512(ac_u32_at *words, int64_t n) {
    const ac_vec largest = _mm512_set1_epi32(-1);
    ac_vec r[16], high[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        const int64_t at = AC_SORT32_HALF + 16 * (15 - i);
        const ac_vec b = ac_net32_mirror(_mm512_mask_loadu_epi32(largest, ac_net32_have(n, at),
                                                                 (const void *)(words + at)),
                                         16);
        const ac_vec a = ac_vec32_load(words + 16 * i);
        r[i] = _mm512_min_epu32(a, b);
        high[i] = _mm512_max_epu32(a, b);
    }
    ac_net32_clean_rows(r, 16);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) ac_vec32_store(words + 16 * i, r[i]);
    ac_net32_clean_rows(high, 16);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        const int64_t at = AC_SORT32_HALF + 16 * i;
        _mm512_mask_storeu_epi32((void *)(words + at), ac_net32_have(n, at), high[i]);
    }
}

AC_AVX512 static void ac_sort32_block_(ac_u32_at *words, int64_t n) {
    if (n <= 1) return;
    if (n <= 16) {
        ac_net32_sort_16(words, n);
    } else if (n <= 32) {
        ac_net32_sort_32(words, n);
    } else if (n <= 64) {
        ac_net32_sort_64(words, n);
    } else if (n <= 128) {
        ac_net32_sort_128(words, n);
    } else if (n <= AC_SORT32_HALF) {
        ac_net32_sort_256(words, n);
    } else {
        ac_net32_sort_256(words, AC_SORT32_HALF);
        ac_sort32_block_(words + AC_SORT32_HALF, n - AC_SORT32_HALF);
        ac_net32_merge_512(words, n);
    }
}

#endif
#endif
