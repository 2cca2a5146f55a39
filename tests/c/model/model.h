/* model.h - what a model test says, and what the bodies of atomics, futex, heap and clock call.
 *
 * A test is a structure under test, threads with a few operations each, and checks. The checker runs
 * it again and again, each time with other choices (which thread makes the next step, which store
 * a load returns, whom a wake wakes), until every choice has been taken. README.md says more.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 6 /* number 0 runs setup and finish; threads of a test are 1, 2, ... */
#define MODEL_ALL (-1)  /* every interleaving, with sleep sets */

typedef struct model_test {
    const char *name;
    void (*setup)(void);  /* before the threads start */
    void (*thread[MODEL_THREADS - 1])(void);
    void (*finish)(void); /* after all have ended */
    int sc, weak;         /* 0: not run; MODEL_ALL; k: at most k preemptions and no reduction */
    int spurious;         /* so many sleeps in one execution may end for no reason */
    int timeouts;         /* so many may end by their deadline while others could still go on */
    unsigned mortal;      /* bit t: thread t may be killed before any of its steps */
    bool stacks;          /* threads share what lies on their stacks: watch it too */
    const char *sc_fails, *weak_fails;       /* the kind of failure that must be found */
    const char *const *sc_sees, *const *weak_sees; /* the exact set of outcomes, NULL at the end */
    uint64_t most;        /* executions; more are an error and not a result; 0: 3 million */
} model_test;

int model_main(int argc, char **argv, const model_test *tests, size_t count);
#define MODEL_MAIN(tests)                                                       \
    int main(int argc, char **argv) {                                           \
        return model_main(argc, argv, (tests), sizeof(tests) / sizeof((tests)[0])); \
    }

/* For tests. */
#define MODEL_STR_(x) #x
#define MODEL_STR(x) MODEL_STR_(x)
#define MODEL_HERE __FILE__ ":" MODEL_STR(__LINE__)
#define MODEL_CHECK(cond) ((cond) ? (void)0 : model_fail("assert", "%s: %s", MODEL_HERE, #cond))
_Noreturn void model_fail(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void model_outcome(const char *format, ...) __attribute__((format(printf, 1, 2)));
int model_choose(int options); /* 0 .. options - 1, all of them in turn */
int model_self(void);
bool model_is_dead(int thread); /* killed; what it did then happened before: the kernel orders it */
size_t model_live_blocks(void);

/* For histories of operations (history.h). */
bool model_is_weak(void);
uint64_t model_now(void);                      /* steps so far in this execution */
void model_clock(uint32_t clock[MODEL_THREADS]); /* what happened before this instant */

/* The body of ac_atomic.h. */
enum { MODEL_RELAXED, MODEL_ACQUIRE, MODEL_RELEASE, MODEL_ACQ_REL, MODEL_SEQ_CST };
enum { MODEL_SWAP, MODEL_ADD, MODEL_SUB, MODEL_OR, MODEL_AND };
uint64_t model_load(const volatile void *p, size_t size, int order, const char *where);
void model_store(volatile void *p, size_t size, uint64_t value, int order, const char *where);
uint64_t model_rmw(volatile void *p, size_t size, int op, uint64_t value, int order,
                   const char *where);
bool model_cas(volatile void *p, size_t size, void *expected, uint64_t desired, int ok, int no,
               const char *where);
void model_fence(int order, const char *where);

/* What stands in for the system. */
int model_futex_wait(volatile void *word, uint32_t expected, bool timed); /* an ac_wait_status */
int model_futex_wake(volatile void *word, int count);
void model_yield(void);
int64_t model_clock_ns(void);
int *model_errno(void);
void *model_malloc(size_t size);
void *model_calloc(size_t count, size_t size);
void *model_realloc(void *old, size_t size);
void *model_aligned_alloc(size_t align, size_t size);
void model_free(void *block);
void *model_memset(void *to, int byte, size_t size);
void *model_memcpy(void *to, const void *from, size_t size);
int model_spawn(void *(*body)(void *), void *arg); /* the new thread's number */
void model_join(int thread);

#endif
