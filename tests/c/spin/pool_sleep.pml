/* pool_sleep.pml - the pool of csrc/sched/ac_pool.c: when its workers sleep, how a job ends, how the pool stops.
 *
 * Holds if no state is an end state but the one where every caller has returned and every worker has
 * ended, and no assertion fails: nobody touches a job whose caller has returned (it lay on the caller's
 * stack), every chunk ran once.
 *
 * The caller of ac_pool_for does chunks too, so that a worker who sleeps on makes a job slow and not stuck. To
 * find such a worker, config idle lets the workers do all: the caller waits until the last chunk is out.
 *
 * config jobs:   -DCALLERS=2 -DWORKERS=1 -DCHUNKS=2
 * config idle:   -DCALLERS=1 -DWORKERS=2 -DCHUNKS=2 -DJOBS=2 -DCALLER_IDLE
 * config idle2:  -DCALLERS=2 -DWORKERS=1 -DCHUNKS=1 -DCALLER_IDLE
 * mutants-only pair:   -DCALLERS=2 -DWORKERS=2 -DCHUNKS=1
 * config stop:   -DCALLERS=1 -DWORKERS=2 -DCHUNKS=1 -DSPURIOUS=1
 *
 * mutant LOOK_BEFORE_PREPARE idle: a worker looks for a job, then announces itself, then sleeps
 * mutant NO_F1 idle: the load of the flag may be done before the job is linked
 * mutant NO_F2 idle: the look for a job may be done before the flag is out
 * mutant NOTIFY_BEFORE_LINK idle: the caller wakes first and links the job then
 * mutant NO_NOTIFY idle: the caller wakes nobody
 * mutant NOTIFY_ONE stop: the stop wakes one worker, and nobody passes a baton
 * mutant STOP_WITHOUT_NOTIFY stop: it wakes nobody
 * mutant STOPPING_READ_EARLY stop: a worker looks at `stopping` before it announces itself
 * mutant INSIDE_AFTER_UNLOCK jobs: a worker counts itself in after it has let go of the mutex
 * mutant TOUCH_AFTER_LEAVE jobs: it reads the job after it has counted itself out
 * mutant AWAIT_WITHOUT_LOOK jobs: the caller does not look again before it sleeps
 * mutant LEAVE_WITHOUT_NOTIFY jobs: the last worker does not wake the caller
 * mutant DONE_ONE pair: it wakes one of the callers, not all: two jobs share `done`
 * mutant ENTER_WITHOUT_MUTEX jobs: a worker enters without the mutex, while the caller unlinks
 */
#ifndef JOBS
#define JOBS 1
#endif
#define THREADS (CALLERS + WORKERS)
#define WORDS 2
#define WORK 0
#define DONE 1

#include "ec.pml"

bool locked;            /* pool.mutex */
bool linked[CALLERS];   /* job c is on pool.jobs */
bool alive[CALLERS];    /* the caller has not returned: its stack holds the job */
byte open_jobs;
byte joined[CALLERS], inside[CALLERS], next[CALLERS], ran[CALLERS];
byte busy;
byte callers_left = CALLERS;
bool stopping;
byte ended;             /* workers that have returned */

#define NONE 255
#define MAX_WORKERS WORKERS

#define HAS_ROOM(c) (c < CALLERS && linked[(c) % CALLERS] && joined[(c) % CALLERS] < MAX_WORKERS && \
                     next[(c) % CALLERS] < CHUNKS)

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline notify(x, all, early, w, won) {
    if
    :: early
    :: else -> ec_notify(x, all, w, won)
    fi
}

/* enter_job. Under the mutex all is one step, but for the mutants. */
inline enter_job(job) {
    job = NONE;
    if
    :: open_jobs == 0
    :: else ->
#ifndef ENTER_WITHOUT_MUTEX
        lock();
#endif
        if
        :: HAS_ROOM(0) -> job = 0
        :: HAS_ROOM(1) -> job = 1
        :: else
        fi;
        if
        :: job != NONE ->
            assert(alive[job]);
            d_step { joined[job]++; busy++ };
#ifndef INSIDE_AFTER_UNLOCK
            inside[job]++
#endif
        :: else
        fi;
#ifndef ENTER_WITHOUT_MUTEX
        unlock();
#endif
#ifdef INSIDE_AFTER_UNLOCK
        if :: job != NONE -> inside[job]++ :: else fi
#endif
    fi
}

