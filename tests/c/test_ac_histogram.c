/* Histograms: the edges alone decide, with equal bins and others, on every type and path. */
#include "kernels/ac_histogram.h"

#include "numbers_check.h"

static uint64_t seed;

static int64_t bin_of(double v, const double *edges, int64_t bins) {
    if (!(v >= edges[0] && v <= edges[bins])) return -1;
    int64_t k = 0;
    while (k < bins - 1 && v >= edges[k + 1]) k++;
    return k;
}

static void check_one(int dtype, const char *x, int64_t n, const double *edges, int64_t bins,
                      bool equal) {
    int64_t *const want = calloc((size_t)bins, 8), *const got = malloc((size_t)bins * 8);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = bin_of(check_get_f64(dtype, x, i), edges, bins);
        if (k >= 0) want[k]++;
    }
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 2; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            memset(got, 0x55, (size_t)bins * 8);
            CHECK(ac_histogram(&ex, (ac_dtype)dtype, x, n, edges, bins, equal, got) == 0);
            CHECK(memcmp(got, want, (size_t)bins * 8) == 0);
        }
    }
    free(want);
    free(got);
}

static void test_every_type(void) {
    const int64_t sizes[] = {0, 1, 15, 16, 17, 511, 513, 20001, 140001};
    const double uneven[6] = {-3, 0, 0, 1.5, 40, 100};
    uint64_t state = seed;
    double edges[301];
    for (int s = 0; s < 9; s++) {
        for (int dtype = AC_I8; dtype <= AC_F64; dtype++) {
            for (int shape = 0; shape <= (check_is_float(dtype) ? CHECK_FLOATS : 0); shape++) {
                void *base;
                const int64_t n = sizes[s];
                if (n > 100000 && dtype % 3 != 0) continue;
                char *const x = check_numbers(dtype, n, (size_t)s % 9, 11, shape, &state, &base);
                const double last = dtype % 2 ? 2 : 255.0;
                CHECK(ac_histogram_edges(-2, last, 16, false, edges)); /* on the edges, too */
                check_one(dtype, x, n, edges, 16, true);
                CHECK(ac_histogram_edges(-2.7, 90.1, 300, dtype == AC_F32, edges));
                if (n < 10000) check_one(dtype, x, n, edges, 300, true);
                CHECK(ac_histogram_edges(-1e9, 1e12, 1, false, edges));
                check_one(dtype, x, n, edges, 1, true);
                check_one(dtype, x, n, uneven, 5, false);
                free(base);
            }
        }
    }
}

/* Numbers on an edge and next to it on both sides. */
static void test_neighbours_of_edges(void) {
    double edges[101], x[400];
    for (int narrow = 0; narrow <= 1; narrow++) {
        const double first = narrow ? (double)0.1f : 0.1, last = narrow ? (double)0.7f : 0.7;
        CHECK(ac_histogram_edges(first, last, 100, narrow, edges));
        for (int k = 0; k <= 99; k++) {
            x[4 * k] = edges[k];
            x[4 * k + 1] = nextafter(edges[k], 0);
            x[4 * k + 2] = nextafter(edges[k], 1);
            x[4 * k + 3] = edges[k + 1];
        }
        check_one(AC_F64, (const char *)x, 400, edges, 100, true);
    }
}

static void test_edges(void) {
    double edges[11];
    CHECK(ac_histogram_edges(0, 10, 10, false, edges));
    for (int k = 0; k <= 10; k++) CHECK(edges[k] == k);
    CHECK(!ac_histogram_edges(1, 1 + 0x1p-51, 10, false, edges));
    CHECK(!ac_histogram_edges(1, 1, 3, false, edges));
    CHECK(!ac_histogram_edges(1, (double)INFINITY, 3, false, edges));
    CHECK(!ac_histogram_edges((double)NAN, 1, 3, true, edges));
}

int main(void) {
    seed = check_seed();
    RUN(test_every_type);
    RUN(test_neighbours_of_edges);
    RUN(test_edges);
    return 0;
}
