/* ac_tally.c - see ac_tally.h. Homes of a block of keys are worked out and fetched together, so that
 * the caches' latency is paid once a block; a bucket's keys are compared at once, so that a search
 * rarely surprises the processor. The hash is multiplicative (Knuth, The Art of Computer
 * Programming, volume 3, 6.4), after the high half was folded into the low one. */
#include "kernels/ac_tally.h"

#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#if AC_NEON
#include <arm_neon.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK 64
#define STEPS_A_KEY 8 /* so many on average mean keys made to collide */

AC_INLINE uint64_t home_of(uint64_t key, int bits) {
    return ((key ^ (key >> 32)) * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits);
}

static size_t bytes_of(int bits) { return sizeof(ac_tally_bucket) << bits; }

/* Four bits: which keys of the bucket are this one. For the key 0 empty places count as well, the
 * first of which is where it belongs. */
AC_INLINE unsigned find_portable(const ac_tally_bucket *b, uint64_t key) {
    unsigned found = 0;
    for (int k = 0; k < AC_TALLY_WAYS; k++) found |= (unsigned)(b->key[k] == key) << k;
    return found;
}

/* The first empty place, or AC_TALLY_WAYS. */
AC_INLINE int first_empty(const ac_tally_bucket *b) {
    int at = 0;
    while (at < AC_TALLY_WAYS && b->count[at] != 0) at++;
    return at;
}

static bool grow(ac_tally *t) {
    const int bits = t->bucket == NULL ? t->bits : t->bits + 1;
    ac_tally_bucket *const bucket = ac_scratch_alloc_zeroed(bytes_of(bits));
    if (bucket == NULL) return false;
    if (t->bucket != NULL) {
        const uint64_t mask = ((uint64_t)1 << bits) - 1;
        for (uint64_t i = 0; i < (uint64_t)1 << t->bits; i++) {
            const ac_tally_bucket *const from = t->bucket + i;
            for (int k = first_empty(from) - 1; k >= 0; k--) {
                uint64_t at = home_of(from->key[k], bits);
                while (first_empty(bucket + at) == AC_TALLY_WAYS) at = (at + 1) & mask;
                const int place = first_empty(bucket + at);
                bucket[at].key[place] = from->key[k];
                bucket[at].count[place] = from->count[k];
            }
        }
        ac_scratch_free(t->bucket, bytes_of(t->bits));
    }
    t->bucket = bucket;
    t->bits = bits;
    return true;
}

/* Where the key is not in its home: finds or makes its place. Returns how many steps it took. */
static int64_t add_far(ac_tally *t, uint64_t key, uint64_t at) {
    const uint64_t mask = ((uint64_t)1 << t->bits) - 1;
    for (int64_t steps = 0;; steps++) {
        ac_tally_bucket *const b = t->bucket + at;
        const unsigned found = find_portable(b, key);
        const int place = found != 0 ? __builtin_ctz(found) : first_empty(b);
        if (place < AC_TALLY_WAYS) {
            t->used += b->count[place] == 0;
            b->key[place] = key;
            b->count[place]++;
            return steps;
        }
        at = (at + 1) & mask;
    }
}

/* Returns how many steps it took. */
#define ADD_BLOCK(find)                                                                     \
    do {                                                                                    \
        uint64_t home[BLOCK];                                                               \
        ac_tally_bucket *const bucket = t->bucket;                                          \
        int64_t steps = 0, used = 0;                                                        \
        for (int64_t i = 0; i < n; i++) home[i] = home_of(keys[i], t->bits);                \
        for (int64_t i = 0; i < n; i++) __builtin_prefetch(bucket + home[i], 1);            \
        for (int64_t i = 0; i < n; i++) {                                                   \
            ac_tally_bucket *const b = bucket + home[i];                                    \
            const unsigned found = find(b, keys[i]);                                        \
            if (AC_LIKELY(found != 0)) {                                                    \
                const int place = __builtin_ctz(found);                                     \
                used += b->count[place] == 0;                                               \
                b->count[place]++;                                                          \
            } else {                                                                        \
                steps += add_far(t, keys[i], home[i]);                                      \
            }                                                                               \
        }                                                                                   \
        t->used += used;                                                                    \
        return steps;                                                                       \
    } while (0)

