/* ec.pml - the futex and the event count (csrc/wait/ac_wait.h, csrc/sync/ac_event_count.h) for the models
 * here. A step that the machine does as one is one d_step or atomic; between two steps anything may happen.
 *
 * Spin's memory is sequentially consistent. What a missing fence permits is put in by hand: without F1
 * (F2) the load behind it may also have been done before the store in front of it.
 *
 * The including model defines WORDS, THREADS (at most 5) and, if it likes, SPURIOUS and the mutants.
 */
#define SLEEPERS 1
#define LISTENERS 2
#define EPOCH_ONE 4

byte word[WORDS];  /* { epoch:6, listeners:1, sleepers:1 } */
byte on[THREADS];  /* 0: runs; x+1: sleeps in the kernel on word[x] */

#ifndef SPURIOUS
#define SPURIOUS 0
#endif
/* Wakes that nobody sent. So few that a lost wake cannot hide behind them. */
byte spurious = SPURIOUS;

#define SLEEPS_ON(i, x) (i < THREADS && on[(i) % THREADS] == (x) + 1)

/* The kernel compares and puts to sleep in one step. */
inline futex_sleep(me, x, key) {
    atomic {
        if
#ifdef SLEEP_UNCHECKED
        :: true -> on[me] = (x) + 1
#else
        :: word[x] == key -> on[me] = (x) + 1
        :: else
#endif
        fi
    }
}

inline futex_wait(me, x, key) {
    futex_sleep(me, x, key);
    (on[me] == 0)
}

/* Which of the sleepers it is, the kernel says: any. */
inline futex_wake_one(x) {
    atomic {
        if
        :: SLEEPS_ON(0, x) -> on[0] = 0
        :: SLEEPS_ON(1, x) -> on[1 % THREADS] = 0
        :: SLEEPS_ON(2, x) -> on[2 % THREADS] = 0
        :: SLEEPS_ON(3, x) -> on[3 % THREADS] = 0
        :: SLEEPS_ON(4, x) -> on[4 % THREADS] = 0
        :: else
        fi
    }
}

inline futex_wake_all(x) {
    d_step {
        if :: SLEEPS_ON(0, x) -> on[0] = 0 :: else fi;
        if :: SLEEPS_ON(1, x) -> on[1 % THREADS] = 0 :: else fi;
        if :: SLEEPS_ON(2, x) -> on[2 % THREADS] = 0 :: else fi;
        if :: SLEEPS_ON(3, x) -> on[3 % THREADS] = 0 :: else fi;
        if :: SLEEPS_ON(4, x) -> on[4 % THREADS] = 0 :: else fi
    }
}

active proctype spurious_wakes() {
end:
    do
    :: atomic { spurious > 0 && on[0] != 0 -> on[0] = 0; spurious-- }
    :: atomic { spurious > 0 && on[1 % THREADS] != 0 -> on[1 % THREADS] = 0; spurious-- }
    :: atomic { spurious > 0 && on[2 % THREADS] != 0 -> on[2 % THREADS] = 0; spurious-- }
    od
}

/* S1 */
inline ec_prepare(x, key) {
    d_step {
        word[x] = word[x] | SLEEPERS;
        key = word[x]
    }
}

/* N3 to N5. `w` and `won` are the caller's scratch. ALL: notify_all. */
inline ec_notify(x, all, w, won) {
    won = false;
    do
    :: d_step { w = word[x] };
       if
       :: (w & SLEEPERS) == 0 -> break
       :: else
       fi;
#ifdef WAKE_BEFORE_CLEAR
       if :: all -> futex_wake_all(x) :: else -> futex_wake_one(x) fi;
#endif
#ifdef STORE_NOT_CAS
       d_step { word[x] = (w & ~SLEEPERS) + EPOCH_ONE; won = true };
#else
       d_step {
           won = (word[x] == w);
           if
#ifdef NO_EPOCH
           :: won -> word[x] = w & ~SLEEPERS
#else
           :: won -> word[x] = (w & ~SLEEPERS) + EPOCH_ONE
#endif
           :: else
           fi
       };
#endif
       if
       :: won ->
#if !defined(WAKE_BEFORE_CLEAR) && !defined(NO_WAKE)
           if :: all -> futex_wake_all(x) :: else -> futex_wake_one(x) fi;
#endif
           break
       :: else
       fi
    od
}
