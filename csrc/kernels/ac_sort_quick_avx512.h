/* ac_sort_quick_avx512.h - quicksort of words with AVX-512, sorting networks at the bottom; for the
 * width that ac_width.h says. Everything is static.
 *
 * Partition: a vector is compared with the pivot and permuted so that the low ones come
 * first and the high ones last; it is then stored whole at both ends of the array's free space
 * (Bramas, A novel hybrid quicksort algorithm vectorized using AVX-512, 2017; the
 * permutation from a table as in Gueron and Krasnov, Fast quicksort implementation using AVX
 * instructions, 2016). Blocks of up to AC_SORT_BLOCK words go to the networks.
 */
#include "kernels/ac_sort_net_avx512.h"

#if defined(__x86_64__)

#include "kernels/ac_sort_perm.h"

#ifndef AC_QUICK_UNROLL
#define AC_QUICK_UNROLL 4 /* vectors in flight */
#endif

/* ---- partition ------------------------------------------------------------------------------ */

/* Splits v at the pivot: words <= pivot to the front of the free space at *left, the others to the
 * back of the one that ends at *right. Both have room for a vector. */
AC_VEC_INLINE void AC_W(put)(ac_word_at *words, ac_vec v, ac_vec pivot, int64_t *left,
                             int64_t *right) {
    const ac_lanes high = AC_EPU_MASK(cmpgt)(v, pivot);
    const int64_t highs = __builtin_popcount(high);
#if AC_BITS == 64
    const ac_vec order = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const void *)&ac_sort_perm[high]));
    const ac_vec split = _mm512_permutexvar_epi64(order, v);
    ac_vec_store_64(words + *left, split);
    ac_vec_store_64(words + *right - AC_VEC_LANES, split);
#else /* a table of orders of sixteen lanes would be too large for the caches */
    ac_vec_store_32(words + *left, _mm512_maskz_compress_epi32((ac_lanes)~high, v));
    _mm512_mask_storeu_epi32((void *)(words + *right - highs), (ac_lanes)((1u << highs) - 1),
                             _mm512_maskz_compress_epi32(high, v));
#endif
    *left += AC_VEC_LANES - highs;
    *right -= highs;
}

/* The same for the lanes of `have` only. */
AC_VEC_INLINE void AC_W(put_some)(ac_word_at *words, ac_vec v, ac_lanes have, ac_vec pivot,
                                  int64_t *left, int64_t *right) {
    const ac_lanes high = AC_EPU_MASK(mask_cmpgt)(have, v, pivot);
    const ac_lanes low = (ac_lanes)(have & ~high);
    *right -= __builtin_popcount(high);
    AC_EPI(mask_compressstoreu)((void *)(words + *right), high, v);
    AC_EPI(mask_compressstoreu)((void *)(words + *left), low, v);
    *left += __builtin_popcount(low);
}

/* Reorders words[0..n), n >= 2 * AC_QUICK_UNROLL * AC_VEC_LANES, so that words <= pivot come first; returns
 * how many there are.
 *
 * Free space begins as the AC_QUICK_UNROLL vectors held in registers at each end. The next AC_QUICK_UNROLL vectors
 * are read from the side that has less of it: then both sides have room for AC_QUICK_UNROLL vectors, which
 * is what storing each of them to both needs. The last of all meets a vector's free places: both stores
 * then write the same words to the same place. */
