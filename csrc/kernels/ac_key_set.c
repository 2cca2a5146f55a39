/* ac_key_set.c - see ac_key_set.h. Homes of a block of keys are worked out and fetched together, so
 * that the caches' latency is paid once a block, and a bucket's keys are compared at once, as in
 * ac_tally.c; the hash is multiplicative (Knuth, The Art of Computer Programming, volume 3, 6.4).
 * The key 0 marks an empty place, and stands in a flag instead. */
#include "kernels/ac_key_set.h"

#include <string.h>

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
#define MOST_GROWTH 8     /* bits at once: a table is moved for the last time while it is small */
#define KEYS_A_PART 16384 /* fewer are not worth another thread's reading of all keys */
#define ROOM_FROM 32768   /* keys: for fewer a borrowed room, of 4 MB at least, would be too much */
#define ROOM_MOST ((size_t)64 << 20) /* larger tables are mapped anew each time anyway */

#define FACTOR UINT64_C(0x9E3779B97F4A7C15)
AC_INLINE uint64_t hash_of(const ac_key_set *s, uint64_t key) {
    return (key ^ (key >> 32) ^ s->seed) * FACTOR;
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

/* A part's table for all the keys it will be given, if they are different. */
static int most_bits(const ac_key_set *s) {
    int bits = MIN_BITS;
    while (((int64_t)WAYS << bits) / FULLEST < s->total / ac_key_set_parts(s)) bits++;
    return bits;
}

void ac_key_set_init(ac_key_set *s, const ac_exec *ex, int64_t total) {
    const ac_key_set_part empty = {NULL, 0, false, 0, 0};
    s->simd = ex->simd;
    s->total = total;
    s->part_bits = 0;
    s->seed = (uint64_t)ac_now_ns() * UINT64_C(0xD1342543DE82EF95);
    while (ac_key_set_parts(s) < AC_KEY_SET_MAX_PARTS && ac_key_set_parts(s) < ex->threads &&
           total >> (s->part_bits + 1) >= KEYS_A_PART)
        s->part_bits++;
    for (int p = 0; p < AC_KEY_SET_MAX_PARTS; p++) s->part[p] = empty;
    s->api = ex->api;
    s->room = (ac_scratch){NULL, 0};
    s->room_part = 0;
    s->base = NULL;
    s->row_bits = 0;
    if (total < ROOM_FROM) return;
    /* Borrowed, because fresh pages cost a part of the time in which the keys are put in, and in huge
     * pages, because the tables are read at random. Without it each table is allocated by itself. */
    s->room_part = bytes_of(most_bits(s));
    const size_t all = s->room_part * (size_t)ac_key_set_parts(s);
    if (all <= ROOM_MOST)
        s->room = ac_scratch_borrow(s->api, all > AC_SCRATCH_HUGE ? all : AC_SCRATCH_HUGE);
}

/* Bit k: whether place k of the bucket holds the key. */
AC_INLINE unsigned find_portable(const uint64_t *bucket, uint64_t key) {
    unsigned found = 0;
    for (int k = 0; k < WAYS; k++) found |= (unsigned)(bucket[k] == key) << k;
    return found;
}

#if defined(__x86_64__)
__attribute__((always_inline)) AC_TARGET_AVX2 static inline unsigned find_avx2(
    const uint64_t *bucket, uint64_t key) {
    const __m256i wanted = _mm256_set1_epi64x((long long)key);
    const __m256i low = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)bucket), wanted);
    const __m256i high = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)(bucket + 4)), wanted);
    return (unsigned)(_mm256_movemask_pd(_mm256_castsi256_pd(low)) |
                      _mm256_movemask_pd(_mm256_castsi256_pd(high)) << 4);
}

__attribute__((always_inline)) AC_TARGET_AVX512 static inline unsigned find_avx512(
    const uint64_t *bucket, uint64_t key) {
    return _mm512_cmpeq_epi64_mask(_mm512_load_si512(bucket), _mm512_set1_epi64((long long)key));
}
#endif

/* ---- filling --------------------------------------------------------------------------------- */

