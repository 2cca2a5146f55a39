/* shm_claims.pml - the table of participants of csrc/shm/ac_shm_claims.c: who joins, leaves, is found dead; who reaps, is
 * killed while it does, and is reaped; slots that are used again, by others and by a process of the same number.
 *
 * Steps are those of the C code, in its order: register_slot, take_free; ac_shm_claim_intend, the claim, settle;
 * ac_shm_claims_close; ac_shm_claims_reap, is_abandoned, bury. Each load, store, CAS and question to the kernel is one.
 * Takers join, take ROUNDS times and leave; reapers look REAPS times; both may look for the dead on the way, as
 * one does who waits. LIVES of the killed come back with the same number and another start time: `life`.
 *
 * Holds if no live owner's intent is withdrawn and no slot has two owners; nobody waits for ever; and, when all have
 * ended or are dead, a newcomer that looks once finds: no intent is left; `lost` is what the intents of the dead
 * were about, once each, and once more for each reaper that was killed between counting and withdrawing; and it
 * can have every slot.
 *
 * config reuse:   -DTAKERS=2 -DREAPERS=1 -DSLOTS=1 -DROUNDS=1 -DREAPS=1 -DKILLS=2 -DLIVES=1
 * config two:     -DTAKERS=2 -DREAPERS=1 -DSLOTS=2 -DROUNDS=1 -DREAPS=1 -DKILLS=2 -DLIVES=0
 * config reapers: -DTAKERS=1 -DREAPERS=2 -DSLOTS=1 -DROUNDS=2 -DREAPS=1 -DKILLS=2 -DLIVES=1
 *
 * mutant BURY_WITHOUT_CAS reapers: a reaper withdraws the intent without making the slot its own
 * mutant FREE_FIRST reuse: the slot is free before the intent is withdrawn
 * mutant PID_ALONE reapers: a process is told by its number, without its start time
 * mutant REAP_LIVING two: the kernel is not asked
 * mutant BURIER_FORGOTTEN reuse: a reaper that was killed is not found dead
 * mutant COUNT_LAST reuse: the dead one's messages are counted after the intent is withdrawn
 * mutant UNCOUNTED two: they are not counted
 * mutant FREE_SLOTS_ONLY reuse: who joins takes free slots, and nobody's from the dead
 * mutant TAKE_BY_STORE two: who finds a slot free stores its name, without a comparison
 * mutant LEAVE_FIRST reuse: who leaves gives its slot away before it withdraws its intent
 */
#define PARTIES (TAKERS + REAPERS)
#define WITNESS PARTIES

/* ac_shm_claims_shared; the low bit of an owner is off while a reaper is at work. */
byte high;
byte owner[SLOTS], intent[SLOTS], count[SLOTS];
byte lost;

byte life[PARTIES + 1];     /* the start time of the process that has the number now */
byte lives = LIVES;         /* so many of the dead have a successor of the same number */
#define ID(me) (2 * (life[me] * (PARTIES + 1) + (me)) + 1)
#define PID(id) (((id) / 2) % (PARTIES + 1))
#define LIFE(id) (((id) / 2) / (PARTIES + 1))

/* What only the model knows. */
bool ended[PARTIES + 1];
bool held[PARTIES + 1];     /* has claimed, and not yet delivered */
bool in_burial[PARTIES + 1];/* has counted, and not yet withdrawn */
byte mine[PARTIES + 1];     /* its slot, plus one */
byte gone, owed, twice;

#define LOCALS byte todo, n, i, k, o; bool ok
inline forget_locals() { todo = 0; n = 0; i = 0; k = 0; o = 0; ok = false }

inline at_death(me) {
    if
    :: mine[me] != 0 ->
        if :: intent[mine[me] - 1] != 0 -> owed++ :: else fi;
        mine[me] = 0
    :: else
    fi;
    if :: held[me] -> gone++; held[me] = false :: else fi;
    if :: in_burial[me] -> twice++; in_burial[me] = false :: else fi
}
#include "kills.pml"

/* ac_peer_is_dead */
#ifdef PID_ALONE
#define GONE(id) (DEAD(PID(id)) || ended[PID(id)])
#else
#define GONE(id) (DEAD(PID(id)) || ended[PID(id)] || life[PID(id)] != LIFE(id))
#endif
#if defined(REAP_LIVING)
#define ABANDONED(o, me) ((o) != 0 && PID(o) != (me))
#elif defined(BURIER_FORGOTTEN)
#define ABANDONED(o, me) ((o) != 0 && ((o) | 1) != ID(me) && ((o) & 1) != 0 && GONE(o))
#else
#define ABANDONED(o, me) ((o) != 0 && ((o) | 1) != ID(me) && GONE(o))
#endif

/* ---- the reaper ---- */

inline withdraw(me) {
    assert(intent[i] == 0 || DEAD(PID(intent[i])) || life[PID(intent[i])] != LIFE(intent[i]));
    intent[i] = 0;
    in_burial[me] = false
}

/* Of slot i, whose owner was `o`. */
inline bury(me) {
#ifdef BURY_WITHOUT_CAS
    ok = true;
#else
    STEP(me, ok = (owner[i] == o); if :: ok -> owner[i] = ID(me) - 1 :: else fi);
#endif
    if
    :: ok ->
        STEP(me, ok = (intent[i] != 0));
#ifdef FREE_FIRST
        STEP(me, owner[i] = 0);
#endif
        if
        :: ok ->
#if defined(UNCOUNTED)
            STEP(me, withdraw(me))
#elif defined(COUNT_LAST)
            STEP(me, withdraw(me));
            STEP(me, lost = lost + count[i])
#else
            STEP(me, lost = lost + count[i]; in_burial[me] = true);
            STEP(me, withdraw(me))
#endif
        :: else
        fi;
#ifndef FREE_FIRST
        STEP(me, owner[i] = 0);
#endif
        ok = true
    :: else
    fi
}

