/* ac_pool.c - how the pool works. The contract is in ac_pool.h, the sleep protocol in README.md. */
#include "sched/ac_pool.h"

#include <pthread.h>
#if !defined(_WIN32)
#include <signal.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched/ac_claims.h"

/* How long an idle worker looks for the next job before it sleeps. A futex wake costs 5 to 50 us in
 * a virtual machine, the phases of one sort follow each other within a few us. Arbitrary within
 * that range; longer would take the core from the program that is waiting to hand in work. */
#define AC_POOL_SPIN_NS (50 * INT64_C(1000))

/* musl's default of 128 KiB is too small for kernels that keep a table on the stack. */
#define AC_POOL_STACK_BYTES (1u << 20)

/* Lives on the caller's stack from the entry of ac_pool_loop or ac_pool_tasks to its return. */
typedef struct ac_job {
    const ac_exec *ex;
    ac_team *team; /* a tree of tasks; NULL: a loop, and then the fields down to schedule count */
    ac_range_fn fn;
    void *ctx;
    int64_t n, grain;
    ac_schedule schedule;
    pthread_t caller;
    struct ac_job *next_job; /* these, down to counted, under the pool's mutex */
    int32_t max_workers;     /* pool threads that may join, the caller not counted */
    int32_t joined;          /* a loop: how many did, and so the next one's number; a team: how many are
                                in it now */
    bool linked;             /* in the list */
    bool open;               /* counted in open_jobs */
    bool counted;            /* the caller is counted in pool->callers for this job */

    AC_ALIGNED_LINE ac_atomic_i64 next; /* first index not handed out; may grow past n */
    AC_ALIGNED_LINE ac_atomic_u32 stop; /* set once: hand out no more chunks */
    ac_atomic_u32 inside;               /* pool threads inside the job; raised under the mutex,
                                           lowered by the worker as its last access to the job */
    ac_atomic_i64 rc;                   /* first non-zero result; written once by CAS from 0 */
} ac_job;

static void stop_job(ac_job *job, int rc) {
    int64_t none = 0;
    ac_cas_acq_rel(&job->rc, &none, (int64_t)rc);
    ac_store_relaxed(&job->stop, 1u);
    if (job->team != NULL) ac_team_stop(job->team, rc);
}

/* Takes the next part of the loop; of a dynamic one `claim` indices. relaxed: the counter only deals out
 * numbers; the mutex orders the data */
AC_INLINE bool take_part(ac_job *job, int64_t claim, int64_t *lo, int64_t *hi) {
    int64_t at;
    if (AC_UNLIKELY(job->schedule != AC_DYNAMIC)) {
        at = ac_load_relaxed(&job->next);
        int64_t size;
        do {
            if (at >= job->n) return false;
            const int64_t left = job->n - at, threads = job->max_workers + 1;
            if (job->schedule == AC_GUIDED) {
                size = left / (2 * threads);
                if (size < job->grain) size = job->grain;
            } else {
                size = (job->n - 1) / threads + 1;
            }
            if (size > left) size = left;
        } while (!ac_cas_relaxed(&job->next, &at, at + size));
        *lo = at;
        *hi = at + size;
        return true;
    }
    at = ac_fetch_add_relaxed(&job->next, claim);
    if (at >= job->n) return false;
    *lo = at;
    *hi = job->n - at > claim ? at + claim : job->n;
    return true;
}

