/* check.h - what a C test needs: CHECK, a seeded generator, threads that start together. */
#ifndef AC_CHECK_H
#define AC_CHECK_H

#include "base/ac_atomic.h"
#include "base/ac_clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* assert, but always on, and telling the two sides apart from the test's own bugs. */
#define CHECK(cond)                                                                      \
    do {                                                                                 \
        if (!(cond)) {                                                                   \
            fprintf(stderr, "%s:%d: %s: CHECK(%s) failed\n", __FILE__, __LINE__, __func__, \
                    #cond);                                                              \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

/* TEST_ONLY=name in the environment runs that test of a program alone. */
#define RUN(test)                                                         \
    do {                                                                  \
        const char *const only_ = getenv("TEST_ONLY");                    \
        if (only_ != NULL && strcmp(only_, #test) != 0) break;            \
        fprintf(stderr, "  %s\n", #test);                                 \
        const int64_t begin_ = ac_now_ns();                               \
        test();                                                           \
        const int64_t took_ = (ac_now_ns() - begin_) / AC_NS_PER_MS;      \
        if (took_ >= 100) fprintf(stderr, "    %d ms\n", (int)took_);     \
    } while (0)

/* The seed of this run: the environment's TEST_SEED, or the clock. Printed, so that a failure can be
 * repeated. */
AC_UNUSED static uint64_t check_seed(void) {
    const char *const text = getenv("TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)ac_now_ns();
    fprintf(stderr, "  seed: %llu (repeat with TEST_SEED)\n", (unsigned long long)seed);
    return seed;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
AC_UNUSED static uint64_t check_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* How much work a stress test does: the environment's TEST_SCALE in percent (sanitizers set it
 * low), 100 by default. */
AC_UNUSED static uint64_t check_scale(uint64_t count) {
    const char *const text = getenv("TEST_SCALE");
    const uint64_t percent = text != NULL ? strtoull(text, NULL, 10) : 100;
    const uint64_t scaled = count * percent / 100;
    return scaled > 0 ? scaled : 1;
}

/* Starts `count` threads on one function, each with its element of `args`, and joins them. */
AC_UNUSED static void check_threads(int count, void *(*body)(void *), void *args, size_t size) {
    pthread_t threads[64];
    CHECK(count <= 64);
    for (int i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, body, (char *)args + (size_t)i * size) == 0);
    for (int i = 0; i < count; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

#endif
