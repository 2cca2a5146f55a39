/* csrc/sched: the pool's loops and its trees of tasks, from C. */
#include "sched/ac_process.h"

#include "sched_contender.h"

static ac_exec exec_of_all;

static void start(int threads) {
    exec_of_all = (ac_exec){.api = ac_process_api(), .threads = threads, .simd = AC_SIMD_PORTABLE};
}

static int chunk(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    ((sched_cell *)ctx)[worker].count += (uint64_t)(hi - lo);
    return 0;
}

static void chunks(uint64_t times, int64_t count, sched_cell *cells) {
    while (times-- > 0) ac_exec_for(&exec_of_all, chunk, cells, count, 1);
}

static void fork_join(uint64_t times, sched_cell *cells) {
    while (times-- > 0)
        ac_exec_loop(&exec_of_all, chunk, cells, exec_of_all.threads, INT64_MAX, AC_STATIC);
}

typedef struct fib_task {
    ac_task task;
    int n;
    uint64_t result;
} fib_task;

static uint64_t fib_of(ac_member *me, int n);

static void fib_run(ac_member *me, ac_task *task) {
    fib_task *const f = (fib_task *)task;
    f->result = fib_of(me, f->n);
}

static uint64_t fib_of(ac_member *me, int n) {
    if (n < 2) return (uint64_t)n;
    fib_task left;
    left.n = n - 1;
    ac_task_spawn(me, &left.task, fib_run);
    const uint64_t right = fib_of(me, n - 2);
    ac_task_sync(me, &left.task);
    return left.result + right;
}

static void fib_root(ac_member *me, void *ctx) {
    fib_task *const f = (fib_task *)ctx;
    f->result = fib_of(me, f->n);
}

static uint64_t fib(uint64_t times, int n) {
    uint64_t sum = 0;
    while (times-- > 0) {
        fib_task f = {.n = n};
        ac_tasks_run(&exec_of_all, fib_root, &f);
        sum += f.result;
    }
    return sum;
}

const sched_contender sched_ours = {"allcores", start, chunks, fork_join, fib};
