/* ac_histogram.c - see ac_histogram.h. With equal bins, one multiplication says the bin. Where its
 * result lies so close to a whole number that rounding may have moved it over an edge, the block is
 * done again with comparisons: so the edges alone decide, whatever the instruction set. */
#include "kernels/ac_histogram.h"

#include <math.h>

#include "kernels/ac_simd_paths.h"
#include "kernels/ac_tables.h"

#define CHUNK ((int64_t)1 << 17) /* 50 to 500 us */
#define BLOCK 512

bool ac_histogram_edges(double first, double last, int64_t bins, bool narrow, double *edges) {
    const double step = (last - first) / (double)bins;
    const float narrow_step = (float)((float)((float)last - (float)first) / (float)bins);
    for (int64_t i = 0; i < bins; i++)
        edges[i] = narrow ? (double)(float)((float)((float)i * narrow_step) + (float)first)
                          : (double)i * step + first;
    edges[bins] = last;
    for (int64_t i = 0; i < bins; i++)
        if (!(edges[i] < edges[i + 1])) return false;
    return isfinite(edges[0]) && isfinite(edges[bins]);
}

typedef struct grid {
    const double *edges;
    int64_t bins;
    double first, last, scale;
    double sure_from, sure_below; /* a position whose fraction lies between is right; none may be */
} grid;

/* A number's bin by comparisons, from a guess; `bins` if it has none. */
static uint32_t bin_near(const grid *g, double v, double guess) {
    if (!(v >= g->first && v <= g->last)) return (uint32_t)g->bins;
    int64_t k = guess >= (double)g->bins ? g->bins - 1 : guess > 0 ? (int64_t)guess : 0;
    while (k > 0 && v < g->edges[k]) k--;
    while (k < g->bins - 1 && v >= g->edges[k + 1]) k++;
    return (uint32_t)k;
}

/* The same by binary search, without branches that depend on the number. */
AC_INLINE uint32_t bin_between(const grid *g, double v) {
    const double *from = g->edges; /* the last edge <= v is at or after it */
    if (!(v >= g->first && v <= g->last)) return (uint32_t)g->bins;
    for (int64_t n = g->bins + 1; n > 1;) {
        const int64_t half = n / 2;
        from = from[half] <= v ? from + half : from;
        n -= half;
    }
    const int64_t k = from - g->edges;
    return (uint32_t)(k < g->bins ? k : g->bins - 1);
}

/* Bins of up to BLOCK numbers by multiplication. Returns whether all are surely right. */
AC_INLINE bool positions_body(const grid *g, const ac_f64_at *p, int64_t n, uint32_t *at) {
    const double first = g->first, last = g->last, scale = g->scale, none = (double)g->bins;
    const double from = g->sure_from, below = g->sure_below;
    uint32_t unsure[16] = {0};
    int64_t i = 0;
#define POSITION(i, j)                                                                      \
    do {                                                                                    \
        const double v = p[i];                                                              \
        const double position = (v - first) * scale;                                        \
        const bool inside = (v >= first) & (v <= last);                                     \
        const double known = inside ? position : none;                                      \
        const int32_t k = (int32_t)known;                                                   \
        const double rest = known - (double)k;                                              \
        at[i] = (uint32_t)k;                                                                \
        unsure[j] |= (uint32_t)(inside & !((rest > from) & (rest < below)));                \
    } while (0)
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++) POSITION(i + j, j);
    for (; i < n; i++) POSITION(i, 0);
    uint32_t any = 0;
    for (int j = 0; j < 16; j++) any |= unsure[j];
    return any == 0;
}

AC_SIMD_PATHS(bool, positions, (const grid *g, const ac_f64_at *p, int64_t n, uint32_t *at),
              (g, p, n, at))

AC_INLINE void widen_body(ac_dtype dtype, const void *x, int64_t n, double *out) {
    switch (dtype) {
#define WIDEN(TYPE, T)                                                                      \
    case TYPE:                                                                              \
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const T *)x)[i];                 \
        break;
        WIDEN(AC_I8, int8_t)
        WIDEN(AC_U8, uint8_t)
        WIDEN(AC_I16, ac_i16_at)
        WIDEN(AC_U16, ac_u16_at)
        WIDEN(AC_I32, ac_i32_at)
        WIDEN(AC_U32, ac_u32_at)
        WIDEN(AC_I64, ac_i64_at)
        WIDEN(AC_U64, ac_u64_at)
        WIDEN(AC_F32, ac_f32_at)
        WIDEN(AC_F64, ac_f64_at) /* a copy: another thread may write to x meanwhile */
    }
}

AC_SIMD_PATHS(void, widen, (ac_dtype dtype, const void *x, int64_t n, double *out),
              (dtype, x, n, out))

typedef struct job {
    ac_dtype dtype;
    const char *x;
    grid g;
    bool equal;
    positions_fn positions;
    widen_fn widen;
    ac_tables tables;
} job;

static int histogram_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    const grid *const g = &j->g;
    const int64_t size = (int64_t)ac_dtype_size(j->dtype);
    uint64_t *const mine = ac_tables_mine(&j->tables, worker);
    double values[BLOCK];
    uint32_t at[BLOCK];
    if (mine == NULL) return -AC_EXEC_NOMEM;
    for (; lo < hi; lo += BLOCK) {
        const int64_t n = hi - lo < BLOCK ? hi - lo : BLOCK;
        j->widen(j->dtype, j->x + lo * size, n, values);
        if (!j->equal) {
            for (int64_t i = 0; i < n; i++) at[i] = bin_between(g, values[i]);
        } else if (!j->positions(g, (const ac_f64_at *)values, n, at)) {
            for (int64_t i = 0; i < n; i++)
                at[i] = bin_near(g, values[i], (values[i] - g->first) * g->scale);
        }
        ac_tables_count(&j->tables, mine, at, n);
    }
    return 0;
}

/* How far (v - first) * scale may be from where the edges say that v is. */
static double slack(const grid *g) {
    double most = 0;
    for (int64_t k = 0; k <= g->bins; k++) {
        const double off = fabs((g->edges[k] - g->first) * g->scale - (double)k);
        if (!(off <= most)) most = off;
    }
    return most + (double)g->bins * 0x1p-50;
}

int ac_histogram(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const double *edges,
                 int64_t bins, bool equal, int64_t *out) {
    job j = {.dtype = dtype, .x = x, .equal = equal && bins < 1 << 30};
    if (bins >= (int64_t)UINT32_MAX - 1) return AC_EXEC_NOMEM;
    j.g = (grid){.edges = edges, .bins = bins, .first = edges[0], .last = edges[bins]};
    j.g.scale = (double)bins / (j.g.last - j.g.first);
    if (!isfinite(j.g.scale)) j.equal = false;
    j.positions = choose_positions(ex->simd);
    j.widen = choose_widen(ex->simd);
    if (j.equal) {
        j.g.sure_from = slack(&j.g);
        j.g.sure_below = 1 - j.g.sure_from;
        if (!(j.g.sure_from < 0.25)) j.equal = false;
    }
    if (!ac_tables_begin(&j.tables, bins, ex->threads)) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, histogram_range, &j, n, CHUNK);
    ac_tables_end(&j.tables, rc == 0 ? out : NULL);
    return rc > 0 ? -rc : rc; /* a range function can only return what is > 0 */
}
