/* The sorting networks, by zeroes and ones and by permutations, at every length and both widths. */
#if defined(__x86_64__)
#define AC_BITS 64
#include "kernels/ac_sort_net_avx512.h"
#undef AC_BITS
#define AC_BITS 32
#include "kernels/ac_sort_net_avx512.h"
#endif

#include "words_check.h"

#if defined(__x86_64__)

#define MOST 512 /* words in a block */

static uint64_t seed;

static int block_of(int bits) { return bits == 32 ? 512 : 256; }

static void sort_block(int bits, void *words, int64_t n) {
    if (bits == 32) {
        ac_sort_block_32(words, n);
    } else {
        ac_sort_block_64(words, n);
    }
}

static void check_ones(int bits, const void *words, int n, int ones) {
    for (int i = 0; i < n; i++) CHECK(check_get_word(bits, words, i) == (uint64_t)(i >= n - ones));
}

/* Zeroes and ones in every arrangement prove a network for all inputs (Knuth's 0-1 principle). For
 * more than 16 words there are too many: larger blocks get every run of ones and random bits. */
static void test_zeroes_and_ones(void) {
    uint64_t state = seed, words[MOST];
    FOR_EACH_WIDTH(bits) {
        for (uint32_t mask = 0; mask < 65536; mask++) {
            for (int i = 0; i < 16; i++) check_put_word(bits, words, i, mask >> i & 1);
            sort_block(bits, words, 16);
            check_ones(bits, words, 16, __builtin_popcount(mask));
        }
        for (int n = 0; n <= block_of(bits); n++) {
            for (int from = 0; from < n; from += bits == 32 ? 13 : 7) {
                const int to = from + (int)(check_random(&state) % (uint64_t)(n - from + 1));
                const uint64_t noise = check_random(&state);
                int ones = 0;
                for (int i = 0; i < n; i++) {
                    const uint64_t one =
                        (uint64_t)(i >= from && i < to) ^ (noise >> (i & 63) & noise >> 60 & 1);
                    check_put_word(bits, words, i, one);
                    ones += (int)one;
                }
                sort_block(bits, words, n);
                check_ones(bits, words, n, ones);
            }
        }
    }
}

static void test_permutations_and_what_stands_behind(void) {
    uint64_t state = seed, words[MOST + 8];
    FOR_EACH_WIDTH(bits) {
        const uint64_t most = check_most(bits);
        for (int n = 0; n <= block_of(bits); n++) {
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < n; i++) check_put_word(bits, words, i, most - (uint64_t)i);
                for (int i = n; i < MOST + 8; i++) check_put_word(bits, words, i, 0x5EED);
                for (int i = n; i > 1; i--) {
                    const int k = (int)(check_random(&state) % (uint64_t)i);
                    const uint64_t kept = check_get_word(bits, words, k);
                    check_put_word(bits, words, k, check_get_word(bits, words, i - 1));
                    check_put_word(bits, words, i - 1, kept);
                }
                sort_block(bits, words, n);
                for (int i = 0; i < n; i++)
                    CHECK(check_get_word(bits, words, i) == most - (uint64_t)(n - 1 - i));
                for (int i = n; i < MOST + 8; i++) CHECK(check_get_word(bits, words, i) == 0x5EED);
            }
        }
    }
}

int main(void) {
    if (!check_has_avx512()) return 0;
    seed = check_seed();
    RUN(test_zeroes_and_ones);
    RUN(test_permutations_and_what_stands_behind);
    return 0;
}

#else
int main(void) { return 0; }
#endif
