/* sched_contender.h - what a scheduler must offer to be measured; C and C++.
 *
 * Each does the same work: the chunk of a loop adds one to its thread's cell, fib(n) spawns a task for
 * fib(n - 1), goes on with fib(n - 2) itself, and has no other cut-off than n < 2.
 */
#ifndef SCHED_CONTENDER_H
#define SCHED_CONTENDER_H

#include <stdint.h>

enum { SCHED_CHUNKS = 1000, SCHED_FIB = 32, SCHED_MOST_THREADS = 256 };

typedef struct sched_cell {
    uint64_t count;
    char apart[120]; /* two threads never write to one line, nor to neighbours */
} sched_cell;

typedef struct sched_contender {
    const char *name;
    /* Once, before the first measurement. */
    void (*start)(int threads);
    /* `times` loops of `chunks` chunks of one index, any thread the next one. NULL: has none. */
    void (*chunks)(uint64_t times, int64_t chunks, sched_cell *cells);
    /* `times` loops of as many indices as threads, in equal parts. */
    void (*fork_join)(uint64_t times, sched_cell *cells);
    /* fib(n), `times` times; the sum of the results. */
    uint64_t (*fib)(uint64_t times, int n);
} sched_contender;

#ifdef __cplusplus
extern "C" {
#endif
extern const sched_contender sched_ours, sched_omp, sched_tbb; /* a name that is NULL: left out */
#ifdef __cplusplus
}
#endif

#endif
