/* Sorting words in one thread, on every path, at both widths; and keys that become numbers. */
#include "kernels/ac_sort_words.h"

#include "kernels/ac_keys.h"
#include "words_check.h"

static uint64_t seed;

static void sort(int bits, ac_simd simd, void *words, int64_t n, void *spare) {
    if (bits == 32) {
        ac_sort_u32(simd, words, n, spare, 0);
    } else {
        ac_sort_u64(simd, words, n, spare, 0);
    }
}

static void check_sort(int bits, int pattern, int64_t n, size_t off, uint64_t *state) {
    const size_t bytes = (size_t)n * (size_t)bits / 8;
    uint64_t *const want = malloc(bytes + 8), *const spare = malloc(bytes + 8);
    uint64_t *const given = malloc(bytes + 8);
    void *base;
    void *const words = check_room(&base, bytes + 8, off);
    for (int64_t i = 0; i < n; i++) check_put_word(bits, given, i, check_pattern(pattern, i, n, state));
    memcpy(want, given, bytes);
    check_sort_words(bits, want, n);
    FOR_EACH_SIMD(simd) {
        memcpy(words, given, bytes);
        check_put_word(bits, words, n, 0x5EED);
        sort(bits, simd, words, n, spare);
        CHECK(memcmp(words, want, bytes) == 0);
        CHECK(check_get_word(bits, words, n) == 0x5EED);
    }
    free(want);
    free(given);
    free(spare);
    free(base);
}

static void test_every_small_size_in_every_pattern(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int64_t n = 0; n <= 300; n++)
                check_sort(bits, pattern, n, (size_t)n % 8, &state);
}

static void test_larger_sizes(void) {
    uint64_t state = seed;
    const uint64_t rounds = check_scale(30);
    FOR_EACH_WIDTH(bits) {
        for (uint64_t r = 0; r < rounds; r++)
            for (int pattern = 0; pattern < PATTERNS; pattern++)
                check_sort(bits, pattern, (int64_t)(check_random(&state) % 20000), r % 2, &state);
        if (!check_leaves_out(300000, seed, bits)) check_sort(bits, 0, 300000, 0, &state);
        if (!check_leaves_out(300000, seed, -bits)) check_sort(bits, 10, 300000, 3, &state);
    }
}

/* Sorting keys and making numbers of them is what the two do one after the other. */
static void test_keys_become_numbers(void) {
    enum { N = 9000 };
    static uint64_t keys[N], want[N], spare[N];
    uint64_t state = seed;
    for (int dtype = AC_I32; dtype <= AC_F64; dtype++) {
        const int bits = 8 * (int)ac_dtype_size((ac_dtype)dtype);
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            FOR_EACH_SIMD(simd) {
                const int64_t n = (int64_t)(check_random(&state) % N);
                for (int64_t i = 0; i < n; i++)
                    check_put_word(bits, keys, i, check_pattern(pattern, i, n, &state));
                memcpy(want, keys, sizeof want);
                sort(bits, simd, want, n, spare);
                if (bits == 32) {
                    ac_keys_store32(simd, (ac_dtype)dtype, (ac_u32_at *)want, n, want, 0);
                    ac_sort_keys_32(simd, (ac_dtype)dtype, (ac_u32_at *)keys, n, (uint32_t *)spare);
                } else {
                    ac_keys_store(simd, (ac_dtype)dtype, (ac_u64_at *)want, n, want, 0);
                    ac_sort_keys_64(simd, (ac_dtype)dtype, (ac_u64_at *)keys, n, spare);
                }
                CHECK(memcmp(keys, want, (size_t)n * (size_t)bits / 8) == 0);
            }
    }
}

/* From elsewhere: the numbers stay, and what stands behind the result does. */
static void check_numbers(ac_dtype dtype, int pattern, int64_t n, size_t off, uint64_t *state) {
    const int bits = 8 * (int)ac_dtype_size(dtype);
    const size_t bytes = (size_t)n * (size_t)bits / 8;
    uint64_t *const x = malloc(bytes + 8), *const before = malloc(bytes + 8);
    uint64_t *const want = malloc(bytes + 8), *const spare = malloc(bytes + 8);
    void *base;
    void *const out = check_room(&base, bytes + 8, off);
    for (int64_t i = 0; i < n; i++) check_put_word(bits, x, i, check_pattern(pattern, i, n, state));
    memcpy(before, x, bytes);
    if (bits == 32) {
        ac_keys_load32(AC_SIMD_PORTABLE, dtype, x, 0, n, (ac_u32_at *)want);
        ac_sort_keys_32(AC_SIMD_PORTABLE, dtype, (ac_u32_at *)want, n, (uint32_t *)spare);
    } else {
        ac_keys_load(AC_SIMD_PORTABLE, dtype, AC_KEYS_EXACT, x, 0, n, (ac_u64_at *)want);
        ac_sort_keys_64(AC_SIMD_PORTABLE, dtype, (ac_u64_at *)want, n, spare);
    }
    FOR_EACH_SIMD(simd) {
        check_put_word(bits, out, n, 0x5EED);
        CHECK(ac_sort_numbers(simd, dtype, x, out, n) == (simd == AC_SIMD_AVX512));
        CHECK(check_get_word(bits, out, n) == 0x5EED && memcmp(x, before, bytes) == 0);
        if (simd == AC_SIMD_AVX512) CHECK(memcmp(out, want, bytes) == 0);
    }
    free(x);
    free(before);
    free(want);
    free(spare);
    free(base);
}

static void test_numbers_are_sorted_into_another_place(void) {
    uint64_t state = seed;
    for (int dtype = AC_I32; dtype <= AC_F64; dtype++)
        for (int pattern = 0; pattern < PATTERNS; pattern++) {
            for (int64_t n = 0; n < 1200; n += 1 + (int64_t)(check_random(&state) % 60))
                check_numbers((ac_dtype)dtype, pattern, n, (size_t)n % 8, &state);
            check_numbers((ac_dtype)dtype, pattern, (int64_t)(check_random(&state) % 9000), 0, &state);
        }
    uint64_t one = 0;
    CHECK(!ac_sort_numbers(AC_SIMD_AVX512, AC_I16, &one, &one, 0));
}

int main(void) {
    seed = check_seed();
    RUN(test_every_small_size_in_every_pattern);
    RUN(test_larger_sizes);
    RUN(test_keys_become_numbers);
    RUN(test_numbers_are_sorted_into_another_place);
    return 0;
}
