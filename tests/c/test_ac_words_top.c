/* The most frequent words: every size of list, ties by bytes. */
#include "check.h"
#include "kernels/ac_words.h"

static uint64_t seed;

static int by_rank(const void *a, const void *b) {
    const ac_word *const x = a, *const y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    const uint64_t common = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->bytes, y->bytes, common);
    return order != 0 ? order : x->length < y->length ? -1 : 1;
}

static void test_every_size_of_list(void) {
    uint64_t state = seed;
    enum { N = 300 };
    ac_words *const w = ac_words_new(seed);
    char text[40];
    for (int i = 0; i < N; i++) {
        const int n = snprintf(text, sizeof text, i % 7 ? "w%d" : "a word of many bytes %d", i);
        CHECK(ac_words_add(w, (const uint8_t *)text, (uint64_t)n, 1 + check_random(&state) % 20));
    }
    ac_word all[N], top[N + 5];
    uint64_t cursor = 0;
    for (int i = 0; i < N; i++) CHECK(ac_words_next(w, &cursor, &all[i]));
    qsort(all, N, sizeof *all, by_rank);
    for (uint64_t most = 0; most < N + 5; most++) {
        const uint64_t n = ac_words_top(w, most, top);
        CHECK(n == (most < N ? most : N));
        for (uint64_t i = 0; i < n; i++)
            CHECK(top[i].count == all[i].count && top[i].length == all[i].length &&
                  memcmp(top[i].bytes, all[i].bytes, all[i].length) == 0);
    }
    ac_words_free(w);
}

static void test_a_prefix_comes_before_what_it_begins(void) {
    ac_words *const w = ac_words_new(seed);
    const char *const words[] = {"ab", "a", "abc", "aa"};
    for (int i = 0; i < 4; i++)
        CHECK(ac_words_add(w, (const uint8_t *)words[i], strlen(words[i]), 3));
    ac_word top[4];
    CHECK(ac_words_top(w, 4, top) == 4);
    const char *const want[] = {"a", "aa", "ab", "abc"};
    for (int i = 0; i < 4; i++)
        CHECK(top[i].length == strlen(want[i]) &&
              memcmp(top[i].bytes, want[i], top[i].length) == 0);
    ac_words_free(w);
}

int main(void) {
    seed = check_seed();
    RUN(test_every_size_of_list);
    RUN(test_a_prefix_comes_before_what_it_begins);
    return 0;
}
