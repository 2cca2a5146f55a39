/* shared_lock.pml - the lock between processes that knows its owner, csrc/shm/ac_shared_lock.h, with kills at every step.
 *
 * word[0] = { owner, sleepers:1 }, 0 is free. Steps are those of try, prepare, inherit, release and pass, in
 * their order; a CAS is one. A slice (SLICES) ends where the look after it finds something: another word, or
 * a dead owner. Without slices and without kills the same must hold: no wake is lost among the living. LEAVES waiters
 * may leave by an exception, after a wake that they have consumed.
 *
 * Holds if nobody waits for ever, never two hold the lock, and who takes it is told "its owner died" when
 * and only when the last holder was killed as such; when all have ended or are dead, a newcomer gets it.
 *
 * config live:   -DPARTIES=3 -DROUNDS=2 -DKILLS=0 -DLEAVES=0
 * config leave:  -DPARTIES=4 -DROUNDS=1 -DKILLS=0 -DLEAVES=2
 * config kills:  -DPARTIES=3 -DROUNDS=2 -DKILLS=2 -DLEAVES=1 -DSLICES
 *
 * mutant FORGET_SLEEPERS live: who has slept takes the lock without the flag
 * mutant NO_WAKE live: a release wakes nobody
 * mutant SLEEP_UNCHECKED live: the kernel does not compare the word
 * mutant NO_PASS leave: who leaves by an exception keeps the wake
 * mutant PASS_WITHOUT_FLAG leave: it wakes another if the lock is free, and does not put the flag up if not
 * mutant OWNER_LATE kills: the owner is written down after the lock is taken
 * mutant INHERIT_BY_STORE kills: the heir stores its name, without a comparison
 * mutant INHERIT_LIVING kills: the kernel is not asked
 * mutant NO_INHERIT kills: nobody takes it from the dead
 * mutant NO_SLICES kills: a sleeper sleeps until it is woken
 */
#define WITNESS PARTIES
#define THREADS (PARTIES + 1)
#define WORDS 1
#include "ec.pml"

#define LOCK word[0]
#define FLAG 1
#define ID(me) (2 * (me) + 2)
#define OWNER_OF(w) ((w) / 2 - 1)
#define SOME_OWNER(w) ((w) > FLAG)

byte holders;
bool holds[PARTIES + 1];
bool broken;                /* the last holder was killed */
byte leaves = LEAVES;

#define LOCALS byte todo, seen; bool ok, heir
inline forget_locals() { todo = 0; seen = 0; ok = false; heir = false }

inline at_death(me) {
    on[me] = 0;
    if :: holds[me] -> holds[me] = false; holders--; broken = true :: else fi
}
#include "kills.pml"

/* By one CAS the lock is taken and its owner known. */
inline own(me) {
    assert(holders == 0);
    holders++;
    holds[me] = true
}

#ifdef OWNER_LATE
#define TAKE(me, flag) LOCK = FLAG; own(me)
#define WRITE_OWNER(me) STEP(me, LOCK = LOCK | ID(me))
#else
#define TAKE(me, flag) LOCK = ID(me) | (flag); own(me)
#define WRITE_OWNER(me) skip
#endif
#ifdef FORGET_SLEEPERS
#define UP 0
#else
#define UP FLAG
#endif

#if defined(INHERIT_LIVING)
#define ABANDONED(w) SOME_OWNER(w)
#elif defined(NO_INHERIT)
#define ABANDONED(w) false
#else
#define ABANDONED(w) (SOME_OWNER(w) && DEAD(OWNER_OF(w)))
#endif

proctype party(byte me) {
    LOCALS;
    todo = (me == WITNESS -> 1 : ROUNDS);
again:
    STEP(me, seen = LOCK; if :: seen == 0 -> TAKE(me, 0); ok = true :: else fi); /* try */
    if :: ok -> goto taken :: else fi;

prepare:
    STEP(me, seen = LOCK);
prepare_more:
    if
    :: seen == 0 ->
        STEP(me, seen = LOCK; if :: seen == 0 -> TAKE(me, UP); ok = true :: else fi);
        if :: ok -> goto taken :: else -> goto prepare_more fi
    :: (seen & FLAG) != 0
    :: else ->
        STEP(me, ok = (LOCK == seen); if :: ok -> LOCK = seen | FLAG :: else fi; seen = LOCK);
        if :: ok -> ok = false :: else -> goto prepare_more fi
    fi;
    STEP(me, ok = ABANDONED(seen));
    if
    :: ok ->
        STEP(me,
#ifdef INHERIT_BY_STORE
            ok = true;
#else
            ok = (LOCK == seen);
#endif
            if :: ok -> heir = true; TAKE(me, FLAG) :: else fi
        );
        if :: ok -> goto taken :: else -> goto prepare fi
    :: else
    fi;
    if :: me != WITNESS && kills > 0 -> goto dying :: true fi;
    futex_sleep(me, 0, seen);
    if
    :: on[me] == 0
#if defined(SLICES) && !defined(NO_SLICES)
    :: atomic { on[me] != 0 && (LOCK != seen || ABANDONED(LOCK)) -> on[me] = 0 }
#endif
    :: me != WITNESS && kills > 0 -> goto dying
    fi;
    if
    :: atomic { me != WITNESS && leaves > 0 -> leaves-- }; goto pass
    :: goto prepare
    fi;

taken:
    WRITE_OWNER(me);
    STEP(me, assert(holders == 1 && heir == broken); broken = false; heir = false; ok = false);
    /* inside */
    STEP(me, holds[me] = false; holders--; seen = LOCK; LOCK = 0);
    if
    :: (seen & FLAG) != 0 ->
#ifndef NO_WAKE
        STEP(me, skip);
        futex_wake_one(0)
#endif
    :: else
    fi;
    atomic {
        seen = 0;
        todo--;
        if :: todo > 0 -> goto again :: me != WITNESS && todo == 0 -> goto over :: else -> goto dead fi
    }

pass:
#ifndef NO_PASS
    STEP(me, seen = LOCK);
    if
    :: seen == 0 -> STEP(me, skip); futex_wake_one(0); goto over
    :: else ->
#ifdef PASS_WITHOUT_FLAG
        goto over
#else
        STEP(me, ok = (LOCK == seen); if :: ok -> LOCK = seen | FLAG :: else fi);
        if :: ok -> goto over :: else -> goto pass fi
#endif
    fi;
#endif
over:
    atomic { seen = 0; ok = false; left--; goto dead }
dying:
    atomic { die(me) };
dead:
    skip
}

init {
    byte i;
    choose_kills();
    atomic {
        for (i : 0 .. PARTIES - 1) { run party(i) }
        i = 0
    }
    left == 0;
    kills = 0;
    run party(WITNESS)
}
