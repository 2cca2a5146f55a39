/* ac_cumsum.c - see ac_cumsum.h. A chunk is read for the sums of its segments, then, once the sum of
 * all chunks before it is known, read again out of the cache and written: memory is read once
 * (decoupled look-back: Merrill and Garland, Single-pass parallel prefix scan, 2016). Eight
 * segments are summed side by side, because each is a chain of dependent additions.
 *
 * The order of chunks: whoever runs a piece of the loop takes the next chunk off a counter of the
 * job's own, whichever piece it is. So the chunk before mine is finished or being worked on by a
 * running thread that waits for an earlier one at most, and waiting for it ends.
 */
#include "kernels/ac_cumsum.h"

#include "base/ac_atomic.h"
#include "base/ac_backoff.h"
#include "kernels/ac_scratch.h"
#include "kernels/ac_simd_paths.h"

#define SEGMENT AC_CUMSUM_SEGMENT
#define CHUNK_SEGMENTS 128
#define CHUNK ((int64_t)SEGMENT * CHUNK_SEGMENTS) /* 128 KiB of float64: fits the second level */

typedef union value {
    uint64_t u64;
    double f64;
} value;

/* WAYS whole segments from p on: their sums. A = accumulator. */
#define SUM_SEGMENTS(A, WAYS, p, sums)                                                      \
    do {                                                                                    \
        A run[WAYS];                                                                        \
        for (int w = 0; w < (WAYS); w++) run[w] = (A)(p)[w * SEGMENT];                      \
        for (int i = 1; i < SEGMENT; i++) {                                                 \
            if ((WAYS) == 8 && i % 8 == 1) /* the next segments: the processor sees no order */ \
                for (int w = 0; w < (WAYS); w++)                                            \
                    __builtin_prefetch((p) + (w + 8) * SEGMENT + i - 1);                    \
            for (int w = 0; w < (WAYS); w++) run[w] += (A)(p)[w * SEGMENT + i];             \
        }                                                                                   \
        for (int w = 0; w < (WAYS); w++) (sums)[w] = run[w];                                \
    } while (0)

/* The same with their running sums on top of what comes before each. */
#define WRITE_SEGMENTS(A, O, WAYS, p, q, before)                                            \
    do {                                                                                    \
        A run[WAYS];                                                                        \
        for (int w = 0; w < (WAYS); w++) {                                                  \
            run[w] = (A)(p)[w * SEGMENT];                                                   \
            (q)[w * SEGMENT] = (O)((before)[w] + run[w]);                                   \
        }                                                                                   \
        for (int i = 1; i < SEGMENT; i++) {                                                 \
            if ((WAYS) == 8 && i % 8 == 1)                                                  \
                for (int w = 0; w < (WAYS); w++)                                            \
                    __builtin_prefetch((q) + (w + 8) * SEGMENT + i - 1, 1);                 \
            for (int w = 0; w < (WAYS); w++) {                                              \
                run[w] += (A)(p)[w * SEGMENT + i];                                          \
                (q)[w * SEGMENT + i] = (O)((before)[w] + run[w]);                           \
            }                                                                               \
        }                                                                                   \
    } while (0)

/* One type: the sums of the segments of n numbers, and the running sums. */
#define DEFINE(NAME, T, A, O_AT, O)                                                         \
    static void sums_##NAME(const T *x, int64_t n, A *sums) {                               \
        int64_t at = 0;                                                                     \
        for (; at + 8 * SEGMENT <= n; at += 8 * SEGMENT)                                    \
            SUM_SEGMENTS(A, 8, x + at, sums + at / SEGMENT);                                \
        for (; at + 2 * SEGMENT <= n; at += 2 * SEGMENT)                                    \
            SUM_SEGMENTS(A, 2, x + at, sums + at / SEGMENT);                                \
        for (; at < n; at += SEGMENT) {                                                     \
            const int64_t end = n - at > SEGMENT ? at + SEGMENT : n;                        \
            A run = (A)x[at];                                                               \
            for (int64_t i = at + 1; i < end; i++) run += (A)x[i];                          \
            sums[at / SEGMENT] = run;                                                       \
        }                                                                                   \
    }                                                                                       \
    static void write_##NAME(const T *x, O_AT *out, int64_t n, const A *before) {           \
        int64_t at = 0;                                                                     \
        for (; at + 8 * SEGMENT <= n; at += 8 * SEGMENT)                                    \
            WRITE_SEGMENTS(A, O, 8, x + at, out + at, before + at / SEGMENT);               \
        for (; at + 2 * SEGMENT <= n; at += 2 * SEGMENT)                                    \
            WRITE_SEGMENTS(A, O, 2, x + at, out + at, before + at / SEGMENT);               \
        for (; at < n; at += SEGMENT) {                                                     \
            const int64_t end = n - at > SEGMENT ? at + SEGMENT : n;                        \
            const A base = before[at / SEGMENT];                                            \
            A run = (A)x[at];                                                               \
            out[at] = (O)(base + run);                                                      \
            for (int64_t i = at + 1; i < end; i++) {                                        \
                run += (A)x[i];                                                             \
                out[i] = (O)(base + run);                                                   \
            }                                                                               \
        }                                                                                   \
    }
