/* Trees of tasks: results, thieves, the full deque, stops, teams beside and inside each other. */
#include "sched/ac_pool.h"

#include "check.h"

static ac_pool pool;

static int pool_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain) {
    return ac_pool_for(&pool, ex, fn, ctx, n, grain);
}
static int pool_tasks(const ac_exec *ex, ac_root_fn root, void *ctx) {
    return ac_pool_tasks(&pool, ex, root, ctx);
}
static const ac_sched_api api = {.version = AC_SCHED_API_VERSION,
                                 .size = sizeof(ac_sched_api),
                                 .parallel_for = pool_for,
                                 .run_tasks = pool_tasks};

static ac_exec with_threads(int32_t threads) {
    const ac_exec ex = {&api, threads, AC_SIMD_PORTABLE, NULL, NULL};
    return ex;
}

/* -- fib ------------------------------------------------------------------------------------------ */

typedef struct fib {
    ac_task task;
    int n;
    uint64_t result;
} fib;

static uint64_t fib_of(ac_member *me, int n);
static void fib_run(ac_member *me, ac_task *task) {
    fib *const f = (fib *)task;
    f->result = fib_of(me, f->n);
}
static uint64_t fib_of(ac_member *me, int n) {
    if (n < 2) return (uint64_t)n;
    fib left = {.n = n - 1};
    ac_task_spawn(me, &left.task, fib_run);
    const uint64_t right = fib_of(me, n - 2);
    ac_task_sync(me, &left.task);
    return left.result + right;
}
static void fib_root(ac_member *me, void *ctx) {
    fib *const f = ctx;
    f->result = fib_of(me, f->n);
}

static void check_fib(int32_t threads, int n, uint64_t expected) {
    fib f = {.n = n};
    const ac_exec ex = with_threads(threads);
    CHECK(ac_tasks_run(&ex, fib_root, &f) == 0);
    CHECK(f.result == expected);
}

static void test_fib(void) {
    for (int32_t threads = 1; threads <= 5; threads++) {
        check_fib(threads, 0, 0);
        check_fib(threads, 1, 1);
        check_fib(threads, 2, 1);
        check_fib(threads, 20, 6765);
    }
    for (uint64_t i = check_scale(10); i > 0; i--) check_fib(2 + (int32_t)(i % 3), 24, 46368);
}

/* -- a wide one: many spawned before the first sync, more than the deque holds --------------------- */

enum { WIDE = 3 * AC_MEMBER_TASKS };
typedef struct wide {
    ac_task task;
    ac_atomic_u32 runs;
} wide;

static void wide_run(ac_member *me, ac_task *task) {
    (void)me;
    ac_fetch_add_relaxed(&((wide *)task)->runs, 1u);
}
static void wide_root(ac_member *me, void *ctx) {
    wide *const all = ctx;
    for (int i = 0; i < WIDE; i++) ac_task_spawn(me, &all[i].task, wide_run);
    /* half of them in the wrong order */
    for (int i = 0; i < WIDE / 2; i++) ac_task_sync(me, &all[i].task);
    for (int i = WIDE - 1; i >= WIDE / 2; i--) ac_task_sync(me, &all[i].task);
}

static void test_more_tasks_than_the_deque_holds_in_any_order_of_syncs(void) {
    for (int32_t threads = 1; threads <= 4; threads++) {
        wide *const all = calloc(WIDE, sizeof *all);
        CHECK(all != NULL);
        const ac_exec ex = with_threads(threads);
        CHECK(ac_tasks_run(&ex, wide_root, all) == 0);
        for (int i = 0; i < WIDE; i++) CHECK(ac_load_relaxed(&all[i].runs) == 1);
        free(all);
    }
}

/* -- thieves -------------------------------------------------------------------------------------- */

typedef struct meeting {
    ac_task task;
    ac_atomic_u32 begun, go;
    int32_t by;
} meeting;

static void wait_for(ac_atomic_u32 *flag) {
    const int64_t deadline = ac_now_ns() + 60 * AC_NS_PER_S;
    while (ac_load_acquire(flag) == 0) {
        CHECK(ac_now_ns() < deadline);
        for (int i = 0; i < 100; i++) ac_pause();
    }
}

static void meeting_run(ac_member *me, ac_task *task) {
    meeting *const m = (meeting *)task;
    m->by = me->number;
    ac_store_release(&m->begun, 1u);
    wait_for(&m->go);
}

/* The thief has begun, and ends only after the owner has had the time to fall asleep in its sync. */
static int let_go(void *arg) {
    ac_store_release(&((meeting *)arg)->go, 1u);
    return 0;
}

static void meeting_root(ac_member *me, void *ctx) {
    meeting *const m = ctx;
    ac_task_spawn(me, &m->task, meeting_run);
    wait_for(&m->begun);
    ac_task_sync(me, &m->task);
}

static void test_a_thief_wakes_an_owner_that_sleeps(void) {
    for (int round = 0; round < 3; round++) {
        meeting m = {.by = -1};
        ac_exec ex = with_threads(2);
        ex.poll = let_go; /* called from the owner's sleep, so that it has slept */
        ex.poll_arg = &m;
        CHECK(ac_tasks_run(&ex, meeting_root, &m) == 0);
        CHECK(m.by == 1);
        CHECK(ac_pool_stop(&pool)); /* the next round has to start and wake a worker */
    }
}

