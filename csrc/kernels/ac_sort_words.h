/* ac_sort_words.h - sorts unsigned words of 64 or 32 bits in one thread: what every sort here comes
 * down to.
 *
 * The words may start at any address. AVX-512: quicksort with sorting networks at the bottom, in
 * place. Elsewhere: radix sort from the least significant digit, over the bits that differ, with
 * `spare` as the other buffer. Both give the same words (equal words cannot be told apart).
 */
#ifndef AC_SORT_WORDS_H
#define AC_SORT_WORDS_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* How many words are needed as spare to sort n of them; 0 for some instruction sets. */
AC_INLINE int64_t ac_sort_words_spare(ac_simd simd, int64_t n) {
    return simd == AC_SIMD_AVX512 ? 0 : n;
}

/* Sorts words[0..n) upwards. `spare` has ac_sort_words_spare(simd, n) words. `settled`: the lowest
 * bits that need no work, because the words come in order of them (0 is always right). */
void ac_sort_u64(ac_simd simd, ac_u64_at *words, int64_t n, uint64_t *spare, int settled);
void ac_sort_u32(ac_simd simd, ac_u32_at *words, int64_t n, uint32_t *spare, int settled);

/* The same for keys in exact form (ac_keys.h) of a dtype of their size, which become the numbers whose
 * keys they are. */
void ac_sort_keys_64(ac_simd simd, ac_dtype dtype, ac_u64_at *keys, int64_t n, uint64_t *spare);
void ac_sort_keys_32(ac_simd simd, ac_dtype dtype, ac_u32_at *keys, int64_t n, uint32_t *spare);

/* Sorts the numbers x[0..n) of a dtype of 8 or 4 bytes into out, which is apart from x. False where that
 * has no way of its own: then nothing was done. */
bool ac_sort_numbers(ac_simd simd, ac_dtype dtype, const void *x, void *out, int64_t n);

#if defined(__x86_64__)
/* The processor must have f bw dq vl. */
void ac_sort_u64_avx512_(ac_u64_at *words, int64_t n);
void ac_sort_u32_avx512_(ac_u32_at *words, int64_t n);
void ac_sort_keys_64_avx512_(ac_dtype dtype, ac_u64_at *keys, int64_t n);
void ac_sort_keys_32_avx512_(ac_dtype dtype, ac_u32_at *keys, int64_t n);
void ac_sort_numbers_64_avx512_(ac_dtype dtype, const void *x, ac_u64_at *out, int64_t n);
void ac_sort_numbers_32_avx512_(ac_dtype dtype, const void *x, ac_u32_at *out, int64_t n);
#endif

#endif