/* Takes chunks until there are none. `caller` alone polls. */
static void run_chunks(ac_job *job, int32_t worker, bool caller) {
    const ac_exec *const ex = job->ex;
    const bool polls = caller && ex->poll != NULL;
    const int64_t most = job->schedule == AC_GUIDED ? INT64_MAX : job->grain;
    ac_claims claims = ac_claims_begin(job->schedule == AC_DYNAMIC, job->n, job->grain,
                                       (int64_t)job->max_workers + 1);
    int64_t last_poll = polls ? ac_now_ns() : 0, lo = 0, end = 0, hi;
    while (ac_load_relaxed(&job->stop) == 0) {
        if (lo == end) {
            const int64_t now = ac_claims_timed(&claims) ? ac_now_ns() : 0;
            if (!take_part(job, ac_claims_next(&claims, job->n - end, now), &lo, &end)) return;
        }
        hi = end - lo > most ? lo + most : end;
        const int rc = job->fn(job->ctx, lo, hi, worker);
        lo = hi;
        if (rc != 0) stop_job(job, rc);
        if (polls) {
            const int64_t now = ac_now_ns();
            if (now - last_poll >= AC_POLL_NS) {
                last_poll = now;
                if (ex->poll(ex->poll_arg) != 0) stop_job(job, AC_STOPPED_BY_POLL);
            }
        }
    }
}

/* Runs what there is to steal. Returns when the root has returned, or when there was nothing for as
 * long as a worker spins; *idle_since says since when. */
static void run_tasks(ac_team *team, int32_t number, int64_t *idle_since) {
    ac_member *const me = &team->members[number];
    *idle_since = ac_now_ns();
    while (ac_load_relaxed(&team->closed) == 0) {
        ac_task *const task = ac_task_steal_(me);
        if (task != NULL) {
            ac_task_run_(me, task);
            *idle_since = 0;
            continue;
        }
        for (int i = 0; i < 8; i++) ac_pause();
        const int64_t now = ac_now_ns();
        if (*idle_since == 0) *idle_since = now;
        if (now - *idle_since >= AC_TASK_SPIN_NS) return;
    }
    *idle_since = ac_now_ns();
}

/* -- the list of jobs, all under the mutex ------------------------------------------------------- */

static void set_open(ac_pool *pool, ac_job *job, bool open) {
    if (job->open == open) return;
    job->open = open;
    const uint32_t jobs = ac_load_relaxed(&pool->open_jobs);
    ac_store_relaxed(&pool->open_jobs, open ? jobs + 1 : jobs - 1);
}

/* Whether the job has something to do for one more. */
static bool has_work(ac_job *job) {
    if (job->team != NULL)
        return !ac_team_stopped(job->team) && ac_team_seems_filled(job->team);
    return ac_load_relaxed(&job->stop) == 0 && ac_load_relaxed(&job->next) < job->n;
}

static int32_t seat_in_team(ac_team *team) {
    int32_t number = 1;
    while (team->members[number].present) number++; /* there is one: joined < max_workers */
    team->members[number].present = true;
    return number;
}

/* Finds a job that takes one more worker, and enters it. Returns NULL if there is none. */
static ac_job *enter_job(ac_pool *pool, int32_t *worker) {
    ac_job *found = NULL;
    if (ac_load_relaxed(&pool->open_jobs) == 0) return NULL;
    ac_mutex_lock(&pool->mutex);
    const int32_t at_work = pool->busy + pool->callers;
    for (ac_job *job = pool->jobs; job != NULL && found == NULL; job = job->next_job)
        if (job->open && at_work <= job->max_workers && has_work(job)) found = job;
    if (found != NULL) {
        found->joined++;
        *worker = found->team != NULL ? seat_in_team(found->team) : found->joined;
        if (found->joined == found->max_workers) set_open(pool, found, false);
        pool->busy++;
        /* under the mutex, so that the caller, who unlinks the job under it, sees it */
        ac_fetch_add_relaxed(&found->inside, 1u);
    }
    ac_mutex_unlock(&pool->mutex);
    return found;
}

