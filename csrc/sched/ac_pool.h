/* ac_pool.h - persistent worker threads and the fork-join loop that runs on them.
 *
 * ac_pool_for publishes a job, wakes as many workers as have a chunk to do, takes part itself and
 * returns when every chunk is done and every worker has left. Chunks are handed out by one shared
 * counter: for loops, that beats work-stealing deques and is a tenth of their code.
 *
 * Any thread may call ac_pool_for, at the same time and from inside a chunk (nested): a caller
 * only ever waits for workers that are inside its own job, and it could do every chunk alone, so
 * that no cycle of waiting can arise. Workers start on first use, block every signal, and sleep on
 * an event count after a short spin; see README.md for the sleep protocol.
 *
 * Fork: ac_pool_stop before (joins the workers if no job runs), ac_pool_after_fork in the child.
 */
#ifndef AC_POOL_H
#define AC_POOL_H

#include "sched/ac_exec.h"
#include "sync/ac_event_count.h"
#include "sync/ac_mutex.h"

#define AC_POOL_MAX_THREADS 256

struct ac_job;

typedef struct ac_pool {
    ac_mutex mutex;      /* guards everything down to the first event count */
    struct ac_job *jobs; /* newest first; only jobs that may still take workers */
    int32_t workers;     /* threads started */
    int32_t busy;        /* threads inside a job */
    bool stopping;       /* ac_pool_stop is under way: no job takes workers */
    void *threads;       /* pthread_t[AC_POOL_MAX_THREADS], allocated on first use */

    AC_ALIGNED_LINE ac_atomic_u32 open_jobs; /* jobs in the list: what idle workers spin on;
                                                written under the mutex */
    ac_event_count work;                     /* workers sleep here; callers notify */
    AC_ALIGNED_LINE ac_event_count done;     /* callers sleep here; workers notify */
} ac_pool;

/* Zero-initialised is valid: an empty pool. */

/* The loop of ac_exec_for on this pool. See ac_exec.h. */
int ac_pool_for(ac_pool *pool, const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n,
                int64_t grain);

/* Ends and joins the workers if they are all idle; they start again on the next job. Returns false
 * and does nothing if a job is running. Never call it from a worker. */
bool ac_pool_stop(ac_pool *pool);

/* In the child of a fork: the workers did not come along; forget them and whoever held the mutex. */
void ac_pool_after_fork(ac_pool *pool);

/* Threads started at the moment, the callers not counted. */
int32_t ac_pool_workers(ac_pool *pool);

#endif
