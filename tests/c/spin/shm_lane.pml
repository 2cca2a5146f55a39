/* shm_lane.pml - a byte lane of csrc/shm whose putters, takers and reapers are killed between any two steps.
 *
 * Steps are those of the C code, in its order, and a CAS is one:
 *
 *   put        put_held (ac_shm_queue.c): room_held, reserve, write_image, log, puts, tail
 *   reserve    advance_head, ac_shm_claims_bound, then reclaim, give, map_next, claim (ac_shm_stream.c)
 *   take       claim_and_copy (ac_shm_take.c): count, intent, CAS on next, copy, settle
 *   repair     repair_put, ac_shm_stream_forget, ac_shm_stream_repair, by who inherits the lane's lock
 *   reap       ac_shm_claims_reap, bury (ac_shm_claims.c), by anyone: a putter whose memory is held, a waiter
 *
 * Stores that only the next holder of the lane's lock reads (the log, the pool, `head`) are one step for the others
 * and several for a kill. One lane, as with a maxsize; of the table of claims each taker has a slot
 * (shm_claims.pml has its owners). A record fills a segment, so that each position is a segment's. The
 * lane's lock is one step: robust_lock.pml has its own. A wait is the condition under which the look after a slice
 * finds something to do: to take, to put, to repair, to reap. So who waits for ever is in an end state that is
 * not valid.
 *
 * Holds if nobody waits for ever; a taker reads what was published, and nothing twice; never more than MAXSIZE
 * messages are inside; and, when all have ended or are dead, a newcomer finds: all that was published and is not
 * delivered was held by a killed taker, one batch each, and is counted in `lost`, which counts nothing else but
 * what a killed reaper had counted before; `puts` is the number of messages published, so that a joiner goes
 * on; every credit and every segment is there again: it fills the queue and empties it, twice.
 *
 * config one:      -DPUTTERS=2 -DMSGS=2 -DTAKERS=1 -DMAXSIZE=1 -DKILLS=2
 * config credit:   -DPUTTERS=2 -DMSGS=1 -DTAKERS=2 -DMAXSIZE=1 -DKILLS=3
 * config room:     -DPUTTERS=2 -DMSGS=2 -DTAKERS=1 -DMAXSIZE=2 -DKILLS=3
 * config grow:     -DPUTTERS=1 -DMSGS=4 -DTAKERS=2 -DKILLS=2
 * config batch:    -DPUTTERS=1 -DMSGS=3 -DTAKERS=2 -DBATCH=2 -DKILLS=1 -DTIDY
 *
 * mutant INTENT_LATE grow: the intent is written after the CAS
 * mutant SETTLE_FIRST grow: the intent is withdrawn before the copy
 * mutant CLAIM_BY_STORE credit: next is stored, without a comparison
 * mutant NO_BOUND grow: what is claimed is recycled
 * mutant SCAN_FIRST grow: the intents are read before next
 * mutant TAIL_FIRST one: the message is published before it is copied
 * mutant REAP_LIVING grow: the kernel is not asked whether the owner of an intent is dead
 * mutant NO_REAP credit: the intent of a dead taker stays
 * mutant UNCOUNTED credit: it is withdrawn, and what it was about is not counted
 * mutant COUNT_LAST credit: it is counted after it is withdrawn
 * mutant BURIER_FORGOTTEN credit: a reaper that was killed is not found dead
 * mutant NO_LOG one: a put that did not happen stays counted
 * mutant LOG_LATE one: puts is stored before the log
 * mutant PUTS_LATE one: puts is stored after tail
 * mutant REPAIR_ALWAYS one: puts is set back also if the put was complete
 * mutant COUNTED_CREDIT credit: the messages inside are counted, up by a put and down by a take
 * mutant NO_POOL_REPAIR one: a segment that the dead had taken and not entered stays taken
 * mutant MAPPED_FIRST one: a segment counts as mapped before it is in the table
 */
