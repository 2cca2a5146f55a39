/* ac_shm_queue_shared.h - what a queue's region begins with; for ac_shm_queue*.c and their tests.
 *
 * [ ac_shm_queue_shared ... claims | words of the pool | a table for each lane | data: segments ]
 *   0                                fixed.words_at      fixed.tables_at         fixed.data_at
 *
 * Fields are grouped by who writes them, a cache line or more for each group.
 */
#ifndef AC_SHM_QUEUE_SHARED_H
#define AC_SHM_QUEUE_SHARED_H

#include "shm/ac_shm_queue.h"

#define MAGIC UINT64_C(0x32517365726f6361) /* "acoresQ2" */

/* Changes with all that two processes must agree on: this file, and the C library's mutex. */
#define LAYOUT ((uint32_t)(5u << 28 | sizeof(pthread_mutex_t) << 16 | sizeof(ac_shm_lane)))

AC_INLINE size_t ac_shm_round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

#define AC_SHM_OPENERS 256u /* handles that have a queue open by its name; arbitrary */

typedef struct ac_shm_queue_fixed { /* the creator, before anyone else; each process keeps a copy */
    uint64_t magic;
    uint32_t layout;
    uint32_t shift;
    uint32_t count;
    uint32_t spares;
    uint64_t data_at;
    uint64_t words_at;
    uint64_t tables_at;
    uint64_t maxsize;
    uint32_t lanes;
    uint32_t flags; /* the caller's, for all parties */
} ac_shm_queue_fixed;

typedef struct ac_shm_lane {
    /* who puts, under lock; all others only read */
    AC_ALIGNED_LINE ac_robust_lock lock;
    ac_atomic_u64 owner;   /* the process that this lane is given to; a hint, the lock decides */
    ac_atomic_u32 closed;  /* 1: nothing is put here any more */
    uint64_t gets_seen;    /* so many messages were taken when a putter last looked: saves the look */
    AC_ALIGNED_LINE ac_atomic_u64 tail; /* the commit of a put */
    ac_atomic_u64 puts;                 /* messages put; stored just before tail */
    uint64_t log_tail;                  /* what tail becomes by the put in progress */
    uint64_t log_puts_before;           /* what puts was before it */
    ac_atomic_u64 head;                 /* nobody reads below; grows when segments are wanted */
    ac_shm_stream_shared stream;
    int64_t reap_after_ns;              /* do not look for the dead before; a hint */

    /* who takes, by CAS: the commit of a take */
    AC_ALIGNED_LINE ac_atomic_u64 next;
} ac_shm_lane;

struct ac_shm_queue_shared {
    ac_shm_queue_fixed fixed;

    /* who maps or unmaps segments, atomically; see ac_shm_stream.h */
    AC_ALIGNED_LINE ac_shm_pool_shared pool;

    /* anyone, atomically */
    AC_ALIGNED_LINE ac_event_count items; /* waiting takers; every putter reads it */
    AC_ALIGNED_LINE ac_event_count space; /* waiting putters; every taker reads it if maxsize */
    AC_ALIGNED_LINE ac_event_count finished; /* waiting joiners */
    ac_atomic_u64 done;                      /* task_done calls */
    ac_atomic_u64 deaths;                    /* locks inherited */
    AC_ALIGNED_LINE ac_atomic_u32 closed;    /* 0 or 1; 1 only after every lane is closed */
    ac_atomic_u32 closing;                   /* 1: somebody has begun to close the lanes */
    ac_atomic_u32 lanes_used;                /* lanes from here up were never used; only grows */
    ac_atomic_u64 openers[AC_SHM_OPENERS];   /* who has opened it by name: ac_shm_party.h */

    ac_shm_lane lanes[AC_SHM_LANES];
    ac_shm_claims_shared claims;
};

typedef enum spin_kind { SPIN_ITEMS = 0, SPIN_ROOM = 1 } spin_kind;

/* Derived from a futex wake of 45 us: spinning longer costs more than it can save. The first guess
 * does not matter. At the least nobody spins: a waiter of minutes looks only after its slices. */
#define SPIN_MOST_NS 50000u
#define SPIN_FIRST_NS 20000u
#define SPIN_LEAST_NS 1000u

/* A yield that took longer has given the processor to somebody who does not answer us: a scheduler's
 * slice is 1 ms and more, an answer some microseconds. And for how many waits that is remembered: two
 * long ones in a hundred cost little. Arbitrary. */
#define YIELD_LONG_NS (500 * 1000)
#define CROWDED_WAITS 100u

/* ---- what the files of the queue share; ac_shm_queue.c unless said otherwise ---- */

/* A soft bound on what a batch copies at once: about 100 us. Arbitrary. */
#define BATCH_BYTES (UINT64_C(1) << 20)

AC_INLINE uint32_t ac_shm_lanes_used(const ac_shm_queue *q) {
    const uint32_t used = ac_load_acquire(&q->shared->lanes_used);
    return used < q->lanes ? used : q->lanes; /* scribbled over: must end */
}

AC_INLINE bool ac_shm_positions_sane(const ac_shm_queue *q, uint64_t from, uint64_t to) {
    return to - from <= (uint64_t)q->pool.count << q->pool.shift &&
           ((from | to) & (AC_SHM_ALIGN - 1)) == 0;
}

/* The header at a position that may be stale: garbage then, which the CAS on `next` refuses. False if
 * there is no such place. ac_shm_take.c. */
bool ac_shm_header_at(const ac_shm_queue *q, uint32_t lane, uint64_t at, ac_shm_record *r);

/* Messages that wait in a lane; right when nobody is inside. ac_shm_take.c. */
uint64_t ac_shm_lane_depth(const ac_shm_queue *q, uint32_t lane);

/* Tries to take once; the wait for more is ac_shm_queue_take. BUSY if this process has no entry free.
 * ac_shm_take.c. */
ac_shm_status ac_shm_take_once(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch, bool try_only);

/* Throws away what waits in a lane; returns how many. ac_shm_take.c. */
uint64_t ac_shm_take_discard(ac_shm_queue *q, uint32_t lane);

#endif
