/* The quicksort: bad pivots, heapsort alone, and that each word is finished once, in its place. */
#if defined(__x86_64__)
#define AC_BITS 64
#include "kernels/ac_sort_quick_avx512.h"
#define AC_BITS 32
#include "kernels/ac_sort_quick_avx512.h"
#endif

#include "words_check.h"

#if defined(__x86_64__)

#define N 20000

static uint64_t seed;
static uint64_t given[N], words[N], want[N];
static int64_t finished;

static void finish_64(void *ctx, ac_u64_at *done, int64_t n) {
    CHECK(ctx == words);
    finished += n;
    for (int64_t i = 0; i < n; i++) done[i] = ~done[i];
}

static void finish_32(void *ctx, ac_u32_at *done, int64_t n) {
    CHECK(ctx == words);
    finished += n;
    for (int64_t i = 0; i < n; i++) done[i] = ~done[i];
}

static void check_quicksort(int bits, int64_t n) {
    const size_t bytes = (size_t)n * (size_t)bits / 8;
    memcpy(want, given, bytes);
    check_sort_words(bits, want, n);
    for (int end = 0; end < 2; end++) {
        memcpy(words, given, bytes);
        finished = 0;
        if (bits == 32) {
            const ac_finish_32 finish = {finish_32, words};
            ac_quicksort_32((ac_u32_at *)words, n, end ? &finish : NULL);
        } else {
            const ac_finish_64 finish = {finish_64, words};
            ac_quicksort_64((ac_u64_at *)words, n, end ? &finish : NULL);
        }
        CHECK(finished == (end ? n : 0));
        for (int64_t i = 0; i < n; i++) {
            const uint64_t word = check_get_word(bits, words, i);
            CHECK((end ? check_most(bits) - word : word) == check_get_word(bits, want, i));
        }
    }
}

static void test_patterns(void) {
    uint64_t state = seed;
    const int64_t sizes[] = {0, 1, 256, 257, 512, 513, 600, 3000, N};
    FOR_EACH_WIDTH(bits)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int s = 0; s < 9; s++) {
                for (int64_t i = 0; i < sizes[s]; i++)
                    check_put_word(bits, given, i, check_pattern(pattern, i, sizes[s], &state));
                check_quicksort(bits, sizes[s]);
            }
}

/* A bad input for pivots at fixed places: those places hold the largest words, level after level. */
static void test_bad_pivots_still_end(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits) {
        const uint64_t most = check_most(bits);
        for (uint64_t i = 0; i < N; i++) check_put_word(bits, given, (int64_t)i, i % 7 == 3 ? most - i : i);
        for (int64_t m = N; m > 256; m = m * 31 / 32)
            for (int k = 0; k < 48; k++)
                check_put_word(bits, given, m / 16 * (k % 16) + m / 48 * (k / 16),
                               most - check_random(&state) % 9);
        check_quicksort(bits, N);
    }
}

static void test_heapsort(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits)
        for (int64_t n = 0; n < 300; n++) {
            for (int64_t i = 0; i < n; i++) {
                const uint64_t word = check_random(&state) % 200;
                check_put_word(bits, words, i, word);
                check_put_word(bits, want, i, word);
            }
            check_sort_words(bits, want, n);
            if (bits == 32) {
                ac_heapsort_32((ac_u32_at *)words, n);
            } else {
                ac_heapsort_64((ac_u64_at *)words, n);
            }
            CHECK(memcmp(words, want, (size_t)n * (size_t)bits / 8) == 0);
        }
}

int main(void) {
    if (!check_has_avx512()) return 0;
    seed = check_seed();
    RUN(test_patterns);
    RUN(test_bad_pivots_still_end);
    RUN(test_heapsort);
    return 0;
}

#else
int main(void) { return 0; }
#endif
