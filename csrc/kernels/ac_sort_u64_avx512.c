/* ac_sort_u64_avx512.c - quicksort of 64-bit words with AVX-512, sorting networks at the bottom.
 *
 * Partition: a vector of eight is compared with the pivot and permuted so that the low ones come
 * first and the high ones last; it is then stored whole at both ends of the array's free space
 * (Bramas, A novel hybrid quicksort algorithm vectorized using AVX-512, 2017; the
 * permutation from a table as in Gueron and Krasnov, Fast quicksort implementation using AVX
 * instructions, 2016). Networks: a block of up to 128 words is a matrix of 16 rows and 8 columns;
 * columns are sorted by compare-exchange of whole rows, then merged two and two (bitonic, Batcher
 * 1968): only the first steps of a merge need to move words between columns.
 */
#include "kernels/ac_sort_u64.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>

#include "kernels/ac_sort_perm.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt,lzcnt")))
#define V_INLINE static inline __attribute__((always_inline)) TARGET
typedef __m512i vec;

#define LANES 8
#define BLOCK 128 /* the largest network */

V_INLINE vec load(const ac_u64_at *p) { return _mm512_loadu_si512((const void *)p); }
V_INLINE void store(ac_u64_at *p, vec v) { _mm512_storeu_si512((void *)p, v); }

/* ---- networks ------------------------------------------------------------------------------- */

#define CX(i, j)                                                                            \
    do {                                                                                    \
        const vec lo_ = _mm512_min_epu64(r[i], r[j]);                                       \
        r[j] = _mm512_max_epu64(r[i], r[j]);                                                \
        r[i] = lo_;                                                                         \
    } while (0)

/* Batcher's odd-even merge sort of each column over 2, 4, 8 or 16 rows. */
V_INLINE void sort_columns(vec *r, int rows) {
#pragma GCC unroll 16
    for (int p = 1; p < rows; p += p) {
#pragma GCC unroll 16
        for (int k = p; k >= 1; k /= 2) {
#pragma GCC unroll 16
            for (int j = k % p; j + k < rows; j += 2 * k) {
#pragma GCC unroll 16
                for (int i = 0; i < k; i++) {
                    if (i + j + k < rows && (i + j) / (2 * p) == (i + j + k) / (2 * p))
                        CX(i + j, i + j + k);
                }
            }
        }
    }
}

/* Columns hold bitonic sequences of `rows`: makes each sorted. */
V_INLINE void clean_columns(vec *r, int rows) {
#pragma GCC unroll 16
    for (int d = rows / 2; d >= 1; d /= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            if ((i & d) == 0) CX(i, i + d);
        }
    }
}

/* Reverses the order of columns inside each group of 2, 4 or 8. */
V_INLINE vec mirror(vec v, int group) {
    if (group == 2) return _mm512_permutex_epi64(v, 0xB1);
    if (group == 4) return _mm512_permutex_epi64(v, 0x1B);
    return _mm512_shuffle_i64x2(_mm512_permutex_epi64(v, 0x1B), _mm512_permutex_epi64(v, 0x1B),
                                0x4E);
}

/* Exchanges columns at a distance of 1 or 2. */
V_INLINE vec shift_columns(vec v, int distance) {
    return distance == 1 ? _mm512_permutex_epi64(v, 0xB1) : _mm512_permutex_epi64(v, 0x4E);
}

/* Groups of group/2 columns are sorted (column after column); merges them two and two. The first
 * step compares element k from the front of one half with element k from the back of the other. */
V_INLINE void merge_columns(vec *r, int rows, int group) {
    const __mmask8 upper = group == 2 ? 0xAA : group == 4 ? 0xCC : 0xF0; /* the second halves */
#pragma GCC unroll 16
    for (int i = 0; i < (rows + 1) / 2; i++) {
        const int k = rows - 1 - i;
        const vec a = r[i], b = mirror(r[k], group);
        const vec lo = _mm512_min_epu64(a, b), hi = _mm512_max_epu64(a, b);
        r[i] = _mm512_mask_mov_epi64(lo, upper, hi);
        r[k] = mirror(_mm512_mask_mov_epi64(hi, upper, lo), group);
    }
#pragma GCC unroll 16
    for (int d = group / 4; d >= 1; d /= 2) {
        const __mmask8 second = d == 1 ? 0xAA : 0xCC;
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const vec other = shift_columns(r[i], d);
            const vec lo = _mm512_min_epu64(r[i], other), hi = _mm512_max_epu64(r[i], other);
            r[i] = _mm512_mask_mov_epi64(lo, second, hi);
        }
    }
    clean_columns(r, rows);
}

