/* pool.c - ac_pool.c under the checker: its workers are threads of the checker too. Each test ends with
 * ac_pool_stop, or they would sleep for ever.
 *
 * A caller does all of its job alone when nobody comes, so that a wake that is lost would only be slow. To see it,
 * some chunks wait for each other: they need as many threads as they are.
 */
#include "base/ac_base.h"

/* As in task.c: a spin that ends by the clock, whose every look is a second later. */
#undef ac_pause
#define ac_pause() ((void)0)
#define pthread_self() ((pthread_t)model_self())
#include "sched/ac_task.h"
#undef AC_MEMBER_TASKS
#define AC_MEMBER_TASKS 2 /* slots that nothing uses take time */
#include "sched/ac_pool.c"

#define CHUNKS 4

static ac_pool pool;
static int seen[2][CHUNKS];      /* plain: by who runs the chunk; then by the job's caller */
static ac_event_count met[2];    /* chunks that wait for each other sleep here */
static ac_atomic_u32 arrived[2]; /* of each job */
static ac_atomic_u32 by_worker;  /* chunks that were not run by their caller */
static ac_atomic_u32 ended;      /* callers that have no more jobs */
static const ac_exec ex = {.threads = 2};

static void setup(void) {
    memset((void *)&pool, 0, sizeof pool);
    memset((void *)seen, 0, sizeof seen);
    for (int i = 0; i < 2; i++) {
        ac_store_relaxed(&arrived[i], 0u);
        ac_store_relaxed(&met[i].word, 0u);
    }
    ac_store_relaxed(&by_worker, 0u);
    ac_store_relaxed(&ended, 0u);
}
static void finish(void) {
    MODEL_CHECK(pool.jobs == NULL && pool.workers == 0 && pool.busy == 0 && pool.callers == 0);
    MODEL_CHECK(!pool.stopping && ac_load_relaxed(&pool.open_jobs) == 0);
    MODEL_CHECK(model_live_blocks() == 0);
}

/* A chunk of job `number`; `everybody` of its chunks wait for each other. */
static void run(int number, int64_t lo, int64_t hi, int32_t worker, uint32_t everybody) {
    for (int64_t i = lo; i < hi; i++) MODEL_CHECK(++seen[number][i] == 1);
    if (worker != 0) ac_fetch_add_relaxed(&by_worker, 1u);
    if (everybody == 0) return;
    ac_fetch_add_acq_rel(&arrived[number], 1u);
    ac_ec_notify_all(&met[number], AC_WAIT_PRIVATE);
    for (;;) {
        const uint32_t key = ac_ec_prepare(&met[number]);
        if (ac_load_acquire(&arrived[number]) == everybody) return;
        ac_ec_wait(&met[number], key, AC_FOREVER, AC_WAIT_PRIVATE);
    }
}
static int alone(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    run((int)(intptr_t)ctx, lo, hi, worker, 0);
    return 0;
}
static int together(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    run((int)(intptr_t)ctx, lo, hi, worker, 2);
    return 0;
}
static int fails(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    run((int)(intptr_t)ctx, lo, hi, worker, 0);
    return (int)lo + 1;
}
/* A loop of two chunks, or `n` in parts; then each was run once, and what it wrote is ours. */
static void loop(ac_range_fn fn, int number, int64_t n, ac_schedule schedule) {
    MODEL_CHECK(ac_pool_loop(&pool, &ex, fn, (void *)(intptr_t)number, n, 1, schedule) == 0);
    for (int64_t i = 0; i < n; i++) {
        MODEL_CHECK(seen[number][i] == 1);
        seen[number][i] = 0;
    }
    ac_store_relaxed(&arrived[number], 0u);
}
static void stop(void) { (void)ac_pool_stop(&pool); } /* refused: the last one stops it */

static void one(void) { loop(alone, 0, 2, AC_DYNAMIC); stop(); }
static void meet(void) { loop(together, 0, 2, AC_DYNAMIC); stop(); }
static void meet_again(void) { loop(together, 0, 2, AC_DYNAMIC); meet(); }
/* Of two callers the last one stops the pool: a stopping one has no workers for a new job. */
static void last_stops(void) {
    if (ac_fetch_add_acq_rel(&ended, 1u) == 1u) MODEL_CHECK(ac_pool_stop(&pool));
}
static void one_of_two(void) { loop(alone, 0, 2, AC_DYNAMIC); last_stops(); }
static void other_meets(void) { loop(together, 1, 2, AC_DYNAMIC); last_stops(); }
static void other(void) { loop(alone, 1, 2, AC_DYNAMIC); stop(); }
static void guided(void) { loop(alone, 0, 4, AC_GUIDED); stop(); }
static void equal_parts(void) { loop(alone, 0, 3, AC_STATIC); stop(); }

/* The workers end once; who comes meanwhile works alone, who comes later has new ones. */
static void stop_twice(void) { stop(); stop(); }

