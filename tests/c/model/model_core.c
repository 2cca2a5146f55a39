/* model_core.c - threads as coroutines, and the search through all that they may do.
 *
 * One execution: setup runs, then the threads, then finish. A thread runs up to its next step (an
 * atomic operation, a futex call, a yield), says what the step would be, and the search chooses who goes
 * on. Every choice is an entry of `path`; after an execution the last entry with an untried option
 * is advanced, and all is run again from the beginning up to there. Nothing of an execution survives
 * it, so that the same path always leads to the same state.
 *
 * Reduction (bound == MODEL_ALL): sleep sets (Godefroid 1996). When all that can follow from one thread's
 * step has been tried, the thread sleeps: its step is not tried again here until another one that
 * does not commute with it has been made. Of each class of executions that differ only in the order of
 * steps that commute exactly one is completed. With a bound on preemptions there is no
 * reduction: the class of an execution may have members beyond the bound, and the two together lose
 * executions (Coons, Musuvathi, McKinley 2013).
 */
#include "model_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

model_state S;
uint64_t core_nodes;

/* -- coroutines ---------------------------------------------------------------------------------- */

#define STACK_BYTES (96u * 1024)
static _Alignas(64) unsigned char stacks[N][STACK_BYTES];
static void *outside; /* where core_execute waits */

bool core_on_own_stack(uintptr_t address) {
    return address - (uintptr_t)stacks[S.self] < STACK_BYTES;
}

static void thread_main(void);

#if defined(__x86_64__)
void model_switch(void **save, void *go);
__asm__(".text\n.globl model_switch\nmodel_switch:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n  ret\n");

static void *fresh_stack(int t) {
    void **top = (void **)(void *)(stacks[t] + STACK_BYTES - 64);
    *--top = NULL;                /* where thread_main would return to: it does not */
    *--top = (void *)thread_main; /* where the first switch returns to */
    top -= 6;
    memset(top, 0, 6 * sizeof *top);
    return top;
}
#else
#include <ucontext.h>
static ucontext_t contexts[N + 1];
static void model_switch(void **save, void *go) {
    ucontext_t *const from = save == &outside ? &contexts[N] : *save;
    if (save == &outside) *save = from;
    swapcontext(from, go);
}
static void *fresh_stack(int t) {
    getcontext(&contexts[t]);
    contexts[t].uc_stack.ss_sp = stacks[t];
    contexts[t].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[t], thread_main, 0);
    return &contexts[t];
}
#endif

static void switch_to(int t) {
    if (t == S.self) return;
    void **const save = &SELF->stack_pointer;
    S.self = t;
    model_switch(save, SELF->stack_pointer);
}

/* The execution is over: finished, failed, or of a kind that was seen already. */
_Noreturn void core_leave(void) {
    void *dropped = NULL;
#if !defined(__x86_64__)
    dropped = &contexts[S.self];
#endif
    model_switch(&dropped, outside);
    abort();
}

/* -- the path ------------------------------------------------------------------------------------ */

typedef struct choice {
    bool is_thread;
    uint8_t chosen, options; /* of a value: 0 .. options - 1 */
    uint32_t enabled, asleep; /* of a thread: sets; what was tried is put to sleep */
} choice;

#define MOST_CHOICES 20000
static choice path[MOST_CHOICES];
static int depth, length; /* the next entry to use; how many there are */
static const char *replay_text;

static choice *next_choice(bool is_thread) {
    if (depth == MOST_CHOICES) model_fail("livelock", "more than %d choices", MOST_CHOICES);
    choice *const c = &path[depth++];
    if (depth <= length) return c;
    length = depth;
    core_nodes++;
    memset(c, 0, sizeof *c);
    c->is_thread = is_thread;
    c->chosen = UINT8_MAX;
    if (replay_text != NULL) {
        const char letter = *replay_text;
        if (letter != '\0') replay_text++;
        if (letter != '\0' && (letter >= 'a') == is_thread)
            c->chosen = (uint8_t)(is_thread ? letter - 'a' : letter - '0');
    }
    return c;
}

