/* The front: counts are right whatever it pushes out, drains early or hands over at the end. */
#include "kernels/ac_words_front.h"

#include "check.h"

static uint64_t seed;

static void add(ac_words_front *f, const char *bytes, size_t length, uint64_t count) {
    ac_word_slot word;
    const uint64_t hash =
        ac_word_make(&word, (const uint8_t *)bytes, length, (int64_t)length, seed);
    word.head = count << 8 | (uint8_t)word.head;
    CHECK(ac_words_front_add(f, ac_words_front_set(f, hash), &word));
}

static uint64_t get(const ac_words_table *t, const char *bytes, size_t length, int skip) {
    ac_word_slot word;
    const uint64_t hash =
        ac_word_make(&word, (const uint8_t *)bytes, length, (int64_t)length, seed);
    const ac_word_slot *const s = ac_words_table_find(t, &word, hash, skip);
    return s == NULL ? 0 : ac_word_count(s);
}

static int part_of(const char *bytes, size_t length) {
    ac_word_slot word;
    return (int)(ac_word_make(&word, (const uint8_t *)bytes, length, (int64_t)length, seed) >>
                 (64 - AC_FRONT_PART_BITS));
}

/* Word i, a third of them long; they must stay where they are until they are collected. */
static size_t spell(char *word, size_t room, int i) {
    return (size_t)snprintf(word, room, i % 3 ? "%d" : "a word of more than enough bytes %d", i);
}

static void check_words(int words, int rounds, int64_t bytes, int skip, bool drained) {
    enum { ROOM = 48 };
    ac_words_front f;
    CHECK(ac_words_front_init(&f, NULL, bytes, seed));
    char *const text = malloc((size_t)words * ROOM);
    uint64_t state = seed;
    uint64_t *const want = calloc((size_t)words, sizeof *want);
    for (int i = 0; i < words; i++) spell(text + (size_t)i * ROOM, ROOM, i);
    for (int r = 0; r < rounds * words; r++) {
        const int i = (int)(check_random(&state) % (uint64_t)(r % 2 ? words : words / 10 + 1));
        const uint64_t count = 1 + check_random(&state) % 3;
        add(&f, text + (size_t)i * ROOM, strlen(text + (size_t)i * ROOM), count);
        want[i] += count;
    }
    uint64_t early = 0;
    for (int p = 0; p < AC_FRONT_PARTS; p++) early += f.part[p].table.used;
    CHECK((early > 0) == drained);
    ac_words_table tables[AC_FRONT_PARTS];
    memset(tables, 0, sizeof tables);
    for (int p = 0; p < AC_FRONT_PARTS; p++) {
        ac_words_table *const to = skip ? &tables[p] : &tables[0];
        const int64_t records = ac_words_front_records(&f, p);
        const uint64_t before = to->used;
        CHECK(ac_words_front_collect(&f, p, to, skip));
        CHECK((int64_t)(to->used - before) <= records);
        CHECK(ac_words_front_records(&f, p) == 0);
    }
    ac_words_front_free(&f);
    char word[ROOM];
    for (int i = 0; i < words; i++) {
        const size_t n = spell(word, ROOM, i);
        memset(text + (size_t)i * ROOM, '?', ROOM); /* the tables keep nothing of the text */
        CHECK(get(&tables[skip ? part_of(word, n) : 0], word, n, skip) == want[i]);
    }
    for (int p = 0; p < AC_FRONT_PARTS; p++) ac_words_table_free(&tables[p]);
    free(text);
    free(want);
}

static void test_few_words_stay_in_the_front(void) {
    check_words(1, 5, 10, 0, false);
    check_words(40, 20, 1000, 0, false);
    check_words(40, 20, 1000, AC_FRONT_PART_BITS, false);
}

static void test_many_words_are_pushed_out_and_found_again(void) {
    const int words = (int)check_scale(60000);
    check_words(words, 3, (int64_t)1 << 30, 0, false);
    check_words(words, 3, 100, AC_FRONT_PART_BITS, false);
}

/* 64 lists of 16384 records are drained early: the front is small, so that nearly all is pushed
 * out. */
static void test_lists_that_grow_too_long_are_counted_early(void) {
    check_words(5000, 400, 100, AC_FRONT_PART_BITS, true);
    check_words(5000, 400, 100, 0, true);
}

/* What the front says is room enough for every part, to the byte for words that come once. */
static void test_it_knows_how_much_room_its_words_need(void) {
    enum { ROOM = 48, WORDS = 30000 };
    for (int times = 1; times <= 2; times++) {
        ac_words_front f;
        CHECK(ac_words_front_init(&f, NULL, 100, seed));
        char *const text = malloc((size_t)WORDS * ROOM);
        uint64_t letters = 0, told = 0;
        for (int t = 0; t < times; t++) {
            for (int i = 0; i < WORDS; i++) {
                const size_t n = spell(text + (size_t)i * ROOM, ROOM, i);
                add(&f, text + (size_t)i * ROOM, n, 1);
                if (n > AC_WORD_INLINE) letters += n;
            }
        }
        for (int p = 0; p < AC_FRONT_PARTS; p++) {
            const uint64_t capacity = ac_words_table_capacity((uint64_t)ac_words_front_records(&f, p));
            const uint64_t bytes = ac_words_front_long_bytes(&f, p);
            ac_word_slot *const slots = calloc(capacity, sizeof *slots);
            uint8_t *const room = malloc(bytes + 1);
            ac_words_table t;
            memset(&t, 0, sizeof t);
            ac_words_table_lend(&t, slots, capacity, room, bytes);
            CHECK(ac_words_front_collect(&f, p, &t, AC_FRONT_PART_BITS));
            CHECK(t.lent && t.arena == NULL && t.arena_at >= room && t.arena_at <= room + bytes);
            CHECK(times > 1 || t.arena_at == room + bytes);
            CHECK(ac_words_front_long_bytes(&f, p) == 0);
            told += bytes;
            ac_words_table_free(&t);
            free(slots);
            free(room);
        }
        CHECK(told <= letters && (times > 1 || told == letters));
        ac_words_front_free(&f);
        free(text);
    }
}

static void test_an_empty_front_can_be_freed(void) {
    ac_words_front f;
    memset(&f, 0, sizeof f);
    ac_words_front_free(&f);
    CHECK(ac_words_front_init(&f, NULL, 0, seed));
    ac_words_front_free(&f);
    ac_words_front_free(&f);
}

int main(void) {
    seed = check_seed();
    RUN(test_few_words_stay_in_the_front);
    RUN(test_many_words_are_pushed_out_and_found_again);
    RUN(test_lists_that_grow_too_long_are_counted_early);
    RUN(test_it_knows_how_much_room_its_words_need);
    RUN(test_an_empty_front_can_be_freed);
    return 0;
}
