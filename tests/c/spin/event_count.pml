/* event_count.pml - getters, putters, a close and listeners at one event count, as in
 * csrc/queues/ac_channel.h, src/allcores/_native/queues_moves.pxi (wait_get) and queues_listening.pxi
 * (select). The condition is "an item is there, or the channel is closed".
 *
 * Holds if no state is an end state but the one where everybody is done: whoever sleeps for ever while
 * an item lies there, or the channel is closed, is a deadlock here.
 *
 * config items:   -DGETTERS=2 -DTAKES=2 -DPUTTERS=2 -DPUTS=2
 * config late:    -DGETTERS=2 -DTAKES=1 -DPUTTERS=2 -DPUTS=1 -DTIMEOUTS=1 -DSPURIOUS=1
 * config close:   -DGETTERS=2 -DTAKES=2 -DPUTTERS=1 -DPUTS=2 -DCLOSE
 * config listen:  -DGETTERS=1 -DTAKES=1 -DPUTTERS=1 -DPUTS=2 -DSELECTS=2
 * config raise:   -DGETTERS=2 -DTAKES=1 -DPUTTERS=2 -DPUTS=1 -DRAISES=1
 *
 * mutant NO_RECHECK items: a getter sleeps without looking again after it has said so
 * mutant RECHECK_FIRST items: it looks before it says so (S3 before S1)
 * mutant NO_F1 items: the load of the flag may be done before the item is in
 * mutant NO_F2 items: the look may be done before the flag is out
 * mutant SLEEP_UNCHECKED items: the kernel does not compare the word with the key
 * mutant NO_EPOCH items: a notification clears the flag and leaves the epoch
 * mutant NO_WAKE items: a notification clears the flag and wakes nobody
 * mutant WAKE_BEFORE_CLEAR items: it wakes first and clears the flag then
 * mutant STORE_NOT_CAS listen: it clears the flag by a store, which may undo another's change
 * mutant NO_BATON items: a getter that has slept does not pass the baton
 * mutant BATON_FOR_ITEMS_ONLY close: it passes it for an item, not for the end
 * mutant NO_NOTIFY_AT_CLOSE close: the close wakes nobody
 * mutant RAISE_AFTER_WAKE raise: a handler's exception leaves a wait that a wake has ended: the baton comes
 *   too early, with the flag clear; what is put after it wakes nobody
 * mutant LISTEN_AFTER_LOOK listen: a listener looks at the queue before it sets the bit
 * mutant NO_F2_LISTEN listen: its look may be done before the bit is out
 * mutant UNLISTEN_ALWAYS listen: who leaves clears the bit though another still listens
 * mutant BIT_BEFORE_LIST listen: the bit first and the list afterwards, behind the look
 * mutant TELL_ONE_GATE listen: only the first gate is opened
 */
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#ifndef RAISES
#define RAISES 0
#endif
#ifndef SELECTS
#define SELECTS 0
#endif
#define THREADS (GETTERS + SELECTS)
#define WORDS (1 + SELECTS)

#include "ec.pml"

byte items;
bool closed;
byte timeouts = TIMEOUTS;
byte raises = RAISES;

bool locked;             /* the listeners' mutex */
bool linked[SELECTS + 1]; /* gate l stands on the list */
byte listeners;          /* how many do */
bool listening;          /* ac_channel.listening[ITEM] */

/* ac_channel_tell_, after the operation. */
inline tell(all, w, won, l) {
    ec_notify(0, all, w, won);
#if SELECTS > 0
    if
    :: (word[0] & LISTENERS) != 0 ->
        if
        :: listening ->
            atomic { !locked -> locked = true };
            l = 0;
            do
            :: l < SELECTS ->
                if
                :: linked[l] ->
                    ec_notify(1 + l, true, w, won);
#ifdef TELL_ONE_GATE
                    break
#endif
                :: else
                fi;
                l++
            :: else -> break
            od;
            locked = false
        :: else
        fi
    :: else
    fi
#endif
}

/* N1 and N3: the put, and whether anybody sleeps or listens. */
proctype putter() {
    byte w, l, put;
    bool won, early, anybody;
    do
    :: put < PUTS ->
        early = false;
#ifdef NO_F1
        if
        :: early = ((word[0] & (SLEEPERS | LISTENERS)) == 0)
        :: skip
        fi;
#endif
        atomic {
            if
            :: closed -> break
            :: else -> items++
            fi
        };
        put++;
        anybody = (!early && (word[0] & (SLEEPERS | LISTENERS)) != 0);
        if
        :: anybody -> tell(false, w, won, l)
        :: else
        fi
    :: else -> break
    od
}

