/* Mandelbrot: the same counts on every path, and those of the definition. */
#include "kernels/ac_mandelbrot.h"

#include "kernels_check.h"

static uint32_t by_definition(double x, double y, uint32_t max_iter) {
    double zx = 0, zy = 0;
    for (uint32_t n = 0; n < max_iter; n++) {
        if (zx * zx + zy * zy > 4.0) return n;
        const double next = (zx * zx - zy * zy) + x;
        zy = (zx + zx) * zy + y;
        zx = next;
    }
    return max_iter;
}

static void check_grid(const ac_mandelbrot_grid *g, size_t off) {
    const int64_t n = g->width * g->height;
    uint32_t *const want = malloc((size_t)n * 4 + 4);
    void *base;
    ac_u32_at *const got = check_room(&base, (size_t)n * 4 + 4, off);
    for (int64_t i = 0; i < n; i++)
        want[i] = by_definition(
            g->xmin + (double)(i % g->width) * ((g->xmax - g->xmin) / (double)g->width),
            g->ymin + (double)(i / g->width) * ((g->ymax - g->ymin) / (double)g->height),
            g->max_iter);
    FOR_EACH_SIMD(simd) {
        for (int32_t threads = 1; threads <= 3; threads++) {
            const ac_exec ex = check_exec(simd, threads);
            memset((void *)got, 0xEE, (size_t)n * 4);
            got[n] = 0x5EED;
            CHECK(ac_mandelbrot(&ex, g, got) == 0);
            CHECK(memcmp(got, want, (size_t)n * 4) == 0 && got[n] == 0x5EED);
        }
    }
    free(want);
    free(base);
}

static void test_counts_are_those_of_the_definition(void) {
    const ac_mandelbrot_grid grids[] = {
        {0, 0, -2, 0.5, -1.25, 1.25, 100},   {0, 7, -2, 0.5, -1.25, 1.25, 100},
        {7, 0, -2, 0.5, -1.25, 1.25, 100},   {1, 1, -2, 0.5, -1.25, 1.25, 100},
        {50, 41, -2, 0.5, -1.25, 1.25, 0},   {50, 41, -2, 0.5, -1.25, 1.25, 1},
        {33, 60, -2, 0.5, -1.25, 1.25, 200}, {60, 50, -0.76, -0.74, 0.05, 0.15, 2000},
        {3, 500, 2, -2, 1, -1, 33},          {64, 64, -1.3, -1.2, -0.1, 0.1, 31},
        {40, 40, -1e300, 1e300, -1e300, 1e300, 50},
    };
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) check_grid(&grids[i], i % 4);
}

/* Cycles and the inside are recognised: a billion steps would take minutes. */
static void test_points_that_never_leave_take_no_time(void) {
    const ac_mandelbrot_grid inside = {64, 4, -0.2, 0.1, -0.1, 0.1, 1000000000};
    const ac_mandelbrot_grid bulb = {16, 2, -0.13, -0.12, 0.74, 0.75, 100000000};
    uint32_t counts[256];
    FOR_EACH_SIMD(simd) {
        const ac_exec ex = check_exec(simd, 1);
        CHECK(ac_mandelbrot(&ex, &inside, (ac_u32_at *)counts) == 0);
        for (int i = 0; i < 256; i++) CHECK(counts[i] == 1000000000);
        CHECK(ac_mandelbrot(&ex, &bulb, (ac_u32_at *)counts) == 0);
        for (int i = 0; i < 32; i++) CHECK(counts[i] == 100000000);
    }
}

int main(void) {
    RUN(test_counts_are_those_of_the_definition);
    RUN(test_points_that_never_leave_take_no_time);
    return 0;
}
