/* ac_classify.c - see ac_classify.h. Branchless descent of an implicit tree and equality buckets:
 * Sanders and Winkel, Super scalar sample sort, 2004; Axtmann et al., Engineering in-place
 * shared-memory sorting algorithms, 2020. */
#include "kernels/ac_classify.h"

#include "kernels/ac_sort_words.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void fill_tree(ac_classifier *c, int node, int lo, int hi) {
    if (lo >= hi) return;
    const int mid = lo + (hi - lo) / 2;
    c->tree[node] = c->splitter[mid];
    fill_tree(c, 2 * node, lo, mid);
    fill_tree(c, 2 * node + 1, mid + 1, hi);
}

/* Splitters at even distances of the sorted sample; equal ones once. Returns how many. */
static int choose(ac_classifier *c, const uint64_t *sample, int levels, bool *repeated) {
    const int wanted = (1 << levels) - 1;
    int count = 0;
    *repeated = false;
    for (int i = 0; i < wanted; i++) {
        const uint64_t s = sample[(int64_t)AC_CLASSIFY_SAMPLES * (i + 1) / (wanted + 1)];
        if (count > 0 && c->splitter[count - 1] == s) {
            *repeated = true;
        } else {
            c->splitter[count++] = s;
        }
    }
    return count;
}

void ac_classifier_init(ac_classifier *c, ac_simd simd, int levels, uint64_t *sample,
                        uint64_t *spare) {
    ac_sort_u64(simd, (ac_u64_at *)sample, AC_CLASSIFY_SAMPLES, spare, 0);
    int count = choose(c, sample, levels, &c->equals);
    if (c->equals && levels == 8) {
        levels = 7; /* each splitter takes two ids, and an id is a byte */
        bool ignored;
        count = choose(c, sample, levels, &ignored);
    }
    for (; count < AC_CLASSIFY_IDS; count++) c->splitter[count] = UINT64_MAX;
    fill_tree(c, 1, 0, (1 << levels) - 1);
    c->tree[0] = 0;
    c->levels = levels;
    c->ids = c->equals ? 2 << levels : 1 << levels;
    c->simd = simd;
}

/* Goes right where the key is larger, so it ends at the number of splitters below the key. */
#define TOGETHER 8 /* descents at the same time, to hide the latency of each */
static void classify_portable(const ac_classifier *c, const ac_u64_at *keys, int64_t n,
                              uint8_t *id) {
    const uint32_t leaves = 1u << c->levels;
    int64_t at = 0;
    for (; at + TOGETHER <= n; at += TOGETHER) {
        uint32_t node[TOGETHER];
        for (int k = 0; k < TOGETHER; k++) node[k] = 1;
        for (int level = 0; level < c->levels; level++)
            for (int k = 0; k < TOGETHER; k++)
                node[k] = 2 * node[k] + (c->tree[node[k]] < keys[at + k]);
        for (int k = 0; k < TOGETHER; k++) {
            const uint32_t r = node[k] - leaves;
            id[at + k] = (uint8_t)(c->equals ? 2 * r + (c->splitter[r] == keys[at + k]) : r);
        }
    }
    for (; at < n; at++) {
        uint32_t node = 1;
        for (int level = 0; level < c->levels; level++)
            node = 2 * node + (c->tree[node] < keys[at]);
        const uint32_t r = node - leaves;
        id[at] = (uint8_t)(c->equals ? 2 * r + (c->splitter[r] == keys[at]) : r);
    }
}

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define VECTORS 4 /* of eight keys, to hide the latency of gathers */

/* The upper five levels are in registers, where a permutation looks them up; the rest is gathered
 * from the first-level cache. */
TARGET static void classify_avx512(const ac_classifier *c, const ac_u64_at *keys, int64_t n,
                                   uint8_t *id) {
    const __m512i one = _mm512_set1_epi64(1);
    const __m512i leaves = _mm512_set1_epi64(1ll << c->levels);
    const __m512i top = _mm512_load_si512(c->tree), mid = _mm512_load_si512(c->tree + 8);
    const __m512i low0 = _mm512_load_si512(c->tree + 16), low1 = _mm512_load_si512(c->tree + 24);
    const int64_t together = VECTORS * 8;
    int64_t at = 0;
    for (; at + together <= n; at += together) {
        __m512i key[VECTORS], node[VECTORS];
        for (int k = 0; k < VECTORS; k++) {
            key[k] = _mm512_loadu_si512((const void *)(keys + at + 8 * k));
            node[k] = one;
        }
        for (int level = 0; level < c->levels; level++) {
            for (int k = 0; k < VECTORS; k++) {
                __m512i s;
                if (level < 3) {
                    s = _mm512_permutexvar_epi64(node[k], top);
                } else if (level == 3) {
                    s = _mm512_permutexvar_epi64(node[k], mid);
                } else if (level == 4) {
                    s = _mm512_permutex2var_epi64(low0, node[k], low1);
                } else {
                    s = _mm512_i64gather_epi64(node[k], c->tree, 8);
                }
                const __mmask8 right = _mm512_cmplt_epu64_mask(s, key[k]);
                node[k] = _mm512_add_epi64(node[k], node[k]);
                node[k] = _mm512_mask_add_epi64(node[k], right, node[k], one);
            }
        }
        for (int k = 0; k < VECTORS; k++) {
            __m512i r = _mm512_sub_epi64(node[k], leaves);
            if (c->equals) {
                const __m512i s = _mm512_i64gather_epi64(r, c->splitter, 8);
                const __mmask8 same = _mm512_cmpeq_epi64_mask(s, key[k]);
                r = _mm512_add_epi64(r, r);
                r = _mm512_mask_add_epi64(r, same, r, one);
            }
            _mm_storel_epi64((void *)(id + at + 8 * k), _mm512_cvtepi64_epi8(r));
        }
    }
    classify_portable(c, keys + at, n - at, id + at);
}
#endif

void ac_classify(const ac_classifier *c, const ac_u64_at *keys, int64_t n, uint8_t *id) {
#if defined(__x86_64__)
    if (c->simd == AC_SIMD_AVX512) {
        classify_avx512(c, keys, n, id);
        return;
    }
#endif
    classify_portable(c, keys, n, id);
}
