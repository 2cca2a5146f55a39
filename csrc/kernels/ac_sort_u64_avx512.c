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
            r[i] = _mm512_mask_max_epu64(_mm512_min_epu64(r[i], other), second, r[i], other);
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

/* Two rows a, b become a0 b0 a1 b1 ... in two rows; pairs of lanes likewise. */
V_INLINE void interleave(vec *a, vec *b) {
    const vec low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const vec high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    const vec first = _mm512_permutex2var_epi64(*a, low, *b);
    *b = _mm512_permutex2var_epi64(*a, high, *b);
    *a = first;
}

V_INLINE void interleave_pairs(vec *a, vec *b) {
    const vec low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const vec high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const vec first = _mm512_permutex2var_epi64(*a, low, *b);
    *b = _mm512_permutex2var_epi64(*a, high, *b);
    *a = first;
}

/* Words that go up column after column go up row after row afterwards. */
V_INLINE void rows_of_columns(vec *r, int rows) {
    if (rows == 2) {
        interleave(&r[0], &r[1]);
    } else if (rows == 4) {
        interleave(&r[0], &r[1]);
        interleave(&r[2], &r[3]);
        interleave_pairs(&r[0], &r[2]); /* words 0-15 in rows 0 and 2 */
        interleave_pairs(&r[1], &r[3]);
        const vec third = r[1];
        r[1] = r[2];
        r[2] = third;
    } else if (rows == 8) {
        transpose8(r);
    } else {
        vec odd[8]; /* a column fills two rows */
        transpose8(r);
        transpose8(r + 8);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) odd[i] = r[8 + i];
#pragma GCC unroll 8
        for (int i = 7; i >= 0; i--) {
            r[2 * i] = r[i];
            r[2 * i + 1] = odd[i];
        }
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
    rows_of_columns(r, rows);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const int64_t left = n - 8 * i;
        const __mmask8 have = left >= 8 ? 0xFF : left <= 0 ? 0 : (__mmask8)((1u << left) - 1);
        _mm512_mask_storeu_epi64((void *)(words + 8 * i), have, r[i]);
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

/* The same for the lanes of `have` only. */
V_INLINE void put_some(ac_u64_at *words, vec v, __mmask8 have, vec pivot, int64_t *left,
                       int64_t *right) {
    const __mmask8 high = _mm512_mask_cmpgt_epu64_mask(have, v, pivot);
    const __mmask8 low = (__mmask8)(have & ~high);
    *right -= __builtin_popcount(high);
    _mm512_mask_compressstoreu_epi64((void *)(words + *right), high, v);
    _mm512_mask_compressstoreu_epi64((void *)(words + *left), low, v);
    *left += __builtin_popcount(low);
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
    vec tail[UNROLL]; /* the ragged end */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        const int64_t some = ragged - i * LANES;
        const __mmask8 have = some >= LANES ? 0xFF : some <= 0 ? 0 : (__mmask8)((1u << some) - 1);
        tail[i] = _mm512_maskz_loadu_epi64(have, (const void *)(words + whole + i * LANES));
    }

    vec first[UNROLL], last[UNROLL];
    int64_t read_lo = step, read_hi = whole - step; /* not yet read: [read_lo, read_hi) */
    int64_t left = 0, right = n;                    /* free: [left, read_lo), [read_hi, right) */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        first[i] = load(words + i * LANES);
        last[i] = load(words + read_hi + i * LANES);
    }
    /* It fills at most step - 1 places of the step that are free at the left. */
#pragma GCC unroll 4
    for (int i = 0; i < UNROLL; i++) {
        const int64_t some = ragged - i * LANES;
        if (some >= LANES) {
            put(words, tail[i], pivot, &left, &right);
        } else if (some > 0) {
            put_some(words, tail[i], (__mmask8)((1u << some) - 1), pivot, &left, &right);
        }
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

/* About the middle one of words spread evenly over the array: the median of three in each of eight
 * lanes (of nine in large arrays), then the fourth of those eight. The places do not depend on the
 * words, so an adversary can make it bad; then the depth runs out and heapsort takes over. */
V_INLINE vec median3(vec a, vec b, vec c) {
    return _mm512_max_epu64(_mm512_min_epu64(a, b),
                            _mm512_min_epu64(_mm512_max_epu64(a, b), c));
}

V_INLINE vec pick3(const ac_u64_at *words, vec place, int64_t apart) {
    const ac_u64_at *const second = words + apart, *const third = second + apart;
    return median3(_mm512_i64gather_epi64(place, (const void *)words, 8),
                   _mm512_i64gather_epi64(place, (const void *)second, 8),
                   _mm512_i64gather_epi64(place, (const void *)third, 8));
}

TARGET static uint64_t choose_pivot(const ac_u64_at *words, int64_t n) {
    const vec lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    const vec place = _mm512_mullo_epi64(lane, _mm512_set1_epi64(n / 8));
    const int64_t part = n / 8 / 3, ninth = part / 3;
    vec m;
    if (n < 2048) {
        m = pick3(words, place, part);
    } else {
        m = median3(pick3(words, place, ninth), pick3(words + part, place, ninth),
                    pick3(words + 2 * part, place, ninth));
    }
    uint64_t sample[8];
    _mm512_storeu_si512(sample, m);
    sort_block((ac_u64_at *)sample, 8);
    return sample[3];
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
