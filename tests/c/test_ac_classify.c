/* Classification: monotone ids, the same on every path, crowds on their own. */
#include "kernels/ac_classify.h"

#include "kernels_check.h"

static uint64_t seed;

static void test_ids_are_monotone_and_alike_on_every_path(void) {
    uint64_t state = seed;
    enum { N = 1000 };
    static uint64_t key[N], sample[AC_CLASSIFY_SAMPLES], spare[AC_CLASSIFY_SAMPLES];
    static uint8_t want[N], got[N];
    static ac_classifier c;
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        for (int levels = 1; levels <= 8; levels++) {
            for (int i = 0; i < AC_CLASSIFY_SAMPLES; i++)
                sample[i] = check_pattern(pattern, i, AC_CLASSIFY_SAMPLES, &state);
            for (int i = 0; i < N; i++) key[i] = check_pattern(pattern, i, N, &state);
            key[5] = UINT64_MAX;
            key[6] = 0;
            qsort(key, N, 8, check_compare_u64);
            ac_classifier_init(&c, AC_SIMD_PORTABLE, levels, sample, spare);
            CHECK(c.ids >= 2 && c.ids <= AC_CLASSIFY_IDS);
            ac_classify(&c, (ac_u64_at *)key, N, want);
            for (int i = 0; i < N; i++) {
                CHECK(want[i] < c.ids);
                if (i == 0) continue;
                CHECK(want[i - 1] <= want[i]);
                if (key[i - 1] == key[i]) CHECK(want[i - 1] == want[i]);
                if (want[i - 1] == want[i] && ac_classifier_is_equal(&c, want[i]))
                    CHECK(key[i - 1] == key[i]);
            }
            FOR_EACH_SIMD(simd) {
                c.simd = simd;
                memset(got, 0xEE, N);
                const int n = N - levels; /* not a multiple of anything */
                ac_classify(&c, (ac_u64_at *)key, n, got);
                CHECK(memcmp(got, want, (size_t)n) == 0);
            }
        }
    }
}

static void test_even_keys_are_dealt_out_evenly(void) {
    uint64_t state = seed;
    static uint64_t sample[AC_CLASSIFY_SAMPLES], spare[AC_CLASSIFY_SAMPLES];
    static ac_classifier c;
    int count[AC_CLASSIFY_IDS] = {0};
    for (int i = 0; i < AC_CLASSIFY_SAMPLES; i++) sample[i] = check_random(&state);
    ac_classifier_init(&c, ac_simd_detect(), 8, sample, spare);
    CHECK(c.ids == 256 && !c.equals);
    for (int i = 0; i < 256000; i++) {
        const uint64_t key = check_random(&state);
        uint8_t id;
        ac_classify(&c, (const ac_u64_at *)&key, 1, &id);
        count[id]++;
    }
    for (int b = 0; b < 256; b++) CHECK(count[b] < 4000);
}

static void test_a_crowd_gets_an_id_of_its_own(void) {
    uint64_t state = seed;
    static uint64_t sample[AC_CLASSIFY_SAMPLES], spare[AC_CLASSIFY_SAMPLES];
    static ac_classifier c;
    for (int i = 0; i < AC_CLASSIFY_SAMPLES; i++)
        sample[i] = i % 2 ? 12345 : check_random(&state);
    ac_classifier_init(&c, ac_simd_detect(), 8, sample, spare);
    CHECK(c.equals && c.levels == 7);
    const uint64_t key[3] = {12344, 12345, 12346};
    uint8_t id[3];
    ac_classify(&c, (const ac_u64_at *)key, 3, id);
    CHECK(ac_classifier_is_equal(&c, id[1]) && id[0] < id[1] && id[1] < id[2]);
}

int main(void) {
    seed = check_seed();
    RUN(test_ids_are_monotone_and_alike_on_every_path);
    RUN(test_even_keys_are_dealt_out_evenly);
    RUN(test_a_crowd_gets_an_id_of_its_own);
    return 0;
}