AC_AVX512 static int64_t AC_W(partition)(ac_word_at *words, int64_t n, ac_word pivot_word) {
    const ac_vec pivot = AC_W(vec_of)(pivot_word);
    const int64_t step = AC_QUICK_UNROLL * AC_VEC_LANES;
    const int64_t ragged = n % step, whole = n - ragged;
    ac_vec tail[AC_QUICK_UNROLL]; /* the ragged end */
#pragma GCC unroll 4
    for (int i = 0; i < AC_QUICK_UNROLL; i++)
        tail[i] = AC_W(vec_load_some)(words + whole, ragged, i * AC_VEC_LANES);

    ac_vec first[AC_QUICK_UNROLL], last[AC_QUICK_UNROLL];
    int64_t read_lo = step, read_hi = whole - step; /* not yet read: [read_lo, read_hi) */
    int64_t left = 0, right = n;                    /* free: [left, read_lo), [read_hi, right) */
#pragma GCC unroll 4
    for (int i = 0; i < AC_QUICK_UNROLL; i++) {
        first[i] = AC_W(vec_load)(words + i * AC_VEC_LANES);
        last[i] = AC_W(vec_load)(words + read_hi + i * AC_VEC_LANES);
    }
    /* It fills at most step - 1 places of the step that are free at the left. */
#pragma GCC unroll 4
    for (int i = 0; i < AC_QUICK_UNROLL; i++) {
        const ac_lanes have = AC_W(vec_have)(ragged, i * AC_VEC_LANES);
        if (have == (ac_lanes)-1) {
            AC_W(put)(words, tail[i], pivot, &left, &right);
        } else if (have != 0) {
            AC_W(put_some)(words, tail[i], have, pivot, &left, &right);
        }
    }
    while (read_lo < read_hi) {
        ac_vec v[AC_QUICK_UNROLL];
        const ac_word_at *from;
        if (read_lo - left <= right - read_hi) {
            from = words + read_lo;
            read_lo += step;
        } else {
            read_hi -= step;
            from = words + read_hi;
        }
#pragma GCC unroll 4
        for (int i = 0; i < AC_QUICK_UNROLL; i++) v[i] = AC_W(vec_load)(from + i * AC_VEC_LANES);
#pragma GCC unroll 4
        for (int i = 0; i < AC_QUICK_UNROLL; i++) AC_W(put)(words, v[i], pivot, &left, &right);
    }
#pragma GCC unroll 4
    for (int i = 0; i < AC_QUICK_UNROLL; i++) AC_W(put)(words, first[i], pivot, &left, &right);
#pragma GCC unroll 4
    for (int i = 0; i < AC_QUICK_UNROLL; i++) AC_W(put)(words, last[i], pivot, &left, &right);
    return left;
}

/* ---- quicksort ------------------------------------------------------------------------------ */

AC_INLINE ac_word AC_W(median3)(ac_word a, ac_word b, ac_word c) {
    const ac_word least = a < b ? a : b, most = a < b ? b : a;
    return c < least ? least : c > most ? most : c;
}

/* About the middle one of words spread evenly over the array: sixteen of them, in large arrays
 * sixteen medians of three. The places do not depend on the words, so an adversary can make it bad;
 * then the depth runs out and heapsort takes over. */
AC_AVX512 static ac_word AC_W(choose_pivot)(const ac_word_at *words, int64_t n) {
    ac_word sample[16];
    const int64_t apart = n / 16, part = apart / 3;
    for (int i = 0; i < 16; i++) {
        const ac_word_at *const w = words + apart * i;
        sample[i] = n < 2048 ? w[0] : AC_W(median3)(w[0], w[part], w[2 * part]);
    }
    AC_W(sort_block)((ac_word_at *)sample, 16);
    return sample[7];
}

static void AC_W(sift_down)(ac_word_at *words, int64_t top, int64_t n) {
    const ac_word w = words[top];
    for (int64_t child; (child = 2 * top + 1) < n; top = child) {
        if (child + 1 < n && words[child] < words[child + 1]) child++;
        if (words[child] <= w) break;
        words[top] = words[child];
    }
    words[top] = w;
}

AC_UNUSED static void AC_W(heapsort)(ac_word_at *words, int64_t n) {
    for (int64_t i = n / 2 - 1; i >= 0; i--) AC_W(sift_down)(words, i, n);
    for (int64_t end = n - 1; end > 0; end--) {
        const ac_word w = words[end];
        words[end] = words[0];
        words[0] = w;
        AC_W(sift_down)(words, 0, end);
    }
}

/* What becomes of words that stand in their place at last, while they are in the first-level cache;
 * NULL: nothing. */
typedef struct AC_W(finish) {
    void (*words)(void *ctx, ac_word_at *words, int64_t n);
    void *ctx;
} AC_W(finish);

AC_INLINE void AC_W(finish_words)(const AC_W(finish) *finish, ac_word_at *words, int64_t n) {
    if (finish != NULL) finish->words(finish->ctx, words, n);
}

