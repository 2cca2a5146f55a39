/* ac_sort_net_avx512.h - sorting networks for blocks of up to 256 words of 64 bits, with AVX-512.
 *
 * A block of up to 128 words is a matrix of 2, 4, 8 or 16 rows and 8 columns. Columns are sorted by
 * compare-exchange of whole rows, then merged two and two (odd-even and bitonic merging: Batcher,
 * Sorting networks and their applications, 1968): only the first steps of a merge move words
 * between columns. Two sorted blocks are merged as rows. Everything is static: one file includes
 * this. Call ac_sort_block_ only where the processor has AVX-512 F, BW, DQ and VL.
 */
#ifndef AC_SORT_NET_AVX512_H
#define AC_SORT_NET_AVX512_H

#include "kernels/ac_dtype.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AC_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,lzcnt")))
#define AC_VEC_INLINE static inline __attribute__((always_inline)) AC_AVX512
typedef __m512i ac_vec;

#define AC_VEC_LANES 8
#define AC_SORT_BLOCK 256 /* what networks sort */

AC_VEC_INLINE ac_vec ac_vec_load(const ac_u64_at *p) { return _mm512_loadu_si512((const void *)p); }
AC_VEC_INLINE void ac_vec_store(ac_u64_at *p, ac_vec v) { _mm512_storeu_si512((void *)p, v); }

#define AC_NET_CX(i, j)                                                                            \
    do {                                                                                    \
        const ac_vec lo_ = _mm512_min_epu64(r[i], r[j]);                                    \
        r[j] = _mm512_max_epu64(r[i], r[j]);                                                \
        r[i] = lo_;                                                                         \
    } while (0)

/* Batcher's odd-even merge sort of each column over 2, 4, 8 or 16 rows. */
AC_VEC_INLINE void ac_net_sort_columns(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int p = 1; p < rows; p += p) {
#pragma GCC unroll 16
        for (int k = p; k >= 1; k /= 2) {
#pragma GCC unroll 16
            for (int j = k % p; j + k < rows; j += 2 * k) {
#pragma GCC unroll 16
                for (int i = 0; i < k; i++) {
                    if (i + j + k < rows && (i + j) / (2 * p) == (i + j + k) / (2 * p))
                        AC_NET_CX(i + j, i + j + k);
                }
            }
        }
    }
}

/* Columns hold bitonic sequences of `rows`: makes each sorted. */
AC_VEC_INLINE void ac_net_clean_columns(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int d = rows / 2; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            if ((i & d) == 0) AC_NET_CX(i, i + d);
        }
    }
}

/* Reverses the order of columns inside each group of 2, 4 or 8. */
AC_VEC_INLINE ac_vec ac_net_mirror(ac_vec v, int group) {
    if (group == 2) return _mm512_permutex_epi64(v, 0xB1);
    if (group == 4) return _mm512_permutex_epi64(v, 0x1B);
    return _mm512_shuffle_i64x2(_mm512_permutex_epi64(v, 0x1B), _mm512_permutex_epi64(v, 0x1B),
                                0x4E);
}

/* Exchanges columns at a distance of 1 or 2. */
AC_VEC_INLINE ac_vec ac_net_shift_columns(ac_vec v, int distance) {
    return distance == 1 ? _mm512_permutex_epi64(v, 0xB1) : _mm512_permutex_epi64(v, 0x4E);
}

/* Groups of group/2 columns are sorted (column after column); merges them two and two. The first
 * step compares element k from the front of one half with element k from the back of the other. */
AC_VEC_INLINE void ac_net_merge_columns(ac_vec *r, int rows, int group) {
    const __mmask8 upper = group == 2 ? 0xAA : group == 4 ? 0xCC : 0xF0; /* the second halves */
#pragma GCC unroll 16
    for (int i = 0; i < (rows + 1) / 2; i++) {
        const int k = rows - 1 - i;
        const ac_vec a = r[i], b = ac_net_mirror(r[k], group);
        const ac_vec lo = _mm512_min_epu64(a, b), hi = _mm512_max_epu64(a, b);
        r[i] = _mm512_mask_mov_epi64(lo, upper, hi);
        r[k] = ac_net_mirror(_mm512_mask_mov_epi64(hi, upper, lo), group);
    }
#pragma GCC unroll 16
    for (int d = group / 4; d >= 1; d /= 2) {
        const __mmask8 second = d == 1 ? 0xAA : 0xCC;
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const ac_vec other = ac_net_shift_columns(r[i], d);
            r[i] = _mm512_mask_max_epu64(_mm512_min_epu64(r[i], other), second, r[i], other);
        }
    }
    ac_net_clean_columns(r, rows);
}

/* Turns eight rows into eight columns. */
AC_VEC_INLINE void ac_net_transpose8(ac_vec *r) {
    ac_vec a[8], b[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 8
        for (int k = 0; k < 2; k++) {
            b[i + k] = _mm512_shuffle_i64x2(a[i + k], a[i + 2 + k], 0x88);
            b[i + 2 + k] = _mm512_shuffle_i64x2(a[i + k], a[i + 2 + k], 0xDD);
        }
    }
#pragma GCC unroll 8
    for (int k = 0; k < 4; k++) {
        r[k] = _mm512_shuffle_i64x2(b[k], b[k + 4], 0x88);
        r[k + 4] = _mm512_shuffle_i64x2(b[k], b[k + 4], 0xDD);
    }
}

