/* ac_words_scan.h - where words begin and end: runs of bytes that are not whitespace.
 *
 * Whitespace is what bytes.split() takes for it: space \t \n \v \f \r.
 */
#ifndef AC_WORDS_SCAN_H
#define AC_WORDS_SCAN_H

#include <stdbool.h>

#include "sched/ac_exec.h"

#define AC_WORDS_BLOCK 4096

AC_INLINE bool ac_is_space(uint8_t c) { return c == ' ' || (uint8_t)(c - 9) < 5; }

/* Writes to edge[] the offsets in text[0..n), n <= AC_WORDS_BLOCK, at which a word begins or ends,
 * and returns how many. *in_word: whether the byte before text belongs to a word; on return,
 * whether the last one does. edge has room for n + 64 entries. */
int64_t ac_words_edges(ac_simd simd, const uint8_t *text, int64_t n, bool *in_word, uint32_t *edge);

/* The first whitespace in text[lo..n), or n. */
int64_t ac_words_find_space(ac_simd simd, const uint8_t *text, int64_t lo, int64_t n);

#endif
