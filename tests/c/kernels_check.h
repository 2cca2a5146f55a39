/* kernels_check.h - what the tests of kernels share: execution contexts, patterns, unaligned
 * rooms. */
#ifndef AC_KERNELS_CHECK_H
#define AC_KERNELS_CHECK_H

#include "check.h"
#include "kernels/ac_dtype.h"
#include "sched/ac_process.h"

/* Runs the statement for every instruction set that this processor has. */
#define FOR_EACH_SIMD(simd)                                                     \
    for (ac_simd simd = AC_SIMD_PORTABLE; simd <= AC_SIMD_NEON; simd++)         \
        if (simd == AC_SIMD_PORTABLE || simd == ac_simd_detect() ||             \
            (simd == AC_SIMD_AVX2 && ac_simd_detect() == AC_SIMD_AVX512))

AC_UNUSED static ac_exec check_exec(ac_simd simd, int32_t threads) {
    const ac_exec ex = {ac_process_api(), threads, simd, NULL, NULL};
    return ex;
}

static int stop_at_once(void *arg) {
    (void)arg;
    return 1;
}

/* A context whose poll stops the run the first time it is asked. */
AC_UNUSED static ac_exec check_stopping_exec(int32_t threads) {
    const ac_exec ex = {ac_process_api(), threads, ac_simd_detect(), stop_at_once, NULL};
    return ex;
}

/* malloc that leaves the pointer `off` bytes from an even address; free what *base says. */
AC_UNUSED static void *check_room(void **base, size_t bytes, size_t off) {
    *base = malloc(bytes + 64);
    CHECK(*base != NULL);
    return (char *)*base + off;
}

/* Whether a large case is left out: with a TEST_SCALE below 100 most of them are, others with each seed. */
AC_UNUSED static bool check_leaves_out(int64_t n, uint64_t seed, int number) {
    const uint64_t share = check_scale(100);
    uint64_t state = seed + (uint64_t)number;
    return n > 10000 && share < 100 && check_random(&state) % 100 >= share;
}

#define PATTERNS 12

/* Words in one of the shapes that sorts are known to stumble over. */
AC_UNUSED static uint64_t check_pattern(int pattern, int64_t i, int64_t n, uint64_t *state) {
    const uint64_t r = check_random(state);
    switch (pattern) {
    case 0:
        return r; /* even */
    case 1:
        return (uint64_t)i; /* up */
    case 2:
        return (uint64_t)(n - i); /* down */
    case 3:
        return UINT64_MAX; /* equal, the largest word */
    case 4:
        return 0; /* equal, the least */
    case 5:
        return r % 5; /* few values */
    case 6:
        return (uint64_t)(i < n / 2 ? i : n - i); /* organ pipe */
    case 7:
        return i == n - 1 ? 0 : (uint64_t)i; /* up but for the last */
    case 8:
        return r % 100 < 90 ? 77 : r; /* one value nearly always */
    case 9:
        return (r % 3 == 0 ? UINT64_MAX : r % 3 == 1 ? 0 : (uint64_t)1 << 63) ^ (r >> 60);
    case 10:
        return (uint64_t)(i / 2) * UINT64_C(0x9E3779B97F4A7C15); /* pairs */
    default:
        return r >> (r & 63); /* all widths */
    }
}

AC_UNUSED static int check_compare_u64(const void *a, const void *b) {
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    return (x > y) - (x < y);
}

#endif
