/* ac_sort_u64_avx512.c - quicksort of 64-bit words with AVX-512, sorting networks at the bottom.
 *
 * Partition: a vector of eight is compared with the pivot and permuted so that the low ones come
 * first and the high ones last; it is then stored whole at both ends of the array's free space
 * (Bramas, A novel hybrid quicksort algorithm vectorized using AVX-512, 2017; the
 * permutation from a table as in Gueron and Krasnov, Fast quicksort implementation using AVX
 * instructions, 2016). Blocks of up to AC_SORT_BLOCK words go to the networks.
 */
#include "kernels/ac_sort_u64.h"

#if defined(__x86_64__)

#include "kernels/ac_sort_net_avx512.h"
#include "kernels/ac_sort_perm.h"

/* ---- partition ------------------------------------------------------------------------------ */

/* Splits v at the pivot: words <= pivot to the front of the free space at *left, the others to the
 * back of the one that ends at *right. Both have room for eight. */
AC_VEC_INLINE void put(ac_u64_at *words, ac_vec v, ac_vec pivot, int64_t *left, int64_t *right) {
    const __mmask8 high = _mm512_cmpgt_epu64_mask(v, pivot);
    const ac_vec order = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const void *)&ac_sort_perm[high]));
    const ac_vec split = _mm512_permutexvar_epi64(order, v);
    const int64_t highs = __builtin_popcount(high);
    ac_vec_store(words + *left, split);
    ac_vec_store(words + *right - AC_VEC_LANES, split);
    *left += AC_VEC_LANES - highs;
    *right -= highs;
}

/* The same for the lanes of `have` only. */
AC_VEC_INLINE void put_some(ac_u64_at *words, ac_vec v, __mmask8 have, ac_vec pivot, int64_t *left,
                       int64_t *right) {
    const __mmask8 high = _mm512_mask_cmpgt_epu64_mask(have, v, pivot);
    const __mmask8 low = (__mmask8)(have & ~high);
    *right -= __builtin_popcount(high);
    _mm512_mask_compressstoreu_epi64((void *)(words + *right), high, v);
    _mm512_mask_compressstoreu_epi64((void *)(words + *left), low, v);
    *left += __builtin_popcount(low);
}

/* Reorders words[0..n), n >= 2 * UNROLL * AC_VEC_LANES, so that words <= pivot come first; returns
 * how many there are.
 *
 * Free space begins as the UNROLL vectors held in registers at each end. The next UNROLL vectors
 * are read from the side that has less of it: then both sides have room for UNROLL vectors, which
 * is what storing each of them to both needs. The last of all meets eight free places: both stores
 * then write the same words to the same place. */
#define UNROLL 4
AC_AVX512 static int64_t partition(ac_u64_at *words, int64_t n, uint64_t pivot_word) {
    const ac_vec pivot = _mm512_set1_epi64((long long)pivot_word);
    const int64_t step = UNROLL * AC_VEC_LANES;
    const int64_t ragged = n % step, whole = n - ragged;
    ac_vec tail[UNROLL]; /* the ragged end */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        const int64_t some = ragged - i * AC_VEC_LANES;
        const __mmask8 have = some >= 8 ? 0xFF : some <= 0 ? 0 : (__mmask8)((1u << some) - 1);
        tail[i] = _mm512_maskz_loadu_epi64(have, (const void *)(words + whole + i * AC_VEC_LANES));
    }

    ac_vec first[UNROLL], last[UNROLL];
    int64_t read_lo = step, read_hi = whole - step; /* not yet read: [read_lo, read_hi) */
    int64_t left = 0, right = n;                    /* free: [left, read_lo), [read_hi, right) */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        first[i] = ac_vec_load(words + i * AC_VEC_LANES);
        last[i] = ac_vec_load(words + read_hi + i * AC_VEC_LANES);
    }
    /* It fills at most step - 1 places of the step that are free at the left. */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        const int64_t some = ragged - i * AC_VEC_LANES;
        if (some >= AC_VEC_LANES) {
            put(words, tail[i], pivot, &left, &right);
        } else if (some > 0) {
            put_some(words, tail[i], (__mmask8)((1u << some) - 1), pivot, &left, &right);
        }
    }
    while (read_lo < read_hi) {
        ac_vec v[UNROLL];
        const ac_u64_at *from;
        if (read_lo - left <= right - read_hi) {
            from = words + read_lo;
            read_lo += step;
        } else {
            read_hi -= step;
            from = words + read_hi;
        }
#pragma GCC unroll 4
        for (int i = 0; i < UNROLL; i++) v[i] = ac_vec_load(from + i * AC_VEC_LANES);
#pragma GCC unroll 4
        for (int i = 0; i < UNROLL; i++) put(words, v[i], pivot, &left, &right);
    }
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) put(words, first[i], pivot, &left, &right);
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) put(words, last[i], pivot, &left, &right);
    return left;
}

