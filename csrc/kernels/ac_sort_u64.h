/* ac_sort_u64.h - sorts unsigned 64-bit words in one thread: what every sort here comes down to.
 *
 * The words may start at any address. AVX-512: quicksort with sorting networks at the bottom, in
 * place. Elsewhere: radix sort from the least significant digit, over the bits that differ, with
 * `spare` as the other buffer. Both give the same words (equal words cannot be told apart).
 */
#ifndef AC_SORT_U64_H
#define AC_SORT_U64_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* How many words ac_sort_u64 needs as spare to sort n of them; 0 for some instruction sets. */
AC_INLINE int64_t ac_sort_u64_spare(ac_simd simd, int64_t n) {
    return simd == AC_SIMD_AVX512 ? 0 : n;
}

/* Sorts words[0..n) upwards. `spare` has ac_sort_u64_spare(simd, n) words. `settled`: the lowest
 * bits that need no work, because the words come in order of them (0 is always right). */
void ac_sort_u64(ac_simd simd, ac_u64_at *words, int64_t n, uint64_t *spare, int settled);

#if defined(__x86_64__)
void ac_sort_u64_avx512_(ac_u64_at *words, int64_t n); /* the processor must have f bw dq vl */
#endif

#endif
