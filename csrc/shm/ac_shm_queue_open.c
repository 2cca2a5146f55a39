/* ac_shm_queue_open.c - makes and attaches the queues of ac_shm_queue.h, and looks at them. */
#include "shm/ac_shm_queue.h"

#include <errno.h>
#include <unistd.h>

#include "shm/ac_shm_queue_shared.h"

/* Measured: 64 KB segments with prefaulting cost 14 us each to get and 7 to give back, as much per
 * byte as larger ones, and two of them stay in the second-level cache. 16 MB of spares: a producer
 * of 64 KB messages runs ahead of its consumer by some 12 MB at times, and memory that is given
 * back in between halves the rate. */
#define DEFAULT_SHIFT 16u
#define DEFAULT_SPARES 256u

static void open_stream(ac_shm_queue *q) {
    ac_shm_queue_shared *const sh = q->shared;
    ac_shm_stream_open(&q->stream, &q->region, &sh->stream, (uint8_t *)sh + TABLES_AT,
                       q->region.base + sh->fixed.data_at, sh->fixed.shift, sh->fixed.count,
                       sh->fixed.spares);
    q->maxsize = sh->fixed.maxsize;
    ac_store_relaxed(&q->spin_ns[SPIN_ITEMS], SPIN_FIRST_NS);
    ac_store_relaxed(&q->spin_ns[SPIN_ROOM], SPIN_FIRST_NS);
}

int ac_shm_queue_create(ac_shm_queue *q, const ac_shm_queue_options *options) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t shift = options->shift != 0 ? options->shift : DEFAULT_SHIFT;
    while ((UINT64_C(1) << shift) < page) shift++;
    const uint64_t size = UINT64_C(1) << shift;
    /* One more than the limit holds: the first and the last segment are partly behind and ahead. */
    const uint64_t wanted = (options->limit_bytes + size - 1) / size + 1;
    if (wanted > UINT32_MAX / 4) return ENOMEM;
    const uint32_t count = wanted < 2 ? 2 : (uint32_t)wanted;
    const size_t data_at = ac_shm_round_up(TABLES_AT + ac_shm_stream_table_bytes(count), page);

    int err = ac_shm_region_create(&q->region, data_at + ((size_t)count << shift));
    if (err != 0) return err;
    err = ac_shm_region_back(&q->region, 0, TABLES_AT);
    ac_shm_queue_shared *const sh = (ac_shm_queue_shared *)(void *)q->region.base;
    if (err == 0) err = ac_robust_lock_init(&sh->put_lock);
    if (err == 0) err = ac_robust_lock_init(&sh->take_lock);
    if (err != 0) {
        ac_shm_region_close(&q->region);
        return err;
    }
    sh->fixed = (ac_shm_queue_fixed){
        .magic = MAGIC,
        .layout = LAYOUT,
        .shift = shift,
        .count = count,
        .spares = options->spares != 0 ? options->spares : DEFAULT_SPARES,
        .data_at = data_at,
        .maxsize = options->maxsize,
    };
    q->shared = sh;
    open_stream(q);
    return 0;
}

int ac_shm_queue_attach(ac_shm_queue *q, int fd) {
    const int err = ac_shm_region_attach(&q->region, fd);
    if (err != 0) return err;
    ac_shm_queue_shared *const sh = (ac_shm_queue_shared *)(void *)q->region.base;
    const bool fits = q->region.bytes >= sizeof *sh && sh->fixed.magic == MAGIC;
    const bool same = fits && sh->fixed.layout == LAYOUT && sh->fixed.shift < 40 &&
                      sh->fixed.count >= 2 &&
                      sh->fixed.data_at >= TABLES_AT + ac_shm_stream_table_bytes(sh->fixed.count) &&
                      sh->fixed.data_at + ((uint64_t)sh->fixed.count << sh->fixed.shift) <=
                          q->region.bytes;
    if (!same) {
        q->region.fd = -1; /* stays the caller's */
        ac_shm_region_close(&q->region);
        return fits ? EPROTO : EINVAL;
    }
    q->shared = sh;
    open_stream(q);
    return 0;
}

void ac_shm_queue_close(ac_shm_queue *q) {
    ac_shm_region_close(&q->region);
    q->shared = NULL;
}

bool ac_shm_queue_is_shut_down(const ac_shm_queue *q) {
    return ac_load_acquire(&q->shared->closed);
}

uint64_t ac_shm_queue_depth(const ac_shm_queue *q) {
    const uint64_t gets = ac_load_acquire(&q->shared->gets);
    const uint64_t puts = ac_load_acquire(&q->shared->puts);
    return puts > gets ? puts - gets : 0;
}

bool ac_shm_queue_is_empty(const ac_shm_queue *q) {
    const uint64_t head = ac_load_acquire(&q->shared->head);
    return ac_load_acquire(&q->shared->tail) == head;
}

void ac_shm_queue_stat(const ac_shm_queue *q, ac_shm_queue_stats *out) {
    const ac_shm_queue_shared *const sh = q->shared;
    out->gets = ac_load_acquire(&sh->gets);
    out->puts = ac_load_acquire(&sh->puts);
    out->done = ac_load_acquire(&sh->done);
    const uint64_t head = ac_load_acquire(&sh->head);
    out->bytes = ac_load_acquire(&sh->tail);
    out->waiting_bytes = out->bytes - head;
    out->memory_bytes = TABLES_AT + (ac_load_relaxed(&sh->stream.backed) << q->stream.shift);
    out->limit_bytes = (uint64_t)q->stream.count << q->stream.shift;
    out->deaths = ac_load_relaxed(&sh->deaths);
}