#ifndef BATCH
#define BATCH 1
#endif
#define SEGMENTS 2
#define PARTIES (PUTTERS + TAKERS)
#define WITNESS PARTIES
#define SLOTS (TAKERS + 1)
#define SLOT(i) ((i) - PUTTERS)     /* of a taker, and of the witness */
#define POSITIONS (PUTTERS * MSGS + 2 * SEGMENTS)

/* struct ac_shm_lane. Under its lock: all but next, which takers move by CAS. */
byte lock;          /* 0: free; the holder + 1 */
bool died;          /* the last holder was killed, and nobody has repaired since */
byte tail, puts, log_tail, log_puts, head, gets_seen;
byte next;

/* The pool, as far as one lane sees it. */
#define FREE 0
#define OURS 1
#define MARKED 3
byte word[SEGMENTS];
byte table[SEGMENTS];
byte mapped, reclaimed;
byte payload[SEGMENTS], number[SEGMENTS];
#define AT(position) table[(position) % SEGMENTS]

/* The table of claims: the low bit of an owner is off while a reaper is at work. */
byte owner[SLOTS], intent[SLOTS], count[SLOTS];
byte lost;
#define OWNER(i) (2 * (i) + 3)
#define BURIER(i) (2 * (i) + 2)
#define WHO(o) ((o) / 2 - 1)

/* What only the model knows. */
byte truth[POSITIONS];      /* what was published at a position */
bool got[POSITIONS];
byte held[SLOTS];           /* claimed and not yet delivered */
byte in_burial[PARTIES + 1];/* counted by this reaper, and not yet withdrawn */
byte gone;                  /* published, claimed, and its claimant killed */
byte owed;                  /* what the intents of the dead were about */
byte twice;                 /* counted by a reaper that was killed before it withdrew the intent */
byte putting = PUTTERS, taking = TAKERS;
#ifdef COUNTED_CREDIT
byte inside;
#endif

#define LOCALS byte todo, status, n, k, j, o; bool ok, again
inline forget_locals() { todo = 0; status = 0; n = 0; k = 0; j = 0; o = 0; ok = false; again = false }

inline at_death(i) {
    if
    :: i < PUTTERS -> putting--
    :: else ->
        taking--;
        gone = gone + held[SLOT(i)];
        held[SLOT(i)] = 0;
        if :: intent[SLOT(i)] != 0 -> owed = owed + count[SLOT(i)] :: else fi
    fi;
    twice = twice + in_burial[i];
    in_burial[i] = 0;
    if :: lock == i + 1 -> lock = 0; died = true :: else fi
}
#include "kills.pml"

#define DEPTH (next == tail -> 0 : puts - number[AT(next)])
#ifndef MAXSIZE
#define ROOM true
#elif defined(COUNTED_CREDIT)
#define ROOM (inside < MAXSIZE)
#else
#define ROOM (DEPTH < MAXSIZE)
#endif
/* What a look after a slice would find to mend. */
#define TO_REPAIR (died && lock == 0)
#if defined(NO_REAP)
#define ABANDONED(s) false
#elif defined(REAP_LIVING)
#define ABANDONED(s) (intent[s] != 0 && owner[s] != 0)
#elif defined(BURIER_FORGOTTEN)
#define ABANDONED(s) (intent[s] != 0 && (owner[s] & 1) != 0 && DEAD(WHO(owner[s])))
#else
#define ABANDONED(s) (intent[s] != 0 && owner[s] != 0 && DEAD(WHO(owner[s])))
#endif
#if TAKERS == 1
#define TO_REAP ABANDONED(0)
#else
#define TO_REAP (ABANDONED(0) || ABANDONED(1))
#endif

/* ---- the reaper ---- */

inline add_lost(me) { lost = lost + count[j]; in_burial[me] = count[j] }
inline withdraw(me) { intent[j] = 0; in_burial[me] = 0 }

/* Of slot j, whose owner was `o` when it was found abandoned. */
inline bury(me) {
    STEP(me, ok = (owner[j] == o); if :: ok -> owner[j] = BURIER(me) :: else fi);
    if
    :: ok ->
#if defined(UNCOUNTED)
        STEP(me, withdraw(me));
#elif defined(COUNT_LAST)
        STEP(me, withdraw(me));
        STEP(me, lost = lost + count[j]);
#else
        STEP(me, if :: intent[j] != 0 -> add_lost(me) :: else fi);
        STEP(me, withdraw(me));
#endif
        STEP(me, owner[j] = 0; ok = false)
    :: else
    fi
}

