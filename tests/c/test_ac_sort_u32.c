/* Sorting words in one thread, on every path; the AVX-512 one also when its pivots go wrong. */
#include "kernels/ac_sort_u32.h"

#include "kernels_check.h"

static uint64_t seed;

static int compare_u32(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return (x > y) - (x < y);
}

static void check_sort(int pattern, int64_t n, size_t off, uint64_t *state) {
    uint32_t *const want = malloc((size_t)n * 4 + 8), *const spare = malloc((size_t)n * 4 + 8);
    uint32_t *const given = malloc((size_t)n * 4 + 8);
    void *base;
    ac_u32_at *const words = check_room(&base, (size_t)n * 4 + 16, off);
    for (int64_t i = 0; i < n; i++) want[i] = given[i] = (uint32_t)check_pattern(pattern, i, n, state);
    qsort(want, (size_t)n, 4, compare_u32);
    FOR_EACH_SIMD(simd) {
        memcpy(words, given, (size_t)n * 4);
        words[n] = 0x5EED;
        ac_sort_u32(simd, words, n, spare);
        CHECK(memcmp(words, want, (size_t)n * 4) == 0);
        CHECK(words[n] == 0x5EED);
    }
    free(want);
    free(given);
    free(spare);
    free(base);
}

static void test_every_small_size_in_every_pattern(void) {
    uint64_t state = seed;
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int64_t n = 0; n <= 600; n++) check_sort(pattern, n, (size_t)n % 8, &state);
}

static void test_larger_sizes(void) {
    uint64_t state = seed;
    const uint64_t rounds = check_scale(40);
    for (uint64_t r = 0; r < rounds; r++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            check_sort(pattern, (int64_t)(check_random(&state) % 20000), r % 2, &state);
    check_sort(0, 300000, 0, &state);
    check_sort(10, 300000, 3, &state);
}

/* Zeroes and ones in every arrangement prove a network for all inputs (Knuth's 0-1 principle);
 * there are too many of them for more than 16 words, so larger blocks get random ones. */
static void test_networks_by_zeroes_and_ones(void) {
    uint64_t state = seed;
    uint32_t words[256], spare[256];
    FOR_EACH_SIMD(simd) {
        for (uint32_t bits = 0; bits < 65536; bits += simd == AC_SIMD_AVX512 ? 1 : 97) {
            for (int i = 0; i < 16; i++) words[i] = bits >> i & 1;
            ac_sort_u32(simd, (ac_u32_at *)words, 16, spare);
            const int ones = __builtin_popcount(bits);
            for (int i = 0; i < 16; i++) CHECK(words[i] == (uint32_t)(i >= 16 - ones));
        }
        const uint64_t rounds = check_scale(20000);
        for (uint64_t r = 0; r < rounds; r++) {
            const int n = 1 + (int)(check_random(&state) % 256);
            const uint64_t share = check_random(&state) % 256;
            int ones = 0;
            for (int i = 0; i < n; i++) {
                words[i] = check_random(&state) % 256 < share;
                ones += (int)words[i];
            }
            ac_sort_u32(simd, (ac_u32_at *)words, n, spare);
            for (int i = 0; i < n; i++) CHECK(words[i] == (uint32_t)(i >= n - ones));
        }
    }
}

/* A bad input for pivots at fixed places: those places hold the largest words, level after
 * level. */
static void test_bad_pivots_still_end(void) {
    enum { N = 20000 };
    static uint32_t given[N], words[N], want[N], spare[N];
    uint64_t state = seed;
    for (uint64_t i = 0; i < N; i++) given[i] = i % 7 == 3 ? UINT32_MAX - (uint32_t)i : (uint32_t)i;
    for (int64_t m = N; m > 256; m = m * 31 / 32)
        for (int k = 0; k < 64; k++)
            given[m / 16 * (k % 16) + m / 48 * (k / 16)] = UINT32_MAX - (uint32_t)(check_random(&state) % 9);
    memcpy(want, given, sizeof given);
    qsort(want, N, 4, compare_u32);
    FOR_EACH_SIMD(simd) {
        memcpy(words, given, sizeof given);
        ac_sort_u32(simd, (ac_u32_at *)words, N, spare);
        CHECK(memcmp(words, want, sizeof want) == 0);
    }
}

int main(void) {
    seed = check_seed();
    RUN(test_every_small_size_in_every_pattern);
    RUN(test_larger_sizes);
    RUN(test_networks_by_zeroes_and_ones);
    RUN(test_bad_pivots_still_end);
    return 0;
}
