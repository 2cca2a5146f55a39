// The best C++ rings that we know of, where their headers are on the include path. None is part of
// this repository; README.md says where they come from.

#include "ring_contender.h"

#include <memory>
#include <new>

#if __has_include("rigtorp/MPMCQueue.h")
#define HAVE_RIGTORP 1
#include "rigtorp/MPMCQueue.h"
#endif
#if __has_include("atomic_queue/atomic_queue.h")
#define HAVE_ATOMIC_QUEUE 1
#include "atomic_queue/atomic_queue.h"
#endif
#if __has_include("concurrentqueue.h")
#define HAVE_MOODYCAMEL 1
#include "concurrentqueue.h"
#endif
#if __has_include("rigtorp/SPSCQueue.h")
#define HAVE_RIGTORP_SPSC 1
#include "rigtorp/SPSCQueue.h"
#endif

namespace {

[[maybe_unused]] inline void *or_null(void *ring) { return ring; }

#define RING_OBJECT(PREFIX, TYPE, ...)                                                             \
    void *PREFIX##_create() { return or_null(new (std::nothrow) TYPE __VA_ARGS__); }               \
    void PREFIX##_destroy(void *ring) { delete static_cast<TYPE *>(ring); }
#define RING_ROW(PREFIX)                                                                           \
    PREFIX##_create, PREFIX##_destroy, PREFIX##_produce, PREFIX##_consume, PREFIX##_alone

#ifdef HAVE_RIGTORP
using Rigtorp = rigtorp::MPMCQueue<uint64_t>;
RING_OBJECT(rigtorp_mpmc, Rigtorp, (RING_CAPACITY))
RING_LOOPS(rigtorp_mpmc, Rigtorp, ring->try_push(item), ring->try_pop(item))
#endif

#ifdef HAVE_ATOMIC_QUEUE
// try_push and try_pop claim by compare-and-swap, as ours do.
using Fixed = atomic_queue::AtomicQueue<uint64_t, RING_CAPACITY>;
RING_OBJECT(fixed, Fixed)
RING_LOOPS(fixed, Fixed, ring->try_push(item), ring->try_pop(item))

using Fixed2 = atomic_queue::AtomicQueue2<uint64_t, RING_CAPACITY>;
RING_OBJECT(fixed2, Fixed2)
RING_LOOPS(fixed2, Fixed2, ring->try_push(item), ring->try_pop(item))

using Sized2 = atomic_queue::AtomicQueueB2<uint64_t>;
RING_OBJECT(sized2, Sized2, (RING_CAPACITY))
RING_LOOPS(sized2, Sized2, ring->try_push(item), ring->try_pop(item))

// "Optimist": push and pop take a ticket by fetch-and-add and then spin; they cannot be refused.
RING_LOOPS(optimist, Sized2, (ring->push(item), true), (item = ring->pop(), true))

using Single = atomic_queue::AtomicQueue<uint64_t, RING_CAPACITY, 0, true, true, false, true>;
RING_OBJECT(single, Single)
RING_LOOPS(single, Single, ring->try_push(item), ring->try_pop(item))
#endif

#ifdef HAVE_MOODYCAMEL
using Moodycamel = moodycamel::ConcurrentQueue<uint64_t>;
RING_OBJECT(moody, Moodycamel, (RING_CAPACITY))
RING_LOOPS(moody, Moodycamel, ring->enqueue(item), ring->try_dequeue(item))
#endif

#ifdef HAVE_RIGTORP_SPSC
using RigtorpSingle = rigtorp::SPSCQueue<uint64_t>;
RING_OBJECT(rigtorp_spsc, RigtorpSingle, (RING_CAPACITY))
RING_LOOPS(rigtorp_spsc, RigtorpSingle, ring->try_push(item),
           (ring->front() != nullptr && ((item = *ring->front()), ring->pop(), true)))
#endif

} // namespace

extern "C" {

const ring_contender ring_rivals[] = {
#ifdef HAVE_RIGTORP
    {"rigtorp MPMCQueue try", RING_MPMC, RING_ROW(rigtorp_mpmc)},
#endif
#ifdef HAVE_ATOMIC_QUEUE
    {"AtomicQueue try", RING_MPMC, RING_ROW(fixed)},
    {"AtomicQueue2 try", RING_MPMC, RING_ROW(fixed2)},
    {"AtomicQueueB2 try", RING_MPMC, RING_ROW(sized2)},
    {"AtomicQueueB2 push/pop (cannot be refused)", RING_MPMC, sized2_create, sized2_destroy,
     optimist_produce, optimist_consume, optimist_alone},
    {"AtomicQueue SPSC try", RING_SPSC, RING_ROW(single)},
#endif
#ifdef HAVE_MOODYCAMEL
    {"moodycamel ConcurrentQueue (no bound, FIFO per producer)", RING_MPMC, RING_ROW(moody)},
#endif
#ifdef HAVE_RIGTORP_SPSC
    {"rigtorp SPSCQueue", RING_SPSC, RING_ROW(rigtorp_spsc)},
#endif
    {nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr},
};

const char *const ring_absent[] = {
#ifndef HAVE_RIGTORP
    "rigtorp MPMCQueue try",
#endif
#ifndef HAVE_ATOMIC_QUEUE
    "AtomicQueue try",
    "AtomicQueue2 try",
    "AtomicQueueB2 try",
    "AtomicQueueB2 push/pop (cannot be refused)",
#endif
#ifndef HAVE_MOODYCAMEL
    "moodycamel ConcurrentQueue (no bound, FIFO per producer)",
#endif
    nullptr,
};
}
