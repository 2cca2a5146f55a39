/* ac_shm_queue_shared.h - what a queue's region begins with; for ac_shm_queue*.c and their tests.
 *
 * [ ac_shm_queue_shared | tables of the stream | data: segments ]
 *   0                    TABLES_AT              fixed.data_at
 *
 * Fields are grouped by who writes them, a cache line or more for each group.
 */
#ifndef AC_SHM_QUEUE_SHARED_H
#define AC_SHM_QUEUE_SHARED_H

#include "shm/ac_shm_queue.h"

#define MAGIC UINT64_C(0x31517365726f6361) /* "acoresQ1" */

/* Changes with all that two processes must agree on: this file, and the C library's mutex. */
#define LAYOUT ((uint32_t)(1u << 24 | sizeof(pthread_mutex_t) << 12 | sizeof(ac_shm_queue_shared)))
#define TABLES_AT ((sizeof(ac_shm_queue_shared) + 63) / 64 * 64)

AC_INLINE size_t ac_shm_round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

typedef struct ac_shm_queue_fixed { /* the creator, before anyone else; each process keeps a copy */
    uint64_t magic;
    uint32_t layout;
    uint32_t shift;
    uint32_t count;
    uint32_t spares;
    uint64_t data_at;
    uint64_t maxsize;
} ac_shm_queue_fixed;

struct ac_shm_queue_shared {
    ac_shm_queue_fixed fixed;

    /* who puts, under put_lock; all others only read */
    AC_ALIGNED_LINE ac_robust_lock put_lock;
    AC_ALIGNED_LINE ac_atomic_u64 tail; /* the commit of a put */
    ac_atomic_u64 puts;                 /* messages put; stored just before tail */
    uint64_t log_tail;                  /* what tail becomes by the put in progress */
    uint64_t log_puts_before;           /* what puts was before it */
    ac_shm_stream_shared stream;

    /* who takes, under take_lock */
    AC_ALIGNED_LINE ac_robust_lock take_lock;
    AC_ALIGNED_LINE ac_atomic_u64 head; /* the commit of a take */
    ac_atomic_u64 gets;                 /* messages taken; stored just after head */
    uint64_t log_head;
    uint64_t log_gets_after;

    /* anyone, atomically */
    AC_ALIGNED_LINE ac_event_count items; /* waiting takers; every putter reads it */
    AC_ALIGNED_LINE ac_event_count space; /* waiting putters; every taker reads it if maxsize */
    AC_ALIGNED_LINE ac_event_count finished; /* waiting joiners */
    ac_atomic_u64 done;                      /* task_done calls */
    ac_atomic_u64 deaths;                    /* locks inherited */
    AC_ALIGNED_LINE ac_atomic_u32 closed;    /* 0 or 1; written once, under put_lock */
};

typedef enum spin_kind { SPIN_ITEMS = 0, SPIN_ROOM = 1 } spin_kind;

/* Derived from a futex wake of 45 us: spinning longer costs more than it can save. The first guess
 * does not matter. At the least nobody spins: a waiter of minutes looks only after its slices. */
#define SPIN_MOST_NS 50000u
#define SPIN_FIRST_NS 20000u
#define SPIN_LEAST_NS 1000u

#endif
