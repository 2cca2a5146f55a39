/* The pool: every chunk once, from several callers, nested, stopped, forked. */
#include "sched/ac_pool.h"

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static ac_pool pool;

static int pool_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain) {
    return ac_pool_for(&pool, ex, fn, ctx, n, grain);
}
static int pool_loop(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, int64_t grain,
                     ac_schedule schedule) {
    return ac_pool_loop(&pool, ex, fn, ctx, n, grain, schedule);
}
static const ac_sched_api api = {.version = AC_SCHED_API_VERSION,
                                 .size = sizeof(ac_sched_api),
                                 .parallel_for = pool_for,
                                 .loop = pool_loop};

static ac_exec with_threads(int32_t threads) {
    const ac_exec ex = {&api, threads, AC_SIMD_PORTABLE, NULL, NULL};
    return ex;
}

#define N 10000
typedef struct marks {
    ac_atomic_u8 hit[N];
    ac_atomic_u64 workers; /* a bit for each worker number seen */
    int32_t threads;
} marks;

static int mark(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    marks *const m = ctx;
    CHECK(worker >= 0 && worker < m->threads);
    for (int64_t i = lo; i < hi; i++) ac_fetch_add_relaxed(&m->hit[i], (uint8_t)1);
    return 0;
}

static void check_marked(int32_t threads, int64_t grain) {
    marks *const m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    m->threads = threads;
    const ac_exec ex = with_threads(threads);
    CHECK(ac_exec_for(&ex, mark, m, N, grain) == 0);
    for (int i = 0; i < N; i++) CHECK(ac_load_relaxed(&m->hit[i]) == 1);
    free(m);
}

static void test_every_chunk_runs_once(void) {
    for (int32_t threads = 1; threads <= 6; threads++)
        for (int64_t grain = 1; grain <= N; grain *= 7) check_marked(threads, grain);
    CHECK(ac_pool_workers(&pool) == 5);
}

typedef struct shape {
    marks m;
    ac_atomic_u64 calls, largest;
} shape;

static int measure(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    shape *const s = ctx;
    CHECK(lo < hi);
    ac_fetch_add_relaxed(&s->calls, UINT64_C(1));
    uint64_t largest = ac_load_relaxed(&s->largest);
    while ((uint64_t)(hi - lo) > largest && !ac_cas_relaxed(&s->largest, &largest, (uint64_t)(hi - lo)))
        continue;
    return mark(&s->m, lo, hi, worker);
}

static void check_schedule(ac_schedule schedule, int32_t threads, int64_t n, int64_t grain,
                           uint64_t most, uint64_t largest) {
    shape *const s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->m.threads = threads;
    const ac_exec ex = with_threads(threads);
    CHECK(ac_exec_loop(&ex, measure, s, n, grain, schedule) == 0);
    for (int64_t i = 0; i < N; i++) CHECK(ac_load_relaxed(&s->m.hit[i]) == (i < n));
    CHECK(ac_load_relaxed(&s->calls) <= most && ac_load_relaxed(&s->largest) <= largest);
    free(s);
}

static void test_every_schedule_hands_out_every_index_once(void) {
    for (int32_t threads = 1; threads <= 5; threads++)
        for (int64_t n = 0; n <= N; n = n * 3 + 1)
            for (int64_t grain = 1; grain <= N; grain *= 9) {
                const uint64_t chunks = (uint64_t)(n / grain + 1), all = (uint64_t)n + 64;
                check_schedule(AC_DYNAMIC, threads, n, grain, chunks, (uint64_t)grain);
                check_schedule(AC_STATIC, threads, n, grain, chunks + 8, (uint64_t)grain);
                /* 1 / (2 * threads) is taken off each time: about that many calls for each halving */
                const uint64_t guided = (uint64_t)(2 * threads) * 15 + 65;
                check_schedule(AC_GUIDED, threads, n, grain, guided, all);
            }
    check_schedule(AC_STATIC, 4, N, INT64_MAX, 4, N / 4);
    check_schedule(AC_GUIDED, 2, N, 1, 60, N / 4);
}

static int take_all(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker;
    CHECK(0 <= lo && lo < hi && hi <= INT64_MAX - 1);
    ac_fetch_add_relaxed((ac_atomic_u64 *)ctx, (uint64_t)(hi - lo));
    return 0;
}

