/* ac_key_set.c - see ac_key_set.h. Homes of a block of keys are worked out and fetched together, so
 * that the caches' latency is paid once a block, and a bucket's keys are compared at once, as in
 * ac_tally.c; the hash is multiplicative (Knuth, The Art of Computer Programming, volume 3, 6.4).
 * The key 0 marks an empty place, and stands in a flag instead. */
#include "kernels/ac_key_set.h"

#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#if AC_NEON
#include <arm_neon.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WAYS AC_KEY_SET_WAYS
#define MIN_BITS 4
#define FULLEST 2         /* at most one place in two is used: then one bucket in twenty is full */
#define MOST_GROWTH 6     /* bits at once */
#define KEYS_A_PART 16384 /* fewer are not worth another thread's reading of all keys */

AC_INLINE uint64_t hash_of(const ac_key_set *s, uint64_t key) {
    return (key ^ (key >> 32) ^ s->seed) * UINT64_C(0x9E3779B97F4A7C15);
}

AC_INLINE int part_of(const ac_key_set *s, uint64_t hash) {
    return s->part_bits == 0 ? 0 : (int)(hash >> (64 - s->part_bits));
}

/* The bucket's number: bits of the hash that say no part. bits > 0. */
AC_INLINE uint64_t home_of(const ac_key_set *s, const ac_key_set_part *p, uint64_t hash) {
    return (hash << s->part_bits) >> (64 - p->bits);
}

AC_INLINE uint64_t *bucket_at(const ac_key_set_part *p, uint64_t number) {
    return p->place + number * WAYS;
}

static size_t bytes_of(int bits) { return (size_t)WAYS * sizeof(uint64_t) << bits; }

void ac_key_set_init(ac_key_set *s, ac_simd simd, int64_t total, int32_t threads) {
    const ac_key_set_part empty = {NULL, 0, false, 0, 0, {0}};
    s->simd = simd;
    s->total = total;
    s->part_bits = 0;
    s->seed = (uint64_t)ac_now_ns() * UINT64_C(0xD1342543DE82EF95);
    while (ac_key_set_parts(s) < AC_KEY_SET_MAX_PARTS && ac_key_set_parts(s) < threads &&
           total >> (s->part_bits + 1) >= KEYS_A_PART)
        s->part_bits++;
    for (int p = 0; p < AC_KEY_SET_MAX_PARTS; p++) s->part[p] = empty;
}

/* Bit k: whether place k of the bucket holds the key. */
AC_INLINE unsigned find_portable(const uint64_t *bucket, uint64_t key) {
    unsigned found = 0;
    for (int k = 0; k < WAYS; k++) found |= (unsigned)(bucket[k] == key) << k;
    return found;
}

/* The first empty place of a bucket, or WAYS. */
AC_INLINE int first_empty(const uint64_t *bucket) {
    const unsigned empty = find_portable(bucket, 0);
    return empty != 0 ? __builtin_ctz(empty) : WAYS;
}

/* ---- filling --------------------------------------------------------------------------------- */

/* Puts in a key that is not 0 and not there yet. */
static void put_new(const ac_key_set *s, const ac_key_set_part *p, uint64_t key) {
    const uint64_t mask = ((uint64_t)1 << p->bits) - 1;
    uint64_t at = home_of(s, p, hash_of(s, key));
    int empty;
    while ((empty = first_empty(bucket_at(p, at))) == WAYS) at = (at + 1) & mask;
    bucket_at(p, at)[empty] = key;
}

/* As large as the keys to come will need if as many of them are different as of those so far. */
static bool grow(const ac_key_set *s, ac_key_set_part *p) {
    const double share = (double)(p->used + 1) / (double)(p->seen + 1);
    const double coming = share * (double)s->total / ac_key_set_parts(s);
    ac_key_set_part wider = *p;
    wider.bits = p->place == NULL ? MIN_BITS : p->bits + 1;
    while (wider.bits < p->bits + MOST_GROWTH && (double)(WAYS << wider.bits) < FULLEST * coming)
        wider.bits++;
    wider.place = ac_scratch_alloc_zeroed(bytes_of(wider.bits));
    if (wider.place == NULL) return false;
    if (p->place != NULL) {
        for (int64_t i = 0; i < (int64_t)WAYS << p->bits; i++)
            if (p->place[i] != 0) put_new(s, &wider, p->place[i]);
        ac_scratch_free(p->place, bytes_of(p->bits));
    }
    *p = wider;
    return true;
}

