/* ac_exec.h - how a kernel runs: on how many threads, with which instructions, until when.
 *
 * A kernel takes a `const ac_exec *` and calls ac_exec_for on it; it has no other knowledge of
 * threads. With threads == 1, or one chunk of work, everything runs in the caller and nobody is
 * woken. The table of functions (ac_sched_api) is what crosses from the module that owns the
 * process's pool to all others; third-party code gets it by capsule "allcores._native.runtime.api".
 */
#ifndef AC_EXEC_H
#define AC_EXEC_H

#include <stdbool.h>

#include "base/ac_clock.h"

/* Work on [lo, hi). `worker` is in 0 .. threads-1 and is unique among those running at one time.
 * Non-zero stops the loop; the first non-zero value is what ac_exec_for returns. */
typedef int (*ac_range_fn)(void *ctx, int64_t lo, int64_t hi, int32_t worker);

typedef enum ac_simd {
    AC_SIMD_PORTABLE = 0,
    AC_SIMD_AVX2 = 1,   /* avx2, bmi2, fma, popcnt, pclmul */
    AC_SIMD_AVX512 = 2, /* the above and avx512 f, bw, dq, vl, cd */
    AC_SIMD_NEON = 3,
} ac_simd;

/* Results of ac_exec_for other than 0 and what the function returned (functions return > 0). */
#define AC_STOPPED_BY_POLL (-1)
#define AC_EXEC_NOMEM (-2)

/* How a loop is cut into chunks (ac_exec_loop). */
typedef enum ac_schedule {
    AC_DYNAMIC = 0, /* `grain` indices at a time, from one counter; of very short chunks a thread may
                       take a few with one claim, and runs them one by one (ac_claims.h) */
    AC_GUIDED = 1,  /* a part of what is left, 1 / (2 * threads), but at least `grain` */
    AC_STATIC = 2,  /* equal parts, as many as threads, each run in chunks of at most `grain`. A part
                       goes to the thread that comes for it, so that none waits for a thread */
} ac_schedule;

struct ac_exec;
struct ac_member;

#define AC_SCHED_API_VERSION 1u
typedef struct ac_sched_api {
    uint32_t version; /* AC_SCHED_API_VERSION of the module that owns the pool */
    uint32_t size;    /* sizeof(ac_sched_api) there: fields are only ever added at the end */
    int (*parallel_for)(const struct ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                        int64_t grain);
    /* Blocks of memory kept between two uses: ac_keeper.h. */
    void *(*take)(size_t bytes, size_t *got);
    bool (*keep)(void *block, size_t bytes, void (*free)(void *block, size_t bytes));
    int (*loop)(const struct ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain,
                ac_schedule schedule);
    /* ac_task.h */
    int (*run_tasks)(const struct ac_exec *ex, void (*root)(struct ac_member *me, void *ctx),
                     void *ctx);
    /* Fills *ex for the calling thread: threads (0 or less: allcores.cpu_count()), the instruction
     * set, and a poll that runs signal handlers if this is the thread that does. Needs no GIL, and
     * may take it. NULL in ac_process_api(), which knows no Python. */
    void (*exec_init)(struct ac_exec *ex, int32_t threads);
} ac_sched_api;

typedef struct ac_exec {
    const ac_sched_api *api; /* may be NULL: then everything runs in the caller */
    int32_t threads;         /* at most this many, the caller included; >= 1 */
    ac_simd simd;            /* the best instruction set that a kernel may use */
    /* Called by the calling thread between its chunks, at most every AC_POLL_NS; non-zero stops the
     * loop with AC_STOPPED_BY_POLL after every worker has left. May be NULL. */
    int (*poll)(void *arg);
    void *poll_arg;
} ac_exec;

/* Ctrl-C must act within 100 ms, a look costs two interpreter switches. */
#define AC_POLL_NS (20 * AC_NS_PER_MS)

/* The loop in one thread: chunks of `grain`, a poll between them. */
AC_UNUSED static int ac_exec_serial_(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                                     int64_t grain) {
    /* A look at the clock costs as much as a small chunk: none where there is nothing to poll between. */
    int64_t last_poll = ex->poll != NULL && n > grain ? ac_now_ns() : 0;
    for (int64_t lo = 0, hi; lo < n; lo = hi) {
        hi = n - lo > grain ? lo + grain : n;
        const int rc = fn(ctx, lo, hi, 0);
        if (rc != 0) return rc;
        if (ex->poll != NULL && hi < n) {
            const int64_t now = ac_now_ns();
            if (now - last_poll >= AC_POLL_NS) {
                last_poll = now;
                if (ex->poll(ex->poll_arg) != 0) return AC_STOPPED_BY_POLL;
            }
        }
    }
    return 0;
}

/* Calls fn over [0, n) in chunks of at most `grain` (>= 1), on up to ex->threads threads. Returns 0,
 * the first non-zero result of fn, or AC_STOPPED_BY_POLL. When it returns, no thread runs fn. */
AC_INLINE int ac_exec_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain) {
    if (ex->threads <= 1 || n <= grain || ex->api == NULL)
        return ac_exec_serial_(ex, fn, ctx, n, grain);
    return ex->api->parallel_for(ex, fn, ctx, n, grain);
}

/* The same with a choice of the chunks: `grain` is the size of a dynamic one, the least size of a
 * guided one, and the largest of a static one. */
AC_INLINE int ac_exec_loop(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain,
                           ac_schedule schedule) {
    if (ex->threads <= 1 || n <= 1 || (n <= grain && schedule != AC_STATIC) || ex->api == NULL) {
        /* 64 calls: so that a poll comes now and then */
        if (schedule == AC_GUIDED && grain <= n / 64) grain = n / 64 + 1;
        return ac_exec_serial_(ex, fn, ctx, n, grain);
    }
    return ex->api->loop(ex, fn, ctx, n, grain, schedule);
}

#endif