inline reap(me) {
    do
    :: j < TAKERS ->
        STEP(me, ok = (ABANDONED(j) && WHO(owner[j]) != me); if :: ok -> o = owner[j] :: else fi);
        if :: ok -> bury(me) :: else fi;
        atomic { j++; o = 0 }
    :: else -> j = 0; break
    od
}

/* ---- the pool, by the holder of the lane's lock; inside of a STEP ---- */

/* Segments [reclaimed, head) are nobody's any more. */
inline reclaim(me) {
    do
    :: reclaimed < head ->
        reclaimed++;
        MORTAL(me);
        word[AT(reclaimed - 1)] = FREE;
        MORTAL(me)
    :: else -> break
    od
}

/* The lowest free segment, and its entry; `ok`, or the limit. */
inline map_next(me) {
    do
    :: o < SEGMENTS && word[o % SEGMENTS] != FREE -> o++
    :: else -> break
    od;
    ok = (o < SEGMENTS);
    if
    :: ok ->
        word[o] = OURS;
        MORTAL(me);
#ifdef MAPPED_FIRST
        mapped++;
        MORTAL(me);
        table[(mapped - 1) % SEGMENTS] = o
#else
        table[mapped % SEGMENTS] = o;
        MORTAL(me);
        mapped++
#endif
    :: else
    fi;
    o = 0
}

inline stream_repair(me) {
    do  /* forget */
    :: mapped > tail -> mapped--; MORTAL(me); word[AT(mapped)] = FREE; MORTAL(me)
    :: else -> break
    od;
#ifndef NO_POOL_REPAIR
    do  /* a repairer that was killed leaves marks */
    :: o < SEGMENTS -> if :: word[o] == MARKED -> word[o] = OURS; MORTAL(me) :: else fi; o++
    :: else -> break
    od;
    o = reclaimed;
    do
    :: o < mapped -> if :: word[AT(o)] == OURS -> word[AT(o)] = MARKED; MORTAL(me) :: else fi; o++
    :: else -> break
    od;
    o = 0;
    do
    :: o < SEGMENTS ->
        if
        :: word[o] == MARKED -> word[o] = OURS; MORTAL(me)
        :: word[o] == OURS -> word[o] = FREE; MORTAL(me)
        :: else
        fi;
        o++
    :: else -> o = 0; break
    od
#endif
}

/* ---- the lane's lock ---- */

inline repair_put(me) {
#ifdef REPAIR_ALWAYS
    puts = log_puts;
    MORTAL(me);
#elif !defined(NO_LOG)
    if :: log_tail != tail -> puts = log_puts; MORTAL(me) :: else fi;
#endif
    stream_repair(me);
    died = false /* ac_robust_lock_mended */
}

inline take_lock(me) {
    atomic {
        if
        :: lock == 0 -> lock = me + 1
        :: me != WITNESS && kills > 0 -> goto dying
        fi;
        if :: died -> MORTAL(me); repair_put(me) :: else fi
    }
}
#define UNLOCK(me) STEP(me, lock = 0)

/* ---- put ---- */

/* Gives `n`. `next` is read first. */
inline claims_bound(me) {
#if defined(NO_BOUND)
    STEP(me, n = next);
#else
#if defined(SCAN_FIRST)
    n = POSITIONS;
#else
    STEP(me, n = next);
#endif
    do
    :: j < TAKERS ->
        STEP(me, if :: intent[j] > head && intent[j] <= n -> n = intent[j] - 1 :: else fi; j++)
    :: else -> j = 0; break
    od;
#if defined(SCAN_FIRST)
    STEP(me, n = (next < n -> next : n));
#endif
#endif
}

/* At most every 10 ms it also looks for the dead: here, or not. */
inline advance_head(me) {
    claims_bound(me);
    if
    :: TO_REAP -> reap(me); claims_bound(me)
    :: true
    fi
}

