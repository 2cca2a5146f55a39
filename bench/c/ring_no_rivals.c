/* In the place of ring_rivals.cpp where there is no C++ compiler, or no header. */
#include "ring_contender.h"

const ring_contender ring_rivals[] = {{0}};
const char *const ring_absent[] = {
    "rigtorp MPMCQueue try",
    "AtomicQueue try",
    "AtomicQueue2 try",
    "AtomicQueueB2 try",
    "AtomicQueueB2 push/pop (cannot be refused)",
    "moodycamel ConcurrentQueue (no bound, FIFO per producer)",
    NULL,
};
