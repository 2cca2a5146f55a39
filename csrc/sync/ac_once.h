/* ac_once.h - one thread runs, the others wait for it; if it fails, the next one tries.
 *
 * state  NEW      nobody runs; also after a run that failed
 *        RUNNING  `owner` runs
 *        DONE     for ever
 *
 *   for (;;) switch (ac_once_begin(&o, me, ...)) {
 *       DONE: what the run made may be used; return
 *       RUN: run; ac_once_end(&o, well)
 *       WAIT: prepare(o.ended); begin again; sleep
 *       RECURSION: the runner itself came back: it would wait for itself
 *   }
 *
 * A fork's child has the state but not the runner, unless the runner forked. The caller counts forks
 * and says the number, and which thread survived the last one; a run of a thread that did not is NEW.
 *
 * Zero-initialised is NEW. With AC_GUARDED_BY_LOCK the caller's lock serialises everything.
 */
#ifndef AC_ONCE_H
#define AC_ONCE_H

#include "base/ac_guarded.h"
#include "sync/ac_event_count.h"

#define AC_ONCE_STATE_NEW 0u
#define AC_ONCE_STATE_RUNNING 1u
#define AC_ONCE_STATE_CLAIMED 2u /* a few instructions: owner and generation are being written */
#define AC_ONCE_STATE_DONE 3u

typedef enum ac_once_step {
    AC_ONCE_DONE,
    AC_ONCE_RUN,
    AC_ONCE_WAIT,
    AC_ONCE_RECURSION,
} ac_once_step;

typedef struct ac_once {
    ac_atomic_u32 state;
    ac_atomic_u32 generation; /* of forks, when the run began; by the runner */
    ac_atomic_u64 owner;      /* the runner's thread number; by the runner */
    ac_event_count ended;     /* notified when a run ends, well or not */
} ac_once;

/* acquire: what the run made, before its release in ac_once_end, is seen */
AC_INLINE bool ac_once_is_done(ac_once *o) {
    return ac_gload_acquire(&o->state) == AC_ONCE_STATE_DONE;
}

AC_UNUSED static ac_once_step ac_once_begin(ac_once *o, uint64_t me, uint64_t survivor,
                                            uint32_t generation) {
    uint32_t state = ac_gload_seq_cst(&o->state);
    for (;;) {
        if (state == AC_ONCE_STATE_DONE) return AC_ONCE_DONE;
        if (state == AC_ONCE_STATE_CLAIMED) return AC_ONCE_WAIT;
        if (state == AC_ONCE_STATE_RUNNING) {
            const uint64_t owner = ac_load_relaxed(&o->owner);
            if (owner == me) return AC_ONCE_RECURSION;
            if (ac_load_relaxed(&o->generation) == generation || owner == survivor)
                return AC_ONCE_WAIT;
            /* its runner was left behind by a fork: the run is ours */
        }
        if (!ac_gcas_u32_seq_cst(&o->state, &state, AC_ONCE_STATE_CLAIMED)) continue;
        ac_store_relaxed(&o->owner, me);
        ac_store_relaxed(&o->generation, generation);
        /* release: who finds RUNNING finds the owner that belongs to it */
        ac_gstore_release(&o->state, AC_ONCE_STATE_RUNNING);
        return AC_ONCE_RUN;
    }
}

AC_UNUSED static void ac_once_end(ac_once *o, bool well) {
    ac_gexchange_u32_acq_rel(&o->state, well ? AC_ONCE_STATE_DONE : AC_ONCE_STATE_NEW);
    ac_ec_notify_all(&o->ended, AC_WAIT_PRIVATE);
}

#endif
