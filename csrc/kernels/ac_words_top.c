/* ac_words_top.c - ac_words_top of ac_words.h: a heap of the best so far, its worst on top. */
#include <string.h>

#include "kernels/ac_words.h"

/* Whether a comes before b: more often, or as often and lower in the order of bytes. */
static bool before(const ac_word *a, const ac_word *b) {
    if (a->count != b->count) return a->count > b->count;
    const uint64_t common = a->length < b->length ? a->length : b->length;
    const int order = memcmp(a->bytes, b->bytes, common);
    return order != 0 ? order < 0 : a->length < b->length;
}

static void sift_down(ac_word *heap, uint64_t n, uint64_t at, ac_word word) {
    for (uint64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(&heap[child], &heap[child + 1])) child++;
        if (!before(&word, &heap[child])) break;
        heap[at] = heap[child];
    }
    heap[at] = word;
}

uint64_t ac_words_top(const ac_words *w, uint64_t most, ac_word *top) {
    uint64_t n = 0, cursor = 0;
    ac_word word;
    if (most == 0) return 0;
    while (n < most && ac_words_next(w, &cursor, &word)) top[n++] = word;
    for (uint64_t i = n / 2; i-- > 0;) sift_down(top, n, i, top[i]);
    if (n == most) {
        while (ac_words_next(w, &cursor, &word))
            if (before(&word, &top[0])) sift_down(top, n, 0, word);
    }
    for (uint64_t end = n; end-- > 1;) { /* the worst goes last */
        const ac_word worst = top[0];
        sift_down(top, end, 0, top[end]);
        top[end] = worst;
    }
    return n;
}
