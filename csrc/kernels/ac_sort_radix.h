/* ac_sort_radix.h - radix and insertion sort of words, without instructions that only some processors
 * have; for the width that ac_width.h says. Everything is static. */
#include "kernels/ac_width.h"

#include <stdbool.h>
#include <string.h>

#ifndef AC_RADIX_BITS
#define AC_RADIX_BITS 11 /* of a digit, at the most: its counters take 16 KB */
#endif

AC_UNUSED static void AC_W(insertion)(ac_word_at *words, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const ac_word w = words[i];
        int64_t j = i;
        for (; j > 0 && words[j - 1] > w; j--) words[j] = words[j - 1];
        words[j] = w;
    }
}

/* One stable pass by the digit of `bits` bits at `shift` of (word - least). Returns false, and
 * moves nothing, if all words have the same digit. */
static bool AC_W(radix_pass)(const ac_word_at *from, ac_word_at *to, int64_t n, ac_word least,
                             int shift, int bits) {
    int64_t at[1 << AC_RADIX_BITS];
    const ac_word mask = ((ac_word)1 << bits) - 1;
    memset(at, 0, sizeof at[0] << bits);
    for (int64_t i = 0; i < n; i++) at[((from[i] - least) >> shift) & mask]++;
    if (at[((from[0] - least) >> shift) & mask] == n) return false;
    int64_t sum = 0;
    for (ac_word d = 0; d <= mask; d++) {
        const int64_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) {
        const ac_word w = from[i];
        to[at[((w - least) >> shift) & mask]++] = w;
    }
    return true;
}

/* n >= 1; `spare` has room for n words; `settled` as in ac_sort_words.h. */
AC_UNUSED static void AC_W(radix_sort)(ac_word_at *words, int64_t n, ac_word *spare, int settled) {
    ac_word least = words[0], most = words[0];
    bool sorted = true;
    for (int64_t i = 1; i < n; i++) {
        const ac_word w = words[i];
        sorted &= words[i - 1] <= w;
        least = w < least ? w : least;
        most = w > most ? w : most;
    }
    if (sorted) return;
    /* Subtracting the least makes a narrow range a short one; it may move carries into the settled
     * bits, which is only right if the least has none. */
    least = least >> settled << settled;
    const int width = 64 - __builtin_clzll(most - least);
    const int radix = n < 4096 ? 8 : AC_RADIX_BITS;
    const int passes = (width - settled + radix - 1) / radix;
    ac_word_at *from = words, *to = (ac_word_at *)spare;
    for (int p = 0, shift = settled; p < passes; p++) {
        const int bits = (width - shift + passes - p - 1) / (passes - p); /* even shares */
        if (AC_W(radix_pass)(from, to, n, least, shift, bits)) {
            ac_word_at *const swap = from;
            from = to;
            to = swap;
        }
        shift += bits;
    }
    if (from != words) memcpy(words, from, (size_t)n * sizeof *words);
}

#undef AC_BITS