/* Somebody else is at work: a worker would be one too many. */
static void setup_crowded(void) { setup(); pool.callers = 1; }
static void finish_crowded(void) {
    MODEL_CHECK(ac_load_relaxed(&by_worker) == 0);
    pool.callers--;
    finish();
}

/* A caller inside its own chunk is counted once: the loop inside gets the worker. */
static int nest(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    run(0, lo, hi, worker, 0);
    if (worker == 0 && lo == 0) loop(together, 1, 2, AC_DYNAMIC);
    (void)ctx;
    return 0;
}
static void nested(void) {
    MODEL_CHECK(ac_pool_for(&pool, &ex, nest, NULL, 2, 1) == 0);
    stop();
}

/* The first reason stands, and is that of a chunk that ran. */
static int poll_stops(void *arg) {
    (void)arg;
    return 1;
}
static void failing(void) {
    const int rc = ac_pool_for(&pool, &ex, fails, NULL, 3, 1);
    MODEL_CHECK(rc >= 1 && rc <= 3 && seen[0][rc - 1] == 1);
    stop();
}
static void polled(void) {
    const ac_exec polling = {.threads = 2, .poll = poll_stops};
    const int rc = ac_pool_for(&pool, &polling, fails, NULL, 2, 1);
    MODEL_CHECK(rc == AC_STOPPED_BY_POLL || (rc >= 1 && rc <= 2 && seen[0][rc - 1] == 1));
    if (ac_load_relaxed(&by_worker) == 0) MODEL_CHECK(rc == 1); /* its chunk failed before the poll */
    stop();
}

/* A tree of tasks: the worker comes, finds nothing, leaves its seat, and comes again. */
typedef struct leaf {
    ac_task task;
    int ran;
} leaf;
static void run_leaf(ac_member *me, ac_task *task) {
    (void)me;
    MODEL_CHECK(++((leaf *)(void *)task)->ran == 1);
}
static void root(ac_member *me, void *ctx) {
    (void)ctx;
    for (int i = 0; i < 2; i++) {
        leaf l;
        l.ran = 0;
        ac_task_spawn(me, &l.task, run_leaf);
        ac_task_sync(me, &l.task);
        MODEL_CHECK(l.ran == 1);
    }
}
static void root_one(ac_member *me, void *ctx) {
    leaf l;
    (void)ctx;
    l.ran = 0;
    ac_task_spawn(me, &l.task, run_leaf);
    ac_task_sync(me, &l.task);
    MODEL_CHECK(l.ran == 1);
}
static void tree_one(void) {
    MODEL_CHECK(ac_pool_tasks(&pool, &ex, root_one, NULL) == 0);
    stop();
}
static void tree(void) {
    MODEL_CHECK(ac_pool_tasks(&pool, &ex, root, NULL) == 0);
    stop();
}

static const model_test tests[] = {
    {.name = "one", .setup = setup, .thread = {one}, .finish = finish, .sc = 3, .weak = 2, .stacks = true},
    {.name = "meet", .setup = setup, .thread = {meet}, .finish = finish, .sc = 3, .weak = 1, .stacks = true},
    {.name = "meet_again", .setup = setup, .thread = {meet_again}, .finish = finish, .sc = 2, .weak = 1,
     .stacks = true},
    {.name = "callers", .setup = setup, .thread = {one_of_two, other_meets}, .finish = finish, .sc = 2,
     .stacks = true},
    {.name = "stop", .setup = setup, .thread = {one, stop_twice}, .finish = finish, .sc = 2, .stacks = true},
    {.name = "stops", .setup = setup, .thread = {one, other}, .finish = finish, .sc = 2, .stacks = true},
    {.name = "guided", .setup = setup, .thread = {guided}, .finish = finish, .sc = 3, .weak = 1, .stacks = true},
    {.name = "equal_parts", .setup = setup, .thread = {equal_parts}, .finish = finish, .sc = 3, .weak = 1,
     .stacks = true},
    {.name = "crowded", .setup = setup_crowded, .thread = {one}, .finish = finish_crowded, .sc = 3,
     .stacks = true},
    {.name = "nested", .setup = setup, .thread = {nested}, .finish = finish, .sc = 2, .weak = 1, .stacks = true},
    {.name = "failing", .setup = setup, .thread = {failing}, .finish = finish, .sc = 3, .weak = 1,
     .stacks = true},
    {.name = "polled", .setup = setup, .thread = {polled}, .finish = finish, .sc = 2, .weak = 1, .stacks = true},
    {.name = "tree_one", .setup = setup, .thread = {tree_one}, .finish = finish, .sc = 2, .weak = 1,
     .stacks = true},
    {.name = "tree", .setup = setup, .thread = {tree}, .finish = finish, .sc = 2, .stacks = true},
};
MODEL_MAIN(tests)
