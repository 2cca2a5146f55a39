/* ac_sort_words.c - see ac_sort_words.h: the choice, for each width. */
#include "kernels/ac_sort_words.h"

#include "kernels/ac_keys.h"

#define AC_BITS 64
#include "kernels/ac_sort_radix.h"
#define AC_BITS 32
#include "kernels/ac_sort_radix.h"

#define SMALL 32 /* insertion below: a digit's 256 counters cost more. Not sensitive */

#if defined(__x86_64__)
#define WITH_AVX512(call)        \
    if (simd == AC_SIMD_AVX512) { \
        call;                    \
        return;                  \
    }
#else
#define WITH_AVX512(call)
#endif

#define SORT(bits, store)                                                                   \
    void ac_sort_u##bits(ac_simd simd, ac_u##bits##_at *words, int64_t n,                   \
                         uint##bits##_t *spare, int settled) {                              \
        WITH_AVX512(ac_sort_u##bits##_avx512_(words, n))                                    \
        (void)simd;                                                                         \
        if (n <= SMALL) {                                                                   \
            ac_insertion_##bits(words, n);                                                  \
        } else {                                                                            \
            ac_radix_sort_##bits(words, n, spare, settled);                                 \
        }                                                                                   \
    }                                                                                       \
                                                                                            \
    void ac_sort_keys_##bits(ac_simd simd, ac_dtype dtype, ac_u##bits##_at *keys, int64_t n, \
                             uint##bits##_t *spare) {                                       \
        WITH_AVX512(ac_sort_keys_##bits##_avx512_(dtype, keys, n))                          \
        ac_sort_u##bits(simd, keys, n, spare, 0);                                           \
        store(simd, dtype, keys, n, keys, 0);                                               \
    }
SORT(64, ac_keys_store)
SORT(32, ac_keys_store32)

bool ac_sort_numbers(ac_simd simd, ac_dtype dtype, const void *x, void *out, int64_t n) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512 && ac_dtype_size(dtype) == 8) {
        ac_sort_numbers_64_avx512_(dtype, x, out, n);
        return true;
    }
    if (simd == AC_SIMD_AVX512 && ac_dtype_size(dtype) == 4) {
        ac_sort_numbers_32_avx512_(dtype, x, out, n);
        return true;
    }
#endif
    (void)simd, (void)dtype, (void)x, (void)out, (void)n;
    return false;
}