int model_choose(int options) {
    if (options <= 1) return 0;
    choice *const c = next_choice(false);
    c->options = (uint8_t)options;
    if (c->chosen >= options) c->chosen = 0;
    return c->chosen;
}

bool core_backtrack(void) {
    for (; length > 0; length--) {
        choice *const c = &path[length - 1];
        if (!c->is_thread) {
            if (++c->chosen < c->options) return true;
            continue;
        }
        c->asleep |= 1u << c->chosen;
        const uint32_t left = c->enabled & ~c->asleep;
        if (left == 0) continue;
        c->chosen = (uint8_t)__builtin_ctz(left);
        return true;
    }
    return false;
}

void core_begin(void) {
    length = 0;
    core_nodes = 0;
    replay_text = NULL;
}

/* Threads are letters, values digits. */
void core_schedule_text(char *to, size_t size) {
    size_t at = 0;
    for (int i = 0; i < length && at + 1 < size; i++)
        to[at++] = (char)((path[i].is_thread ? 'a' : '0') + path[i].chosen);
    to[at] = '\0';
}

void core_replay(const char *text) {
    length = 0;
    replay_text = text;
}

/* -- who may go on ------------------------------------------------------------------------------- */

/* Whether the order of two steps matters. */
static bool depends(const op *a, const op *b) {
    if (S.weak && ((a->kind == OP_FENCE && (b->kind == OP_FENCE || b->seq_cst)) ||
                   (b->kind == OP_FENCE && a->seq_cst)))
        return true;
    if (a->kind == OP_ASLEEP && b->kind == OP_ASLEEP) return true; /* they share what is allowed */
    if (a->kind == OP_START || a->kind >= OP_WOKEN || b->kind == OP_START || b->kind >= OP_WOKEN)
        return false;
    if (a->kind == OP_FENCE || b->kind == OP_FENCE || a->address != b->address) return false;
    const op_kind low = a->kind < b->kind ? a->kind : b->kind;
    const op_kind high = a->kind < b->kind ? b->kind : a->kind;
    switch (high) {
    case OP_LOAD: return false;
    case OP_STORE: return true;
    case OP_WAIT: return low == OP_STORE;
    default: return low >= OP_WAIT; /* a wake or a sleeper, with any of the futex */
    }
}

/* Lets the clock of one who waited for an end go past it. */
static bool has_ended(int which) {
    if (which >= 0) return S.thread[which].state == ENDED;
    for (int t = 1; t < S.threads; t++)
        if (S.thread[t].state != ENDED) return false;
    return true;
}

static bool may_go_on(int number) {
    const thread *const t = &S.thread[number];
    if (t->state != READY) return false;
    switch (t->next.kind) {
    case OP_YIELD: return memory_changed(t);
    case OP_JOIN: return has_ended(t->join);
    case OP_ASLEEP: return S.spurious > 0 || (t->timed && S.timeouts > 0);
    default: return true;
    }
}

static uint32_t who_may_go_on(void) {
    uint32_t enabled = 0;
    for (int t = 0; t < S.threads; t++) enabled |= (uint32_t)may_go_on(t) << t;
    if (enabled != 0) return enabled;
    for (int t = 0; t < S.threads; t++)
        if (S.thread[t].state == READY && S.thread[t].next.kind == OP_YIELD) enabled |= 1u << t;
    if (enabled != 0) {
        /* Nothing will change by others. A bounded spin comes to its end; any other never does. */
        if (S.idle_since != S.stores) S.idle_rounds = 0;
        S.idle_since = S.stores;
        if (++S.idle_rounds > 100) model_fail("livelock", "threads spin and nothing can change any more");
        return enabled;
    }
    for (int t = 0; t < S.threads; t++)
        if (S.thread[t].state == READY && S.thread[t].next.kind == OP_ASLEEP && S.thread[t].timed)
            enabled |= 1u << t;
    if (enabled != 0) return enabled;
    char text[256] = "";
    for (int t = 0; t < S.threads; t++)
        if (S.thread[t].state == READY) {
            const size_t at = strlen(text);
            snprintf(text + at, sizeof text - at, " %d %s;", t,
                     S.thread[t].next.kind == OP_ASLEEP ? "sleeps" : "waits for an end");
        }
    model_fail("deadlock", "nobody can go on:%s", text);
}

