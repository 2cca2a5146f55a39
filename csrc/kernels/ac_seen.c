/* ac_seen.c - see ac_seen.h. Homes of a block of keys are worked out and fetched together, so that the
 * caches' latency is paid once a block; a bucket's keys are compared at once, and what is not in its
 * home is noted without a branch and looked at afterwards. The hash is that of ac_tally.c. */
#include "kernels/ac_seen.h"

#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#if AC_NEON
#include <arm_neon.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WAYS AC_SEEN_WAYS
#define BLOCK 64
#define STEPS_A_KEY 8 /* so many on average mean keys made to collide */

AC_INLINE uint64_t home_of(uint64_t key, int bits) {
    return ((key ^ (key >> 32)) * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits);
}

static size_t bytes_of(int bits) { return (size_t)WAYS * sizeof(uint64_t) << bits; }

/* The first place of a bucket that is empty or holds the key, or WAYS. */
AC_INLINE int place_of(const uint64_t *bucket, uint64_t key) {
    int at = 0;
    while (at < WAYS && bucket[at] != 0 && bucket[at] != key) at++;
    return at;
}

/* Finds a key that is not 0, or makes its place. Returns how many steps it took. */
static int64_t add_far(ac_seen *t, uint64_t key) {
    const uint64_t mask = ((uint64_t)1 << t->bits) - 1;
    uint64_t at = home_of(key, t->bits);
    for (int64_t steps = 0;; steps++) {
        uint64_t *const bucket = t->place + at * WAYS;
        const int place = place_of(bucket, key);
        if (place < WAYS) {
            t->used += bucket[place] == 0;
            bucket[place] = key;
            return steps;
        }
        at = (at + 1) & mask;
    }
}

static bool grow(ac_seen *t) {
    ac_seen wider = *t;
    wider.bits = t->place == NULL ? t->bits : t->bits + 1;
    wider.used = 0;
    wider.place = ac_scratch_alloc_zeroed(bytes_of(wider.bits));
    if (wider.place == NULL) return false;
    if (t->place != NULL) {
        for (int64_t i = 0; i < (int64_t)WAYS << t->bits; i++)
            if (t->place[i] != 0) (void)add_far(&wider, t->place[i]);
        ac_scratch_free(t->place, bytes_of(t->bits));
    }
    *t = wider;
    return true;
}

/* Writes to away[] the keys that are not in their homes; returns how many. The key 0, which looks as if
 * it were where a bucket has an empty place, is noted apart. */
#define LOOK(is_there)                                                                      \
    do {                                                                                    \
        const uint64_t *home[BLOCK];                                                        \
        const uint64_t *const place = t->place;                                             \
        const int bits = t->bits;                                                           \
        int64_t have = 0, zeroes = 0;                                                       \
        for (int64_t i = 0; i < n; i++) zeroes += keys[i] == 0;                             \
        t->zero |= zeroes != 0;                                                             \
        for (int64_t i = 0; i < n; i++) home[i] = place + home_of(keys[i], bits) * WAYS;    \
        for (int64_t i = 0; i < n; i++) __builtin_prefetch(home[i]);                        \
        for (int64_t i = 0; i < n; i++) {                                                   \
            away[have] = keys[i];                                                           \
            have += !(is_there(home[i], keys[i]));                                          \
        }                                                                                   \
        return have;                                                                        \
    } while (0)

AC_INLINE bool is_there_portable(const uint64_t *bucket, uint64_t key) {
    bool found = false;
    for (int k = 0; k < WAYS; k++) found |= bucket[k] == key;
    return found;
}

static int64_t look_portable(ac_seen *t, const uint64_t *keys, int64_t n, uint64_t *away) {
    LOOK(is_there_portable);
}

#if defined(__x86_64__)
__attribute__((always_inline)) AC_TARGET_AVX2 static inline bool is_there_avx2(const uint64_t *bucket,
                                                                               uint64_t key) {
    const __m256i wanted = _mm256_set1_epi64x((long long)key);
    const __m256i low = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)bucket), wanted);
    const __m256i high = _mm256_cmpeq_epi64(_mm256_load_si256((const void *)(bucket + 4)), wanted);
    return _mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0;
}

__attribute__((always_inline)) AC_TARGET_AVX512 static inline bool is_there_avx512(
    const uint64_t *bucket, uint64_t key) {
    return _mm512_cmpeq_epi64_mask(_mm512_load_si512(bucket), _mm512_set1_epi64((long long)key)) != 0;
}

AC_TARGET_AVX2 static int64_t look_avx2(ac_seen *t, const uint64_t *keys, int64_t n,
                                        uint64_t *away) {
    LOOK(is_there_avx2);
}

AC_TARGET_AVX512 static int64_t look_avx512(ac_seen *t, const uint64_t *keys, int64_t n,
                                            uint64_t *away) {
    LOOK(is_there_avx512);
}
#endif

#if AC_NEON
AC_INLINE bool is_there_neon(const uint64_t *bucket, uint64_t key) {
    const uint64x2_t wanted = vdupq_n_u64(key);
    uint64x2_t found[4];
    for (int k = 0; k < 4; k++) found[k] = vceqq_u64(vld1q_u64(bucket + 2 * k), wanted);
    const uint64x2_t any = vorrq_u64(vorrq_u64(found[0], found[1]), vorrq_u64(found[2], found[3]));
    return vmaxvq_u32(vreinterpretq_u32_u64(any)) != 0;
}

static int64_t look_neon(ac_seen *t, const uint64_t *keys, int64_t n, uint64_t *away) {
    LOOK(is_there_neon);
}
#endif

static int64_t look(ac_seen *t, const uint64_t *keys, int64_t n, uint64_t *away) {
#if defined(__x86_64__)
    if (t->simd == AC_SIMD_AVX512) return look_avx512(t, keys, n, away);
    if (t->simd == AC_SIMD_AVX2) return look_avx2(t, keys, n, away);
#elif AC_NEON
    if (t->simd == AC_SIMD_NEON) return look_neon(t, keys, n, away);
#endif
    return look_portable(t, keys, n, away);
}

ac_tally_status ac_seen_add(ac_seen *t, const uint64_t *keys, int64_t n) {
    uint64_t away[BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t some = n - at < BLOCK ? n - at : BLOCK;
        while (t->place == NULL || t->used + some > (int64_t)AC_SEEN_FULLEST << t->bits) {
            if (t->place != NULL && t->bits >= AC_SEEN_MAX_BITS) return AC_TALLY_FULL;
            if (!grow(t)) return AC_TALLY_NOMEM;
        }
        const int64_t missing = look(t, keys + at, some, away);
        int64_t steps = 0;
        for (int64_t i = 0; i < missing; i++)
            if (away[i] != 0) steps += add_far(t, away[i]);
        if (steps > BLOCK * STEPS_A_KEY) return AC_TALLY_FULL;
    }
    return AC_TALLY_OK;
}

int64_t ac_seen_keys(const ac_seen *t, uint64_t *keys) {
    int64_t found = 0;
    if (t->zero) keys[found++] = 0;
    if (t->place == NULL) return found;
    for (int64_t i = 0; i < (int64_t)WAYS << t->bits; i++) { /* no branch: it is a toss-up */
        keys[found] = t->place[i];
        found += t->place[i] != 0;
    }
    return found;
}

void ac_seen_end(ac_seen *t) {
    if (t->place != NULL) ac_scratch_free(t->place, bytes_of(t->bits));
    t->place = NULL;
}