/* A worker that has gone to sleep in the middle of a tree is woken by the next spawn. */
static void twice_root(ac_member *me, void *ctx) {
    meeting *const m = ctx;
    for (int i = 0; i < 2; i++) {
        ac_task_spawn(me, &m[i].task, meeting_run);
        wait_for(&m[i].begun);
        ac_store_release(&m[i].go, 1u);
        ac_task_sync(me, &m[i].task);
        const int64_t end = ac_now_ns() + 4 * AC_TASK_SPIN_NS;
        while (ac_now_ns() < end) ac_pause();
    }
}

static void test_a_spawn_wakes_a_worker_that_left(void) {
    for (uint64_t i = check_scale(50); i > 0; i--) {
        meeting m[2] = {{.by = -1}, {.by = -1}};
        const ac_exec ex = with_threads(2);
        CHECK(ac_tasks_run(&ex, twice_root, m) == 0);
        CHECK(m[0].by == 1 && m[1].by == 1);
    }
}

/* -- stops ---------------------------------------------------------------------------------------- */

static void deep_run(ac_member *me, ac_task *task) {
    const int n = ((fib *)task)->n;
    if (n == 0) return;
    fib left = {.n = n - 1};
    ac_task_spawn(me, &left.task, deep_run);
    ac_task_sync(me, &left.task);
}
static void endless_root(ac_member *me, void *ctx) {
    (void)ctx;
    while (!ac_team_stopped(me->team)) {
        fib left = {.n = 5};
        deep_run(me, &left.task);
    }
}

static int say_stop(void *arg) {
    (void)arg;
    return 1;
}

static void test_a_poll_stops_the_tree(void) {
    for (int32_t threads = 1; threads <= 3; threads++) {
        ac_exec ex = with_threads(threads);
        ex.poll = say_stop;
        CHECK(ac_tasks_run(&ex, endless_root, NULL) == AC_STOPPED_BY_POLL);
    }
}

static void stop_root(ac_member *me, void *ctx) {
    wide *const w = ctx;
    ac_team_stop(me->team, 7);
    ac_team_stop(me->team, 8);
    ac_task_spawn(me, &w->task, wide_run);
    ac_task_sync(me, &w->task);
}

static void test_a_stopped_team_skips_its_tasks_and_keeps_the_first_reason(void) {
    for (int32_t threads = 1; threads <= 3; threads++) {
        wide w = {.runs = 0};
        const ac_exec ex = with_threads(threads);
        CHECK(ac_tasks_run(&ex, stop_root, &w) == 7);
        CHECK(ac_load_relaxed(&w.runs) == 0);
    }
}

/* -- several at once ------------------------------------------------------------------------------ */

static int fib_chunk(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)worker, (void)lo, (void)hi;
    check_fib(3, 12, 144);
    return 0;
}
static void loop_run(ac_member *me, ac_task *task) {
    (void)me, (void)task;
    const ac_exec ex = with_threads(3);
    CHECK(ac_exec_for(&ex, fib_chunk, NULL, 8, 1) == 0);
}
static void mixed_root(ac_member *me, void *ctx) {
    (void)ctx;
    fib tasks[4];
    for (int i = 0; i < 4; i++) ac_task_spawn(me, &tasks[i].task, loop_run);
    for (int i = 3; i >= 0; i--) ac_task_sync(me, &tasks[i].task);
}

static void *call_many(void *arg) {
    for (int i = 0; i < *(int *)arg; i++) {
        const ac_exec ex = with_threads(2 + i % 3);
        CHECK(ac_tasks_run(&ex, mixed_root, NULL) == 0);
        check_fib(1 + i % 4, 16, 987);
    }
    return NULL;
}

static void test_trees_in_loops_in_trees_from_several_threads(void) {
    const int times = (int)check_scale(60);
    int args[4] = {times, times, times, times};
    check_threads(4, call_many, args, sizeof args[0]);
}

static void test_trees_come_and_go(void) {
    uint64_t seed = check_seed();
    static const uint64_t known[] = {21, 34, 55, 89};
    for (uint64_t i = check_scale(3000); i > 0; i--) {
        const int n = (int)(check_random(&seed) % 4);
        check_fib(2 + (int32_t)(check_random(&seed) % 3), 8 + n, known[n]);
        if (check_random(&seed) % 64 == 0) {
            const int64_t end = ac_now_ns() + 100000; /* longer than a worker spins */
            while (ac_now_ns() < end) ac_pause();
        }
    }
}

int main(void) {
    RUN(test_fib);
    RUN(test_more_tasks_than_the_deque_holds_in_any_order_of_syncs);
    RUN(test_a_thief_wakes_an_owner_that_sleeps);
    RUN(test_a_spawn_wakes_a_worker_that_left);
    RUN(test_a_poll_stops_the_tree);
    RUN(test_a_stopped_team_skips_its_tasks_and_keeps_the_first_reason);
    RUN(test_trees_in_loops_in_trees_from_several_threads);
    RUN(test_trees_come_and_go);
    CHECK(ac_pool_stop(&pool));
    return 0;
}