/* ---- quicksort ------------------------------------------------------------------------------ */

/* About the middle one of words spread evenly over the array: sixteen of them, in large arrays
 * sixteen medians of three. The places do not depend on the words, so an adversary can make it bad;
 * then the depth runs out and heapsort takes over. */
AC_VEC_INLINE ac_vec median3(ac_vec a, ac_vec b, ac_vec c) {
    return _mm512_max_epu64(_mm512_min_epu64(a, b),
                            _mm512_min_epu64(_mm512_max_epu64(a, b), c));
}

AC_VEC_INLINE ac_vec pick3(const ac_u64_at *words, ac_vec place, int64_t apart) {
    const ac_u64_at *const second = words + apart, *const third = second + apart;
    return median3(_mm512_i64gather_epi64(place, (const void *)words, 8),
                   _mm512_i64gather_epi64(place, (const void *)second, 8),
                   _mm512_i64gather_epi64(place, (const void *)third, 8));
}

AC_AVX512 static uint64_t choose_pivot(const ac_u64_at *words, int64_t n) {
    const ac_vec lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    ac_vec r[2];
    if (n < 2048) {
        const ac_vec place = _mm512_mullo_epi64(lane, _mm512_set1_epi64(n / 16));
        r[0] = _mm512_i64gather_epi64(place, (const void *)words, 8);
        r[1] = _mm512_i64gather_epi64(place, (const void *)(words + n / 2), 8);
    } else {
        const ac_vec place = _mm512_mullo_epi64(lane, _mm512_set1_epi64(n / 8));
        const int64_t part = n / 8 / 6;
        r[0] = pick3(words, place, part);
        r[1] = pick3(words + 3 * part, place, part);
    }
    ac_net_sort_columns(r, 2);
    ac_net_merge_columns(r, 2, 2);
    ac_net_merge_columns(r, 2, 4);
    ac_net_merge_columns(r, 2, 8);
    return (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(
        _mm512_alignr_epi64(r[1], r[1], 3))); /* column 3, the second row: the eighth */
}

static void sift_down(ac_u64_at *words, int64_t top, int64_t n) {
    const uint64_t w = words[top];
    for (int64_t child; (child = 2 * top + 1) < n; top = child) {
        if (child + 1 < n && words[child] < words[child + 1]) child++;
        if (words[child] <= w) break;
        words[top] = words[child];
    }
    words[top] = w;
}

static void heapsort_words(ac_u64_at *words, int64_t n) {
    for (int64_t i = n / 2 - 1; i >= 0; i--) sift_down(words, i, n);
    for (int64_t end = n - 1; end > 0; end--) {
        const uint64_t w = words[end];
        words[end] = words[0];
        words[0] = w;
        sift_down(words, 0, end);
    }
}

/* Recursion takes the smaller part, the loop the larger: at most 64 frames. */
AC_AVX512 static void quicksort(ac_u64_at *words, int64_t n, int depth) {
    while (n > AC_SORT_BLOCK) {
        if (depth-- == 0) {
            heapsort_words(words, n);
            return;
        }
        const uint64_t pivot = choose_pivot(words, n);
        const int64_t low = partition(words, n, pivot);
        if (low == n) {
            /* The pivot is the largest word, as it is with many equal ones. Put all that are equal
             * to it last: they are done. */
            if (pivot == 0) return;
            n = partition(words, n, pivot - 1);
            continue;
        }
        if (low <= n - low) {
            quicksort(words, low, depth);
            words += low;
            n -= low;
        } else {
            quicksort(words + low, n - low, depth);
            n = low;
        }
    }
    ac_sort_block_(words, n);
}

void ac_sort_u64_avx512_(ac_u64_at *words, int64_t n) {
    int depth = 8; /* twice the depth of even splits, and some */
    for (int64_t m = n; m > AC_SORT_BLOCK; m /= 2) depth += 2;
    quicksort(words, n, depth);
}

#else
typedef int ac_not_on_this_processor; /* a file must hold something */
#endif
