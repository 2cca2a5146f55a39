/* ac_shm_stream.c - see ac_shm_stream.h. */
#include "shm/ac_shm_stream.h"

#include <string.h>

/* A word of `used` and a word of `backed` bits for 64 physical segments lie side by side. */
#define BITS 64u
#define PAGE 4096u /* the least there is; a larger page is backed more often than needed */

static uint64_t *used_word(const ac_shm_pool *p, uint32_t w) { return p->bits + 2 * (size_t)w; }
static uint64_t *backed_word(const ac_shm_pool *p, uint32_t w) { return used_word(p, w) + 1; }
static uint64_t bit(uint32_t i) { return UINT64_C(1) << (i % BITS); }

static bool is_used(const ac_shm_pool *p, uint32_t i) { return *used_word(p, i / BITS) & bit(i); }
static bool is_backed(const ac_shm_pool *p, uint32_t i) {
    return *backed_word(p, i / BITS) & bit(i);
}
static void set_used(const ac_shm_pool *p, uint32_t i) { *used_word(p, i / BITS) |= bit(i); }
static void set_free(const ac_shm_pool *p, uint32_t i) { *used_word(p, i / BITS) &= ~bit(i); }

static uint32_t words_for(uint32_t count) { return (count + BITS - 1) / BITS; }

size_t ac_shm_pool_bits_bytes(uint32_t count) { return 2 * sizeof(uint64_t) * words_for(count); }

size_t ac_shm_stream_table_bytes(uint32_t count) {
    return (sizeof(uint32_t) * (size_t)ac_ceil_pow2_u64(count) + 15) / 16 * 16;
}

void ac_shm_pool_open(ac_shm_pool *p, const ac_shm_region *region, ac_shm_pool_shared *shared,
                      void *bits, uint8_t *data, uint32_t shift, uint32_t count, uint32_t spares) {
    *p = (ac_shm_pool){
        .region = *region,
        .shared = shared,
        .bits = bits,
        .data = data,
        .shift = shift,
        .count = count,
        .table_mask = (uint32_t)ac_ceil_pow2_u64(count) - 1,
        .spares = spares,
    };
}

static ac_atomic_u32 *slot_of(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t logical) {
    return &s->segment_of[logical & p->table_mask];
}

/* The physical segment of a logical one, checked: the table lies where peers can write. Relaxed:
 * a reader of a live position is ordered by tail; a stale one gets any segment, and finds out. */
static bool lookup(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t logical,
                   uint32_t *physical) {
    *physical = ac_load_relaxed(slot_of(p, s, logical));
    return *physical < p->count;
}

static size_t offset_of(const ac_shm_pool *p, uint32_t physical) {
    return (size_t)(p->data - p->region.base) + ((size_t)physical << p->shift);
}

/* `high`, checked. */
static uint32_t high(const ac_shm_pool *p) {
    return p->shared->high < p->count ? p->shared->high : p->count;
}

/* The lowest free segment, or p->count. Words of bits from `high` up were never touched. */
static uint32_t lowest_free(const ac_shm_pool *p) {
    const uint32_t end = high(p);
    for (uint32_t w = 0; w < words_for(end); w++) {
        const uint64_t used = *used_word(p, w);
        if (used == UINT64_MAX) continue;
        const uint32_t i = w * BITS + (uint32_t)__builtin_ctzll(~used);
        return i < end ? i : end;
    }
    return end;
}

/* Killed in between, the bits of some that are still in the table are clear: rebuild sets them. */
static void reclaim(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head) {
    const uint64_t until = head >> p->shift;
    uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
    if (until < logical) return;
    if (until - logical > p->count) logical = until - p->count; /* scribbled over: must end */
    for (; logical < until; logical++) {
        uint32_t physical;
        if (lookup(p, s, logical, &physical)) set_free(p, physical);
    }
    ac_store_relaxed(&s->shared->reclaimed, logical);
}

/* One drop costs some 7 us. A put pays for few of them, a tidier lets the pool go in between. */
#define DROPS_PER_PUT 8u
#define DROPS_PER_TIDY 128u