/* Recursion takes the smaller part, the loop the larger: at most 64 frames. */
AC_AVX512 static void AC_W(quicksort_down)(ac_word_at *words, int64_t n, int depth,
                                           const AC_W(finish) *finish) {
    while (n > AC_SORT_BLOCK) {
        if (depth-- == 0) {
            AC_W(heapsort)(words, n);
            break;
        }
        const ac_word pivot = AC_W(choose_pivot)(words, n);
        const int64_t low = AC_W(partition)(words, n, pivot);
        if (low == n) {
            /* The pivot is the largest word, as it is with many equal ones. Put all that are equal
             * to it last: they are done. */
            if (pivot == 0) break;
            const int64_t rest = AC_W(partition)(words, n, pivot - 1);
            AC_W(finish_words)(finish, words + rest, n - rest);
            n = rest;
            continue;
        }
        if (low <= n - low) {
            AC_W(quicksort_down)(words, low, depth, finish);
            words += low;
            n -= low;
        } else {
            AC_W(quicksort_down)(words + low, n - low, depth, finish);
            n = low;
        }
    }
    if (n <= AC_SORT_BLOCK) AC_W(sort_block)(words, n);
    AC_W(finish_words)(finish, words, n);
}

/* Twice the depth of even splits, and some. */
AC_INLINE int AC_W(depth_of)(int64_t n) {
    int depth = 8;
    for (int64_t m = n; m > AC_SORT_BLOCK; m /= 2) depth += 2;
    return depth;
}

AC_UNUSED AC_AVX512 static void AC_W(quicksort)(ac_word_at *words, int64_t n,
                                                const AC_W(finish) *finish) {
    AC_W(quicksort_down)(words, n, AC_W(depth_of)(n), finish);
}

/* ---- from another place --------------------------------------------------------------------- */

/* Where words come from: writes those from `first` to first + n - 1. */
typedef struct AC_W(source) {
    void (*words)(const void *ctx, int64_t first, int64_t n, ac_word_at *to);
    const void *ctx;
} AC_W(source);

/* The partition of n words that come from elsewhere: what is free of words[0..n) lies between the low
 * and the high ones, and is as much as has not come yet. They come some at a time, through the
 * first-level cache: to copy them first and partition them then would be one more pass.
 *
 * The ragged end comes first. Then whole vectors are free: two at least, so that the two stores of a vector do
 * not meet, or in the end one, where they write the same words to the same place. */
AC_AVX512 static int64_t AC_W(partition_from)(const AC_W(source) *source, ac_word_at *words,
                                              int64_t n, ac_word pivot_word) {
    ac_word buffer[4096 / sizeof(ac_word)];
    ac_word_at *const some = (ac_word_at *)buffer;
    const int64_t most = (int64_t)(sizeof buffer / sizeof *buffer);
    const ac_vec pivot = AC_W(vec_of)(pivot_word);
    int64_t left = 0, right = n;
    const int64_t ragged = n % AC_VEC_LANES, whole = n - ragged;
    if (ragged != 0) {
        source->words(source->ctx, whole, ragged, some);
        AC_W(put_some)(words, AC_W(vec_load_some)(some, ragged, 0), AC_W(vec_have)(ragged, 0), pivot,
                       &left, &right);
    }
    for (int64_t first = 0; first < whole; first += most) {
        const int64_t m = whole - first < most ? whole - first : most;
        source->words(source->ctx, first, m, some);
        for (int64_t i = 0; i < m; i += AC_VEC_LANES)
            AC_W(put)(words, AC_W(vec_load)(some + i), pivot, &left, &right);
    }
    return left;
}

/* Sorts n words that come from elsewhere into words[0..n). */
AC_UNUSED AC_AVX512 static void AC_W(quicksort_from)(const AC_W(source) *source,
                                                     ac_word_at *words, int64_t n,
                                                     const AC_W(finish) *finish) {
    if (n <= AC_SORT_BLOCK) {
        source->words(source->ctx, 0, n, words);
        AC_W(quicksort)(words, n, finish);
        return;
    }
    ac_word sample[16];
    for (int i = 0; i < 16; i++) source->words(source->ctx, n / 16 * i, 1, (ac_word_at *)&sample[i]);
    AC_W(sort_block)((ac_word_at *)sample, 16);
    const int64_t low = AC_W(partition_from)(source, words, n, sample[7]);
    const int depth = AC_W(depth_of)(n);
    AC_W(quicksort_down)(words, low, depth, finish);
    if (low < n) AC_W(quicksort_down)(words + low, n - low, depth, finish);
}

#endif
#undef AC_BITS
