/* ac_process.c - the process's one pool, the memory it keeps, and what its processor can do. See
 * ac_process.h. */
#include "sched/ac_process.h"

static ac_pool process_pool; /* the mutable globals */
static ac_keeper process_keeper;

ac_pool *ac_process_pool(void) { return &process_pool; }
ac_keeper *ac_process_keeper(void) { return &process_keeper; }

static int process_parallel_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                                int64_t grain) {
    return ac_pool_for(&process_pool, ex, fn, ctx, n, grain);
}

static void *process_take(size_t bytes, size_t *got) {
    return ac_keeper_take(&process_keeper, bytes, got);
}

static bool process_keep(void *block, size_t bytes, ac_keeper_free free) {
    if (bytes > AC_KEEPER_BYTES) return false;
    while (!ac_keeper_put(&process_keeper, block, bytes, free))
        if (!ac_keeper_drop(&process_keeper)) return false;
    return true;
}

static int process_loop(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain,
                        ac_schedule schedule) {
    return ac_pool_loop(&process_pool, ex, fn, ctx, n, grain, schedule);
}

static int process_run_tasks(const ac_exec *ex, ac_root_fn root, void *ctx) {
    return ac_pool_tasks(&process_pool, ex, root, ctx);
}

const ac_sched_api *ac_process_api(void) {
    static const ac_sched_api api = {
        .version = AC_SCHED_API_VERSION,
        .size = sizeof(ac_sched_api),
        .parallel_for = process_parallel_for,
        .take = process_take,
        .keep = process_keep,
        .loop = process_loop,
        .run_tasks = process_run_tasks,
    };
    return &api;
}

ac_simd ac_simd_detect(void) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    /* The compiler's run-time also asks the operating system (xgetbv) whether it saves the
     * registers. */
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("popcnt") ||
        !__builtin_cpu_supports("pclmul"))
        return AC_SIMD_PORTABLE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd"))
        return AC_SIMD_AVX512;
    return AC_SIMD_AVX2;
#elif defined(__aarch64__)
    return AC_SIMD_NEON; /* part of the architecture */
#else
    return AC_SIMD_PORTABLE;
#endif
}

const char *ac_simd_name(ac_simd simd) {
    switch (simd) {
    case AC_SIMD_AVX2:
        return "avx2";
    case AC_SIMD_AVX512:
        return "avx512";
    case AC_SIMD_NEON:
        return "neon";
    default:
        return "portable";
    }
}
