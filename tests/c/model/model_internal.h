/* model_internal.h - the state of one execution, shared by the checker's own files. */
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include "model.h"

#define N MODEL_THREADS
#define SC_TIME N /* the last component of a clock: sequentially consistent stores known by a fence */

typedef struct vclock {
    uint32_t at[N + 1];
} vclock;

typedef enum op_kind {
    OP_START,  /* runs up to its first step */
    OP_LOAD,
    OP_STORE,  /* also read-modify-writes */
    OP_FENCE,  /* seq_cst, in weak mode; others are no steps */
    OP_WAIT,   /* the futex compares and puts to sleep */
    OP_WAKE,
    OP_ASLEEP, /* ends for no reason, or by its deadline */
    OP_WOKEN,
    OP_YIELD,
    OP_JOIN,
} op_kind;

typedef struct op {
    op_kind kind;
    uintptr_t address;
    bool seq_cst; /* weak mode: ordered against fences */
} op;

typedef struct seen { /* a location as a thread last saw it, since its last yield */
    int location;
    uint64_t value;
} seen;
#define MOST_SEEN 160

typedef enum thread_state { UNUSED, READY, ENDED } thread_state;

typedef struct thread {
    thread_state state;
    op next;            /* the step it will make when it is chosen */
    vclock happened;    /* happens before its next event */
    vclock known;       /* at least `happened`; and what sequentially consistent fences add */
    vclock acquired[2]; /* of relaxed loads, for an acquire fence: happened, known */
    vclock released[2]; /* at the last release fence */
    uint64_t fresh;     /* after a yield: stores up to this one are seen */
    seen seen[MOST_SEEN];
    int seen_count;
    bool seen_all;      /* too many to note: a yield may always go on */
    bool timed;         /* asleep with a deadline */
    int join;           /* OP_JOIN: whom it waits for; -1: all */
    int woken;          /* what its wait returns */
    int error;          /* its errno; its address tells threads apart */
    void *stack_pointer;
    void *(*body)(void *);
    void *argument;
} thread;

typedef struct model_state {
    const model_test *test;
    bool weak;
    int bound;           /* MODEL_ALL or preemptions */
    bool tracing;
    bool concurrent;     /* threads 1.. run: operations are steps */
    bool failed, pruned; /* this execution is over */
    uint32_t execution;  /* stamp of everything that is per execution */
    uint64_t steps, stores;
    int self, threads;
    thread thread[N];
    vclock fences;       /* what all sequentially consistent fences so far knew */
    uint32_t sc_time;
    int spurious, timeouts, preemptions;
    unsigned dead;       /* threads that were killed */
    unsigned asleep_now; /* sleep set: threads whose next step need not be tried here */
    int idle_rounds;     /* yields let go on with nothing changed since ... */
    uint64_t idle_since; /* ... so many stores */
} model_state;

extern model_state S;
#define SELF (&S.thread[S.self])

/* core */
void core_step(op next);
void core_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void core_leave(void);
void core_execute(void);
bool core_backtrack(void);
void core_begin(void);
extern uint64_t core_nodes;
void core_schedule_text(char *to, size_t size);
void core_replay(const char *text);
bool core_on_own_stack(uintptr_t address);
unsigned core_sleepers(uintptr_t word);
void core_wake(int thread);

/* memory */
void memory_begin(void);
bool memory_changed(const thread *t);
uint64_t memory_newest(volatile void *p, size_t size, const char *where);
void clock_join(vclock *to, const vclock *from);

#endif
