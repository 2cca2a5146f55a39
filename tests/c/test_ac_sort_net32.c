/* The sorting networks, by zeroes and ones and by permutations, at every length. */
#include "kernels/ac_sort_net32_avx512.h"

#include "kernels_check.h"

#if defined(__x86_64__)

static uint64_t seed;

/* Zeroes and ones in every arrangement prove a network for all inputs (Knuth's 0-1 principle). For
 * more than 16 words there are too many: larger blocks get every run of ones and random bits. */
static void test_zeroes_and_ones(void) {
    uint64_t state = seed;
    uint32_t words[AC_SORT32_BLOCK];
    for (uint32_t bits = 0; bits < 65536; bits++) {
        for (int i = 0; i < 16; i++) words[i] = bits >> i & 1;
        ac_sort32_block_((ac_u32_at *)words, 16);
        const int zeroes = 16 - __builtin_popcount(bits);
        for (int i = 0; i < 16; i++) CHECK(words[i] == (uint32_t)(i >= zeroes));
    }
    for (int n = 0; n <= AC_SORT32_BLOCK; n++) {
        for (int from = 0; from < n; from += 13) {
            const int to = from + (int)(check_random(&state) % (uint64_t)(n - from + 1));
            const uint64_t noise = check_random(&state);
            int ones = 0;
            for (int i = 0; i < n; i++) {
                words[i] = (uint32_t)(i >= from && i < to) ^
                           (uint32_t)(noise >> (i & 63) & noise >> 60 & 1);
                ones += (int)words[i];
            }
            ac_sort32_block_((ac_u32_at *)words, n);
            for (int i = 0; i < n; i++) CHECK(words[i] == (uint32_t)(i >= n - ones));
        }
    }
}

static void test_permutations_and_what_stands_behind(void) {
    uint64_t state = seed;
    uint32_t words[AC_SORT32_BLOCK + 8];
    for (int n = 0; n <= AC_SORT32_BLOCK; n++) {
        for (int round = 0; round < 10; round++) {
            for (int i = 0; i < n; i++) words[i] = UINT32_MAX - (uint32_t)i;
            for (int i = n; i < AC_SORT32_BLOCK + 8; i++) words[i] = 0x5EED;
            for (int i = n; i > 1; i--) {
                const uint64_t k = check_random(&state) % (uint64_t)i;
                const uint32_t kept = words[k];
                words[k] = words[i - 1];
                words[i - 1] = kept;
            }
            ac_sort32_block_((ac_u32_at *)words, n);
            for (int i = 0; i < n; i++) CHECK(words[i] == UINT32_MAX - (uint32_t)(n - 1 - i));
            for (int i = n; i < AC_SORT32_BLOCK + 8; i++) CHECK(words[i] == 0x5EED);
        }
    }
}

int main(void) {
    if (ac_simd_detect() != AC_SIMD_AVX512) {
        fprintf(stderr, "  no AVX-512 here: nothing to test\n");
        return 0;
    }
    seed = check_seed();
    RUN(test_zeroes_and_ones);
    RUN(test_permutations_and_what_stands_behind);
    return 0;
}

#else
int main(void) { return 0; }
#endif
