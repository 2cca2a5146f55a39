/* The set of keys: against a sorted copy, on every path and number of parts; keys that are hard on it. */
#include "kernels/ac_key_set.h"

#include "keys_check.h"

static uint64_t seed;

static bool is_in(const uint64_t *sorted, int64_t n, uint64_t key) {
    return bsearch(&key, sorted, (size_t)n, 8, check_compare_u64) != NULL;
}

static void fill(ac_key_set *s, const uint64_t *keys, int64_t n) {
    for (int part = 0; part < ac_key_set_parts(s); part++)
        for (int64_t at = 0; at < n; at += AC_KEY_SET_BLOCK)
            CHECK(ac_key_set_add(s, part, keys + at,
                                 n - at < AC_KEY_SET_BLOCK ? n - at : AC_KEY_SET_BLOCK));
}

/* Looks for all keys and their neighbours. */
static void check_keys(ac_simd simd, const uint64_t *keys, int64_t n, int64_t total,
                       int32_t threads) {
    ac_key_set s;
    uint64_t *const sorted = check_sorted_keys(keys, n);
    const ac_exec ex = check_exec(simd, threads);
    ac_key_set_init(&s, &ex, total);
    fill(&s, keys, n);
    int64_t used = 0;
    for (int part = 0; part < ac_key_set_parts(&s); part++)
        used += s.part[part].used + s.part[part].zero;
    int64_t different = 0;
    for (int64_t i = 0; i < n; i++) different += i == 0 || sorted[i] != sorted[i - 1];
    CHECK(used == different);
    const bool sealed = (seed + (uint64_t)n + (uint64_t)threads) % 3 != 0; /* it only makes it faster */
    if (sealed) ac_key_set_seal(&s);
    for (int64_t at = 0; at < n; at += 100) {
        for (uint64_t step = 0; step < 2; step++) {
            const int64_t some = n - at < 100 ? n - at : 100;
            uint64_t wanted[100];
            uint8_t out[100], opposite[100];
            for (int64_t i = 0; i < some; i++) wanted[i] = keys[at + i] + step;
            ac_key_set_find(&s, wanted, some, false, out);
            ac_key_set_find(&s, wanted, some, true, opposite);
            for (int64_t i = 0; i < some; i++) {
                CHECK(out[i] == is_in(sorted, n, wanted[i]));
                CHECK(opposite[i] == !out[i]);
            }
        }
    }
    ac_key_set_end(&s);
    free(sorted);
}

static void test_patterns(void) {
    const int64_t sizes[] = {1, 2, 127, 128, 129, 1000, 20000};
    uint64_t *const keys = malloc(20000 * 8);
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int size = 0; size < 7; size++) {
            uint64_t state = seed;
            const int64_t n = sizes[size];
            for (int64_t i = 0; i < n; i++) keys[i] = check_pattern(pattern, i, n, &state);
            FOR_EACH_SIMD(simd) check_keys(simd, keys, n, n, 1 + size);
        }
    free(keys);
}

/* A total that is too high or too low only makes tables too large or lets them grow more often; one
 * that is high makes parts. */
static void test_any_total_and_parts(void) {
    const int64_t totals[] = {1, 100, 5000, 70000, 2000000};
    uint64_t keys[5000];
    uint64_t state = seed;
    for (int i = 0; i < 5000; i++) keys[i] = check_random(&state) >> (i % 64);
    for (int t = 0; t < 5; t++) check_keys(ac_simd_detect(), keys, 5000, totals[t], 100);
    const struct {
        int64_t total;
        int32_t threads;
        int parts;
    } want[] = {{2000000, 1, 1}, {2000000, 3, 4}, {2000000, 1000, AC_KEY_SET_MAX_PARTS}, {1000, 1000, 1}};
    for (int k = 0; k < 4; k++) {
        const ac_exec ex = check_exec(ac_simd_detect(), want[k].threads);
        ac_key_set s;
        ac_key_set_init(&s, &ex, want[k].total);
        CHECK(ac_key_set_parts(&s) == want[k].parts);
        ac_key_set_end(&s);
    }
}

static bool stands_in_room(const ac_key_set *s, int part) {
    const char *const place = (const char *)s->part[part].place, *const room = s->room.data;
    return room != NULL && place == room + (size_t)part * s->room_part;
}

/* Large tables stand in the borrowed room, whose last user left it full of keys; who outgrows it, or
 * has no room, gets memory of his own. */
static void test_tables_in_the_room(void) {
    enum { N = 50000 };
    uint64_t *const keys = malloc(2 * N * 8);
    uint64_t state = seed;
    for (int i = 0; i < 2 * N; i++) keys[i] = check_random(&state);
    const ac_exec ex = check_exec(ac_simd_detect(), 2);
    for (int round = 0; round < 3; round++) {
        const int64_t count = round == 2 ? 2 * N : N; /* of N it was told of */
        ac_key_set s;
        ac_key_set_init(&s, &ex, N);
        CHECK(ac_key_set_parts(&s) == 2 && s.room.data != NULL);
        fill(&s, keys + (round == 1 ? N : 0), count);
        for (int part = 0; part < 2; part++) CHECK(stands_in_room(&s, part) == (round != 2));
        ac_key_set_seal(&s);
        CHECK((s.base != NULL) == (round != 2));
        for (int64_t at = 0; at < 2 * N; at += 100) {
            uint8_t out[100];
            ac_key_set_find(&s, keys + at, 100, false, out);
            for (int i = 0; i < 100; i++) CHECK(out[i] == (round == 2 || (round == 1) == (at >= N)));
        }
        ac_key_set_end(&s);
    }
    const ac_exec alone = {NULL, 2, ac_simd_detect(), NULL, NULL}; /* nobody lends anything */
    ac_key_set s;
    ac_key_set_init(&s, &alone, N);
    fill(&s, keys, N);
    uint8_t out[100];
    ac_key_set_find(&s, keys + N - 50, 100, false, out);
    for (int i = 0; i < 100; i++) CHECK(out[i] == (i < 50));
    ac_key_set_end(&s);
    free(keys);
}

static void test_zero_is_a_key_like_any_other(void) {
    uint64_t keys[300];
    for (uint64_t i = 0; i < 300; i++) keys[i] = i;
    FOR_EACH_SIMD(simd) check_keys(simd, keys, 300, 300, 1);
    FOR_EACH_SIMD(simd) check_keys(simd, keys + 1, 299, 299, 1);
}

/* Full buckets: as many keys of one home as the seed, which is known here, gives. */
static void test_keys_of_one_home(void) {
    FOR_EACH_SIMD(simd) {
        const ac_exec ex = check_exec(simd, 1);
        ac_key_set s;
        ac_key_set_init(&s, &ex, 100);
        s.seed = 0;
        uint64_t keys[100]; /* their hashes are 1 to 100: the first bucket */
        for (uint64_t i = 0; i < 100; i++) keys[i] = check_key_of_hash(i + 1);
        fill(&s, keys, 50);
        uint8_t out[100];
        ac_key_set_find(&s, keys, 100, false, out);
        for (int i = 0; i < 100; i++) CHECK(out[i] == (i < 50));
        ac_key_set_end(&s);
    }
}

int main(void) {
    seed = check_seed();
    RUN(test_patterns);
    RUN(test_any_total_and_parts);
    RUN(test_tables_in_the_room);
    RUN(test_zero_is_a_key_like_any_other);
    RUN(test_keys_of_one_home);
    return 0;
}
