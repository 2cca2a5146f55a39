/* ac_crc32.c - see ac_crc32.h. Portable: eight bytes a step from eight tables (Kounavis and Berry,
 * A systematic approach to building high performance software-based CRC generators, 2005). x86-64:
 * folding by carry-less multiplication (Gopal et al., Fast CRC computation for generic polynomials
 * using PCLMULQDQ, Intel 2009). Chunks are joined with arithmetic modulo the polynomial.
 *
 * A value here is the polynomial's coefficients with x^0 in the highest bit. A *state* is a value
 * with all bits flipped, as zlib's begins with all ones.
 */
#include "kernels/ac_crc32.h"

#include <string.h>

#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if AC_NEON
#include <arm_acle.h>
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

#define POLYNOMIAL UINT32_C(0xEDB88320)
#define CHUNK ((int64_t)1 << 20) /* 50 us with carry-less multiplication, 0.7 ms without */

/* A remainder is linear in the bits of the byte, so that eight numbers say a table of 256: entry i
 * of table k is the remainder of byte i with k zero bytes behind it. */
#define BIT(i, b, value) ((i) >> (b) & 1 ? UINT32_C(value) : 0)
#define BYTE(i, a, b, c, d, e, f, g, h)                                                     \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ \
     BIT(i, 6, g) ^ BIT(i, 7, h))
#define SLICE_0(i)                                                                          \
    BYTE(i, 0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832, 0x1DB71064, \
         0x3B6E20C8, 0x76DC4190, 0xEDB88320)
#define SLICE_1(i)                                                                          \
    BYTE(i, 0x191B3141, 0x32366282, 0x646CC504, 0xC8D98A08, 0x4AC21251, \
         0x958424A2, 0xF0794F05, 0x3B83984B)
#define SLICE_2(i)                                                                          \
    BYTE(i, 0x01C26A37, 0x0384D46E, 0x0709A8DC, 0x0E1351B8, 0x1C26A370, \
         0x384D46E0, 0x709A8DC0, 0xE1351B80)
#define SLICE_3(i)                                                                          \
    BYTE(i, 0xB8BC6765, 0xAA09C88B, 0x8F629757, 0xC5B428EF, 0x5019579F, \
         0xA032AF3E, 0x9B14583D, 0xED59B63B)
#define SLICE_4(i)                                                                          \
    BYTE(i, 0x3D6029B0, 0x7AC05360, 0xF580A6C0, 0x30704BC1, 0x60E09782, \
         0xC1C12F04, 0x58F35849, 0xB1E6B092)
#define SLICE_5(i)                                                                          \
    BYTE(i, 0xCB5CD3A5, 0x4DC8A10B, 0x9B914216, 0xEC53826D, 0x03D6029B, \
         0x07AC0536, 0x0F580A6C, 0x1EB014D8)
#define SLICE_6(i)                                                                          \
    BYTE(i, 0xA6770BB4, 0x979F1129, 0xF44F2413, 0x33EF4E67, 0x67DE9CCE, \
         0xCFBD399C, 0x440B7579, 0x8816EAF2)
#define SLICE_7(i)                                                                          \
    BYTE(i, 0xCCAA009E, 0x4225077D, 0x844A0EFA, 0xD3E51BB5, 0x7CBB312B, \
         0xF9766256, 0x299DC2ED, 0x533B85DA)
#define ROW4(S, i) S(i), S((i) + 1), S((i) + 2), S((i) + 3)
#define ROW16(S, i) ROW4(S, i), ROW4(S, (i) + 4), ROW4(S, (i) + 8), ROW4(S, (i) + 12)
#define ROW64(S, i) ROW16(S, i), ROW16(S, (i) + 16), ROW16(S, (i) + 32), ROW16(S, (i) + 48)
#define TABLE(S) {ROW64(S, 0), ROW64(S, 64), ROW64(S, 128), ROW64(S, 192)}

static const uint32_t table[8][256] = {TABLE(SLICE_0), TABLE(SLICE_1), TABLE(SLICE_2),
                                       TABLE(SLICE_3), TABLE(SLICE_4), TABLE(SLICE_5),
                                       TABLE(SLICE_6), TABLE(SLICE_7)};