/* `ok`: [tail, tail + 1) has a segment. */
inline reserve(me) {
    if
    :: mapped > tail -> ok = true
    :: else ->
        advance_head(me);
        STEP(me,
            head = n;
            n = 0;
            MORTAL(me);
            reclaim(me);
            if
            :: tail - head >= SEGMENTS -> ok = false
            :: else -> map_next(me)
            fi
        )
    fi
}

/* ac_shm_lane_depth, in `k`: right if next has not moved while the number was read. */
inline lane_depth(me) {
    do
    :: STEP(me, n = next);
       if
       :: n == tail -> k = 0; break
       :: else -> STEP(me, k = puts - number[AT(n)]; ok = (next == n)); if :: ok -> break :: else fi
       fi
    od
}

/* `ok`; under the lock. What was last seen of next is used first. */
inline room_held(me) {
#if !defined(MAXSIZE)
    ok = true
#elif defined(COUNTED_CREDIT)
    STEP(me, ok = (inside < MAXSIZE); if :: ok -> inside++ :: else fi)
#else
    STEP(me, ok = (puts - gets_seen < MAXSIZE));
    if
    :: !ok ->
        lane_depth(me);
        STEP(me, gets_seen = puts - k; ok = (k < MAXSIZE); k = 0; n = 0)
    :: else
    fi
#endif
}

#define PAYLOAD(me) (tail * (PARTIES + 1) + (me) + 1)

inline write_image(me) { payload[AT(tail)] = PAYLOAD(me); number[AT(tail)] = puts }
inline commit(me) {
    truth[tail] = PAYLOAD(me);
    tail++;
#ifdef MAXSIZE
    assert(tail - next <= MAXSIZE)
#endif
}

/* `status`: what put_held returns. */
#define OK 0
#define FULL 1
#define LIMIT 2
inline put_in_lane(me) {
    take_lock(me);
    room_held(me);
    if
    :: !ok -> status = FULL
    :: else ->
        reserve(me);
        if
        :: !ok -> status = LIMIT
        :: else ->
#if defined(TAIL_FIRST)
            STEP(me, log_puts = puts; MORTAL(me); log_tail = tail + 1; MORTAL(me); puts++);
            STEP(me, commit(me));
            STEP(me, payload[AT(tail - 1)] = truth[tail - 1]; number[AT(tail - 1)] = puts - 1);
#else
            STEP(me, write_image(me));
#if defined(LOG_LATE)
            STEP(me, puts++; MORTAL(me); log_puts = puts - 1; MORTAL(me); log_tail = tail + 1);
            STEP(me, commit(me));
#elif defined(PUTS_LATE)
            STEP(me, log_puts = puts; MORTAL(me); log_tail = tail + 1);
            STEP(me, commit(me));
            STEP(me, puts++);
#else
            STEP(me, log_puts = puts; MORTAL(me); log_tail = tail + 1; MORTAL(me); puts++);
            STEP(me, commit(me));
#endif
#endif
            status = OK
        fi
    fi;
    UNLOCK(me)
}

/* ---- take ---- */

/* `k`: how many it took; 0: none there, or others were faster. */
inline take_once(me) {
    STEP(me,
        n = next;
        if
        :: n == tail -> k = 0
        :: tail - n > 1 && BATCH > 1 -> k = BATCH
        :: else -> k = 1
        fi
    );
    if
    :: k > 0 ->
#ifdef INTENT_LATE
        STEP(me, count[SLOT(me)] = k);
#else
        STEP(me, count[SLOT(me)] = k; MORTAL(me); intent[SLOT(me)] = n + 1);
#endif
        STEP(me,
#ifdef CLAIM_BY_STORE
            ok = true;
#else
            ok = (next == n);
#endif
            if :: ok -> next = n + k; held[SLOT(me)] = k :: else -> k = 0 fi
        );
        if
        :: ok ->
#ifdef INTENT_LATE
            STEP(me, intent[SLOT(me)] = n + 1);
#endif
#ifdef COUNTED_CREDIT
            STEP(me, inside = inside - k);
#endif
#ifdef SETTLE_FIRST
            STEP(me, intent[SLOT(me)] = 0);
#endif
            STEP(me,
                do
                :: j < k -> assert(payload[AT(n + j)] == truth[n + j]); j++
                :: else -> j = 0; break
                od
            );
            STEP(me,
                intent[SLOT(me)] = 0;
                held[SLOT(me)] = 0;
                do
                :: j < k -> assert(!got[n + j]); got[n + j] = true; j++
                :: else -> j = 0; break
                od;
                ok = false
            )
        :: else
        fi
    :: else
    fi;
    n = 0
}