/* Memory that is given back and backed again for every message is three quarters of the time of a
 * 32 MB array. So a pool keeps as much as one message needed lately, up to this many times its
 * spares. Arbitrary. */
#define KEEP_MOST 4u

/* Remembers the need of one message; it fades by a 64th with every reservation of less. */
static void remember(const ac_shm_pool *p, uint64_t need) {
    const uint64_t most = (uint64_t)KEEP_MOST * p->spares;
    const uint32_t before = p->shared->keep;
    const uint64_t faded = before - before / 64 - (before > 0);
    const uint64_t keep = need > faded ? need : faded;
    p->shared->keep = (uint32_t)(keep < most ? keep : most);
}

static uint32_t spares_now(const ac_shm_pool *p) {
    const uint32_t keep = p->shared->keep;
    return keep > p->spares && keep <= KEEP_MOST * p->spares ? keep : p->spares; /* checked: peers */
}

/* Drops the memory of the highest free segments until the spares still have theirs, but of
 * `most` at most. Returns whether there is more to drop. */
static bool trim(const ac_shm_pool *p, uint32_t most) {
    ac_shm_pool_shared *const sh = p->shared;
    const uint32_t spares = spares_now(p);
    uint32_t end = high(p);
    uint32_t idle = 0;
    for (uint32_t w = 0; w < words_for(end); w++)
        idle += (uint32_t)__builtin_popcountll(*backed_word(p, w) & ~*used_word(p, w));
    for (; end > 0 && idle > spares && most > 0; end--) {
        const uint32_t i = end - 1;
        if (is_used(p, i) || !is_backed(p, i)) continue;
        /* Before the memory goes: a successor of ours backs it again, at worst needlessly. */
        *backed_word(p, i / BITS) &= ~bit(i);
        ac_fence_compiler();
        (void)ac_shm_region_drop(&p->region, offset_of(p, i), (size_t)1 << p->shift);
        ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) - 1);
        idle--;
        most--;
    }
    end = high(p);
    while (end > 0 && !is_backed(p, end - 1) && !is_used(p, end - 1)) end--;
    sh->high = end;
    return idle > spares;
}

/* Backs the page in which `at` lies, if `at` is the first thing that is used of it. */
static bool back_table(const ac_shm_pool *p, const void *at) {
    const size_t offset = (size_t)((const uint8_t *)at - p->region.base);
    const size_t page = offset / PAGE * PAGE;
    return ac_shm_region_back(&p->region, page, PAGE) == 0;
}

/* Gives the next logical segment a physical one with memory under it. */
static ac_stream_status map_next(const ac_shm_pool *p, const ac_shm_stream *s) {
    ac_shm_pool_shared *const sh = p->shared;
    const uint32_t physical = lowest_free(p);
    const uint64_t mapped = ac_load_relaxed(&s->shared->mapped);
    ac_atomic_u32 *const slot = slot_of(p, s, mapped);
    if (physical == p->count) return AC_STREAM_LIMIT;
    /* The tables of a large queue are mostly never touched: they get memory as they are. */
    if (((uintptr_t)slot % PAGE == 0 || mapped == 0) && !back_table(p, slot))
        return AC_STREAM_NOMEM;
    if (physical >= high(p)) {
        if (physical % BITS == 0 && !back_table(p, used_word(p, physical / BITS)))
            return AC_STREAM_NOMEM;
        sh->high = physical + 1; /* first: a successor finds every set bit below it */
    }
    if (!is_backed(p, physical)) {
        if (ac_shm_region_back(&p->region, offset_of(p, physical), (size_t)1 << p->shift) != 0)
            return AC_STREAM_NOMEM;
        *backed_word(p, physical / BITS) |= bit(physical);
        ac_store_relaxed(&sh->backed, ac_load_relaxed(&sh->backed) + 1);
    }
    set_used(p, physical);
    ac_store_relaxed(slot, physical);
    ac_store_release(&s->shared->mapped, mapped + 1); /* after its slot: rebuild relies on it */
    return AC_STREAM_OK;
}