/* Turns eight rows into eight columns. */
V_INLINE void transpose8(vec *r) {
    vec a[8], b[8];
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

/* Sorts n words, 8 * (rows / 2) < n <= 8 * rows, with the missing ones taken as the largest
 * word. */
V_INLINE void sort_rows(ac_u64_at *words, int64_t n, int rows) {
    vec r[16];
    const vec largest = _mm512_set1_epi64(-1);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const int64_t left = n - 8 * i;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        r[i] = _mm512_mask_loadu_epi64(largest, have, (const void *)(words + 8 * i));
    }
    sort_columns(r, rows);
    merge_columns(r, rows, 2);
    merge_columns(r, rows, 4);
    merge_columns(r, rows, 8);
    /* Column c holds words c*rows and on. With 16 rows a column fills two output rows, with 8 one,
     * with fewer the columns are gathered through memory. */
    if (rows >= 8) {
        transpose8(r);
        if (rows == 16) transpose8(r + 8);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const int out = rows == 16 ? (i % 8) * 2 + i / 8 : i;
            const int64_t left = n - 8 * out;
            const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
            _mm512_mask_storeu_epi64((void *)(words + 8 * out), have, r[i]);
        }
    } else {
        uint64_t out[8 * 4];
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) _mm512_storeu_si512(out + 8 * i, r[i]);
        for (int64_t i = 0; i < n; i++) words[i] = out[(i % rows) * 8 + i / rows];
    }
}

TARGET static void sort_16(ac_u64_at *words, int64_t n) { sort_rows(words, n, 2); }
TARGET static void sort_32(ac_u64_at *words, int64_t n) { sort_rows(words, n, 4); }
TARGET static void sort_64(ac_u64_at *words, int64_t n) { sort_rows(words, n, 8); }
TARGET static void sort_128(ac_u64_at *words, int64_t n) { sort_rows(words, n, 16); }

TARGET static void sort_block(ac_u64_at *words, int64_t n) {
    if (n <= 1) return;
    if (n <= 16) {
        sort_16(words, n);
    } else if (n <= 32) {
        sort_32(words, n);
    } else if (n <= 64) {
        sort_64(words, n);
    } else {
        sort_128(words, n);
    }
}

/* ---- partition ------------------------------------------------------------------------------ */

/* Splits v at the pivot: words <= pivot to the front of the free space at *left, the others to the
 * back of the one that ends at *right. Both have room for eight. */
V_INLINE void put(ac_u64_at *words, vec v, vec pivot, int64_t *left, int64_t *right) {
    const __mmask8 high = _mm512_cmpgt_epu64_mask(v, pivot);
    const vec order = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const void *)&ac_sort_perm[high]));
    const vec split = _mm512_permutexvar_epi64(order, v);
    const int64_t highs = __builtin_popcount(high);
    store(words + *left, split);
    store(words + *right - LANES, split);
    *left += LANES - highs;
    *right -= highs;
}

/* Reorders words[0..n), n >= 2 * UNROLL * LANES, so that words <= pivot come first; returns how
 * many there are.
 *
 * Free space begins as the UNROLL vectors held in registers at each end. The next UNROLL vectors
 * are read from the side that has less of it: then both sides have room for UNROLL vectors, which
 * is what storing each of them to both needs. The last of all meets eight free places: both stores
 * then write the same words to the same place. */
#define UNROLL 4
TARGET static int64_t partition(ac_u64_at *words, int64_t n, uint64_t pivot_word) {
    const vec pivot = _mm512_set1_epi64((long long)pivot_word);
    const int64_t step = UNROLL * LANES;
    const int64_t ragged = n % step, whole = n - ragged;
    uint64_t tail[UNROLL * LANES];
    for (int64_t i = 0; i < ragged; i++) tail[i] = words[whole + i];

    vec first[UNROLL], last[UNROLL];
    int64_t read_lo = step, read_hi = whole - step; /* not yet read: [read_lo, read_hi) */
    int64_t left = 0, right = n;                    /* free: [left, read_lo), [read_hi, right) */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        first[i] = load(words + i * LANES);
        last[i] = load(words + read_hi + i * LANES);
    }
    /* The ragged end fills at most step - 1 places of the step that are free at the left. */
    int64_t t = 0;
    for (; t + LANES <= ragged; t += LANES)
        put(words, load((const ac_u64_at *)tail + t), pivot, &left, &right);
    for (; t < ragged; t++) {
        const int64_t high = tail[t] > pivot_word;
        words[left] = tail[t];
        words[right - 1] = tail[t];
        left += 1 - high;
        right -= high;
    }
    while (read_lo < read_hi) {
        vec v[UNROLL];
        const ac_u64_at *from;
        if (read_lo - left <= right - read_hi) {
            from = words + read_lo;
            read_lo += step;
        } else {
            read_hi -= step;
            from = words + read_hi;
        }
#pragma GCC unroll 4
        for (int i = 0; i < UNROLL; i++) v[i] = load(from + i * LANES);
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

/* The middle one of words spread evenly over the array. The places do not depend on the words, so
 * an adversary can make it bad; then the depth runs out and heapsort takes over. */
TARGET static uint64_t choose_pivot(const ac_u64_at *words, int64_t n) {
    uint64_t sample[64];
    const int count = n < 2048 ? 16 : n < 32768 ? 32 : 64;
    for (int i = 0; i < count; i++) sample[i] = words[n / count * i + n / count / 2];
    sort_block((ac_u64_at *)sample, count);
    return sample[count / 2];
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
TARGET static void quicksort(ac_u64_at *words, int64_t n, int depth) {
    while (n > BLOCK) {
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
    sort_block(words, n);
}

void ac_sort_u64_avx512_(ac_u64_at *words, int64_t n) {
    int depth = 8; /* twice the depth of even splits, and some */
    for (int64_t m = n; m > BLOCK; m /= 2) depth += 2;
    quicksort(words, n, depth);
}

#else
typedef int ac_not_on_this_processor; /* a file must hold something */
#endif