DEFINE(i8, int8_t, uint64_t, ac_u64_at, uint64_t)
DEFINE(u8, uint8_t, uint64_t, ac_u64_at, uint64_t)
DEFINE(i16, ac_i16_at, uint64_t, ac_u64_at, uint64_t)
DEFINE(u16, ac_u16_at, uint64_t, ac_u64_at, uint64_t)
DEFINE(i32, ac_i32_at, uint64_t, ac_u64_at, uint64_t)
DEFINE(u32, ac_u32_at, uint64_t, ac_u64_at, uint64_t)
DEFINE(u64, ac_u64_at, uint64_t, ac_u64_at, uint64_t)
DEFINE(f32, ac_f32_at, double, ac_f32_at, float)
DEFINE(f64, ac_f64_at, double, ac_f64_at, double)

typedef struct job {
    ac_dtype dtype;
    const char *x;
    char *out;
    int64_t n;
    bool shared;                /* several threads write */
    value *through;             /* for each chunk: the sum of all up to its end; written by whoever
                                   does it before `known` passes it */
    AC_ALIGNED_LINE ac_atomic_i64 next;  /* the next chunk that nobody has taken */
    AC_ALIGNED_LINE ac_atomic_i64 known; /* how many of `through` are there; written by who does the
                                            chunk of that number */
} job;

/* Turns sums of segments into what comes before each; returns the sum through the last. */
static value begin_f64(double *sums, int64_t segments, double before) {
    for (int64_t k = 0; k < segments; k++) {
        const double sum = sums[k];
        sums[k] = before;
        before += sum;
    }
    return (value){.f64 = before};
}

static value begin_u64(uint64_t *sums, int64_t segments, uint64_t before) {
    for (int64_t k = 0; k < segments; k++) {
        const uint64_t sum = sums[k];
        sums[k] = before;
        before += sum;
    }
    return (value){.u64 = before};
}

/* -0.0 is the true neutral element of addition; 0 for integers. */
static value nothing(ac_dtype dtype) {
    if (dtype == AC_F32 || dtype == AC_F64) return (value){.f64 = -0.0};
    return (value){.u64 = 0};
}

static value sum_before(job *j, int64_t chunk) {
    ac_backoff pause = {0};
    if (chunk == 0) return nothing(j->dtype);
    /* acquire: pairs with the release in publish, so that through[chunk - 1] is there */
    while (ac_load_acquire(&j->known) < chunk) ac_backoff_snooze(&pause);
    return j->through[chunk - 1];
}

static void publish(job *j, int64_t chunk, value through) {
    j->through[chunk] = through;
    ac_store_release(&j->known, chunk + 1);
}

static void do_chunk(job *j, int64_t chunk) {
    const int64_t lo = chunk * CHUNK, n = j->n - lo > CHUNK ? CHUNK : j->n - lo;
    const int64_t segments = (n + SEGMENT - 1) / SEGMENT;
    switch (j->dtype) {
#define DO(TYPE, NAME, T, A, MEMBER, O_AT)                                                  \
    case TYPE: {                                                                            \
        const T *const x = (const T *)j->x + lo;                                            \
        A sums[CHUNK_SEGMENTS];                                                             \
        sums_##NAME(x, n, sums);                                                            \
        publish(j, chunk, begin_##MEMBER(sums, segments, sum_before(j, chunk).MEMBER));     \
        write_##NAME(x, (O_AT *)j->out + lo, n, sums);                                      \
        if (j->shared)                                                                      \
            ac_scratch_ahead((O_AT *)j->out + lo, (O_AT *)j->out + lo + n,                  \
                             (O_AT *)j->out + j->n);                                        \
        break;                                                                              \
    }
        DO(AC_I8, i8, int8_t, uint64_t, u64, ac_u64_at)
        DO(AC_U8, u8, uint8_t, uint64_t, u64, ac_u64_at)
        DO(AC_I16, i16, ac_i16_at, uint64_t, u64, ac_u64_at)
        DO(AC_U16, u16, ac_u16_at, uint64_t, u64, ac_u64_at)
        DO(AC_I32, i32, ac_i32_at, uint64_t, u64, ac_u64_at)
        DO(AC_U32, u32, ac_u32_at, uint64_t, u64, ac_u64_at)
    case AC_I64:
        DO(AC_U64, u64, ac_u64_at, uint64_t, u64, ac_u64_at)
        DO(AC_F32, f32, ac_f32_at, double, f64, ac_f32_at)
        DO(AC_F64, f64, ac_f64_at, double, f64, ac_f64_at)
    }
}

static int cumsum_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    job *const j = ctx;
    (void)worker;
    for (; lo < hi; lo++) do_chunk(j, ac_fetch_add_relaxed(&j->next, 1));
    return 0;
}

int ac_cumsum(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n) {
    const int64_t chunks = (n + CHUNK - 1) / CHUNK;
    value only;
    job j = {.dtype = dtype, .x = x, .out = out, .n = n, .through = &only};
    if (n == 0) return 0;
    if (chunks == 1) {
        do_chunk(&j, 0);
        return 0;
    }
    const size_t bytes = (size_t)chunks * sizeof *j.through;
    j.shared = ex->threads > 1;
    j.through = ac_scratch_alloc(bytes);
    if (j.through == NULL) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, cumsum_range, &j, chunks, 1);
    ac_scratch_free(j.through, bytes);
    return rc;
}
