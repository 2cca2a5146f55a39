/* Our rings, as the queues of the library use them: every push is told its limit. */
#include "queues/ac_mpmc.h"
#include "queues/ac_spsc.h"

#include "ring_contender.h"

typedef struct bounded {
    ac_mpmc ring;
    AC_ALIGNED_LINE ac_atomic_u64 limit; /* a queue's maxsize; read at each push, as ac_fifo.h does */
} bounded;

static void *mpmc_create(void) {
    const size_t size = (sizeof(bounded) + AC_CACHE_LINE - 1) / AC_CACHE_LINE * AC_CACHE_LINE;
    bounded *const q = aligned_alloc(AC_CACHE_LINE, size);
    if (q == NULL) return NULL;
    ac_store_relaxed(&q->limit, (uint64_t)RING_CAPACITY);
    if (ac_mpmc_init(&q->ring, RING_CAPACITY)) return q;
    free(q);
    return NULL;
}

static void mpmc_destroy(void *opaque) {
    bounded *const q = opaque;
    ac_mpmc_destroy(&q->ring);
    free(q);
}

RING_LOOPS(mpmc, bounded, ac_mpmc_try_push(&ring->ring, item, ac_load_relaxed(&ring->limit)) == AC_OK,
           ac_mpmc_try_pop(&ring->ring, &item) == AC_OK)

static void *spsc_create(void) {
    const size_t size = (sizeof(ac_spsc) + AC_CACHE_LINE - 1) / AC_CACHE_LINE * AC_CACHE_LINE;
    ac_spsc *const q = aligned_alloc(AC_CACHE_LINE, size);
    if (q == NULL || ac_spsc_init(q, RING_CAPACITY)) return q;
    free(q);
    return NULL;
}

static void spsc_destroy(void *opaque) {
    ac_spsc_destroy(opaque);
    free(opaque);
}

RING_LOOPS(spsc, ac_spsc, ac_spsc_try_push(ring, item, RING_CAPACITY) == AC_OK, ac_spsc_try_pop(ring, &item) == AC_OK)

const ring_contender ring_ours[] = {
    {"allcores ac_mpmc", RING_MPMC | RING_SPSC, mpmc_create, mpmc_destroy, mpmc_produce, mpmc_consume,
     mpmc_alone},
    {"allcores ac_spsc", RING_SPSC, spsc_create, spsc_destroy, spsc_produce, spsc_consume, spsc_alone},
    {0},
};
