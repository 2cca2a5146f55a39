/* The portable sorts of words: radix with settled bits, ranges that are narrow, and insertion. */
#define AC_BITS 64
#include "kernels/ac_sort_radix.h"
#define AC_BITS 32
#include "kernels/ac_sort_radix.h"

#include "words_check.h"

#define N 5000

static uint64_t seed;
static uint64_t words[N], want[N], spare[N];

static void radix(int bits, int64_t n, int settled) {
    if (bits == 32) {
        ac_radix_sort_32((ac_u32_at *)words, n, (uint32_t *)spare, settled);
    } else {
        ac_radix_sort_64((ac_u64_at *)words, n, spare, settled);
    }
}

static void check(int bits, int64_t n, int settled) {
    memcpy(want, words, sizeof want);
    check_sort_words(bits, want, n);
    radix(bits, n, settled);
    CHECK(memcmp(words, want, (size_t)n * (size_t)bits / 8) == 0);
}

static void test_settled_bits_may_be_skipped(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits)
        for (int settled = 0; settled <= 13; settled++) {
            const uint64_t high = check_most(bits) >> settled;
            for (int i = 0; i < N; i++) {
                const uint64_t top = (check_random(&state) & high) << settled;
                check_put_word(bits, words, i, settled < 13 ? top : top | (uint64_t)i);
            }
            check(bits, N, settled);
        }
}

/* Words whose least is far from 0: the passes are those of the range alone. */
static void test_narrow_ranges(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits)
        for (int width = 1; width <= bits; width++) {
            const int64_t n = 1 + (int64_t)(check_random(&state) % N);
            const uint64_t range = check_most(bits) >> (bits - width);
            const uint64_t least = range == check_most(bits) ? 0 : check_random(&state) % (check_most(bits) - range);
            for (int64_t i = 0; i < n; i++)
                check_put_word(bits, words, i, least + (check_random(&state) & range));
            check(bits, n, 0);
        }
}

static void test_insertion(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits)
        for (int64_t n = 0; n < 70; n++) {
            for (int64_t i = 0; i < n; i++)
                check_put_word(bits, words, i, check_random(&state) % 40);
            memcpy(want, words, sizeof want);
            check_sort_words(bits, want, n);
            if (bits == 32) {
                ac_insertion_32((ac_u32_at *)words, n);
            } else {
                ac_insertion_64((ac_u64_at *)words, n);
            }
            CHECK(memcmp(words, want, (size_t)n * (size_t)bits / 8) == 0);
        }
}

int main(void) {
    seed = check_seed();
    RUN(test_settled_bits_may_be_skipped);
    RUN(test_narrow_ranges);
    RUN(test_insertion);
    return 0;
}