/* Puts keys of the part in, for which there must be room. Their homes are fetched together. */
#define PUT_BLOCK(find)                                                                     \
    do {                                                                                    \
        const uint64_t mask = ((uint64_t)1 << p->bits) - 1;                                 \
        uint64_t home[AC_KEY_SET_BLOCK];                                                    \
        int64_t used = 0;                                                                   \
        bool zero = false;                                                                  \
        for (int64_t i = 0; i < n; i++) home[i] = home_of(s, p, hash_of(s, keys[i]));       \
        for (int64_t i = 0; i < n; i++) __builtin_prefetch(bucket_at(p, home[i]), 1);       \
        for (int64_t i = 0; i < n; i++) {                                                   \
            const uint64_t key = keys[i];                                                   \
            zero |= key == 0;                                                               \
            for (uint64_t at = home[i]; key != 0; at = (at + 1) & mask) {                   \
                uint64_t *const bucket = bucket_at(p, at);                                  \
                if (find(bucket, key) != 0) break;                                          \
                const unsigned empty = find(bucket, 0);                                     \
                if (AC_UNLIKELY(empty == 0)) continue;                                      \
                bucket[__builtin_ctz(empty)] = key;                                         \
                used++;                                                                     \
                break;                                                                      \
            }                                                                               \
        }                                                                                   \
        p->used += used;                                                                    \
        p->zero |= zero;                                                                    \
    } while (0)

static void put_block_portable(const ac_key_set *s, ac_key_set_part *p, const uint64_t *keys,
                               int64_t n) {
    PUT_BLOCK(find_portable);
}

#if defined(__x86_64__)
AC_TARGET_AVX2 static void put_block_avx2(const ac_key_set *s, ac_key_set_part *p,
                                          const uint64_t *keys, int64_t n) {
    PUT_BLOCK(find_avx2);
}

AC_TARGET_AVX512 static void put_block_avx512(const ac_key_set *s, ac_key_set_part *p,
                                              const uint64_t *keys, int64_t n) {
    PUT_BLOCK(find_avx512);
}
#endif

static void put_block(const ac_key_set *s, ac_key_set_part *p, const uint64_t *keys, int64_t n) {
#if defined(__x86_64__)
    if (s->simd == AC_SIMD_AVX512) {
        put_block_avx512(s, p, keys, n);
        return;
    }
    if (s->simd == AC_SIMD_AVX2) {
        put_block_avx2(s, p, keys, n);
        return;
    }
#endif
    put_block_portable(s, p, keys, n);
}

/* Where the part's table may stand in the room, or NULL. */
static void *room_of(const ac_key_set *s, int part) {
    return s->room.data == NULL ? NULL : (char *)s->room.data + (size_t)part * s->room_part;
}

static void free_place(const ac_key_set *s, int part) {
    const ac_key_set_part *const p = s->part + part;
    if (p->place != NULL && (void *)p->place != room_of(s, part))
        ac_scratch_free(p->place, bytes_of(p->bits));
}

/* Makes *p, which is to replace a part, a table of p->bits, all empty: in the room if it has the size
 * that was foreseen. */
static bool make_place(const ac_key_set *s, int part, ac_key_set_part *p) {
    const size_t bytes = bytes_of(p->bits);
    void *const room = room_of(s, part);
    if (room != NULL && (void *)p->place != room && bytes == s->room_part) {
        memset(room, 0, bytes);
        p->place = room;
    } else {
        p->place = ac_scratch_alloc_zeroed(bytes);
    }
    return p->place != NULL;
}

/* As large as the keys to come will need if as many of them are different as of those so far. */
static bool grow(ac_key_set *s, int part) {
    ac_key_set_part *const p = s->part + part;
    const double share = (double)(p->used + 1) / (double)(p->seen + 1);
    const double coming = share * (double)s->total / ac_key_set_parts(s);
    ac_key_set_part wider = *p;
    wider.bits = p->place == NULL ? MIN_BITS : p->bits + 1;
    while (wider.bits < p->bits + MOST_GROWTH && (double)(WAYS << wider.bits) < FULLEST * coming)
        wider.bits++;
    if (!make_place(s, part, &wider)) return false;
    if (p->place != NULL) {
        uint64_t keys[AC_KEY_SET_BLOCK];
        int64_t have = 0;
        wider.used = 0;
        for (int64_t i = 0; i < (int64_t)WAYS << p->bits; i++) {
            keys[have] = p->place[i];
            have += p->place[i] != 0;
            if (have < AC_KEY_SET_BLOCK) continue;
            put_block(s, &wider, keys, have);
            have = 0;
        }
        put_block(s, &wider, keys, have);
        free_place(s, part);
    }
    *p = wider;
    return true;
}