/* Two rows a, b become a0 b0 a1 b1 ... in two rows; pairs of lanes likewise. */
AC_VEC_INLINE void ac_net_interleave(ac_vec *a, ac_vec *b) {
    const ac_vec low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const ac_vec high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    const ac_vec first = _mm512_permutex2var_epi64(*a, low, *b);
    *b = _mm512_permutex2var_epi64(*a, high, *b);
    *a = first;
}

AC_VEC_INLINE void ac_net_interleave_pairs(ac_vec *a, ac_vec *b) {
    const ac_vec low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const ac_vec high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const ac_vec first = _mm512_permutex2var_epi64(*a, low, *b);
    *b = _mm512_permutex2var_epi64(*a, high, *b);
    *a = first;
}

/* Words that go up column after column go up row after row afterwards. */
AC_VEC_INLINE void ac_net_rows_of_columns(ac_vec *r, int rows) {
    if (rows == 2) {
        ac_net_interleave(&r[0], &r[1]);
    } else if (rows == 4) {
        ac_net_interleave(&r[0], &r[1]);
        ac_net_interleave(&r[2], &r[3]);
        ac_net_interleave_pairs(&r[0], &r[2]); /* words 0-15 in rows 0 and 2 */
        ac_net_interleave_pairs(&r[1], &r[3]);
        const ac_vec third = r[1];
        r[1] = r[2];
        r[2] = third;
    } else {
        ac_net_transpose8(r);
        if (rows == 16) ac_net_transpose8(r + 8); /* a column fills two rows, stored apart */
    }
}

/* Sorts n words, 8 * (rows / 2) < n <= 8 * rows, with the missing ones taken as the largest
 * word. */
AC_VEC_INLINE void ac_net_sort_rows(ac_u64_at *words, int64_t n, int rows) {
    ac_vec r[16];
    const ac_vec largest = _mm512_set1_epi64(-1);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const int64_t left = n - 8 * i;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        r[i] = _mm512_mask_loadu_epi64(largest, have, (const void *)(words + 8 * i));
    }
    ac_net_sort_columns(r, rows);
    ac_net_merge_columns(r, rows, 2);
    ac_net_merge_columns(r, rows, 4);
    ac_net_merge_columns(r, rows, 8);
    ac_net_rows_of_columns(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const int out = rows == 16 ? (i % 8) * 2 + i / 8 : i;
        const int64_t left = n - 8 * out;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        _mm512_mask_storeu_epi64((void *)(words + 8 * out), have, r[i]);
    }
}

AC_AVX512 static void ac_net_sort_16(ac_u64_at *words, int64_t n) { ac_net_sort_rows(words, n, 2); }
AC_AVX512 static void ac_net_sort_32(ac_u64_at *words, int64_t n) { ac_net_sort_rows(words, n, 4); }
AC_AVX512 static void ac_net_sort_64(ac_u64_at *words, int64_t n) { ac_net_sort_rows(words, n, 8); }
AC_AVX512 static void ac_net_sort_128(ac_u64_at *words, int64_t n) {
    ac_net_sort_rows(words, n, 16);
}

/* Rows hold one bitonic sequence, row after row: sorts it. */
AC_VEC_INLINE void ac_net_clean_rows(ac_vec *r, int rows) {
    ac_net_clean_columns(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        ac_vec o = _mm512_shuffle_i64x2(r[i], r[i], 0x4E);
        r[i] = _mm512_mask_max_epu64(_mm512_min_epu64(r[i], o), 0xF0, r[i], o);
        o = _mm512_permutex_epi64(r[i], 0x4E);
        r[i] = _mm512_mask_max_epu64(_mm512_min_epu64(r[i], o), 0xCC, r[i], o);
        o = _mm512_permutex_epi64(r[i], 0xB1);
        r[i] = _mm512_mask_max_epu64(_mm512_min_epu64(r[i], o), 0xAA, r[i], o);
    }
}

/* Merges words[0..128) with words[128..n), n <= 256, the missing ones taken as the largest word. */
AC_AVX512 static void ac_net_merge_256(ac_u64_at *words, int64_t n) {
    const ac_vec largest = _mm512_set1_epi64(-1);
    const ac_vec backwards = _mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    ac_vec r[16], high[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        const int64_t at = 128 + 8 * (15 - i), left = n - at;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        const ac_vec b = _mm512_permutexvar_epi64(
            backwards, _mm512_mask_loadu_epi64(largest, have, (const void *)(words + at)));
        const ac_vec a = ac_vec_load(words + 8 * i);
        r[i] = _mm512_min_epu64(a, b);
        high[i] = _mm512_max_epu64(a, b);
    }
    ac_net_clean_rows(r, 16);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) ac_vec_store(words + 8 * i, r[i]);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) r[i] = high[i];
    ac_net_clean_rows(r, 16);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        const int64_t at = 128 + 8 * i, left = n - at;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        _mm512_mask_storeu_epi64((void *)(words + at), have, r[i]);
    }
}

AC_AVX512 static void ac_sort_block_(ac_u64_at *words, int64_t n) {
    if (n <= 1) return;
    if (n <= 16) {
        ac_net_sort_16(words, n);
    } else if (n <= 32) {
        ac_net_sort_32(words, n);
    } else if (n <= 64) {
        ac_net_sort_64(words, n);
    } else if (n <= 128) {
        ac_net_sort_128(words, n);
    } else {
        ac_net_sort_128(words, 128);
        ac_sort_block_(words + 128, n - 128);
        ac_net_merge_256(words, n);
    }
}

#endif
#endif
