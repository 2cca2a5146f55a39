/* OpenMP as the compiler brings it (gcc: libgomp), with its defaults. Without -fopenmp: left out. */
#include "sched_contender.h"

#ifdef _OPENMP
#include <omp.h>
#include <stddef.h>

static void start(int threads) { omp_set_num_threads(threads); }

static void chunks(uint64_t times, int64_t count, sched_cell *cells) {
    while (times-- > 0) {
#pragma omp parallel
        {
            sched_cell *const mine = &cells[omp_get_thread_num()];
#pragma omp for schedule(dynamic, 1) nowait
            for (int64_t i = 0; i < count; i++) *(volatile uint64_t *)&mine->count += 1;
        }
    }
}

static void fork_join(uint64_t times, sched_cell *cells) {
    const int threads = omp_get_max_threads();
    while (times-- > 0) {
#pragma omp parallel for schedule(static)
        for (int i = 0; i < threads; i++) *(volatile uint64_t *)&cells[i].count += 1;
    }
}

static uint64_t fib_of(int n) {
    if (n < 2) return (uint64_t)n;
    uint64_t left, right;
#pragma omp task shared(left) firstprivate(n)
    left = fib_of(n - 1);
    right = fib_of(n - 2);
#pragma omp taskwait
    return left + right;
}

static uint64_t fib(uint64_t times, int n) {
    uint64_t sum = 0;
    while (times-- > 0) {
        uint64_t result = 0;
#pragma omp parallel
#pragma omp single
        result = fib_of(n);
        sum += result;
    }
    return sum;
}

const sched_contender sched_omp = {"OpenMP", start, chunks, fork_join, fib};
#else
const sched_contender sched_omp = {0};
#endif
