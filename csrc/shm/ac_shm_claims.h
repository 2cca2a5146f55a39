/* ac_shm_claims.h - who takes what: the table of participants, and the reaper.
 *
 *   int entry = ac_shm_claims_enter(&claims);             this thread's, until it leaves
 *   ac_shm_claim *c = ac_shm_claims_at(&claims, entry);
 *   ac_shm_claim_intend(c, lane, n, count);               before the CAS that takes
 *   if (CAS(next of the lane, n, end)) copy [n, end);
 *   ac_shm_claim_settle(c);                               after the copy
 *   ac_shm_claims_leave(&claims, entry);
 *
 *   head = ac_shm_claims_bound(&claims, lane, head, next);   nobody reads below it any more
 *
 * What a consumer has claimed and not yet copied stays where it is, because its intent says so;
 * whoever recycles a lane asks for the bound first. A claim has no other trace: no message is ever
 * marked, and no count can be left wrong by a kill. The intent of a dead process is withdrawn by the
 * reaper, which is any survivor that finds it (ac_shm_claims_reap), and what it held is counted.
 *
 * Why no live claim is overlooked: the claimant stores its intent before its CAS on `next` (release);
 * who reads a `next` beyond the claim (acquire) reads the intent, or a later store of the same
 * claimant (release), before which the copy has ended. A loser of the CAS holds a stale intent for
 * some instructions, or while it is stopped: that only delays the recycling.
 *
 * Slots belong to processes and are used by one thread at a time; a process keeps those it has. They
 * are handed out by one CAS on `owner`; a dead owner's are taken over. The process's part lies in
 * memory that the kernel clears in a forked child (MADV_WIPEONFORK): the child is another
 * participant without anybody telling it. Progress: enter is lock-free but for the first time.
 */
#ifndef AC_SHM_CLAIMS_H
#define AC_SHM_CLAIMS_H

#include <stdbool.h>

#include "base/ac_atomic.h"
#include "shm/ac_shm_region.h"

#define AC_SHM_CLAIMS 1024u /* participants at a time: threads that take, of all processes */
#define AC_SHM_POSITION_UNIT 32u /* positions of messages are multiples of it */

typedef struct ac_shm_claim {
    AC_ALIGNED_LINE ac_atomic_u64 owner; /* ac_peer_self of a process; 0: free */
    ac_atomic_u64 intent; /* the owner; the reaper after its death. 0: none */
    ac_atomic_u64 count;  /* messages that the intent is about; the owner, before it */
} ac_shm_claim;

typedef struct ac_shm_claims_shared {
    AC_ALIGNED_LINE ac_atomic_u32 high; /* slots from here up were never used; only grows */
    ac_atomic_u64 deaths; /* dead participants that were found with an intent */
    ac_atomic_u64 lost;   /* messages that they may have held: at most these */
    ac_shm_claim slots[AC_SHM_CLAIMS];
} ac_shm_claims_shared;

#define AC_SHM_LOCAL_CLAIMS 32u /* threads of one process that copy at the same instant */

typedef struct ac_shm_claims_local {
    ac_atomic_u64 self; /* 0: not asked yet in this process */
    ac_atomic_u32 lane; /* that this process puts into, plus one; for the queue */
    ac_atomic_u64 tail; /* of the first lane, as a taker of this process last saw it; for the queue */
    ac_atomic_u32 leases; /* entries that views hold, or are about to; for the queue */
    ac_atomic_u32 opener; /* this handle's place among the openers, plus one; for ac_shm_party.h */
    struct {
        ac_atomic_u32 state; /* of local_state */
        uint32_t slot;
    } claims[AC_SHM_LOCAL_CLAIMS];
} ac_shm_claims_local;

typedef struct ac_shm_claims {
    ac_shm_region region;
    ac_shm_claims_shared *shared;
    ac_shm_claims_local *local;
} ac_shm_claims;

/* 0 or an errno. `shared` lies in `region`, zero in a new one; the slots get memory when they are
 * first used, what is before them has it. */
int ac_shm_claims_open(ac_shm_claims *c, const ac_shm_region *region,
                       ac_shm_claims_shared *shared);
void ac_shm_claims_close(ac_shm_claims *c); /* nobody of this process may be inside */

/* This process, as ac_peer_self says; remembered. */
uint64_t ac_shm_claims_self(const ac_shm_claims *c);

/* An entry for this thread; -1 if all are in use at this instant, or there is no memory. */
int ac_shm_claims_enter(const ac_shm_claims *c);
void ac_shm_claims_leave(const ac_shm_claims *c, int entry);

AC_INLINE ac_shm_claim *ac_shm_claims_at(const ac_shm_claims *c, int entry) {
    return &c->shared->slots[c->local->claims[entry].slot];
}

AC_INLINE void ac_shm_claim_intend(ac_shm_claim *claim, uint32_t lane, uint64_t position,
                                   uint64_t count) {
    ac_store_relaxed(&claim->count, count);
    /* Release: pairs with the acquire of ac_shm_claims_bound, for the copy before it. */
    ac_store_release(&claim->intent,
                     (uint64_t)lane << 56 | position / AC_SHM_POSITION_UNIT << 1 | 1);
}

AC_INLINE void ac_shm_claim_settle(ac_shm_claim *claim) {
    ac_store_release(&claim->intent, 0); /* as above */
}

/* The least position from `head` up to `next` that somebody has claimed and not yet copied; `next`,
 * as acquired, if there is none. */
uint64_t ac_shm_claims_bound(const ac_shm_claims *c, uint32_t lane, uint64_t head, uint64_t next);

/* Looks for dead participants that have intents, withdraws and counts these. A system call for every
 * intent of another process; nearly nothing if there is none. Any thread. */
void ac_shm_claims_reap(const ac_shm_claims *c);

#endif
