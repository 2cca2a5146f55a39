/* ac_grep.c - see ac_grep.h. Places where the first and the last byte fit are found by vectors and
 * compared. Where such places are many and mostly wrong, the rest of the chunk is searched as
 * Knuth, Morris and Pratt do (Fast pattern matching in strings, 1977), so that the time stays linear.
 *
 * A pattern without a border (a start that is also its end) cannot overlap itself: then every chunk
 * counts the occurrences that begin in it. With one, what counts depends on what counted before, and
 * the chunks are done one after the other.
 */
#include "kernels/ac_grep.h"

#include <stdbool.h>
#include <string.h>

#include "base/ac_atomic.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define CHUNK ((int64_t)1 << 18) /* 20 to 300 us */
#define BLOCK 256
#define WASTE 8 /* bytes compared in vain for each byte passed, before the method is changed */

/* For each of n <= BLOCK places: 1 where p has `first` and q has `last`. Returns whether any has. */
AC_INLINE bool places_body(const uint8_t *p, const uint8_t *q, int64_t n, uint8_t first,
                           uint8_t last, uint8_t *fits) {
    uint8_t any = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t fit = (uint8_t)((p[i] == first) & (q[i] == last));
        fits[i] = fit;
        any |= fit;
    }
    return any != 0;
}

AC_SIMD_PATHS(bool, places,
              (const uint8_t *p, const uint8_t *q, int64_t n, uint8_t first, uint8_t last,
               uint8_t *fits),
              (p, q, n, first, last, fits))

/* At most 2^18 of them, in 32-bit lanes. */
AC_INLINE int64_t equal_body(const uint8_t *p, int64_t n, uint8_t byte) {
    uint32_t count = 0;
    for (int64_t i = 0; i < n; i++) count += p[i] == byte;
    return count;
}

AC_SIMD_PATHS(int64_t, equal, (const uint8_t *p, int64_t n, uint8_t byte), (p, n, byte))

typedef struct job {
    const uint8_t *bytes, *pattern;
    int64_t n, m;
    const int64_t *borders; /* [k]: the longest border of the pattern's first k bytes */
    places_fn places;
    equal_fn equal;
    int64_t free_from;   /* one thread only: where the last occurrence ended */
    ac_atomic_i64 count; /* added to by every chunk; read when all threads have left */
} job;

/* Occurrences that begin from `from` to `end` - 1, each after the last; *next is the end of the last. */
static int64_t count_linear(const job *j, int64_t from, int64_t end, int64_t *next) {
    int64_t count = 0, k = 0;
    for (int64_t i = from; i < j->n && i - k < end; i++) {
        while (k > 0 && j->bytes[i] != j->pattern[k]) k = j->borders[k];
        if (j->bytes[i] == j->pattern[k]) k++;
        if (k == j->m) {
            if (i + 1 - k >= end) break;
            count++;
            *next = i + 1;
            k = 0;
        }
    }
    return count;
}

static int64_t count_fast(const job *j, int64_t from, int64_t end, int64_t *next) {
    const uint8_t first = j->pattern[0], last = j->pattern[j->m - 1];
    const int64_t begin = from;
    int64_t count = 0, wasted = 0;
    uint8_t fits[BLOCK];
    while (from < end) {
        const int64_t n = end - from < BLOCK ? end - from : BLOCK, at = from;
        const uint8_t *const p = j->bytes + at;
        from += n;
        if (!j->places(p, p + j->m - 1, n, first, last, fits)) continue;
        int64_t taken = *next - at; /* places before it lie in an occurrence */
        for (int64_t i = 0; i < n; i++) {
            uint64_t eight;
            if (i + 8 <= n) {
                memcpy(&eight, fits + i, 8);
                if (eight == 0) {
                    i += 7;
                    continue;
                }
            }
            if (!fits[i] || i < taken) continue;
            if (memcmp(p + i, j->pattern, (size_t)j->m) == 0) {
                count++;
                taken = i + j->m;
                *next = at + taken;
                continue;
            }
            wasted += j->m;
            if (wasted > WASTE * (at + i - begin) + 65536)
                return count + count_linear(j, at + i + 1, end, next);
        }
    }
    return count;
}

static int grep_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    const bool overlaps = j->borders[j->m] > 0;
    int64_t count, next = overlaps ? j->free_from : lo;
    (void)worker;
    if (j->m == 1) {
        count = j->equal(j->bytes + lo, hi - lo, j->pattern[0]);
    } else {
        count = count_fast(j, next > lo ? next : lo, hi, &next);
    }
    if (overlaps) j->free_from = next;
    ac_fetch_add_relaxed(&j->count, count); /* the end of the loop orders it before the read */
    return 0;
}

static void find_borders(const uint8_t *pattern, int64_t m, int64_t *borders) {
    int64_t k = 0;
    borders[0] = borders[1] = 0;
    for (int64_t i = 1; i < m; i++) {
        while (k > 0 && pattern[i] != pattern[k]) k = borders[k];
        if (pattern[i] == pattern[k]) k++;
        borders[i + 1] = k;
    }
}

int ac_grep_count(const ac_exec *ex, const uint8_t *bytes, int64_t n, const uint8_t *pattern,
                  int64_t m, int64_t *count) {
    int64_t few[65];
    *count = 0;
    if (m > n) return 0;
    const size_t room = ((size_t)m + 1) * sizeof *few;
    int64_t *const borders = m < 65 ? few : ac_scratch_alloc(room);
    if (borders == NULL) return AC_EXEC_NOMEM;
    find_borders(pattern, m, borders);
    job j = {.bytes = bytes, .pattern = pattern, .n = n, .m = m, .borders = borders};
    j.places = choose_places(ex->simd);
    j.equal = choose_equal(ex->simd);
    ac_exec mine = *ex;
    if (borders[m] > 0) mine.threads = 1;
    const int rc = ac_exec_for(&mine, grep_range, &j, n - m + 1, CHUNK);
    if (rc == 0) *count = ac_load_relaxed(&j.count);
    if (borders != few) ac_scratch_free(borders, room);
    return rc;
}
