/* What a module of somebody else sees: the table, once attached, and its refusals. */
#include "sched/ac_client.h"
#include "sched/ac_process.h"

#include "check.h"

static void fill(ac_exec *ex, int32_t threads) {
    *ex = (ac_exec){.api = ac_process_api(), .threads = threads > 0 ? threads : 2};
}

static int add(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    ac_fetch_add_relaxed((ac_atomic_i64 *)ctx, hi - lo);
    return 0;
}
static int fail(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi, (void)worker;
    return 42;
}
static void root(ac_member *me, void *ctx) {
    (void)me;
    *(int *)ctx = 5;
}

static void test_nothing_runs_before_it_is_attached(void) {
    ac_atomic_i64 sum = 0;
    int seen = 0;
    CHECK(ac_client_parallel_for(add, &sum, 10, 1, AC_GUIDED, 0) == AC_CLIENT_NOT_ATTACHED);
    CHECK(ac_client_run_tasks(root, &seen, 0) == AC_CLIENT_NOT_ATTACHED);
    CHECK(ac_load_relaxed(&sum) == 0 && seen == 0);
}

static void test_other_versions_are_refused(void) {
    ac_sched_api table = *ac_process_api();
    CHECK(!ac_client_attach(NULL));
    CHECK(!ac_client_attach(&table)); /* no exec_init: not the table of the runtime module */
    table.exec_init = fill;
    table.version++;
    CHECK(!ac_client_attach(&table));
    table.version--;
    table.size -= 8;
    CHECK(!ac_client_attach(&table));
}

static void test_attached_it_runs(void) {
    static ac_sched_api table;
    table = *ac_process_api();
    table.exec_init = fill;
    table.size += 8; /* a newer one, with more at the end */
    CHECK(ac_client_attach(&table));
    ac_atomic_i64 sum = 0;
    int seen = 0;
    CHECK(ac_client_parallel_for(add, &sum, 1000, 1, AC_GUIDED, 0) == 0);
    CHECK(ac_client_parallel_for(add, &sum, 1000, 7, AC_DYNAMIC, 3) == 0);
    CHECK(ac_load_relaxed(&sum) == 2000);
    CHECK(ac_client_parallel_for(fail, NULL, 1000, 7, AC_DYNAMIC, 3) == 42);
    CHECK(ac_client_run_tasks(root, &seen, 2) == 0 && seen == 5);
}

int main(void) {
    RUN(test_nothing_runs_before_it_is_attached);
    RUN(test_other_versions_are_refused);
    RUN(test_attached_it_runs);
    CHECK(ac_pool_stop(ac_process_pool()));
    return 0;
}