/* Chooses who makes its step. */
static int choose_thread(void) {
    const uint32_t enabled = who_may_go_on();
    choice *const c = next_choice(true);
    const bool staying = (enabled >> S.self & 1) && SELF->next.kind != OP_YIELD &&
                         SELF->next.kind != OP_ASLEEP;
    if (c->enabled == 0) {
        c->enabled = enabled;
        if (S.bound == MODEL_ALL) {
            c->asleep = S.asleep_now & enabled;
        } else if (staying && S.preemptions >= S.bound) {
            c->enabled = 1u << S.self;
        }
        const uint32_t left = c->enabled & ~c->asleep;
        if (c->chosen < N && (c->enabled >> c->chosen & 1)) {
            /* replayed */
        } else if (left == 0) {
            S.pruned = true;
            length--; /* nothing to try here */
            core_leave();
        } else {
            c->chosen = (uint8_t)((left >> S.self & 1) ? S.self : __builtin_ctz(left));
        }
    }
    const int chosen = c->chosen;
    if (staying && chosen != S.self) S.preemptions++;
    if (S.bound == MODEL_ALL) {
        S.asleep_now = 0;
        for (int t = 0; t < S.threads; t++)
            if ((c->asleep >> t & 1) && t != chosen && !depends(&S.thread[t].next, &S.thread[chosen].next))
                S.asleep_now |= 1u << t;
    }
    return chosen;
}

static char deaths[N]; /* addresses alone: what a death and a look for it touch */

/* A kill: the thread stands still for ever, and its death is a step of its own. */
static _Noreturn void die(void) {
    SELF->next = (op){OP_STORE, (uintptr_t)&deaths[S.self], false};
    switch_to(choose_thread());
    if (S.tracing) core_trace("is killed");
    S.dead |= 1u << S.self;
    S.stores++;
    SELF->state = ENDED;
    switch_to(choose_thread());
    abort();
}

/* The calling thread says its next step; returns when it has been chosen to make it. */
void core_step(op next) {
    if (++S.steps > 20000) model_fail("livelock", "more than 20000 steps");
    if (!S.concurrent) return;
    if ((S.test->mortal >> S.self & 1) && model_choose(2) == 1) die();
    SELF->next = next;
    switch_to(choose_thread());
}

/* Whether a thread was killed. To look is a step, which does not commute with the death. */
bool model_is_dead(int which) {
    core_step((op){OP_LOAD, (uintptr_t)&deaths[which], false});
    if (!(S.dead >> which & 1)) return false;
    clock_join(&SELF->happened, &S.thread[which].happened);
    clock_join(&SELF->known, &S.thread[which].known);
    return true;
}

/* -- threads ------------------------------------------------------------------------------------- */

int model_self(void) { return S.self; }
int *model_errno(void) { return &SELF->error; }
bool model_is_weak(void) { return S.weak; }
uint64_t model_now(void) { return S.steps; }

void model_clock(uint32_t clock[N]) {
    for (int i = 0; i < N; i++) clock[i] = SELF->happened.at[i];
}

int64_t model_clock_ns(void) { return (int64_t)(++S.steps) * INT64_C(1000000000); }

int model_spawn(void *(*body)(void *), void *arg) {
    if (S.threads == N) model_fail("checker", "more than %d threads", N - 1);
    const int number = S.threads++;
    thread *const t = &S.thread[number];
    memset(t, 0, sizeof *t);
    t->state = READY;
    t->next.kind = OP_START;
    t->body = body;
    t->argument = arg;
    t->happened = SELF->happened;
    t->known = SELF->known;
    t->known.at[number] = t->happened.at[number] = 1;
    t->stack_pointer = fresh_stack(number);
    SELF->known.at[S.self] = ++SELF->happened.at[S.self];
    return number;
}

void model_join(int which) {
    SELF->join = which;
    core_step((op){OP_JOIN, 0, false});
    for (int t = 1; t < S.threads; t++)
        if (which < 0 || t == which) {
            clock_join(&SELF->happened, &S.thread[t].happened);
            clock_join(&SELF->known, &S.thread[t].known);
        }
}