inline run_chunks(job, chunk) {
    do
    ::  d_step {
            assert(alive[job]);
            chunk = next[job];
            if :: chunk < CHUNKS -> next[job]++ :: else fi
        };
        if
        :: chunk < CHUNKS -> d_step { assert(alive[job]); ran[job]++ }
        :: else -> break
        fi
    od
}

proctype worker(byte me) {
    byte key, job, chunk, w, before;
    bool won, stale, end;
    do
    ::  enter_job(job);
        if
        :: job == NONE ->
#ifdef STOPPING_READ_EARLY
            end = stopping;
#endif
#ifdef LOOK_BEFORE_PREPARE
            enter_job(job);
#endif
            stale = false;
#ifdef NO_F2
            if :: stale = (open_jobs == 0) :: skip fi;
#endif
            ec_prepare(WORK, key);
#ifndef LOOK_BEFORE_PREPARE
            if
            :: stale
            :: else -> enter_job(job)
            fi;
#endif
            if
            :: job == NONE ->
#ifndef STOPPING_READ_EARLY
                lock();
                end = stopping;
                unlock();
#endif
                if :: end -> break :: else fi;
                futex_wait(me, WORK, key)
            :: else
            fi
        :: else
        fi;
        if
        :: job != NONE ->
            run_chunks(job, chunk);
            lock();
            busy--;
            unlock();
            d_step {
                assert(alive[job]);
                before = inside[job];
                inside[job]--
            };
#ifdef TOUCH_AFTER_LEAVE
            assert(alive[job]);
#endif
#ifndef LEAVE_WITHOUT_NOTIFY
            if
#ifdef DONE_ONE
            :: before == 1 -> ec_notify(DONE, false, w, won)
#else
            :: before == 1 -> ec_notify(DONE, true, w, won)
#endif
            :: else
            fi;
#endif
            job = NONE
        :: else
        fi
    od;
    ended++
}

proctype caller(byte c) {
    byte key, chunk, w, round;
    bool won, early;
    do
    :: round < JOBS ->
        round++;
        d_step { alive[c] = true; joined[c] = 0; inside[c] = 0; next[c] = 0; ran[c] = 0 };
        early = false;
#ifdef NO_F1
        if :: early = ((word[WORK] & SLEEPERS) == 0) :: skip fi;
#endif
#ifdef NOTIFY_BEFORE_LINK
        ec_notify(WORK, true, w, won);
        early = true;
#endif
        lock();
        linked[c] = true;
        open_jobs++;
        unlock();
#ifndef NO_NOTIFY
        notify(WORK, true, early, w, won);
#endif
#ifdef CALLER_IDLE
        (next[c] >= CHUNKS);
#else
        run_chunks(c, chunk);
#endif
        lock();
        linked[c] = false;
        open_jobs--;
        unlock();
        do
        ::
#ifdef AWAIT_WITHOUT_LOOK
            if :: inside[c] == 0 -> break :: else fi;
            ec_prepare(DONE, key);
#else
            ec_prepare(DONE, key);
            if :: inside[c] == 0 -> break :: else fi;
#endif
            futex_wait(WORKERS + c, DONE, key)
        od;
        assert(ran[c] == CHUNKS);
        alive[c] = false
    :: else -> break
    od;
    callers_left--
}

/* ac_pool_stop, tried until no job runs. */
proctype stopper() {
    byte w;
    bool won;
    atomic { callers_left == 0 && busy == 0 && !locked -> locked = true };
    assert(open_jobs == 0);
    stopping = true;
    unlock();
#ifndef STOP_WITHOUT_NOTIFY
#ifdef NOTIFY_ONE
    ec_notify(WORK, false, w, won);
#else
    ec_notify(WORK, true, w, won);
#endif
#endif
    (ended == WORKERS); /* pthread_join */
    assert(word[0] < 240 && word[1] < 240) /* the epochs did not wrap */
}

init {
    byte i;
    atomic {
        for (i : 0 .. WORKERS - 1) { run worker(i) }
        for (i : 0 .. CALLERS - 1) { run caller(i) }
        run stopper()
    }
}
