/* ac_mandelbrot.c - see ac_mandelbrot.h. Lanes are pixels; the vectors of a group are independent,
 * so that one's latency hides behind the others. A lane that has left goes on computing,
 * unheeded. */
#include "kernels/ac_mandelbrot.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Pixels per chunk: about 2^22 steps if none leaves (3 ms), but whole groups of vectors. */
#define CHUNK_STEPS ((int64_t)1 << 22)
#define MIN_PIXELS 64
#define MAX_PIXELS 65536

/* Every CHECK steps z is compared with a z kept from before: if they are equal, z runs in a cycle
 * and the point never leaves (Brent 1980). The comparison is exact, so it saves steps and changes
 * no count. */
#define CHECK 32

typedef struct point {
    double x, y;
} point;

/* Walks the grid; no division for each pixel. */
typedef struct walk {
    const ac_mandelbrot_grid *grid;
    double dx, dy;
    int64_t column, row;
} walk;

static walk walk_from(const ac_mandelbrot_grid *g, int64_t pixel) {
    return (walk){.grid = g,
                  .dx = (g->xmax - g->xmin) / (double)g->width,
                  .dy = (g->ymax - g->ymin) / (double)g->height,
                  .column = pixel % g->width,
                  .row = pixel / g->width};
}

AC_INLINE point walk_next(walk *w) {
    const point c = {w->grid->xmin + (double)w->column * w->dx,
                     w->grid->ymin + (double)w->row * w->dy};
    w->column++;
    if (w->column == w->grid->width) {
        w->column = 0;
        w->row++;
    }
    return c;
}

/* In the cardioid: q (q + (x - 1/4)) <= y^2 / 4 with q = (x - 1/4)^2 + y^2, which is at most 1
 * there (and infinite where both sides are). In the circle around -1: (x + 1)^2 + y^2 <= 1/16. */
AC_INLINE bool is_inside(point c) {
    const double y2 = c.y * c.y, s = c.x - 0.25, t = c.x + 1.0;
    const double q = s * s + y2;
    return (q <= 1.0 && q * (q + s) <= 0.25 * y2) || t * t + y2 <= 0.0625;
}