void ac_shm_stream_forget(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail) {
    const uint64_t keep = (tail + ((UINT64_C(1) << p->shift) - 1)) >> p->shift;
    uint64_t mapped = ac_load_relaxed(&s->shared->mapped);
    if (mapped - keep > p->count) mapped = keep; /* scribbled over */
    while (mapped > keep) {
        mapped--;
        ac_store_relaxed(&s->shared->mapped, mapped);
        uint32_t physical;
        if (lookup(p, s, mapped, &physical)) set_free(p, physical);
    }
}

ac_stream_status ac_shm_stream_reserve(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head,
                                       uint64_t tail, uint64_t end) {
    if (ac_shm_stream_has(p, s, end)) return AC_STREAM_OK;
    reclaim(p, s, head);
    ac_stream_status status = AC_STREAM_OK;
    if (((end - 1) >> p->shift) - (head >> p->shift) >= p->count) status = AC_STREAM_LIMIT;
    while (status == AC_STREAM_OK && !ac_shm_stream_has(p, s, end)) status = map_next(p, s);
    if (status == AC_STREAM_OK) remember(p, ((end - 1) >> p->shift) - (tail >> p->shift) + 1);
    if (status != AC_STREAM_OK) ac_shm_stream_forget(p, s, tail);
    (void)trim(p, DROPS_PER_PUT);
    return status;
}

/* Copies of more than 8 KB are `rep movsb` in the C libraries that we know, of which the stores reach
 * memory that another core has just read 10 to 30 % slower than those of a loop. */
#define WRITE_AT_ONCE 4096u

void ac_shm_stream_write(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at,
                         const void *from, size_t bytes) {
    const uint64_t size = UINT64_C(1) << p->shift;
    const uint8_t *source = from;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        size_t n = bytes < size - inside ? bytes : (size_t)(size - inside);
        if (n > WRITE_AT_ONCE) n = WRITE_AT_ONCE;
        uint32_t physical;
        if (!lookup(p, s, at >> p->shift, &physical)) return; /* scribbled over: lost anyway */
        memcpy(p->data + ((size_t)physical << p->shift) + inside, source, n);
        source += n;
        at += n;
        bytes -= n;
    }
}

const uint8_t *ac_shm_stream_peek(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at) {
    uint32_t physical;
    if (!lookup(p, s, at >> p->shift, &physical)) return NULL;
    return p->data + ((size_t)physical << p->shift) + (at & ((UINT64_C(1) << p->shift) - 1));
}

bool ac_shm_stream_read(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at, void *to,
                        size_t bytes) {
    const uint64_t size = UINT64_C(1) << p->shift;
    uint8_t *target = to;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        const size_t n = bytes < size - inside ? bytes : (size_t)(size - inside);
        const uint8_t *const source = ac_shm_stream_peek(p, s, at);
        if (source == NULL) return false;
        memcpy(target, source, n);
        target += n;
        at += n;
        bytes -= n;
    }
    return true;
}

bool ac_shm_stream_tidy(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head) {
    reclaim(p, s, head);
    return trim(p, DROPS_PER_TIDY);
}

void ac_shm_pool_rebuild(const ac_shm_pool *p, const ac_shm_stream *streams, uint32_t count) {
    for (uint32_t w = 0; w < words_for(high(p)); w++) *used_word(p, w) = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ac_shm_stream *const s = &streams[i];
        const uint64_t mapped = ac_load_acquire(&s->shared->mapped);
        uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
        if (mapped - logical > p->count) continue; /* scribbled over */
        for (; logical < mapped; logical++) {
            uint32_t physical;
            if (lookup(p, s, logical, &physical)) set_used(p, physical);
        }
    }
    uint64_t backed = 0;
    for (uint32_t w = 0; w < words_for(high(p)); w++)
        backed += (uint64_t)__builtin_popcountll(*backed_word(p, w));
    ac_store_relaxed(&p->shared->backed, backed);
}
