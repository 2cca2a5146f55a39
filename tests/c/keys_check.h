/* keys_check.h - what the tests of hash tables of 64-bit keys share: keys of every shape, keys that are
 * made to collide, and what is different among them. */
#ifndef AC_KEYS_CHECK_H
#define AC_KEYS_CHECK_H

#include "kernels_check.h"

/* Fills a table of 1 << bits buckets with the keys and checks what it says of them. */
typedef void (*check_keys_fn)(ac_simd simd, const uint64_t *keys, int64_t n, int bits);

AC_UNUSED static uint64_t *check_sorted_keys(const uint64_t *keys, int64_t n) {
    uint64_t *const sorted = malloc((size_t)n * 8 + 8);
    CHECK(sorted != NULL);
    memcpy(sorted, keys, (size_t)n * 8);
    qsort(sorted, (size_t)n, 8, check_compare_u64);
    return sorted;
}

/* Where the run of equal keys that begins at lo ends. */
AC_UNUSED static int64_t check_end_of_run(const uint64_t *sorted, int64_t n, int64_t lo) {
    int64_t hi = lo;
    while (hi < n && sorted[hi] == sorted[lo]) hi++;
    return hi;
}

/* Sorts the `found` keys that a table gave, and checks that they are those of keys[0..n), each once. */
AC_UNUSED static void check_each_once(const uint64_t *keys, int64_t n, uint64_t *got, int64_t found) {
    uint64_t *const want = check_sorted_keys(keys, n);
    int64_t different = 0;
    qsort(got, (size_t)found, 8, check_compare_u64);
    for (int64_t lo = 0; lo < n; lo = check_end_of_run(want, n, lo)) {
        CHECK(different < found && got[different] == want[lo]);
        different++;
    }
    CHECK(different == found);
    free(want);
}

/* Patterns of keys in many sizes, on every path, into small tables that have to grow. */
AC_UNUSED static void check_key_patterns(uint64_t seed, int least_bits, check_keys_fn check) {
    const int64_t sizes[] = {0, 1, 63, 64, 65, 1000, 50000};
    uint64_t *const keys = malloc(50000 * 8);
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int s = 0; s < 7; s++) {
            uint64_t state = seed;
            for (int64_t i = 0; i < sizes[s]; i++)
                keys[i] = check_pattern(pattern, i, sizes[s], &state);
            FOR_EACH_SIMD(simd) check(simd, keys, sizes[s], least_bits + s % 3);
        }
    free(keys);
}

/* The key 0, which could be taken for an empty place: first, and later. */
AC_UNUSED static void check_zero_keys(int least_bits, check_keys_fn check) {
    uint64_t keys[300];
    for (uint64_t i = 0; i < 300; i++) keys[i] = i % 3 == 0 ? 0 : i;
    FOR_EACH_SIMD(simd) check(simd, keys, 300, least_bits);
    FOR_EACH_SIMD(simd) check(simd, keys + 1, 299, least_bits);
}

#define CHECK_HASH_FACTOR UINT64_C(0x9E3779B97F4A7C15)

/* Different keys that spread evenly. */
AC_UNUSED static uint64_t *check_different_keys(int64_t n) {
    uint64_t *const keys = malloc((size_t)n * 8);
    CHECK(keys != NULL);
    for (int64_t i = 0; i < n; i++) keys[i] = (uint64_t)i * CHECK_HASH_FACTOR;
    return keys;
}

/* The key whose hash is `hash` where the tables fold the key's halves and multiply: that undone. The
 * factor's inverse modulo 2^64 is found by Newton's steps. */
AC_UNUSED static uint64_t check_key_of_hash(uint64_t hash) {
    uint64_t inverse = CHECK_HASH_FACTOR;
    for (int i = 0; i < 6; i++) inverse *= 2 - CHECK_HASH_FACTOR * inverse;
    CHECK(inverse * CHECK_HASH_FACTOR == 1);
    const uint64_t folded = hash * inverse;
    return folded ^ (folded >> 32);
}

/* Keys of one home: their hashes are small. */
AC_UNUSED static uint64_t *check_colliding_keys(uint64_t n) {
    uint64_t *const keys = malloc(n * 8);
    CHECK(keys != NULL);
    for (uint64_t i = 0; i < n; i++) keys[i] = check_key_of_hash(i);
    return keys;
}

#endif