static void leave_job(ac_pool *pool, ac_job *job, int32_t worker) {
    ac_mutex_lock(&pool->mutex);
    pool->busy--;
    if (job->team != NULL) { /* it may come back, when there is something to steal again */
        job->team->members[worker].present = false;
        job->joined--;
        if (job->linked) set_open(pool, job, true);
    }
    ac_mutex_unlock(&pool->mutex);
    /* acq_rel: everything this worker wrote is visible to the caller that reads 0 (await_workers).
     * It is the last access to *job: the caller may return and reuse its stack at once. */
    if (ac_fetch_sub_acq_rel(&job->inside, 1u) == 1u) ac_ec_notify_all(&pool->done, AC_WAIT_PRIVATE);
}

typedef struct worker_start {
    ac_pool *pool;
    int32_t number;
} worker_start;

static void *worker_main(void *arg) {
    worker_start *const start = arg;
    ac_pool *const pool = start->pool;
    char name[16];
    snprintf(name, sizeof name, "allcores-%d", (int)start->number);
    free(start);
#if defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#endif
    int64_t idle_since = ac_now_ns();
    for (;;) {
        int32_t worker = 0;
        ac_job *job = enter_job(pool, &worker);
        if (job == NULL && ac_now_ns() - idle_since < AC_POOL_SPIN_NS) {
            for (int i = 0; i < 16; i++) ac_pause();
            continue;
        }
        if (job == NULL) {
            const uint32_t key = ac_ec_prepare(&pool->work);
            job = enter_job(pool, &worker); /* the re-check that the protocol asks for */
            if (job == NULL) {
                ac_mutex_lock(&pool->mutex);
                const bool end = pool->stopping;
                ac_mutex_unlock(&pool->mutex);
                if (end) return NULL;
                ac_ec_wait(&pool->work, key, AC_FOREVER, AC_WAIT_PRIVATE);
                idle_since = ac_now_ns();
                continue;
            }
        }
        if (job->team != NULL) {
            run_tasks(job->team, worker, &idle_since);
            leave_job(pool, job, worker);
        } else {
            run_chunks(job, worker, false);
            leave_job(pool, job, worker);
            idle_since = ac_now_ns();
        }
    }
}

/* Starts workers until there are `wanted`. Under the mutex. A failure to start one is no error:
 * the caller does the work alone. */