/* Copies the keys that belong to a part; returns how many. mine[] has eight places more than keys. */
static int64_t select_portable(const ac_key_set *s, int part, const uint64_t *keys, int64_t n,
                               uint64_t *mine) {
    int64_t have = 0;
    for (int64_t i = 0; i < n; i++) {
        mine[have] = keys[i];
        have += part_of(s, hash_of(s, keys[i])) == part;
    }
    return have;
}

#if defined(__x86_64__)
AC_TARGET_AVX512 static int64_t select_avx512(const ac_key_set *s, int part, const uint64_t *keys,
                                              int64_t n, uint64_t *mine) {
    const __m512i factor = _mm512_set1_epi64((long long)FACTOR);
    const __m512i seed = _mm512_set1_epi64((long long)s->seed), wanted = _mm512_set1_epi64(part);
    int64_t i = 0, have = 0;
    for (; i + 8 <= n; i += 8) {
        const __m512i key = _mm512_loadu_si512(keys + i);
        const __m512i folded =
            _mm512_xor_si512(_mm512_xor_si512(key, _mm512_srli_epi64(key, 32)), seed);
        const __m512i hash = _mm512_mullo_epi64(folded, factor);
        const __mmask8 belongs = _mm512_cmpeq_epi64_mask(
            _mm512_srl_epi64(hash, _mm_cvtsi32_si128(64 - s->part_bits)), wanted);
        _mm512_storeu_si512(mine + have, _mm512_maskz_compress_epi64(belongs, key));
        have += __builtin_popcount(belongs);
    }
    return have + select_portable(s, part, keys + i, n - i, mine + have);
}
#endif

/* part_bits > 0 */
static int64_t select_part(const ac_key_set *s, int part, const uint64_t *keys, int64_t n,
                           uint64_t *mine) {
#if defined(__x86_64__)
    if (s->simd == AC_SIMD_AVX512) return select_avx512(s, part, keys, n, mine);
#endif
    return select_portable(s, part, keys, n, mine);
}

bool ac_key_set_add(ac_key_set *s, int part, const uint64_t *keys, int64_t n) {
    ac_key_set_part *const p = s->part + part;
    uint64_t mine[AC_KEY_SET_BLOCK + 8];
    int64_t have = n;
    if (s->part_bits != 0) {
        have = select_part(s, part, keys, n, mine);
        keys = mine;
    }
    while (p->place == NULL || (p->used + have) * FULLEST > (int64_t)WAYS << p->bits)
        if (!grow(s, part)) return false;
    put_block(s, p, keys, have);
    p->seen += have;
    return true;
}

/* ---- looking up ------------------------------------------------------------------------------ */

void ac_key_set_seal(ac_key_set *s) {
    const int parts = ac_key_set_parts(s), bits = s->part[0].bits;
    for (int p = 0; p < parts; p++) {
        const ac_key_set_part *const part = s->part + p;
        if (part->place == NULL || part->bits != bits) return;
        if (part->place != s->part[0].place + ((int64_t)p * WAYS << bits)) return;
    }
    s->base = s->part[0].place;
    s->row_bits = bits + s->part_bits;
}

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
        if (AC_LIKELY(s->base != NULL)) { /* part and home are neighbouring bits */         \
            for (int64_t i = 0; i < n; i++)                                                 \
                home[i] = s->base + (hash_of(s, keys[i]) >> (64 - s->row_bits)) * WAYS;     \
        } else {                                                                            \
            for (int64_t i = 0; i < n; i++) {                                               \
                const uint64_t hash = hash_of(s, keys[i]);                                  \
                const ac_key_set_part *const p = s->part + part_of(s, hash);                \
                home[i] = bucket_at(p, home_of(s, p, hash));                                \
            }                                                                               \
        }                                                                                   \
        for (int64_t i = 0; i < n; i++) __builtin_prefetch(home[i]);                        \
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
    for (int p = 0; p < ac_key_set_parts(s); p++) free_place(s, p);
    ac_scratch_return(s->api, s->room);
}