proctype closer() {
    byte w, l;
    bool won;
    closed = true;
#ifndef NO_NOTIFY_AT_CLOSE
    tell(true, w, won, l);
#endif
    w = 0
}

#define NOTHING 0
#define TAKEN 1
#define ENDED 2

inline try_take(result) {
    if
    :: items > 0 -> items--; result = TAKEN
    :: items == 0 && closed -> result = ENDED
    :: else -> result = NOTHING
    fi
}

inline pass_get(w, won) {
#ifdef BATON_FOR_ITEMS_ONLY
    if :: items > 0 -> ec_notify(0, false, w, won) :: else fi
#else
    if :: items > 0 || closed -> ec_notify(0, false, w, won) :: else fi
#endif
}

/* wait_get, `TAKES` times */
proctype getter(byte me) {
    byte key, w, taken, result;
    bool won, slept, stale, late;
    do
    :: taken < TAKES ->
        slept = false;
        late = false;
        d_step { try_take(result) };  /* the try of the fast path */
        do
        :: result == NOTHING ->
#ifdef RECHECK_FIRST
            d_step { try_take(result) };
            if :: result != NOTHING -> break :: else fi;
#endif
            stale = false;
#ifdef NO_F2
            if :: stale = (items == 0 && !closed) :: skip fi;
#endif
            ec_prepare(0, key);
#if !defined(NO_RECHECK) && !defined(RECHECK_FIRST)
            d_step { if :: stale -> result = NOTHING :: else -> try_take(result) fi };
            if :: result != NOTHING || late -> break :: else fi;
#endif
            slept = true;
            futex_sleep(me, 0, key);
            if
            :: on[me] == 0
#ifdef RAISE_AFTER_WAKE
            :: atomic { on[me] == 0 && raises > 0 -> raises-- };
                pass_get(w, won);
                goto done
#endif
            /* a signal handler raised: sleep_on, and wait_get's except */
            :: atomic { on[me] != 0 && raises > 0 -> on[me] = 0; raises-- };
                pass_get(w, won);
                goto done
            :: atomic { on[me] != 0 && timeouts > 0 -> on[me] = 0; timeouts--; late = true }
            fi;
#ifdef NO_RECHECK
            d_step { try_take(result) }
#endif
        :: else -> break
        od;
        taken++;
#ifndef NO_BATON
        if :: slept -> pass_get(w, won) :: else fi;
#endif
        if :: result != TAKEN -> break :: else fi
    :: else -> break
    od;
done:
    skip
}

#if SELECTS > 0
/* Gate.attach, the loop of select, Gate.detach. It takes nothing. */
proctype selecter(byte l) {
    byte key;
    bool ready, stale;
    ready = (items > 0 || closed);
    if :: ready -> goto done :: else fi;
#ifdef LISTEN_AFTER_LOOK
    ec_prepare(1 + l, key);
    ready = (items > 0 || closed);
#endif
    stale = false;
#ifdef NO_F2_LISTEN
    ec_prepare(1 + l, key);
    if :: stale = !(items > 0 || closed) :: skip fi;
#endif
    atomic { !locked -> locked = true };
#ifndef BIT_BEFORE_LIST
    listeners++;
    linked[l] = true;
#endif
    listening = true;
    d_step { word[0] = word[0] | LISTENERS };
    locked = false;
    do
    ::
#ifndef LISTEN_AFTER_LOOK
        if
        :: stale -> stale = false /* the gate was prepared before the early look */
        :: else ->
            ec_prepare(1 + l, key);
            ready = (items > 0 || closed)
        fi;
#endif
#ifdef BIT_BEFORE_LIST
        if
        :: !linked[l] -> d_step { listeners++; linked[l] = true }
        :: else
        fi;
#endif
        if :: ready -> break :: else fi;
        futex_wait(THREADS - SELECTS + l, 1 + l, key);
#ifdef LISTEN_AFTER_LOOK
        ec_prepare(1 + l, key);
        ready = (items > 0 || closed)
#endif
    od;
    atomic { !locked -> locked = true };
    linked[l] = false;
    listeners--;
    if
#ifdef UNLISTEN_ALWAYS
    :: true ->
#else
    :: listeners == 0 ->
#endif
        listening = false;
        d_step { word[0] = word[0] & ~LISTENERS }
    :: else
    fi;
    locked = false;
done:
    skip
}
#endif

init {
    byte i;
    atomic {
        for (i : 1 .. GETTERS) { run getter(i - 1) }
        for (i : 1 .. PUTTERS) { run putter() }
#if SELECTS > 0
        for (i : 1 .. SELECTS) { run selecter(i - 1) }
#endif
#ifdef CLOSE
        run closer()
#endif
    }
}