static void start_workers(ac_pool *pool, int32_t wanted) {
    if (pool->threads == NULL) {
        pool->threads = malloc(sizeof(pthread_t) * AC_POOL_MAX_THREADS);
        if (pool->threads == NULL) return;
    }
    if (wanted > AC_POOL_MAX_THREADS) wanted = AC_POOL_MAX_THREADS;
    pthread_attr_t attr;
    if (pool->workers >= wanted || pthread_attr_init(&attr) != 0) return;
    pthread_attr_setstacksize(&attr, AC_POOL_STACK_BYTES);
#if !defined(_WIN32) /* which has no signals that a thread could be sent */
    /* A worker inherits the mask: signals go to threads that can run Python. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
    while (pool->workers < wanted) {
        worker_start *const start = malloc(sizeof *start);
        if (start == NULL) break;
        start->pool = pool;
        start->number = pool->workers + 1;
        pthread_t *const slot = (pthread_t *)pool->threads + pool->workers;
        if (pthread_create(slot, &attr, worker_main, start) != 0) {
            free(start);
            break;
        }
        pool->workers++;
    }
#if !defined(_WIN32)
    pthread_sigmask(SIG_SETMASK, &before, NULL);
#endif
    pthread_attr_destroy(&attr);
}

/* Whether this thread is not yet counted as one that works: it is no worker, and has no other job in
 * the list (it is not inside a chunk of its own). */
static bool is_new_caller(ac_pool *pool, pthread_t self) {
    if (pool->jobs == NULL && pool->busy == 0) return true;
    for (const ac_job *job = pool->jobs; job != NULL; job = job->next_job)
        if (pthread_equal(job->caller, self)) return false;
    for (int32_t i = 0; i < pool->workers; i++)
        if (pthread_equal(((pthread_t *)pool->threads)[i], self)) return false;
    return true;
}

/* Publishes the job. Returns false when the pool takes none (it is stopping, or has no worker). */
static bool publish(ac_pool *pool, ac_job *job) {
    job->caller = pthread_self();
    ac_mutex_lock(&pool->mutex);
    if (!pool->stopping && pool->workers < job->max_workers) start_workers(pool, job->max_workers);
    const bool open = !pool->stopping && pool->workers > 0;
    if (open) {
        job->counted = is_new_caller(pool, job->caller);
        if (job->counted) pool->callers++;
        job->next_job = pool->jobs;
        pool->jobs = job;
        job->linked = true;
        set_open(pool, job, true);
    }
    ac_mutex_unlock(&pool->mutex);
    return open;
}

/* After it no worker can enter the job. */
static void retract(ac_pool *pool, ac_job *job) {
    ac_mutex_lock(&pool->mutex);
    ac_job **link = (ac_job **)&pool->jobs;
    while (*link != job) link = &(*link)->next_job;
    *link = job->next_job;
    job->linked = false;
    set_open(pool, job, false);
    if (job->counted) pool->callers--;
    /* A worker that found too many at work for another job may enter it now. */
    const bool others = job->counted && ac_load_relaxed(&pool->open_jobs) != 0;
    ac_mutex_unlock(&pool->mutex);
    if (others) ac_ec_notify_all(&pool->work, AC_WAIT_PRIVATE);
}

/* Waits until every worker has left the retracted job: spins as long as a chunk usually lasts,
 * then sleeps in slices, polling for signals between them. */
static void await_workers(ac_pool *pool, ac_job *job) {
    const ac_exec *const ex = job->ex;
    const int64_t spin_until = ac_now_ns() + AC_POOL_SPIN_NS;
    while (ac_load_acquire(&job->inside) != 0 && ac_now_ns() < spin_until)
        for (int i = 0; i < 16; i++) ac_pause();
    for (;;) {
        const uint32_t key = ac_ec_prepare(&pool->done);
        if (ac_load_acquire(&job->inside) == 0) break; /* pairs with the fetch_sub in leave_job */
        const int64_t slice = ex->poll != NULL ? ac_now_ns() + AC_POLL_NS : AC_FOREVER;
        const ac_wait_status st = ac_ec_wait(&pool->done, key, slice, AC_WAIT_PRIVATE);
        if (ex->poll != NULL && st != AC_WAIT_WOKEN && st != AC_WAIT_CHANGED &&
            ex->poll(ex->poll_arg) != 0)
            stop_job(job, AC_STOPPED_BY_POLL);
    }
}

int ac_pool_loop(ac_pool *pool, const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                 int64_t grain, ac_schedule schedule) {
    int64_t helpers = (int64_t)ex->threads - 1;
    if (helpers > AC_POOL_MAX_THREADS) helpers = AC_POOL_MAX_THREADS;
    const int64_t chunks = n <= 0 ? 0 : (n - 1) / grain + 1;
    if (schedule != AC_STATIC && helpers > chunks - 1) helpers = chunks - 1;
    if (schedule == AC_STATIC && helpers > n - 1) helpers = n - 1;
    if (helpers <= 0) return ac_exec_serial_(ex, fn, ctx, n, grain);

    ac_job job;
    memset(&job, 0, sizeof job);
    job.ex = ex;
    job.fn = fn;
    job.ctx = ctx;
    job.n = n;
    job.grain = grain;
    job.schedule = schedule;
    /* Each thread adds a claim once after the end (ac_claims.h). Where that would pass the end of the integers,
     * take claims that never pass n, and chunks of at most a grain too. */
    if (schedule == AC_DYNAMIC && grain > (INT64_MAX - n) / (helpers + 1)) job.schedule = AC_STATIC;
    job.max_workers = (int32_t)helpers;
    if (!publish(pool, &job)) return ac_exec_serial_(ex, fn, ctx, n, grain);
    ac_ec_notify_all(&pool->work, AC_WAIT_PRIVATE);
    run_chunks(&job, 0, true);
    retract(pool, &job);
    await_workers(pool, &job);
    return (int)ac_load_acquire(&job.rc);
}

int ac_pool_for(ac_pool *pool, const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                int64_t grain) {
    return ac_pool_loop(pool, ex, fn, ctx, n, grain, AC_DYNAMIC);
}

/* Members and the slots of their deques, in one piece: `size` members, then size * AC_MEMBER_TASKS
 * slots. Written to where it is used only, so that members who never come cost address space. */
static ac_member *new_members(ac_team *team, int32_t size) {
    const size_t slots = AC_MEMBER_TASKS * sizeof(ac_atomic_ptr);
    ac_member *const members = ac_alloc_lines((size_t)size * (sizeof *members + slots));
    if (members == NULL) return NULL;
    ac_atomic_ptr *slot = (ac_atomic_ptr *)(void *)(members + size);
    for (int32_t i = 0; i < size; i++, slot += AC_MEMBER_TASKS) {
        ac_member *const m = &members[i];
        memset((void *)m, 0, sizeof *m);
        ac_deque_init(&m->deque, slot, AC_MEMBER_TASKS);
        m->team = team;
        m->number = i;
        m->until_poll = AC_TASK_POLL_SYNCS;
    }
    return members;
}

int ac_pool_tasks(ac_pool *pool, const ac_exec *ex, ac_root_fn root, void *ctx) {
    int32_t helpers = ex->threads - 1;
    if (helpers > AC_POOL_MAX_THREADS) helpers = AC_POOL_MAX_THREADS;
    if (helpers <= 0) return ac_tasks_serial_(ex, root, ctx);
    ac_team team;
    memset((void *)&team, 0, sizeof team);
    team.ex = ex;
    team.work = &pool->work;
    team.size = helpers + 1;
    team.members = new_members(&team, team.size);
    if (team.members == NULL) return AC_EXEC_NOMEM;
    team.members[0].last_poll = ex->poll != NULL ? ac_now_ns() : 0;

    ac_job job;
    memset(&job, 0, sizeof job);
    job.ex = ex;
    job.team = &team;
    job.max_workers = helpers;
    if (!publish(pool, &job)) {
        ac_free_lines(team.members);
        return ac_tasks_serial_(ex, root, ctx);
    }
    root(&team.members[0], ctx); /* nobody is woken before it spawns */
    ac_store_relaxed(&team.closed, 1u);
    retract(pool, &job);
    await_workers(pool, &job);
    ac_free_lines(team.members);
    return (int)ac_load_acquire(&team.rc);
}

bool ac_pool_stop(ac_pool *pool) {
    ac_mutex_lock(&pool->mutex);
    if (pool->jobs != NULL || pool->busy > 0 || pool->stopping) {
        ac_mutex_unlock(&pool->mutex);
        return false;
    }
    pool->stopping = true;
    const int32_t count = pool->workers;
    ac_mutex_unlock(&pool->mutex);

    ac_ec_notify_all(&pool->work, AC_WAIT_PRIVATE);
    for (int32_t i = 0; i < count; i++) pthread_join(((pthread_t *)pool->threads)[i], NULL);

    ac_mutex_lock(&pool->mutex);
    pool->workers = 0;
    pool->stopping = false;
    free(pool->threads);
    pool->threads = NULL;
    ac_mutex_unlock(&pool->mutex);
    return true;
}

void ac_pool_after_fork(ac_pool *pool) {
    /* The thread handles are the parent's: the array is freed, the threads never joined here. */
    free(pool->threads);
    memset((void *)pool, 0, sizeof *pool);
}

int32_t ac_pool_workers(ac_pool *pool) {
    ac_mutex_lock(&pool->mutex);
    const int32_t workers = pool->workers;
    ac_mutex_unlock(&pool->mutex);
    return workers;
}