AC_INLINE uint32_t load4(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t state_portable(const uint8_t *p, int64_t n, uint32_t state) {
    for (; n >= 8; n -= 8, p += 8) {
        const uint32_t a = load4(p) ^ state, b = load4(p + 4);
        state = table[7][a & 255] ^ table[6][a >> 8 & 255] ^ table[5][a >> 16 & 255] ^
                table[4][a >> 24] ^ table[3][b & 255] ^ table[2][b >> 8 & 255] ^
                table[1][b >> 16 & 255] ^ table[0][b >> 24];
    }
    for (; n > 0; n--, p++) state = state >> 8 ^ table[0][(state ^ *p) & 255];
    return state;
}

/* x^(d + 32) and x^(d - 32) modulo the polynomial, for a distance of d bits; one bit further left,
 * because the product of two reflected numbers comes out one bit further right. */
#define FOLD_512_LOW 0x154442BD4
#define FOLD_512_HIGH 0x1C6E41596
#define FOLD_128_LOW 0x1751997D0
#define FOLD_128_HIGH 0x0CCAA009E

#if defined(__x86_64__)
#define FOLD_512 _mm_set_epi64x(FOLD_512_HIGH, FOLD_512_LOW)
#define FOLD_128 _mm_set_epi64x(FOLD_128_HIGH, FOLD_128_LOW)
#define TARGET __attribute__((target("pclmul,sse4.2")))

TARGET static inline __m128i fold(__m128i v, __m128i by, __m128i onto) {
    return _mm_xor_si128(
        _mm_xor_si128(_mm_clmulepi64_si128(v, by, 0x00), _mm_clmulepi64_si128(v, by, 0x11)), onto);
}

/* v and the n bytes before `end` (1 to 15, with 16 readable), as 16 bytes that are congruent to both. Written
 * behind each other they are 16 + n bytes: the last 16 of them, and the n bytes of v that stand before
 * those, with zeroes in front, which change no remainder. */
TARGET static inline __m128i fold_rest(__m128i v, const uint8_t *end, int64_t n) {
    /* As indices of a shuffle, where 128 and more give a zero: 16 bytes from 16 + k on move all bytes
     * down by k, 16 bytes from 16 - k on move them up by k. */
    static const uint8_t moved[48] = {
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
        0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};
    const __m128i down = _mm_loadu_si128((const void *)(moved + 16 + n));
    const __m128i up = _mm_loadu_si128((const void *)(moved + n));
    const __m128i last = _mm_loadu_si128((const void *)(end - 16));
    /* the sign of an index says where v has nothing to give */
    const __m128i onto = _mm_blendv_epi8(_mm_shuffle_epi8(v, down), last, down);
    return fold(_mm_shuffle_epi8(v, up), FOLD_128, onto);
}

TARGET static uint32_t state_pclmul(const uint8_t *p, int64_t n, uint32_t state) {
    if (n < 16) return state_portable(p, n, state);
    __m128i all = _mm_xor_si128(_mm_loadu_si128((const void *)p), _mm_cvtsi32_si128((int)state));
    if (n < 128) {
        p += 16;
        n -= 16;
    } else {
        __m128i v[4] = {all};
        for (int k = 1; k < 4; k++) v[k] = _mm_loadu_si128((const void *)(p + 16 * k));
        for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
            for (int k = 0; k < 4; k++)
                v[k] = fold(v[k], FOLD_512, _mm_loadu_si128((const void *)(p + 16 * k)));
        for (int k = 1; k < 4; k++) v[k] = fold(v[k - 1], FOLD_128, v[k]);
        all = v[3];
    }
    for (; n >= 16; p += 16, n -= 16) all = fold(all, FOLD_128, _mm_loadu_si128((const void *)p));
    if (n > 0) all = fold_rest(all, p + n, n);
    uint8_t sixteen[16]; /* congruent to all that came */
    _mm_storeu_si128((void *)sixteen, all);
    return state_portable(sixteen, 16, 0);
}
#endif

#if AC_NEON
/* The instructions are no part of the architecture's first version. Linux says which there are (a look
 * into a list, no system call); Apple's processors have both; elsewhere the compiler's flags say. */
enum { CAN_CRC = 1, CAN_MULTIPLY = 2 };
static int abilities(void) {
#if defined(__linux__)
    const unsigned long has = getauxval(AT_HWCAP);
    const unsigned long pmull = 1ul << 4, crc32 = 1ul << 7; /* of <asm/hwcap.h> */
    return (has & crc32 ? CAN_CRC : 0) | (has & pmull ? CAN_MULTIPLY : 0);
#elif defined(__APPLE__)
    return CAN_CRC | CAN_MULTIPLY;
#else
    int can = 0;
#if defined(__ARM_FEATURE_CRC32)
    can |= CAN_CRC;
#endif
#if defined(__ARM_FEATURE_AES) || defined(__ARM_FEATURE_CRYPTO)
    can |= CAN_MULTIPLY;
#endif
    return can;
#endif
}

__attribute__((target("+crc"))) static uint32_t state_crc(const uint8_t *p, int64_t n,
                                                          uint32_t state) {
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t eight;
        memcpy(&eight, p, 8);
        state = __crc32d(state, eight);
    }
    for (; n > 0; n--, p++) state = __crc32b(state, *p);
    return state;
}

#define PMULL __attribute__((target("+crypto")))

