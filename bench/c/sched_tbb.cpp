/* oneTBB: parallel_for with a grain of one, task_group for fib. */
#include "sched_contender.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace tbb = oneapi::tbb;

static int all_threads;

static void start(int threads) {
    static tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                     (std::size_t)threads);
    all_threads = threads;
}

static void loop(int64_t count, sched_cell *cells) {
    tbb::parallel_for(
        tbb::blocked_range<int64_t>(0, count, 1),
        [cells](const tbb::blocked_range<int64_t> &range) {
            cells[tbb::this_task_arena::current_thread_index()].count += range.size();
        },
        tbb::simple_partitioner());
}

static void chunks(uint64_t times, int64_t count, sched_cell *cells) {
    while (times-- > 0) loop(count, cells);
}

static void fork_join(uint64_t times, sched_cell *cells) {
    while (times-- > 0) loop(all_threads, cells);
}

static uint64_t fib_of(int n) {
    if (n < 2) return (uint64_t)n;
    uint64_t left = 0;
    tbb::task_group group;
    group.run([&left, n] { left = fib_of(n - 1); });
    const uint64_t right = fib_of(n - 2);
    group.wait();
    return left + right;
}

static uint64_t fib(uint64_t times, int n) {
    uint64_t sum = 0;
    while (times-- > 0) sum += fib_of(n);
    return sum;
}

extern "C" {
extern const sched_contender sched_tbb;
const sched_contender sched_tbb = {"oneTBB", start, chunks, fork_join, fib};
}