static void *run_body(void *number) {
    S.test->thread[(intptr_t)number]();
    return NULL;
}

static void run_test(void) {
    if (S.test->setup != NULL) S.test->setup();
    for (int i = 0; i < N - 1 && S.test->thread[i] != NULL; i++) model_spawn(run_body, (void *)(intptr_t)i);
    S.concurrent = true;
    model_join(-1);
    S.concurrent = false;
    if (S.test->finish != NULL) S.test->finish();
}

static void thread_main(void) {
    if (S.self == 0) {
        run_test();
        core_leave();
    }
    SELF->body(SELF->argument);
    if (S.tracing) core_trace("ends");
    SELF->state = ENDED;
    switch_to(choose_thread());
    abort();
}

void model_yield(void) {
    thread *const t = SELF;
    core_step((op){OP_YIELD, 0, false});
    if (S.tracing) core_trace("yield");
    t->seen_count = 0;
    t->seen_all = false;
    t->fresh = S.stores;
}

/* -- futex --------------------------------------------------------------------------------------- */

enum { WOKEN = 0, CHANGED = 1, TIMEOUT = 2 }; /* of ac_wait_status */

int model_futex_wait(volatile void *word, uint32_t expected, bool timed) {
    thread *const t = SELF;
    core_step((op){OP_WAIT, (uintptr_t)word, false});
    const uint32_t value = (uint32_t)memory_newest(word, 4, "wait");
    if (S.tracing)
        core_trace("wait %p for another value than %u: %s", (void *)(uintptr_t)word, expected,
                   value == expected ? "sleeps" : "has it");
    SELF->known.at[S.self] = ++SELF->happened.at[S.self];
    if (value != expected) return CHANGED;
    if (!S.concurrent) model_fail("deadlock", "setup or finish would sleep");
    t->timed = timed;
    t->woken = -1;
    core_step((op){OP_ASLEEP, (uintptr_t)word, false});
    if (t->woken >= 0) return WOKEN;
    /* Nobody woke it. */
    const bool spurious = S.spurious > 0;
    const bool late = timed && (S.timeouts > 0 || !spurious);
    const bool by_deadline = late && (!spurious || model_choose(2) == 0);
    if (by_deadline && S.timeouts > 0) S.timeouts--;
    if (!by_deadline) S.spurious--;
    if (S.tracing) core_trace("wakes up, %s", by_deadline ? "by its deadline" : "for no reason");
    return by_deadline ? TIMEOUT : WOKEN;
}

int model_futex_wake(volatile void *word, int count) {
    core_step((op){OP_WAKE, (uintptr_t)word, false});
    int woken = 0;
    while (woken < count) {
        int sleepers[N], n = 0;
        for (int t = 0; t < S.threads; t++)
            if (S.thread[t].state == READY && S.thread[t].next.kind == OP_ASLEEP &&
                S.thread[t].next.address == (uintptr_t)word)
                sleepers[n++] = t;
        if (n == 0) break;
        const int t = sleepers[count >= n ? 0 : model_choose(n)];
        S.thread[t].woken = 0;
        S.thread[t].next.kind = OP_WOKEN;
        woken++;
    }
    if (S.tracing) core_trace("wake %d on %p: %d woken", count, (void *)(uintptr_t)word, woken);
    SELF->known.at[S.self] = ++SELF->happened.at[S.self];
    return woken;
}

/* -- one execution ------------------------------------------------------------------------------- */

void core_execute(void) {
    const model_test *const test = S.test;
    const uint32_t execution = S.execution + 1;
    const bool weak = S.weak, tracing = S.tracing;
    const int bound = S.bound;
    memset(&S, 0, sizeof S);
    S.test = test;
    S.weak = weak;
    S.tracing = tracing;
    S.bound = bound;
    S.execution = execution;
    S.spurious = test->spurious;
    S.timeouts = test->timeouts;
    S.threads = 1;
    S.thread[0].state = READY;
    S.thread[0].known.at[0] = S.thread[0].happened.at[0] = 1;
    S.thread[0].stack_pointer = fresh_stack(0);
    depth = 0;
    memory_begin();
    model_switch(&outside, S.thread[0].stack_pointer);
}
