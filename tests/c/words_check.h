/* words_check.h - words of 32 or 64 bits for the tests of sorting: read and written by width, and
 * sorted in a plain way to compare with. */
#ifndef AC_WORDS_CHECK_H
#define AC_WORDS_CHECK_H

#include "kernels_check.h"

#define FOR_EACH_WIDTH(bits) for (int bits = 32; bits <= 64; bits += 32)

AC_UNUSED static void check_put_word(int bits, void *words, int64_t i, uint64_t w) {
    if (bits == 32) {
        ((ac_u32_at *)words)[i] = (uint32_t)w;
    } else {
        ((ac_u64_at *)words)[i] = w;
    }
}

AC_UNUSED static uint64_t check_get_word(int bits, const void *words, int64_t i) {
    return bits == 32 ? ((const ac_u32_at *)words)[i] : ((const ac_u64_at *)words)[i];
}

/* The largest word. */
AC_INLINE uint64_t check_most(int bits) { return bits == 32 ? UINT32_MAX : UINT64_MAX; }

AC_UNUSED static int check_compare_u32(const void *a, const void *b) {
    uint32_t x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return (x > y) - (x < y);
}

AC_UNUSED static void check_sort_words(int bits, void *words, int64_t n) {
    qsort(words, (size_t)n, (size_t)bits / 8, bits == 32 ? check_compare_u32 : check_compare_u64);
}

AC_UNUSED static bool check_has_avx512(void) {
    if (ac_simd_detect() == AC_SIMD_AVX512) return true;
    fprintf(stderr, "  no AVX-512 here: nothing to test\n");
    return false;
}

#endif
