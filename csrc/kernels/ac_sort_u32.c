/* ac_sort_u32.c - see ac_sort_u32.h: the choice, and the portable radix sort. */
#include "kernels/ac_sort_u32.h"

#include <stdbool.h>
#include <string.h>

#define SMALL 32 /* insertion below: a digit's counters cost more. Not sensitive */
#define MAX_RADIX_BITS 11

static void insertion(ac_u32_at *words, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const uint32_t w = words[i];
        int64_t j = i;
        for (; j > 0 && words[j - 1] > w; j--) words[j] = words[j - 1];
        words[j] = w;
    }
}

/* One stable pass by the digit of `bits` bits at `shift` of (word - least). Returns false, and
 * moves nothing, if all words have the same digit. */
static bool radix_pass(const ac_u32_at *from, ac_u32_at *to, int64_t n, uint32_t least, int shift,
                       int bits) {
    int64_t at[1 << MAX_RADIX_BITS];
    const uint32_t mask = ((uint32_t)1 << bits) - 1;
    memset(at, 0, sizeof at[0] << bits);
    for (int64_t i = 0; i < n; i++) at[((from[i] - least) >> shift) & mask]++;
    if (at[((from[0] - least) >> shift) & mask] == n) return false;
    int64_t sum = 0;
    for (uint32_t d = 0; d <= mask; d++) {
        const int64_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) {
        const uint32_t w = from[i];
        to[at[((w - least) >> shift) & mask]++] = w;
    }
    return true;
}

static void radix_sort(ac_u32_at *words, int64_t n, uint32_t *spare) {
    uint32_t least = words[0], most = words[0];
    bool sorted = true;
    for (int64_t i = 1; i < n; i++) {
        const uint32_t w = words[i];
        sorted &= words[i - 1] <= w;
        least = w < least ? w : least;
        most = w > most ? w : most;
    }
    if (sorted) return;
    const int width = 32 - __builtin_clz(most - least);
    const int radix = n < 4096 ? 8 : MAX_RADIX_BITS;
    const int passes = (width + radix - 1) / radix;
    ac_u32_at *from = words, *to = (ac_u32_at *)spare;
    for (int p = 0, shift = 0; p < passes; p++) {
        const int bits = (width - shift + passes - p - 1) / (passes - p); /* even shares */
        if (radix_pass(from, to, n, least, shift, bits)) {
            ac_u32_at *const swap = from;
            from = to;
            to = swap;
        }
        shift += bits;
    }
    if (from != words) memcpy(words, from, (size_t)n * sizeof *words);
}

void ac_sort_u32(ac_simd simd, ac_u32_at *words, int64_t n, uint32_t *spare) {
#if defined(__x86_64__)
    if (simd == AC_SIMD_AVX512) {
        ac_sort_u32_avx512_(words, n);
        return;
    }
#endif
    (void)simd;
    if (n <= SMALL) {
        insertion(words, n);
    } else {
        radix_sort(words, n, spare);
    }
}
