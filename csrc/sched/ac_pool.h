/* ac_pool.h - persistent worker threads, the fork-join loop and the trees of tasks that run on them.
 *
 * ac_pool_loop publishes a job, wakes the workers, takes part itself and returns when every chunk is
 * done and every worker has left. Chunks are handed out by one shared counter: for loops, that beats
 * work-stealing deques and is a tenth of their code. ac_pool_tasks does the same with a tree of
 * tasks (ac_task.h), each thread with a deque of its own.
 *
 * Any thread may call both, at the same time and from inside a chunk or task (nested): a caller
 * only ever waits for workers that are inside its own job, and it could do all of it alone, so
 * that no cycle of waiting can arise. A worker enters a job only while fewer threads are at work in the
 * pool, callers counted once each, than that job asked for: two callers on two processors work
 * alone. Workers start on first use, block every signal, and sleep on an event count after a short
 * spin; see README.md for the sleep protocol.
 *
 * Fork: ac_pool_stop before (joins the workers if no job runs), ac_pool_after_fork in the child.
 */
#ifndef AC_POOL_H
#define AC_POOL_H

#include "sched/ac_task.h"
#include "sync/ac_event_count.h"
#include "sync/ac_mutex.h"

#define AC_POOL_MAX_THREADS 256

struct ac_job;

typedef struct ac_pool {
    ac_mutex mutex;      /* guards everything down to the first event count */
    struct ac_job *jobs; /* newest first; those whose caller has not retracted them */
    int32_t workers;     /* threads started */
    int32_t busy;        /* workers inside a job */
    int32_t callers;     /* other threads that have a job in the list, each counted once */
    bool stopping;       /* ac_pool_stop is under way: no job takes workers */
    void *threads;       /* pthread_t[AC_POOL_MAX_THREADS], allocated on first use */

    AC_ALIGNED_LINE ac_atomic_u32 open_jobs; /* jobs in the list that may take one more worker: what
                                                idle workers spin on; written under the mutex */
    ac_event_count work;                     /* workers sleep here; callers notify */
    AC_ALIGNED_LINE ac_event_count done;     /* callers sleep here; workers notify */
} ac_pool;

/* Zero-initialised is valid: an empty pool. */

/* The loop of ac_exec_loop on this pool. See ac_exec.h. */
int ac_pool_loop(ac_pool *pool, const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                 int64_t grain, ac_schedule schedule);

/* The loop of ac_exec_for: AC_DYNAMIC. */
int ac_pool_for(ac_pool *pool, const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                int64_t grain);

/* The tree of ac_tasks_run on this pool. See ac_task.h. */
int ac_pool_tasks(ac_pool *pool, const ac_exec *ex, ac_root_fn root, void *ctx);

/* Ends and joins the workers if they are all idle; they start again on the next job. Returns false
 * and does nothing if a job is running. Never call it from a worker. */
bool ac_pool_stop(ac_pool *pool);

/* In the child of a fork: the workers did not come along; forget them and whoever held the mutex. */
void ac_pool_after_fork(ac_pool *pool);

/* Threads started at the moment, the callers not counted. */
int32_t ac_pool_workers(ac_pool *pool);

#endif
