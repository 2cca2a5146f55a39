/* ac_sort_u32_avx512.c - quicksort of 32-bit words with AVX-512, sorting networks at the bottom.
 *
 * As ac_sort_u64_avx512.c, which names the sources. A vector is split by compressing its low and its
 * high words, as a table of permutations for sixteen lanes would be too large for the caches.
 */
#include "kernels/ac_sort_u32.h"

#if defined(__x86_64__)

#include "kernels/ac_sort_net32_avx512.h"

/* ---- partition ------------------------------------------------------------------------------ */

/* Splits v at the pivot: words <= pivot to the front of the free space at *left, the others to the
 * back of the one that ends at *right. Both have room for sixteen. */
AC_VEC_INLINE void put(ac_u32_at *words, ac_vec v, ac_vec pivot, int64_t *left, int64_t *right) {
    const __mmask16 high = _mm512_cmpgt_epu32_mask(v, pivot);
    const int64_t highs = __builtin_popcount(high), lows = AC_VEC32_LANES - highs;
    const __mmask16 behind = (__mmask16)(0xFFFFu << lows);
    const ac_vec low_words = _mm512_maskz_compress_epi32((__mmask16)~high, v);
    const ac_vec high_words = _mm512_maskz_compress_epi32(high, v);
    const ac_vec split = _mm512_mask_expand_epi32(low_words, behind, high_words);
    ac_vec32_store(words + *left, split);
    ac_vec32_store(words + *right - AC_VEC32_LANES, split);
    *left += lows;
    *right -= highs;
}

/* The same for the lanes of `have` only. */
AC_VEC_INLINE void put_some(ac_u32_at *words, ac_vec v, __mmask16 have, ac_vec pivot,
                            int64_t *left, int64_t *right) {
    const __mmask16 high = _mm512_mask_cmpgt_epu32_mask(have, v, pivot);
    const __mmask16 low = (__mmask16)(have & ~high);
    *right -= __builtin_popcount(high);
    _mm512_mask_compressstoreu_epi32((void *)(words + *right), high, v);
    _mm512_mask_compressstoreu_epi32((void *)(words + *left), low, v);
    *left += __builtin_popcount(low);
}

/* Reorders words[0..n), n >= 2 * UNROLL * AC_VEC32_LANES, so that words <= pivot come first; returns
 * how many there are. Why there is always room is said in ac_sort_u64_avx512.c. */
#define UNROLL 4
AC_AVX512 static int64_t partition(ac_u32_at *words, int64_t n, uint32_t pivot_word) {
    const ac_vec pivot = _mm512_set1_epi32((int)pivot_word);
    const int64_t step = UNROLL * AC_VEC32_LANES;
    const int64_t ragged = n % step, whole = n - ragged;
    ac_vec tail[UNROLL]; /* the ragged end */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++)
        tail[i] = _mm512_maskz_loadu_epi32(ac_net32_have(ragged, i * AC_VEC32_LANES),
                                           (const void *)(words + whole + i * AC_VEC32_LANES));

    ac_vec first[UNROLL], last[UNROLL];
    int64_t read_lo = step, read_hi = whole - step; /* not yet read: [read_lo, read_hi) */
    int64_t left = 0, right = n;                    /* free: [left, read_lo), [read_hi, right) */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        first[i] = ac_vec32_load(words + i * AC_VEC32_LANES);
        last[i] = ac_vec32_load(words + read_hi + i * AC_VEC32_LANES);
    }
    /* It fills at most step - 1 places of the step that are free at the left. */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        const __mmask16 have = ac_net32_have(ragged, i * AC_VEC32_LANES);
        if (have == 0xFFFF) {
            put(words, tail[i], pivot, &left, &right);
        } else if (have != 0) {
            put_some(words, tail[i], have, pivot, &left, &right);
        }
    }
    while (read_lo < read_hi) {
        ac_vec v[UNROLL];
        const ac_u32_at *from;
        if (read_lo - left <= right - read_hi) {
            from = words + read_lo;
            read_lo += step;
        } else {
            read_hi -= step;
            from = words + read_hi;
        }
#pragma GCC unroll 4
        for (int i = 0; i < UNROLL; i++) v[i] = ac_vec32_load(from + i * AC_VEC32_LANES);
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

AC_INLINE uint32_t median3(uint32_t a, uint32_t b, uint32_t c) {
    const uint32_t least = a < b ? a : b, most = a < b ? b : a;
    return c < least ? least : c > most ? most : c;
}

/* About the middle one of sixteen words, in large arrays of sixteen medians of three, spread evenly
 * over the array. */
AC_AVX512 static uint32_t choose_pivot(const ac_u32_at *words, int64_t n) {
    uint32_t sample[16];
    const int64_t apart = n / 16, part = apart / 3;
    for (int i = 0; i < 16; i++) {
        const ac_u32_at *const w = words + apart * i;
        sample[i] = n < 2048 ? w[0] : median3(w[0], w[part], w[2 * part]);
    }
    ac_net32_sort_16((ac_u32_at *)sample, 16);
    return sample[7];
}

static void sift_down(ac_u32_at *words, int64_t top, int64_t n) {
    const uint32_t w = words[top];
    for (int64_t child; (child = 2 * top + 1) < n; top = child) {
        if (child + 1 < n && words[child] < words[child + 1]) child++;
        if (words[child] <= w) break;
        words[top] = words[child];
    }
    words[top] = w;
}

static void heapsort_words(ac_u32_at *words, int64_t n) {
    for (int64_t i = n / 2 - 1; i >= 0; i--) sift_down(words, i, n);
    for (int64_t end = n - 1; end > 0; end--) {
        const uint32_t w = words[end];
        words[end] = words[0];
        words[0] = w;
        sift_down(words, 0, end);
    }
}

/* Recursion takes the smaller part, the loop the larger: at most 64 frames. */
AC_AVX512 static void quicksort(ac_u32_at *words, int64_t n, int depth) {
    while (n > AC_SORT32_BLOCK) {
        if (depth-- == 0) {
            heapsort_words(words, n);
            return;
        }
        const uint32_t pivot = choose_pivot(words, n);
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
    ac_sort32_block_(words, n);
}

void ac_sort_u32_avx512_(ac_u32_at *words, int64_t n) {
    int depth = 8; /* twice the depth of even splits, and some */
    for (int64_t m = n; m > AC_SORT32_BLOCK; m /= 2) depth += 2;
    quicksort(words, n, depth);
}

#else
typedef int ac_not_on_this_processor; /* a file must hold something */
#endif