PMULL static inline uint64x2_t fold(uint64x2_t v, uint64x2_t by, const uint8_t *onto) {
    const poly64x2_t a = vreinterpretq_p64_u64(v), b = vreinterpretq_p64_u64(by);
    const uint64x2_t low =
        vreinterpretq_u64_p128(vmull_p64(vgetq_lane_p64(a, 0), vgetq_lane_p64(b, 0)));
    const uint64x2_t high = vreinterpretq_u64_p128(vmull_high_p64(a, b));
    return veorq_u64(veorq_u64(low, high), vreinterpretq_u64_u8(vld1q_u8(onto)));
}

/* n >= 64: as on x86-64 above. *rest gets 16 bytes that are congruent to all that was read; returns how
 * much that is. */
PMULL static int64_t fold_all(const uint8_t *p, int64_t n, uint32_t state, uint8_t rest[16]) {
    const uint64x2_t by_512 = vcombine_u64(vcreate_u64(FOLD_512_LOW), vcreate_u64(FOLD_512_HIGH));
    const uint64x2_t by_128 = vcombine_u64(vcreate_u64(FOLD_128_LOW), vcreate_u64(FOLD_128_HIGH));
    uint64x2_t v[4];
    uint8_t bytes[16];
    for (int k = 0; k < 4; k++) v[k] = vreinterpretq_u64_u8(vld1q_u8(p + 16 * k));
    v[0] = veorq_u64(v[0], vcombine_u64(vcreate_u64(state), vcreate_u64(0)));
    int64_t at = 64;
    for (; n - at >= 64; at += 64)
        for (int k = 0; k < 4; k++) v[k] = fold(v[k], by_512, p + at + 16 * k);
    for (int k = 1; k < 4; k++) {
        vst1q_u8(bytes, vreinterpretq_u8_u64(v[k]));
        v[k] = fold(v[k - 1], by_128, bytes);
    }
    for (; n - at >= 16; at += 16) v[3] = fold(v[3], by_128, p + at);
    vst1q_u8(rest, vreinterpretq_u8_u64(v[3]));
    return at;
}

static uint32_t state_neon(const uint8_t *p, int64_t n, uint32_t state) {
    const int can = abilities();
    if (!(can & CAN_CRC)) return state_portable(p, n, state);
    if (n >= 128 && can & CAN_MULTIPLY) {
        uint8_t rest[16];
        const int64_t read = fold_all(p, n, state, rest);
        state = state_crc(rest, 16, 0);
        p += read;
        n -= read;
    }
    return state_crc(p, n, state);
}
#endif

uint32_t ac_crc32_serial_(ac_simd simd, const uint8_t *bytes, int64_t n, uint32_t crc) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX2 || simd == AC_SIMD_AVX512) return ~state_pclmul(bytes, n, ~crc);
#elif AC_NEON
    if (simd == AC_SIMD_NEON) return ~state_neon(bytes, n, ~crc);
#endif
    (void)simd;
    return ~state_portable(bytes, n, ~crc);
}

/* a * b modulo the polynomial. */
static uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        product ^= a >> 31 ? b : 0;
        b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0); /* times x */
    }
    return product;
}

/* x^(8 * bytes) modulo the polynomial. */
static uint32_t shift_by(uint64_t bytes) {
    uint32_t power = UINT32_C(1) << 31, square = UINT32_C(1) << 23; /* x^0 and x^8 */
    for (; bytes != 0; bytes >>= 1) {
        if (bytes & 1) power = multiply(power, square);
        square = multiply(square, square);
    }
    return power;
}

uint32_t ac_crc32_combine(uint32_t a, uint32_t b, uint64_t b_length) {
    return multiply(shift_by(b_length), a) ^ b;
}

typedef struct job {
    const uint8_t *bytes;
    ac_simd simd;
    uint32_t *parts; /* one for each chunk */
} job;

static int crc_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    for (; lo < hi; lo += CHUNK)
        j->parts[lo / CHUNK] =
            ac_crc32_serial_(j->simd, j->bytes + lo, hi - lo > CHUNK ? CHUNK : hi - lo, 0);
    return 0;
}

int ac_crc32(const ac_exec *ex, const uint8_t *bytes, int64_t n, uint32_t *crc) {
    if (n <= CHUNK) {
        *crc = ac_crc32_serial_(ex->simd, bytes, n, *crc);
        return 0;
    }
    const int64_t chunks = (n + CHUNK - 1) / CHUNK;
    job j = {bytes, ex->simd, ac_scratch_alloc((size_t)chunks * sizeof *j.parts)};
    if (j.parts == NULL) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, crc_range, &j, n, CHUNK);
    if (rc == 0) {
        const uint32_t whole = shift_by(CHUNK);
        const uint32_t last = shift_by((uint64_t)(n - (chunks - 1) * CHUNK));
        uint32_t value = *crc;
        for (int64_t i = 0; i < chunks; i++)
            value = multiply(i + 1 < chunks ? whole : last, value) ^ j.parts[i];
        *crc = value;
    }
    ac_scratch_free(j.parts, (size_t)chunks * sizeof *j.parts);
    return rc;
}