/* ---- who does what: putters, takers, and at last the witness ---- */

#define NOBODY_LEFT (next == tail && putting == 0)
#ifndef MAXSIZE
#define MAXSIZE SEGMENTS
#endif

/* What the witness finds at the end. */
inline check_all() {
    assert(puts == tail && next == tail);
    do
    :: j < tail -> if :: !got[j] -> n++ :: else fi; j++
    :: else -> break
    od;
    assert(n == gone && n <= BATCH * killed_in_all);
    assert(lost == owed + twice && gone <= lost)
}

proctype party(byte me) {
    LOCALS;
    byte round;
    if
    :: me < PUTTERS -> todo = MSGS; goto do_put
    :: me == WITNESS -> goto do_mend
    :: else -> goto do_take
    fi;

do_put:
    put_in_lane(me);
    atomic {
        ok = false;
        if
        :: me == WITNESS ->
            assert(status == (SEGMENTS - todo < MAXSIZE -> OK : FULL));
            status = OK;
            todo--;
            if :: todo > 0 -> goto do_put :: else -> goto do_take fi
        :: else
        fi;
        if
        :: status == FULL -> status = OK; goto wait_for_room
        :: status == LIMIT && !again -> again = true; status = OK; goto do_mend /* and then a MemoryError */
        :: else
        fi;
        status = OK;
        again = false;
        todo--;
        if :: todo > 0 -> goto do_put :: else -> goto over fi
    }
wait_for_room:
    if
    :: ROOM -> goto do_put
    :: TO_REPAIR || TO_REAP -> goto do_mend
    :: taking == 0 -> goto over
    :: kills > 0 -> goto dying
    fi;

do_mend:
    if :: TO_REPAIR -> take_lock(me); UNLOCK(me) :: else fi;
    if :: TO_REAP -> reap(me) :: else fi;
    if :: me < PUTTERS -> goto do_put :: else -> goto do_take fi;

do_take:
    take_once(me);
    if
    :: me == WITNESS ->
        k = 0;
        if
        :: next < tail -> goto do_take
        :: next == tail && round < 2 -> round++; todo = SEGMENTS; goto do_put
        :: else -> goto check
        fi
#ifdef TIDY
    :: me != WITNESS && k > 0 ->
        k = 0;
        if
        :: lock == 0 && head < next ->
            take_lock(me);
            advance_head(me);
            STEP(me, head = n; n = 0; MORTAL(me); reclaim(me));
            UNLOCK(me)
        :: true
        fi;
        goto do_take
#else
    :: me != WITNESS && k > 0 -> k = 0; goto do_take
#endif
    :: else -> STEP(me, intent[SLOT(me)] = 0) /* a lost CAS leaves one behind */
    fi;
    if
    :: next < tail -> goto do_take
    :: TO_REPAIR || TO_REAP -> goto do_mend
    :: NOBODY_LEFT -> goto over
    :: kills > 0 -> goto dying
    fi;

check:
    atomic { check_all(); goto dead };
over:
    atomic { left--; if :: me < PUTTERS -> putting-- :: else -> taking-- fi; goto dead };
dying:
    atomic { die(me) };
dead:
    skip
}

init {
    byte i;
    choose_kills();
    atomic {
        for (i : 0 .. PARTIES) {
            if :: i >= PUTTERS -> owner[SLOT(i)] = OWNER(i) :: else fi;
            if :: i < PARTIES -> run party(i) :: else fi
        }
        i = 0
    }
    left == 0;
    kills = 0;
    run party(WITNESS)
}
