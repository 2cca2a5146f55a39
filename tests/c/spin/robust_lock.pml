/* robust_lock.pml - a lock whose owner may be killed between any two steps: the word of a robust mutex, as
 * csrc/shm/ac_robust_lock_linux.c gets it from glibc (__pthread_mutex_lock_full) and the kernel
 * (handle_futex_death). It is also the harness for other structures that must survive kills:
 *
 *   KILLABLE(i, body)   runs `body`; before any of its steps the process may be killed. A d_step is one step.
 *   kills               how many kills are left; `killer` spends them, or not
 *   at_death(i)         what the kernel does for the dead
 *
 * Two words a, b are the data: equal whenever nobody holds the lock, and the repair makes them so again.
 *
 * Holds if no live process sleeps for ever (end states), never two hold the lock, and whoever holds it,
 * after its repair, finds a == b.
 *
 * Without SLICES Spin finds a schedule on which a live process sleeps for ever (see README.md: two sleep, the
 * one that was woken is killed, and meanwhile a third has taken the lock with no sign of sleepers). So whoever
 * sleeps on such a lock must look again from time to time; everything in csrc/shm does, in slices of 50 ms.
 *
 * config slices:  -DPARTIES=3 -DFIRST=2 -DROUNDS=1 -DKILLS=1 -DSLICES
 * config live:    -DPARTIES=3 -DFIRST=1 -DROUNDS=1 -DKILLS=0
 * config two:     -DPARTIES=2 -DFIRST=3 -DROUNDS=3 -DKILLS=1
 *
 * mutant NO_SLICES slices: it sleeps until it is woken
 * mutant NO_PENDING two: the lock is not announced to the kernel before it is taken
 * mutant UNLOCK_THEN_FORGET two: the word is freed, then the lock taken off the kernel's list, unannounced
 * mutant NO_WAKE_AT_FREE two: the kernel does not wake for a pending lock whose word is free
 * mutant NO_KERNEL two: the kernel does nothing for the dead
 * mutant NO_REPAIR two: the heir does not repair
 * mutant REPAIR_BLIND two: the repair assumes where the dead one was killed
 * mutant FORGET_WAITERS live: the one that has slept takes the lock without a sign of other sleepers
 */
#define TID 7
#define WAITERS 8
#define DIED 16

#define THREADS PARTIES
#define WORDS 1
#include "ec.pml"

byte a, b;
byte holders;
bool dead[PARTIES];
bool killed[PARTIES];
bool pending[PARTIES];      /* robust_list.list_op_pending names the lock */
bool listed[PARTIES];       /* the lock is on the robust list */
bool holds[PARTIES];
byte kills = KILLS;

#define LOCK word[0]

#define KILLABLE(i, body) { body } unless { killed[i]; at_death(i) }

active proctype killer() {
    byte i;
end:
    do
    :: atomic {
           kills > 0 ->
           i = 0;
           do
           :: i < PARTIES - 1 -> i++
           :: break
           od;
           killed[i] = true;
           kills--
       }
    od
}

inline at_death(i) {
    atomic {
        on[i] = 0;
        dead[i] = true;
        if :: holds[i] -> holds[i] = false; holders-- :: else fi;
#ifndef NO_KERNEL
        if
        :: (listed[i] || pending[i]) && (LOCK & TID) == i + 1 ->
            if
            :: (LOCK & WAITERS) != 0 -> LOCK = WAITERS | DIED; futex_wake_one(0)
            :: else -> LOCK = DIED
            fi
#ifndef NO_WAKE_AT_FREE
        :: pending[i] && LOCK == 0 -> futex_wake_one(0)
#endif
        :: else
        fi
#endif
    }
}

#ifdef NO_PENDING
#define ANNOUNCE(i, v) skip
#else
#define ANNOUNCE(i, v) pending[i] = v
#endif

proctype party(byte i) {
    byte seen, assume, round;
    bool won, heir;
    KILLABLE(i,
        do
        :: round < (i == 0 -> FIRST : ROUNDS) ->
            round++;
            assume = 0;
            heir = false;
            /* lock */
            ANNOUNCE(i, true);
            d_step { seen = LOCK };
            do
            :: seen == 0 ->
                d_step {
                    seen = LOCK;
                    won = (seen == 0);
                    if :: won -> LOCK = (i + 1) | assume :: else fi
                };
                if :: won -> break :: else fi
            :: (seen & DIED) != 0 ->
                d_step {
                    won = (LOCK == seen);
                    if
                    :: won -> LOCK = (i + 1) | (seen & WAITERS) | assume
                    :: else -> seen = LOCK
                    fi
                };
                if :: won -> heir = true; break :: else fi
            :: seen != 0 && (seen & DIED) == 0 ->
                d_step {
                    won = (LOCK == seen);
                    if
                    :: won -> LOCK = seen | WAITERS; seen = LOCK
                    :: else -> seen = LOCK
                    fi
                };
                if
                :: won ->
#ifndef FORGET_WAITERS
                    assume = WAITERS;
#endif
                    futex_sleep(i, 0, seen);
#if defined(SLICES) && !defined(NO_SLICES)
                    /* the slice may end at any time */
                    on[i] = 0;
#else
                    (on[i] == 0);
#endif
                    d_step { seen = LOCK }
                :: else
                fi
            od;
            listed[i] = true;
            ANNOUNCE(i, false);
            d_step { holds[i] = true; holders++ };
            assert(holders == 1);
            if
            :: heir ->
#if defined(REPAIR_BLIND)
                b = 1 - b
#elif !defined(NO_REPAIR)
                b = a
#else
                skip
#endif
            :: else
            fi;
            /* inside */
            assert(a == b);
            d_step { a = 1 - a };
            d_step { b = 1 - b };
            /* unlock */
            d_step { holds[i] = false; holders-- };
#ifdef UNLOCK_THEN_FORGET
            d_step { seen = LOCK; LOCK = 0 };
            listed[i] = false;
#else
            ANNOUNCE(i, true);
            listed[i] = false;
            d_step { seen = LOCK; LOCK = 0 };
#endif
            if
            :: (seen & WAITERS) != 0 -> futex_wake_one(0)
            :: else
            fi;
            ANNOUNCE(i, false)
        :: else -> break
        od
    )
}

init {
    byte i;
    atomic {
        for (i : 0 .. PARTIES - 1) { run party(i) }
    }
}
