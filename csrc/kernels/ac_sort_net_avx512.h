/* ac_sort_net_avx512.h - sorting networks for blocks of words, with AVX-512; for the width that
 * ac_width.h says: up to 256 words of 64 bits, up to 512 of 32.
 *
 * Half a block is a matrix of up to 16 rows, and of as many columns as a vector has lanes. Columns are
 * sorted by compare-exchange of whole rows, then merged two and two (odd-even and bitonic merging:
 * Batcher, Sorting networks and their applications, 1968): only the first steps of a merge move words
 * between columns. Two sorted halves are merged as rows. Everything is static. Call
 * ac_sort_block_64 or _32 only where the processor has AVX-512 F, BW, DQ and VL.
 */
#include "kernels/ac_vec_avx512.h"

#if defined(__x86_64__)

#ifndef AC_SORT_BLOCK
#define AC_SORT_HALF (16 * AC_VEC_LANES) /* what one matrix holds */
#define AC_SORT_BLOCK (2 * AC_SORT_HALF) /* what networks sort */

/* Turns eight rows into eight columns. */
AC_VEC_INLINE void ac_net_transpose(ac_vec *r) {
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

/* Words that go up column after column go up row after row afterwards; the halves of a column of 16
 * rows lie eight rows apart. */
AC_VEC_INLINE void ac_net_rows_of_columns_64(ac_vec *r, int rows) {
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
        ac_net_transpose(r);
        if (rows == 16) ac_net_transpose(r + 8);
    }
}

/* Runs of `run` lanes of a and b in turn: the first sixteen words of that, or the second. */
AC_VEC_INLINE ac_vec ac_net_interleave_runs(ac_vec a, ac_vec b, int run, int second) {
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
AC_VEC_INLINE void ac_net_rows_of_columns_32(ac_vec *r, int rows) {
#pragma GCC unroll 4
    for (int length = 1; length < rows; length *= 2) {
        ac_vec t[16];
#pragma GCC unroll 16
        for (int s = 0; s < rows; s += 2 * length) {
#pragma GCC unroll 16
            for (int k = 0; k < length; k++) {
                t[s + 2 * k] = ac_net_interleave_runs(r[s + k], r[s + length + k], length, 0);
                t[s + 2 * k + 1] = ac_net_interleave_runs(r[s + k], r[s + length + k], length, 1);
            }
        }
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) r[i] = t[i];
    }
}

#endif

/* Batcher's odd-even merge sort of each column over 1, 2, 4, 8 or 16 rows. */
AC_VEC_INLINE void AC_W(net_sort_columns)(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int p = 1; p < rows; p += p) {
#pragma GCC unroll 16
        for (int k = p; k >= 1; k /= 2) {
#pragma GCC unroll 16
            for (int j = k % p; j + k < rows; j += 2 * k) {
#pragma GCC unroll 16
                for (int i = 0; i < k; i++) {
                    if (i + j + k < rows && (i + j) / (2 * p) == (i + j + k) / (2 * p))
                        AC_W(vec_exchange)(&r[i + j], &r[i + j + k]);
                }
            }
        }
    }
}

/* Columns hold bitonic sequences of `rows`: makes each sorted. */
AC_VEC_INLINE void AC_W(net_clean_columns)(ac_vec *r, int rows) {
#pragma GCC unroll 16
    for (int d = rows / 2; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            if ((i & d) == 0) AC_W(vec_exchange)(&r[i], &r[i + d]);
        }
    }
}

/* Groups of group/2 columns are sorted (column after column); merges them two and two. The first
 * step compares element k from the front of one half with element k from the back of the other. */
AC_VEC_INLINE void AC_W(net_merge_columns)(ac_vec *r, int rows, int group) {
    const ac_lanes upper = AC_W(vec_second)(group / 2);
#pragma GCC unroll 16
    for (int i = 0; i < (rows + 1) / 2; i++) {
        const int k = rows - 1 - i;
        ac_vec low = r[i], high = AC_W(vec_mirror)(r[k], group);
        AC_W(vec_exchange)(&low, &high);
        r[i] = AC_EPI(mask_mov)(low, upper, high);
        r[k] = AC_W(vec_mirror)(AC_EPI(mask_mov)(high, upper, low), group);
    }
#pragma GCC unroll 16
    for (int d = group / 4; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) r[i] = AC_W(vec_step)(r[i], d);
    }
    AC_W(net_clean_columns)(r, rows);
}

/* Sorts n <= rows * AC_VEC_LANES words, with the missing ones taken as the largest word. */
AC_VEC_INLINE void AC_W(net_sort_rows)(ac_word_at *words, int64_t n, int rows) {
    ac_vec r[16];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) r[i] = AC_W(vec_load_some)(words, n, AC_VEC_LANES * i);
    AC_W(net_sort_columns)(r, rows);
