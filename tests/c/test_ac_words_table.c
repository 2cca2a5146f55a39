/* The word table: short and long words, zero bytes, growth, collisions. */
#include "kernels/ac_words_table.h"

#include "check.h"

static uint64_t seed;

static void add(ac_words_table *t, const char *bytes, size_t length, uint64_t count) {
    ac_word_slot word;
    const uint64_t hash =
        ac_word_make(&word, (const uint8_t *)bytes, length, (int64_t)length, seed);
    word.head = count << 8 | (uint8_t)word.head;
    CHECK(ac_words_table_reserve(t, 1, seed, 0));
    CHECK(ac_words_table_add(t, &word, hash, 0, false));
}

static uint64_t get(const ac_words_table *t, const char *bytes, size_t length) {
    ac_word_slot word;
    const uint64_t hash =
        ac_word_make(&word, (const uint8_t *)bytes, length, (int64_t)length, seed);
    const ac_word_slot *const s = ac_words_table_find(t, &word, hash, 0);
    return s == NULL ? 0 : ac_word_count(s);
}

static void test_words_that_differ_little_are_told_apart(void) {
    ac_words_table t = {0};
    CHECK(get(&t, "a", 1) == 0);
    const char text[64] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const char zeroes[64] = {0};
    for (size_t n = 1; n < 64; n++) {
        add(&t, text, n, n);
        add(&t, zeroes, n, 1000 + n);
    }
    add(&t, "a\0", 2, 77);
    for (size_t n = 1; n < 64; n++)
        CHECK(get(&t, text, n) == n && get(&t, zeroes, n) == 1000 + n);
    CHECK(get(&t, "a\0", 2) == 77 && t.used == 127);
    add(&t, text, 40, 2);
    CHECK(get(&t, text, 40) == 42 && t.used == 127);
    ac_words_table_free(&t);
    CHECK(t.capacity == 0 && t.slots == NULL);
}

static void test_the_fast_load_and_the_careful_one_agree(void) {
    uint64_t state = seed;
    char text[48];
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 48; i++) text[i] = (char)check_random(&state);
        const uint64_t n = 1 + check_random(&state) % AC_WORD_INLINE;
        ac_word_slot fast, careful;
        const uint64_t hash = ac_word_make(&fast, (const uint8_t *)text, n, 48, seed);
        CHECK(ac_word_make(&careful, (const uint8_t *)text, n, (int64_t)n, seed) == hash);
        CHECK(memcmp(&fast, &careful, sizeof fast) == 0);
    }
}

static void test_many_words_survive_growth(void) {
    ac_words_table t = {0};
    char word[40];
    enum { N = 50000 };
    for (int i = 0; i < N; i++) {
        const int n = snprintf(word, sizeof word, i % 3 ? "%d" : "a rather long word, long %d", i);
        add(&t, word, (size_t)n, (uint64_t)i + 1);
    }
    CHECK(t.used == N && t.used <= t.capacity - t.capacity / 8);
    for (int i = 0; i < N; i++) {
        const int n = snprintf(word, sizeof word, i % 3 ? "%d" : "a rather long word, long %d", i);
        CHECK(get(&t, word, (size_t)n) == (uint64_t)i + 1);
    }
    CHECK(get(&t, "no such word", 12) == 0);
    ac_words_table_free(&t);
}

static void test_words_outlive_their_text(void) {
    ac_words_table t = {0};
    const size_t n = 200000; /* more than a block of the arena */
    char *const text = malloc(n);
    memset(text, 'q', n);
    add(&t, text, n, 1);
    add(&t, text, 30, 2);
    memset(text, 'z', n);
    for (uint64_t i = 0; i < t.capacity; i++) {
        const ac_word_slot *const s = &t.slots[i];
        for (uint64_t k = 0; s->head != 0 && k < ac_word_length(s); k++)
            CHECK(ac_word_bytes(s)[k] == 'q');
    }
    free(text);
    ac_words_table_free(&t);
}

int main(void) {
    seed = check_seed();
    RUN(test_words_that_differ_little_are_told_apart);
    RUN(test_the_fast_load_and_the_careful_one_agree);
    RUN(test_many_words_survive_growth);
    RUN(test_words_outlive_their_text);
    return 0;
}
