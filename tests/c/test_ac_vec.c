/* Vectors of words: what each helper does to lanes, against loops. */
#if defined(__x86_64__)
#define AC_BITS 64
#include "kernels/ac_vec_avx512.h"
#undef AC_BITS
#define AC_BITS 32
#include "kernels/ac_vec_avx512.h"
#endif

#include "words_check.h"

#if defined(__x86_64__)

static uint64_t seed;

typedef struct lanes {
    uint64_t at[8]; /* room for a vector */
} lanes;

#define EACH_WIDTH(call_32, call_64)             \
    do {                                         \
        if (bits == 32) {                        \
            call_32;                             \
        } else {                                 \
            call_64;                             \
        }                                        \
    } while (0)

AC_AVX512 static void exchange(int bits, lanes *a, lanes *b) {
    ac_vec x = _mm512_loadu_si512(a->at), y = _mm512_loadu_si512(b->at);
    EACH_WIDTH(ac_vec_exchange_32(&x, &y), ac_vec_exchange_64(&x, &y));
    _mm512_storeu_si512(a->at, x);
    _mm512_storeu_si512(b->at, y);
}

#define STEP(width, distance) x = ac_vec_step_##width(x, distance)
AC_AVX512 static void step(int bits, lanes *a, int distance) {
    ac_vec x = _mm512_loadu_si512(a->at);
    if (distance == 1) EACH_WIDTH(STEP(32, 1), STEP(64, 1));
    if (distance == 2) EACH_WIDTH(STEP(32, 2), STEP(64, 2));
    if (distance == 4) EACH_WIDTH(STEP(32, 4), STEP(64, 4));
    if (distance == 8) STEP(32, 8);
    _mm512_storeu_si512(a->at, x);
}

#define MIRROR(width, group) x = ac_vec_mirror_##width(x, group)
AC_AVX512 static void mirror(int bits, lanes *a, int group) {
    ac_vec x = _mm512_loadu_si512(a->at);
    if (group == 2) EACH_WIDTH(MIRROR(32, 2), MIRROR(64, 2));
    if (group == 4) EACH_WIDTH(MIRROR(32, 4), MIRROR(64, 4));
    if (group == 8) EACH_WIDTH(MIRROR(32, 8), MIRROR(64, 8));
    if (group == 16) MIRROR(32, 16);
    _mm512_storeu_si512(a->at, x);
}

static lanes random_lanes(uint64_t *state) {
    lanes made;
    for (int i = 0; i < 8; i++) made.at[i] = check_random(state) & check_random(state);
    return made;
}

static void test_lanes_are_exchanged_stepped_and_mirrored(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits) {
        const int count = 512 / bits;
        for (int round = 0; round < 200; round++) {
            const lanes a = random_lanes(&state), b = random_lanes(&state);
            lanes low = a, high = b;
            if (round % 3 == 0) high = a; /* equal words */
            const lanes other = high;
            exchange(bits, &low, &high);
            for (int i = 0; i < count; i++) {
                const uint64_t x = check_get_word(bits, &a, i), y = check_get_word(bits, &other, i);
                CHECK(check_get_word(bits, &low, i) == (x < y ? x : y));
                CHECK(check_get_word(bits, &high, i) == (x < y ? y : x));
            }
            for (int d = 1; d < count; d *= 2) {
                lanes stepped = a, mirrored = a;
                step(bits, &stepped, d);
                mirror(bits, &mirrored, 2 * d);
                for (int i = 0; i < count; i++) {
                    const uint64_t x = check_get_word(bits, &a, i);
                    const uint64_t y = check_get_word(bits, &a, i ^ d);
                    const bool second = (i & d) != 0;
                    CHECK(check_get_word(bits, &stepped, i) == ((x < y) == second ? y : x));
                    CHECK(check_get_word(bits, &mirrored, i) ==
                          check_get_word(bits, &a, i ^ (2 * d - 1)));
                }
            }
        }
    }
}

AC_AVX512 static void copy_some(int bits, void *to, const void *from, int64_t n) {
    EACH_WIDTH(ac_vec_store_some_32(to, n, 0, ac_vec_load_some_32(from, n, 0)),
               ac_vec_store_some_64(to, n, 0, ac_vec_load_some_64(from, n, 0)));
}

AC_AVX512 static void load_some(int bits, lanes *to, const void *from, int64_t n) {
    EACH_WIDTH(_mm512_storeu_si512(to->at, ac_vec_load_some_32(from, n, 0)),
               _mm512_storeu_si512(to->at, ac_vec_load_some_64(from, n, 0)));
}

static void test_parts_of_vectors(void) {
    uint64_t state = seed;
    FOR_EACH_WIDTH(bits) {
        const int count = 512 / bits;
        for (int n = -1; n <= count + 1; n++) {
            const lanes from = random_lanes(&state);
            lanes to = random_lanes(&state), loaded;
            const lanes before = to;
            copy_some(bits, &to, &from, n);
            load_some(bits, &loaded, &from, n);
            for (int i = 0; i < count; i++) {
                const uint64_t word = check_get_word(bits, &from, i);
                CHECK(check_get_word(bits, &to, i) ==
                      (i < n ? word : check_get_word(bits, &before, i)));
                CHECK(check_get_word(bits, &loaded, i) == (i < n ? word : check_most(bits)));
            }
        }
    }
}

int main(void) {
    if (!check_has_avx512()) return 0;
    seed = check_seed();
    RUN(test_lanes_are_exchanged_stepped_and_mirrored);
    RUN(test_parts_of_vectors);
    return 0;
}

#else
int main(void) { return 0; }
#endif
