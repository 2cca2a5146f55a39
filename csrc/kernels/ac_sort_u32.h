/* ac_sort_u32.h - sorts unsigned 32-bit words in one thread: ac_sort_u64.h for words half as long,
 * in half the time. */
#ifndef AC_SORT_U32_H
#define AC_SORT_U32_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

/* How many words ac_sort_u32 needs as spare to sort n of them; 0 for some instruction sets. */
AC_INLINE int64_t ac_sort_u32_spare(ac_simd simd, int64_t n) {
    return simd == AC_SIMD_AVX512 ? 0 : n;
}

/* Sorts words[0..n) upwards. `spare` has ac_sort_u32_spare(simd, n) words. */
void ac_sort_u32(ac_simd simd, ac_u32_at *words, int64_t n, uint32_t *spare);

#if defined(__x86_64__)
void ac_sort_u32_avx512_(ac_u32_at *words, int64_t n); /* the processor must have f bw dq vl */
#endif

#endif
