/* ac_words_scan.c - see ac_words_scan.h. 64 bytes become 64 bits, one for each that is whitespace;
 * word edges are where neighbouring bits differ (Langdale and Lemire, Parsing gigabytes of JSON per
 * second, 2019). Only how the bits are made depends on the instruction set. */
#include "kernels/ac_words_scan.h"

#include <string.h>

#include "kernels/ac_simd_paths.h"

#if AC_NEON
#include <arm_neon.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt,lzcnt")))
#endif

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS (ONES * 0x80)
#define LOWS (ONES * 0x7F)

/* Eight bytes as eight bits. Sums of 7-bit parts cannot carry into the next byte. */
AC_INLINE uint64_t spaces8(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    const uint64_t part = w & LOWS, blank = part ^ (ONES * ' ');
    const uint64_t from9 = part + ONES * (128 - 9), from14 = part + ONES * (128 - 14);
    const uint64_t not_blank = blank + LOWS;
    const uint64_t found = ((from9 & ~from14) | ~not_blank) & ~w & HIGHS;
    return ((found >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

AC_INLINE uint64_t spaces64_portable(const uint8_t *p) {
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits |= spaces8(p + 8 * i) << (8 * i);
    return bits;
}

/* The loop, compiled once for each way to make the bits and to write down where they are. */
#define EDGES_BODY(spaces64, write_bits)                                                    \
    uint64_t before = !*in_word; /* the bit of the byte before */                           \
    uint32_t *to = edge;                                                                    \
    for (int64_t at = 0; at < n; at += 64) {                                                \
        uint64_t bits;                                                                      \
        if (n - at >= 64) {                                                                 \
            bits = spaces64(text + at);                                                     \
        } else {                                                                            \
            /* The rest is filled with copies of the last byte: no edges there. */          \
            uint8_t rest[64];                                                               \
            memset(rest, text[n - 1], 64);                                                  \
            memcpy(rest, text + at, (size_t)(n - at));                                      \
            bits = spaces64(rest);                                                          \
        }                                                                                   \
        const uint64_t edges = bits ^ (bits << 1 | before);                                 \
        before = bits >> 63;                                                                \
        write_bits(edges, (uint32_t)at, to);                                                \
        to += __builtin_popcountll(edges);                                                  \
    }                                                                                       \
    *in_word = !before;                                                                     \
    return to - edge

/* Four bits at a time, some of them too many: the next ones overwrite them. */
AC_INLINE void write_bits(uint64_t bits, uint32_t at, uint32_t *to) {
    for (; bits != 0; to += 4) {
        for (int k = 0; k < 4; k++) {
            to[k] = at + (bits ? (uint32_t)__builtin_ctzll(bits) : 0);
            bits &= bits - 1;
        }
    }
}

#define FIND_BODY(spaces64)                                                                 \
    for (; n - lo >= 64; lo += 64) {                                                        \
        const uint64_t bits = spaces64(text + lo);                                          \
        if (bits != 0) return lo + __builtin_ctzll(bits);                                   \
    }                                                                                       \
    while (lo < n && !ac_is_space(text[lo])) lo++;                                          \
    return lo

static int64_t edges_portable(const uint8_t *text, int64_t n, bool *in_word, uint32_t *edge) {
    EDGES_BODY(spaces64_portable, write_bits);
}

static int64_t find_portable(const uint8_t *text, int64_t lo, int64_t n) {
    FIND_BODY(spaces64_portable);
}

#if defined(__x86_64__)
AVX2 static inline uint64_t spaces64_avx2(const uint8_t *p) {
    const __m256i blank = _mm256_set1_epi8(' '), nine = _mm256_set1_epi8(9);
    const __m256i four = _mm256_set1_epi8(4);
    uint64_t bits = 0;
    for (int i = 0; i < 2; i++) {
        const __m256i v = _mm256_loadu_si256((const void *)(p + 32 * i));
        const __m256i d = _mm256_sub_epi8(v, nine);
        const __m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(v, blank),
                                              _mm256_cmpeq_epi8(_mm256_min_epu8(d, four), d));
        bits |= (uint64_t)(uint32_t)_mm256_movemask_epi8(found) << (32 * i);
    }
    return bits;
}

AVX512 static inline uint64_t spaces64_avx512(const uint8_t *p) {
    const __m512i v = _mm512_loadu_si512((const void *)p);
    const __m512i d = _mm512_sub_epi8(v, _mm512_set1_epi8(9));
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) |
           _mm512_cmplt_epu8_mask(d, _mm512_set1_epi8(5));
}

/* Sixteen bits at a time, without a branch. */
AVX512 static inline void write_bits_avx512(uint64_t bits, uint32_t at, uint32_t *to) {
    const __m512i first =
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (int k = 0; k < 64; k += 16) {
        const __mmask16 some = (__mmask16)(bits >> k);
        const __m512i place = _mm512_add_epi32(first, _mm512_set1_epi32((int)at + k));
        _mm512_storeu_si512((void *)to, _mm512_maskz_compress_epi32(some, place));
        to += __builtin_popcount(some);
    }
}

AVX2 static int64_t edges_avx2(const uint8_t *text, int64_t n, bool *in_word, uint32_t *edge) {
    EDGES_BODY(spaces64_avx2, write_bits);
}

AVX512 static int64_t edges_avx512(const uint8_t *text, int64_t n, bool *in_word, uint32_t *edge) {
    EDGES_BODY(spaces64_avx512, write_bits_avx512);
}

AVX2 static int64_t find_avx2(const uint8_t *text, int64_t lo, int64_t n) {
    FIND_BODY(spaces64_avx2);
}
#endif

#if AC_NEON
/* A bit for each byte, by its place in eight; neighbours are added until eight bytes are one. */
static inline uint64_t spaces64_neon(const uint8_t *p) {
    static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vld1q_u8(bit);
    uint8x16_t found[4];
    for (int i = 0; i < 4; i++) {
        const uint8x16_t v = vld1q_u8(p + 16 * i);
        const uint8x16_t space = vorrq_u8(vceqq_u8(v, vdupq_n_u8(' ')),
                                          vcltq_u8(vsubq_u8(v, vdupq_n_u8(9)), vdupq_n_u8(5)));
        found[i] = vandq_u8(space, bits);
    }
    const uint8x16_t sum = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static int64_t edges_neon(const uint8_t *text, int64_t n, bool *in_word, uint32_t *edge) {
    EDGES_BODY(spaces64_neon, write_bits);
}

static int64_t find_neon(const uint8_t *text, int64_t lo, int64_t n) { FIND_BODY(spaces64_neon); }
#endif

int64_t ac_words_edges(ac_simd simd, const uint8_t *text, int64_t n, bool *in_word,
                       uint32_t *edge) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) return edges_avx512(text, n, in_word, edge);
    if (simd == AC_SIMD_AVX2) return edges_avx2(text, n, in_word, edge);
#elif AC_NEON
    if (simd == AC_SIMD_NEON) return edges_neon(text, n, in_word, edge);
#endif
    (void)simd;
    return edges_portable(text, n, in_word, edge);
}

int64_t ac_words_find_space(ac_simd simd, const uint8_t *text, int64_t lo, int64_t n) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512 || simd == AC_SIMD_AVX2) return find_avx2(text, lo, n);
#elif AC_NEON
    if (simd == AC_SIMD_NEON) return find_neon(text, lo, n);
#endif
    (void)simd;
    return find_portable(text, lo, n);
}