static void pixels_portable(const ac_mandelbrot_grid *g, int64_t lo, int64_t hi,
                            ac_u32_at *counts) {
    walk w = walk_from(g, lo);
    for (int64_t pixel = lo; pixel < hi; pixel++) {
        const point c = walk_next(&w);
        uint32_t steps = is_inside(c) ? g->max_iter : 0;
        uint64_t keep = CHECK; /* the step at which z is kept next */
        double zx = 0, zy = 0, kept_x = 0, kept_y = 0;
        while (steps < g->max_iter) {
            const double x2 = zx * zx, y2 = zy * zy;
            if (!(x2 + y2 <= 4.0)) break;
            zy = (zx + zx) * zy + c.y;
            zx = (x2 - y2) + c.x;
            steps++;
            if (steps % CHECK != 0) continue;
            if (zx == kept_x && zy == kept_y) steps = g->max_iter;
            if (steps >= keep) {
                keep *= 2;
                kept_x = zx;
                kept_y = zy;
            }
        }
        counts[pixel] = steps;
    }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

#define GROUP 16 /* pixels: 2 vectors of 8 or 4 of 4, enough to hide the latency of a step */

/* The coordinates of the next pixels, and which of them need steps. A group that is not full gets
 * pixels behind the grid too; their counts are dropped. */
static uint32_t start_group(walk *w, double *x, double *y) {
    uint32_t open = 0;
    for (int k = 0; k < GROUP; k++) {
        const point c = walk_next(w);
        x[k] = c.x;
        y[k] = c.y;
        open |= (uint32_t)!is_inside(c) << k;
    }
    return open;
}

/* `count` of pixels that are inside is max_iter, of the others as many steps as were counted. */
static void end_group(const ac_mandelbrot_grid *g, int64_t lo, int64_t hi, uint32_t never,
                      const int64_t *count, ac_u32_at *counts) {
    for (int k = 0; k < GROUP && lo + k < hi; k++)
        counts[lo + k] = never >> k & 1 ? g->max_iter : (uint32_t)count[k];
}

AVX512 static void pixels_avx512(const ac_mandelbrot_grid *g, int64_t lo, int64_t hi,
                                 ac_u32_at *counts) {
    enum { V = GROUP / 8 };
    const __m512d four = _mm512_set1_pd(4.0);
    const __m512i one = _mm512_set1_epi64(1);
    walk w = walk_from(g, lo);
    for (; lo < hi; lo += GROUP) {
        double x[GROUP], y[GROUP];
        int64_t count[GROUP];
        const uint32_t open = start_group(&w, x, y);
        uint32_t never = ~open;
        __m512d cx[V], cy[V], zx[V], zy[V], kept_x[V], kept_y[V];
        __m512i n[V];
        __mmask8 in[V]; /* the lanes that have not left */
        for (int k = 0; k < V; k++) {
            cx[k] = _mm512_loadu_pd(x + 8 * k);
            cy[k] = _mm512_loadu_pd(y + 8 * k);
            zx[k] = zy[k] = kept_x[k] = kept_y[k] = _mm512_setzero_pd();
            n[k] = _mm512_setzero_si512();
            in[k] = (__mmask8)(open >> 8 * k);
        }
        uint64_t keep = CHECK;
        for (uint64_t step = 1; step <= g->max_iter; step++) {
            for (int k = 0; k < V; k++) {
                const __m512d x2 = _mm512_mul_pd(zx[k], zx[k]), y2 = _mm512_mul_pd(zy[k], zy[k]);
                in[k] = _mm512_mask_cmp_pd_mask(in[k], _mm512_add_pd(x2, y2), four, _CMP_LE_OQ);
                zy[k] = _mm512_add_pd(_mm512_mul_pd(_mm512_add_pd(zx[k], zx[k]), zy[k]), cy[k]);
                zx[k] = _mm512_add_pd(_mm512_sub_pd(x2, y2), cx[k]);
                n[k] = _mm512_mask_add_epi64(n[k], in[k], n[k], one);
            }
            if ((in[0] | in[1]) == 0) break;
            if (step % CHECK != 0) continue;
            for (int k = 0; k < V; k++) {
                const __mmask8 cycle = _mm512_mask_cmp_pd_mask(
                    _mm512_mask_cmp_pd_mask(in[k], zx[k], kept_x[k], _CMP_EQ_OQ), zy[k], kept_y[k],
                    _CMP_EQ_OQ);
                never |= (uint32_t)cycle << 8 * k;
                in[k] &= (__mmask8)~cycle;
                if (step >= keep) {
                    kept_x[k] = zx[k];
                    kept_y[k] = zy[k];
                }
            }
            if (step >= keep) keep *= 2;
        }
        for (int k = 0; k < V; k++) _mm512_storeu_si512(count + 8 * k, n[k]);
        end_group(g, lo, hi, never, count, counts);
    }
}

AVX2 static void pixels_avx2(const ac_mandelbrot_grid *g, int64_t lo, int64_t hi,
                             ac_u32_at *counts) {
    enum { V = GROUP / 4 };
    const __m256d four = _mm256_set1_pd(4.0);
    walk w = walk_from(g, lo);
    for (; lo < hi; lo += GROUP) {
        double x[GROUP], y[GROUP];
        int64_t count[GROUP], begin[GROUP];
        const uint32_t open = start_group(&w, x, y);
        uint32_t never = ~open;
        __m256d cx[V], cy[V], zx[V], zy[V], kept_x[V], kept_y[V], in[V];
        __m256i n[V];
        for (int k = 0; k < GROUP; k++) begin[k] = open >> k & 1 ? -1 : 0;
        for (int k = 0; k < V; k++) {
            cx[k] = _mm256_loadu_pd(x + 4 * k);
            cy[k] = _mm256_loadu_pd(y + 4 * k);
            zx[k] = zy[k] = kept_x[k] = kept_y[k] = _mm256_setzero_pd();
            n[k] = _mm256_setzero_si256();
            in[k] = _mm256_castsi256_pd(_mm256_loadu_si256((const void *)(begin + 4 * k)));
        }
        uint64_t keep = CHECK;
        for (uint64_t step = 1; step <= g->max_iter; step++) {
            for (int k = 0; k < V; k++) {
                const __m256d x2 = _mm256_mul_pd(zx[k], zx[k]), y2 = _mm256_mul_pd(zy[k], zy[k]);
                in[k] = _mm256_and_pd(in[k],
                                      _mm256_cmp_pd(_mm256_add_pd(x2, y2), four, _CMP_LE_OQ));
                zy[k] = _mm256_add_pd(_mm256_mul_pd(_mm256_add_pd(zx[k], zx[k]), zy[k]), cy[k]);
                zx[k] = _mm256_add_pd(_mm256_sub_pd(x2, y2), cx[k]);
                n[k] = _mm256_sub_epi64(n[k], _mm256_castpd_si256(in[k]));
            }
            const __m256d any =
                _mm256_or_pd(_mm256_or_pd(in[0], in[1]), _mm256_or_pd(in[2], in[3]));
            if (_mm256_movemask_pd(any) == 0) break;
            if (step % CHECK != 0) continue;
            for (int k = 0; k < V; k++) {
                const __m256d cycle = _mm256_and_pd(
                    in[k], _mm256_and_pd(_mm256_cmp_pd(zx[k], kept_x[k], _CMP_EQ_OQ),
                                         _mm256_cmp_pd(zy[k], kept_y[k], _CMP_EQ_OQ)));
                never |= (uint32_t)_mm256_movemask_pd(cycle) << 4 * k;
                in[k] = _mm256_andnot_pd(cycle, in[k]);
                if (step >= keep) {
                    kept_x[k] = zx[k];
                    kept_y[k] = zy[k];
                }
            }
            if (step >= keep) keep *= 2;
        }
        for (int k = 0; k < V; k++) _mm256_storeu_si256((void *)(count + 4 * k), n[k]);
        end_group(g, lo, hi, never, count, counts);
    }
}
#endif

typedef struct job {
    const ac_mandelbrot_grid *grid;
    ac_simd simd;
    ac_u32_at *counts;
} job;

static int pixels_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
#if defined(__x86_64__)
    if (j->simd == AC_SIMD_AVX512) {
        pixels_avx512(j->grid, lo, hi, j->counts);
        return 0;
    }
    if (j->simd == AC_SIMD_AVX2) {
        pixels_avx2(j->grid, lo, hi, j->counts);
        return 0;
    }
#endif
    pixels_portable(j->grid, lo, hi, j->counts);
    return 0;
}

int ac_mandelbrot(const ac_exec *ex, const ac_mandelbrot_grid *grid, ac_u32_at *counts) {
    job j = {grid, ex->simd, counts};
    int64_t pixels = CHUNK_STEPS / ((int64_t)grid->max_iter + 1);
    if (pixels < MIN_PIXELS) pixels = MIN_PIXELS;
    if (pixels > MAX_PIXELS) pixels = MAX_PIXELS;
    pixels -= pixels % MIN_PIXELS; /* whole groups */
    return ac_exec_for(ex, pixels_range, &j, grid->width * grid->height, pixels);
}