static void test_the_largest_loops_do_not_overflow(void) {
    const int64_t n = INT64_MAX - 1, grains[] = {INT64_MAX / 2, INT64_MAX / 3, INT64_MAX / 1000};
    for (int i = 0; i < 3; i++)
        for (int schedule = AC_DYNAMIC; schedule <= AC_STATIC; schedule++) {
            ac_atomic_u64 sum = 0;
            const ac_exec ex = with_threads(4);
            CHECK(ac_exec_loop(&ex, take_all, &sum, n, grains[i], (ac_schedule)schedule) == 0);
            CHECK(ac_load_relaxed(&sum) == (uint64_t)n);
        }
}

static int fail_late(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)worker, (void)hi;
    ac_fetch_add_relaxed((ac_atomic_u64 *)ctx, UINT64_C(1));
    return lo >= 500 ? 3 : 0;
}

static void test_the_first_error_stops_the_loop(void) {
    ac_atomic_u64 calls = 0;
    const ac_exec ex = with_threads(3);
    CHECK(ac_exec_for(&ex, fail_late, &calls, 1000000, 1) == 3);
    CHECK(ac_load_relaxed(&calls) < 100000);
}

static int say_stop(void *arg) {
    (void)arg;
    return 1;
}
static int slow(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi, (void)worker;
    const int64_t end = ac_now_ns() + AC_NS_PER_MS;
    while (ac_now_ns() < end) ac_pause();
    return 0;
}

static void test_a_poll_stops_all_workers(void) {
    ac_exec ex = with_threads(3);
    ex.poll = say_stop;
    const int64_t begin = ac_now_ns();
    CHECK(ac_exec_for(&ex, slow, NULL, 1000000, 1) == AC_STOPPED_BY_POLL);
    CHECK(ac_now_ns() - begin < 10 * AC_NS_PER_S); /* the whole loop would take 300 s */
}

static int nested(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi, (void)worker;
    check_marked(3, 100);
    return 0;
}

static void test_a_chunk_may_start_a_loop_of_its_own(void) {
    const ac_exec ex = with_threads(3);
    CHECK(ac_exec_for(&ex, nested, NULL, 20, 1) == 0);
}

static void *call_many(void *arg) {
    for (int i = 0; i < *(int *)arg; i++) check_marked(1 + i % 4, 50 + i);
    return NULL;
}

static void test_several_threads_may_call_at_once(void) {
    const int times = (int)check_scale(60);
    int args[4] = {times, times, times, times};
    check_threads(4, call_many, args, sizeof args[0]);
}

static void test_stop_ends_the_workers_and_they_come_back(void) {
    check_marked(4, 10);
    CHECK(ac_pool_stop(&pool));
    CHECK(ac_pool_workers(&pool) == 0);
    check_marked(4, 10);
    CHECK(ac_pool_workers(&pool) == 3);
}

static int stop_inside(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)lo, (void)hi, (void)worker;
    CHECK(!ac_pool_stop(&pool)); /* a job runs: refused */
    return 0;
}

static void test_stop_is_refused_while_a_job_runs(void) {
    const ac_exec ex = with_threads(2);
    CHECK(ac_exec_for(&ex, stop_inside, NULL, 2, 1) == 0);
}

static void test_a_forked_child_starts_its_own_workers(void) {
    check_marked(4, 10);
    CHECK(ac_pool_stop(&pool));
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        ac_pool_after_fork(&pool);
        alarm(60);
        check_marked(4, 10);
        _exit(ac_pool_workers(&pool) == 3 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_marked(4, 10);
}

/* Jobs in quick succession and with pauses: a worker that sleeps through a job would only be slow,
 * a caller that waits for nobody would hang. */
static void test_short_jobs_come_and_go(void) {
    uint64_t seed = check_seed();
    const int times = (int)check_scale(2000);
    for (int i = 0; i < times; i++) {
        check_marked(2 + (int32_t)(check_random(&seed) % 3), 2500);
        if (check_random(&seed) % 64 == 0) {
            const int64_t end = ac_now_ns() + 100000; /* longer than a worker spins */
            while (ac_now_ns() < end) ac_pause();
        }
    }
}

int main(void) {
    RUN(test_every_chunk_runs_once);
    RUN(test_every_schedule_hands_out_every_index_once);
    RUN(test_the_largest_loops_do_not_overflow);
    RUN(test_the_first_error_stops_the_loop);
    RUN(test_a_poll_stops_all_workers);
    RUN(test_a_chunk_may_start_a_loop_of_its_own);
    RUN(test_several_threads_may_call_at_once);
    RUN(test_stop_ends_the_workers_and_they_come_back);
    RUN(test_stop_is_refused_while_a_job_runs);
    RUN(test_a_forked_child_starts_its_own_workers);
    RUN(test_short_jobs_come_and_go);
    CHECK(ac_pool_stop(&pool));
    return 0;
}
