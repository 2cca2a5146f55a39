/* The paths of ac_simd_paths.h: each exists, is chosen for its instruction set, and computes alike. */
#include "kernels/ac_simd_paths.h"

#include "kernels_check.h"

AC_INLINE double total_body(const double *x, int64_t n) {
    double lane[16] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++) lane[i % 16] += x[i] * x[i];
    for (int j = 0; j < 16; j++) sum += lane[j];
    return sum;
}
AC_SIMD_PATHS(double, total, (const double *x, int64_t n), (x, n))

/* With a body of its own for NEON, which says that it ran. */
AC_INLINE int which_body(void) { return 0; }
#if AC_NEON
AC_INLINE int which_neon_body(void) { return 1; }
#endif
AC_SIMD_PATHS_AND_NEON(int, which, (void), ())

static void test_every_path_gives_the_same_bits(void) {
    uint64_t state = check_seed();
    double x[333];
    for (int i = 0; i < 333; i++) x[i] = (double)(int64_t)check_random(&state) * 1e-9;
    const double want = total_portable(x, 333);
    FOR_EACH_SIMD(simd) {
        const double got = choose_total(simd)(x, 333);
        CHECK(memcmp(&got, &want, 8) == 0);
    }
}

static void test_the_path_is_the_one_asked_for(void) {
    CHECK(choose_total(AC_SIMD_PORTABLE) == total_portable);
#if defined(__x86_64__)
    CHECK(choose_total(AC_SIMD_AVX2) == total_avx2);
    CHECK(choose_total(AC_SIMD_AVX512) == total_avx512);
#endif
}

static void test_the_body_for_neon_runs_where_it_was_chosen_alone(void) {
    FOR_EACH_SIMD(simd) CHECK(choose_which(simd)() == (simd == AC_SIMD_NEON));
#if defined(__aarch64__) && defined(__ARM_NEON) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    CHECK(ac_simd_detect() == AC_SIMD_NEON && AC_NEON);
#else
    CHECK(!AC_NEON);
#endif
}

/* The lists name the ten types once each, with the size that ac_dtype says. */
static void test_the_lists_of_types(void) {
    int at = 0;
#define COUNT(NAME, T, V) CHECK(ac_dtype_size((ac_dtype)at++) == sizeof(V) && sizeof(T) == sizeof(V));
    AC_INTEGER_TYPES(COUNT)
    AC_FLOAT_TYPES(COUNT)
    CHECK(at == AC_F64 + 1);
}

int main(void) {
    RUN(test_every_path_gives_the_same_bits);
    RUN(test_the_path_is_the_one_asked_for);
    RUN(test_the_body_for_neon_runs_where_it_was_chosen_alone);
    RUN(test_the_lists_of_types);
    return 0;
}