#pragma GCC unroll 4
    for (int group = 2; group <= AC_VEC_LANES; group *= 2) AC_W(net_merge_columns)(r, rows, group);
    AC_W(net_rows_of_columns)(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const int row = AC_BITS == 64 && rows == 16 ? (i % 8) * 2 + i / 8 : i;
        AC_W(vec_store_some)(words, n, AC_VEC_LANES * row, r[i]);
    }
}

/* One function for each number of rows: all loops above are unrolled. */
#define AC_NET_SORT_(rows)                                                                  \
    AC_AVX512 static void AC_W(net_sort_##rows##_rows)(ac_word_at *words, int64_t n) {      \
        AC_W(net_sort_rows)(words, n, rows);                                                \
    }
#if AC_BITS == 32
AC_NET_SORT_(1)
#endif
AC_NET_SORT_(2)
AC_NET_SORT_(4)
AC_NET_SORT_(8)
AC_NET_SORT_(16)
#undef AC_NET_SORT_

/* Half a block, none missing: so that no masks are made. */
AC_AVX512 static void AC_W(net_sort_half)(ac_word_at *words) {
    AC_W(net_sort_rows)(words, AC_SORT_HALF, 16);
}

/* Rows hold one bitonic sequence, row after row: sorts it. */
AC_VEC_INLINE void AC_W(net_clean_rows)(ac_vec *r, int rows) {
    AC_W(net_clean_columns)(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int d = AC_VEC_LANES / 2; d >= 1; d /= 2) r[i] = AC_W(vec_step)(r[i], d);
    }
}

/* Merges the sorted half words[0..AC_SORT_HALF) with the sorted rest up to n, which has at most `rows` rows;
 * its missing words are taken as the largest. Of a rest of 16 rows the first is compared with the last of the
 * half, and so on. A row that is missing changes nothing there, and what is not less than the half comes
 * to stand in the last `rows` rows of 16: they are bitonic, as those of a whole rest are. */
AC_VEC_INLINE void AC_W(net_merge_rows)(ac_word_at *words, int64_t n, int rows) {
    ac_vec r[16], high[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) r[i] = AC_W(vec_load)(words + AC_VEC_LANES * i);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        high[i] = AC_W(vec_mirror)(
            AC_W(vec_load_some)(words, n, AC_SORT_HALF + AC_VEC_LANES * (rows - 1 - i)), AC_VEC_LANES);
        AC_W(vec_exchange)(&r[16 - rows + i], &high[i]);
    }
    AC_W(net_clean_rows)(r, 16);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) AC_W(vec_store)(words + AC_VEC_LANES * i, r[i]);
    AC_W(net_clean_rows)(high, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
        AC_W(vec_store_some)(words, n, AC_SORT_HALF + AC_VEC_LANES * i, high[i]);
}

#define AC_NET_MERGE_(rows)                                                                 \
    AC_AVX512 static void AC_W(net_merge_##rows##_rows)(ac_word_at *words, int64_t n) {     \
        AC_W(net_merge_rows)(words, n, rows);                                               \
    }
AC_NET_MERGE_(4)
AC_NET_MERGE_(8)
AC_NET_MERGE_(16)
#undef AC_NET_MERGE_

AC_AVX512 static void AC_W(sort_block)(ac_word_at *words, int64_t n) {
    if (n <= 1) return;
#if AC_BITS == 32
    if (n <= AC_VEC_LANES) {
        AC_W(net_sort_1_rows)(words, n);
        return;
    }
#endif
    if (n <= 2 * AC_VEC_LANES) {
        AC_W(net_sort_2_rows)(words, n);
    } else if (n <= 4 * AC_VEC_LANES) {
        AC_W(net_sort_4_rows)(words, n);
    } else if (n <= 8 * AC_VEC_LANES) {
        AC_W(net_sort_8_rows)(words, n);
    } else if (n <= AC_SORT_HALF) {
        AC_W(net_sort_16_rows)(words, n);
    } else {
        AC_W(net_sort_half)(words);
        AC_W(sort_block)(words + AC_SORT_HALF, n - AC_SORT_HALF);
        if (n <= AC_SORT_HALF + 4 * AC_VEC_LANES) {
            AC_W(net_merge_4_rows)(words, n);
        } else if (n <= AC_SORT_HALF + 8 * AC_VEC_LANES) {
            AC_W(net_merge_8_rows)(words, n);
        } else {
            AC_W(net_merge_16_rows)(words, n);
        }
    }
}

#endif
