/* The process's pool and the names of the instruction sets. */
#include "sched/ac_process.h"

#include "check.h"

static int add(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    for (int64_t i = lo; i < hi; i++) ac_fetch_add_relaxed((ac_atomic_u64 *)ctx, (uint64_t)i);
    return 0;
}

static void test_the_table_runs_loops_on_the_process_pool(void) {
    const ac_sched_api *const api = ac_process_api();
    CHECK(api->version == AC_SCHED_API_VERSION && api->size == sizeof(ac_sched_api));
    ac_atomic_u64 sum = 0;
    const ac_exec ex = {api, 2, ac_simd_detect(), NULL, NULL};
    CHECK(ac_exec_for(&ex, add, &sum, 1000, 10) == 0);
    CHECK(ac_load_relaxed(&sum) == 999 * 1000 / 2);
    CHECK(ac_pool_stop(ac_process_pool()));
}

static void test_every_instruction_set_has_a_name(void) {
    CHECK(strcmp(ac_simd_name(AC_SIMD_PORTABLE), "portable") == 0);
    CHECK(strcmp(ac_simd_name(AC_SIMD_AVX2), "avx2") == 0);
    CHECK(strcmp(ac_simd_name(AC_SIMD_AVX512), "avx512") == 0);
    CHECK(strcmp(ac_simd_name(AC_SIMD_NEON), "neon") == 0);
    fprintf(stderr, "  here: %s\n", ac_simd_name(ac_simd_detect()));
}

int main(void) {
    RUN(test_the_table_runs_loops_on_the_process_pool);
    RUN(test_every_instruction_set_has_a_name);
    return 0;
}