bool ac_key_set_add(ac_key_set *s, int part, const uint64_t *keys, int64_t n) {
    ac_key_set_part *const p = s->part + part;
    uint64_t mine[AC_KEY_SET_BLOCK], home[AC_KEY_SET_BLOCK];
    int64_t have = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t hash = hash_of(s, keys[i]);
        mine[have] = keys[i];
        home[have] = hash;
        have += part_of(s, hash) == part;
    }
    while (p->place == NULL || (p->used + have) * FULLEST > (int64_t)WAYS << p->bits)
        if (!grow(s, p)) return false;
    const uint64_t mask = ((uint64_t)1 << p->bits) - 1;
    for (int64_t i = 0; i < have; i++) {
        home[i] = home_of(s, p, home[i]);
        __builtin_prefetch(bucket_at(p, home[i]), 1);
    }
    for (int64_t i = 0; i < have; i++) {
        uint64_t at = home[i];
        if (mine[i] == 0) {
            p->zero = true;
            continue;
        }
        for (;; at = (at + 1) & mask) {
            uint64_t *const bucket = bucket_at(p, at);
            if (find_portable(bucket, mine[i]) != 0) break;
            const int empty = first_empty(bucket);
            if (empty == WAYS) continue;
            bucket[empty] = mine[i];
            p->used++;
            break;
        }
    }
    p->seen += have;
    return true;
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* Whether a key that is not 0 is in a bucket behind a full one. */
static bool find_far(const ac_key_set_part *p, uint64_t key, const uint64_t *full) {
    const uint64_t mask = ((uint64_t)1 << p->bits) - 1;
    uint64_t at = (uint64_t)(full - p->place) / WAYS;
    for (;;) {
        at = (at + 1) & mask;
        const uint64_t *const bucket = bucket_at(p, at);
        if (find_portable(bucket, key) != 0) return true;
        if (bucket[WAYS - 1] == 0) return false;
    }
}

#define FIND_BLOCK(find)                                                                    \
    do {                                                                                    \
        const uint64_t *home[AC_KEY_SET_BLOCK];                                             \
        for (int64_t i = 0; i < n; i++) {                                                   \
            const uint64_t hash = hash_of(s, keys[i]);                                      \
            const ac_key_set_part *const p = s->part + part_of(s, hash);                    \
            home[i] = bucket_at(p, home_of(s, p, hash));                                    \
            __builtin_prefetch(home[i]);                                                    \
        }                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                   \
            const uint64_t key = keys[i];                                                   \
            bool found = find(home[i], key) != 0;                                           \
            /* no branch on found, which is a toss-up */                                    \
            const bool full = (home[i][WAYS - 1] != 0) & !found;                            \
            if (AC_UNLIKELY(full | (key == 0))) {                                           \
                const ac_key_set_part *const p = s->part + part_of(s, hash_of(s, key));     \
                found = key == 0 ? p->zero : find_far(p, key, home[i]);                     \
            }                                                                               \
            out[i] = found != invert;                                                       \
        }                                                                                   \
    } while (0)

static void find_block_portable(const ac_key_set *s, const uint64_t *keys, int64_t n, bool invert,
                                uint8_t *out) {
    FIND_BLOCK(find_portable);
}

#if defined(__x86_64__)
__attribute__((always_inline)) AC_TARGET_AVX2 static inline unsigned find_avx2(
    const uint64_t *bucket, uint64_t key) {
    const __m256i wanted = _mm256_set1_epi64x((long long)key);
    const __m256i low = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)bucket), wanted);
    const __m256i high = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)(bucket + 4)), wanted);
    return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(low, high));
}

__attribute__((always_inline)) AC_TARGET_AVX512 static inline unsigned find_avx512(
    const uint64_t *bucket, uint64_t key) {
    return _mm512_cmpeq_epi64_mask(_mm512_load_si512(bucket), _mm512_set1_epi64((long long)key));
}

AC_TARGET_AVX2 static void find_block_avx2(const ac_key_set *s, const uint64_t *keys, int64_t n,
                                           bool invert, uint8_t *out) {
    FIND_BLOCK(find_avx2);
}

AC_TARGET_AVX512 static void find_block_avx512(const ac_key_set *s, const uint64_t *keys, int64_t n,
                                               bool invert, uint8_t *out) {
    FIND_BLOCK(find_avx512);
}
#endif

#if AC_NEON
AC_INLINE unsigned find_neon(const uint64_t *bucket, uint64_t key) {
    const uint64x2_t wanted = vdupq_n_u64(key);
    uint64x2_t found[4];
    for (int k = 0; k < 4; k++) found[k] = vceqq_u64(vld1q_u64(bucket + 2 * k), wanted);
    const uint64x2_t any = vorrq_u64(vorrq_u64(found[0], found[1]), vorrq_u64(found[2], found[3]));
    return vmaxvq_u32(vreinterpretq_u32_u64(any));
}

static void find_block_neon(const ac_key_set *s, const uint64_t *keys, int64_t n, bool invert,
                            uint8_t *out) {
    FIND_BLOCK(find_neon);
}
#endif

void ac_key_set_find(const ac_key_set *s, const uint64_t *keys, int64_t n, bool invert,
                     uint8_t *out) {
#if defined(__x86_64__)
    if (s->simd == AC_SIMD_AVX512) {
        find_block_avx512(s, keys, n, invert, out);
        return;
    }
    if (s->simd == AC_SIMD_AVX2) {
        find_block_avx2(s, keys, n, invert, out);
        return;
    }
#elif AC_NEON
    if (s->simd == AC_SIMD_NEON) {
        find_block_neon(s, keys, n, invert, out);
        return;
    }
#endif
    find_block_portable(s, keys, n, invert, out);
}

void ac_key_set_end(ac_key_set *s) {
    for (int p = 0; p < ac_key_set_parts(s); p++)
        if (s->part[p].place != NULL) ac_scratch_free(s->part[p].place, bytes_of(s->part[p].bits));
}
