/* ring_contender.h - what a ring must offer to be measured; C and C++.
 *
 * Each contender brings loops of its own, so that its operations are inlined into them: a call through
 * a pointer for each item would cost as much as a push. The waiting between two tries is the same for
 * all. Items are 64 bits wide and never 0, because some rings use 0 for "free".
 */
#ifndef RING_CONTENDER_H
#define RING_CONTENDER_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_CAPACITY = 1024 };

/* Where a contender stands in the tables. */
enum { RING_MPMC = 1, RING_SPSC = 2 };

typedef struct ring_contender {
    const char *name;
    int kinds; /* RING_MPMC, RING_SPSC or both */
    void *(*create)(void);
    void (*destroy)(void *ring);
    /* Pushes first, first + 1, ... first + count - 1. */
    void (*produce)(void *ring, uint64_t first, uint64_t count);
    /* Pops count items and returns their sum. */
    uint64_t (*consume)(void *ring, uint64_t count);
    /* Pushes an item and pops it again, count times; returns the sum of what was popped. */
    uint64_t (*alone)(void *ring, uint64_t count);
} ring_contender;

#ifdef __cplusplus
extern "C" {
#endif
extern const ring_contender ring_ours[];   /* ends with a name that is NULL */
extern const ring_contender ring_rivals[]; /* the same; empty where no header was given */
extern const char *const ring_absent[];    /* names of rivals that were left out; ends with NULL */
#ifdef __cplusplus
}
#endif

/* After a try that found the ring full or empty: 1, 2, 4 ... 64 pauses, then the processor is given
 * away, because with more threads than processors the other side may not be running. */
typedef struct ring_wait {
    unsigned step;
} ring_wait;

static inline void ring_wait_once(ring_wait *wait) {
    if (wait->step > 6) {
        sched_yield();
        return;
    }
    for (unsigned i = 0; i < 1u << wait->step; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ __volatile__("isb" ::: "memory");
#endif
    }
    wait->step++;
}

/* The three loops of a contender, in terms of two expressions that are true if they succeeded.
 * `ring` and `item` are theirs to use; `item` is a uint64_t (an lvalue in TRY_POP). */
#define RING_LOOPS(PREFIX, TYPE, TRY_PUSH, TRY_POP)                                                \
    static void PREFIX##_produce(void *opaque, uint64_t first, uint64_t count) {                   \
        TYPE *const ring = (TYPE *)opaque;                                                         \
        for (uint64_t item = first; item < first + count; item++) {                                \
            ring_wait wait = {0};                                                                  \
            while (!(TRY_PUSH)) ring_wait_once(&wait);                                             \
        }                                                                                          \
    }                                                                                              \
    static uint64_t PREFIX##_consume(void *opaque, uint64_t count) {                               \
        TYPE *const ring = (TYPE *)opaque;                                                         \
        uint64_t sum = 0;                                                                          \
        for (uint64_t i = 0; i < count; i++) {                                                     \
            uint64_t item = 0;                                                                     \
            ring_wait wait = {0};                                                                  \
            while (!(TRY_POP)) ring_wait_once(&wait);                                              \
            sum += item;                                                                           \
        }                                                                                          \
        return sum;                                                                                \
    }                                                                                              \
    static uint64_t PREFIX##_alone(void *opaque, uint64_t count) {                                 \
        TYPE *const ring = (TYPE *)opaque;                                                         \
        uint64_t sum = 0;                                                                          \
        for (uint64_t i = 1; i <= count; i++) {                                                    \
            uint64_t item = i;                                                                     \
            if (!(TRY_PUSH)) return 0;                                                             \
            item = 0;                                                                              \
            if (!(TRY_POP)) return 0;                                                              \
            sum += item;                                                                           \
        }                                                                                          \
        return sum;                                                                                \
    }

#endif