static int64_t add_portable(ac_tally *t, const uint64_t *keys, int64_t n) {
    ADD_BLOCK(find_portable);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,bmi,popcnt")))

__attribute__((always_inline)) AVX2 static inline unsigned find_avx2(const ac_tally_bucket *b,
                                                                     uint64_t key) {
    const __m256i four = _mm256_load_si256((const void *)b->key);
    const __m256i same = _mm256_cmpeq_epi64(four, _mm256_set1_epi64x((long long)key));
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(same));
}

__attribute__((always_inline)) AVX512 static inline unsigned find_avx512(const ac_tally_bucket *b,
                                                                         uint64_t key) {
    const __m256i four = _mm256_load_si256((const void *)b->key);
    return _mm256_cmpeq_epi64_mask(four, _mm256_set1_epi64x((long long)key));
}

AVX2 static int64_t add_avx2(ac_tally *t, const uint64_t *keys, int64_t n) { ADD_BLOCK(find_avx2); }

AVX512 static int64_t add_avx512(ac_tally *t, const uint64_t *keys, int64_t n) {
    ADD_BLOCK(find_avx512);
}
#endif

#if AC_NEON
AC_INLINE unsigned find_neon(const ac_tally_bucket *b, uint64_t key) {
    static const uint32_t bit[4] = {1, 2, 4, 8};
    const uint64x2_t wanted = vdupq_n_u64(key);
    const uint32x2_t low = vmovn_u64(vceqq_u64(vld1q_u64(b->key), wanted));
    const uint32x2_t high = vmovn_u64(vceqq_u64(vld1q_u64(b->key + 2), wanted));
    return vaddvq_u32(vandq_u32(vcombine_u32(low, high), vld1q_u32(bit)));
}

static int64_t add_neon(ac_tally *t, const uint64_t *keys, int64_t n) { ADD_BLOCK(find_neon); }
#endif

static int64_t add_block(ac_tally *t, const uint64_t *keys, int64_t n) {
#if defined(__x86_64__)
    if (t->simd == AC_SIMD_AVX512) return add_avx512(t, keys, n);
    if (t->simd == AC_SIMD_AVX2) return add_avx2(t, keys, n);
#elif AC_NEON
    if (t->simd == AC_SIMD_NEON) return add_neon(t, keys, n);
#endif
    return add_portable(t, keys, n);
}

ac_tally_status ac_tally_add(ac_tally *t, const uint64_t *keys, int64_t n) {
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t some = n - at < BLOCK ? n - at : BLOCK;
        while (t->bucket == NULL ||
               t->used + some > (int64_t)AC_TALLY_FULLEST << t->bits) {
            if (t->bucket != NULL && t->bits >= AC_TALLY_MAX_BITS) return AC_TALLY_FULL;
            if (!grow(t)) return AC_TALLY_NOMEM;
        }
        if (add_block(t, keys + at, some) > BLOCK * STEPS_A_KEY) return AC_TALLY_FULL;
    }
    return AC_TALLY_OK;
}

uint64_t ac_tally_get(const ac_tally *t, uint64_t key) {
    if (t->bucket == NULL) return 0;
    const uint64_t mask = ((uint64_t)1 << t->bits) - 1;
    for (uint64_t at = home_of(key, t->bits);; at = (at + 1) & mask) {
        const ac_tally_bucket *const b = t->bucket + at;
        const unsigned found = find_portable(b, key);
        if (found != 0) return b->count[__builtin_ctz(found)];
        if (b->count[AC_TALLY_WAYS - 1] == 0) return 0;
    }
}

int64_t ac_tally_keys(const ac_tally *t, uint64_t *keys) {
    int64_t found = 0;
    if (t->bucket == NULL) return 0;
    for (uint64_t i = 0; i < (uint64_t)1 << t->bits; i++)
        for (int k = 0; k < AC_TALLY_WAYS; k++) { /* no branch: it is a toss-up */
            keys[found] = t->bucket[i].key[k];
            found += t->bucket[i].count[k] != 0;
        }
    return found;
}

void ac_tally_end(ac_tally *t) {
    if (t->bucket != NULL) ac_scratch_free(t->bucket, bytes_of(t->bits));
    t->bucket = NULL;
}
