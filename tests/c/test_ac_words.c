/* Counting words: against a plain loop, wherever chunks and texts are cut. */
#include "kernels/ac_words.h"

#include "kernels/ac_words_scan.h"
#include "kernels_check.h"

static uint64_t seed;

/* The same count by the plainest means: one walk, one ac_words_add for each word. */
static ac_words *plain_count(const ac_text *texts, int64_t count, uint64_t shortest,
                             uint64_t longest) {
    ac_words *const w = ac_words_new(seed + 1);
    CHECK(w != NULL);
    for (int64_t t = 0; t < count; t++) {
        for (int64_t i = 0; i < texts[t].size;) {
            int64_t end = i;
            while (end < texts[t].size && !ac_is_space(texts[t].bytes[end])) end++;
            const uint64_t length = (uint64_t)(end - i);
            if (length > 0 && length >= shortest && length <= longest)
                CHECK(ac_words_add(w, texts[t].bytes + i, length, 1));
            i = end + 1;
        }
    }
    return w;
}

static void check_same(const ac_words *a, const ac_words *b) {
    uint64_t cursor = 0, seen = 0, of_length[40] = {0};
    ac_word word;
    CHECK(ac_words_total(a) == ac_words_total(b) && ac_words_distinct(a) == ac_words_distinct(b));
    while (ac_words_next(a, &cursor, &word)) {
        CHECK(word.count > 0 && ac_words_get(b, word.bytes, word.length) == word.count);
        seen++;
        if (word.length < 40) of_length[word.length] += word.count;
    }
    CHECK(!ac_words_next(a, &cursor, &word));
    CHECK(seen == ac_words_distinct(a));
    for (uint64_t n = 0; n < 40; n++) CHECK(ac_words_of_length(a, n) == of_length[n]);
}

static void check_texts(const ac_text *texts, int64_t count, uint64_t shortest, uint64_t longest) {
    ac_words *const want = plain_count(texts, count, shortest, longest);
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            ac_words *got;
            CHECK(ac_words_count(&ex, texts, count, shortest, longest, seed, &got) == 0);
            check_same(got, want);
            check_same(want, got);
            ac_words_free(got);
        }
    }
    ac_words_free(want);
}

static uint8_t *random_text(uint64_t *state, int64_t n, int kind) {
    uint8_t *const text = malloc((size_t)n + 1);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t r = check_random(state);
        if (kind == 0) {
            text[i] = r % 6 == 0 ? ' ' : (uint8_t)('a' + r / 8 % 5); /* few short words */
        } else if (kind == 1) {
            text[i] = (uint8_t)r; /* any bytes, NUL among them; long words */
        } else if (kind == 2) {
            text[i] = r % 20000 == 0 ? '\n' : (uint8_t)('a' + r / 32768 % 2); /* very long words */
        } else {
            text[i] = 'x'; /* one word */
        }
    }
    return text;
}

static void test_any_text_cut_anywhere(void) {
    uint64_t state = seed;
    const int64_t sizes[] = {0, 1, 15, 16, 17, 4096, 4097, 262143, 262144, 262145, 1000003};
    for (int kind = 0; kind < 4; kind++) {
        for (int s = 0; s < 11; s++) {
            if (sizes[s] > 300000 && check_scale(100) < 100) continue;
            uint8_t *const text = random_text(&state, sizes[s], kind);
            const ac_text one = {text, sizes[s]};
            check_texts(&one, 1, 1, INT64_MAX);
            /* Words end with their text, also in the midst of one. */
            const int64_t cut = sizes[s] / 3;
            const ac_text three[] = {{text, cut}, {text + cut, 0}, {text + cut, sizes[s] - cut}};
            check_texts(three, 3, 1, INT64_MAX);
            free(text);
        }
    }
}

/* Few bytes are counted another way: around where that ends, whole, in parts and with limits. */
static void test_texts_of_few_bytes(void) {
    uint64_t state = seed;
    for (int kind = 0; kind < 4; kind++) {
        for (int64_t n = 2; n < 2100; n += n < 70 ? 1 : n < 2030 ? 331 : 5) {
            uint8_t *const text = random_text(&state, n, kind);
            const int64_t cut = (int64_t)(check_random(&state) % (uint64_t)n);
            const ac_text two[] = {{text, cut}, {text + cut, n - cut}};
            check_texts(two, 2, 1, INT64_MAX);
            check_texts(two, 2, 2, 24 + check_random(&state) % 3);
            free(text);
        }
    }
}

static void test_lengths_are_chosen(void) {
    uint64_t state = seed;
    uint8_t *const text = random_text(&state, 100000, 0);
    const ac_text one = {text, 100000};
    const uint64_t limits[][2] = {{1, 1}, {7, 7}, {3, 9}, {16, INT64_MAX}, {17, 20}};
    for (int i = 0; i < 5; i++) check_texts(&one, 1, limits[i][0], limits[i][1]);
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    ac_words *none;
    CHECK(ac_words_count(&ex, &one, 1, 1, 0, seed, &none) == 0 && ac_words_total(none) == 0);
    ac_words_free(none);
    CHECK(ac_words_count(&ex, NULL, 0, 1, 9, seed, &none) == 0 && ac_words_distinct(none) == 0);
    CHECK(ac_words_get(none, (const uint8_t *)"x", 1) == 0);
    CHECK(ac_words_get(none, (const uint8_t *)"", 0) == 0);
    ac_words_free(none);
    free(text);
}

static void test_it_stops_when_asked(void) {
    const int64_t n = (int64_t)1 << 25;
    uint64_t state = seed;
    uint8_t *const text = random_text(&state, n, 1);
    const ac_text one = {text, n};
    for (int32_t threads = 1; threads <= 2; threads++) {
        const ac_exec ex = check_stopping_exec(threads);
        ac_words *w;
        CHECK(ac_words_count(&ex, &one, 1, 1, INT64_MAX, seed, &w) == AC_STOPPED_BY_POLL);
        CHECK(w == NULL);
    }
    free(text);
}

int main(void) {
    seed = check_seed();
    RUN(test_any_text_cut_anywhere);
    RUN(test_texts_of_few_bytes);
    RUN(test_lengths_are_chosen);
    RUN(test_it_stops_when_asked);
    return 0;
}