/* ---- joining: register_slot ---- */

inline take_free(me) {
    STEP(me,
#ifdef TAKE_BY_STORE
        ok = true;
#else
        ok = (owner[i] == 0);
#endif
        if
        :: ok -> owner[i] = ID(me); mine[me] = i + 1
        :: else
        fi
    )
}

/* What a look for a slot, again, would find. */
#ifdef FREE_SLOTS_ONLY
#define SLOT_FREE(s, me) ((s) >= high || owner[s] == 0)
#else
#define SLOT_FREE(s, me) ((s) >= high || owner[s] == 0 || ABANDONED(owner[s], me))
#endif
#if SLOTS == 1
#define SOME_SLOT(me) SLOT_FREE(0, me)
#define SOME_INTENT (intent[0] != 0)
#else
#define SOME_SLOT(me) (SLOT_FREE(0, me) || SLOT_FREE(1, me))
#define SOME_INTENT (intent[0] != 0 || intent[1] != 0)
#endif

proctype party(byte me) {
    LOCALS;
born:
    if
    :: me < TAKERS -> todo = ROUNDS; goto do_join
    :: me == WITNESS -> goto do_reap
    :: else -> todo = REAPS; goto do_reap
    fi;

do_join:
    STEP(me, n = high; i = 0);
free_ones:
    if
    :: i < n ->
        STEP(me, ok = (owner[i] == 0));
        if :: ok -> take_free(me); if :: ok -> goto joined :: else fi :: else fi;
        i++;
        goto free_ones
    :: else -> i = 0
    fi;
#ifndef FREE_SLOTS_ONLY
dead_ones:
    if
    :: i < n ->
        STEP(me, o = owner[i]);
        STEP(me, ok = ABANDONED(o, me));
        if :: ok -> bury(me); take_free(me); if :: ok -> goto joined :: else fi :: else fi;
        atomic { i++; o = 0; goto dead_ones }
    :: else -> i = 0
    fi;
#endif
    if
    :: n < SLOTS ->
        i = n;
        STEP(me, if :: high == n -> high++ :: else fi);
        take_free(me);
        if :: ok -> goto joined :: else -> goto do_join fi
    :: else ->
        if
        :: SOME_SLOT(me) -> goto do_join
        :: kills > 0 && me != WITNESS -> goto dying
        fi
    fi;

joined:
    atomic {
        n = 0; i = 0; o = 0; ok = false;
        if
        :: me == WITNESS -> todo++; if :: todo < SLOTS -> goto do_join :: else -> goto check fi
        :: else
        fi
    }
do_take:
    STEP(me, count[mine[me] - 1] = 1; MORTAL(me); assert(owner[mine[me] - 1] == ID(me));
             intent[mine[me] - 1] = ID(me));
    STEP(me, held[me] = true); /* the CAS on next; others' claims look at the intent from now on */
#ifdef LEAVE_FIRST
    STEP(me, owner[mine[me] - 1] = 0);
    STEP(me, held[me] = false; assert(intent[mine[me] - 1] == ID(me)); intent[mine[me] - 1] = 0);
    mine[me] = 0;
#else
    STEP(me, held[me] = false; assert(intent[mine[me] - 1] == ID(me)); intent[mine[me] - 1] = 0);
#endif
    atomic {
        todo--;
        if
        :: todo > 0 -> goto do_take
        :: todo == 0 && SOME_INTENT -> goto do_reap
        :: todo == 0 -> goto leave
        fi
    }

do_reap:
    STEP(me, n = high; i = 0);
look:
    if
    :: i < n ->
        STEP(me, ok = (intent[i] != 0));
        if
        :: ok ->
            STEP(me, o = owner[i]);
            STEP(me, ok = ABANDONED(o, me));
            if :: ok -> bury(me) :: else fi
        :: else
        fi;
        atomic { i++; o = 0; ok = false; goto look }
    :: else -> atomic { i = 0; n = 0 }
    fi;
    atomic {
        if
        :: me < TAKERS -> goto leave
        :: me == WITNESS -> goto do_join
        :: else -> todo--; if :: todo > 0 -> goto do_reap :: else -> goto over fi
        fi
    }

leave:
    STEP(me, if :: mine[me] != 0 -> assert(owner[mine[me] - 1] == ID(me)); owner[mine[me] - 1] = 0; mine[me] = 0
                :: else fi);
over:
    atomic { left--; ended[me] = true; goto dead }
check:
    atomic {
        do
        :: i < SLOTS -> assert(owner[i] == ID(me) && intent[i] == 0); i++
        :: else -> break
        od;
        assert(lost == owed + twice && gone <= lost);
        goto dead
    }
dying:
    atomic {
        die(me);
        if
        :: lives > 0 -> lives--; life[me]++; killed[me] = false; left++; goto born
        :: true
        fi
    };
dead:
    skip
}

init {
    byte i;
    choose_kills();
    atomic {
        for (i : 0 .. PARTIES) {
            life[i] = 1;
            if :: i < PARTIES -> run party(i) :: else fi
        }
        i = 0
    }
    left == 0;
    atomic { kills = 0; lives = 0 }
    run party(WITNESS)
}
