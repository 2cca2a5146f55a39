/* ac_shm_stream.c - see ac_shm_stream.h. */
#include "shm/ac_shm_stream.h"

#include <string.h>

#define PAGE 4096u /* the least there is; a larger page is backed more often than needed */
#define OWNER AC_SHM_SEGMENT_OWNER
#define LENT AC_SHM_SEGMENT_LENT
#define MARK AC_SHM_SEGMENT_MARK
#define BACKED AC_SHM_SEGMENT_BACKED

size_t ac_shm_pool_words_bytes(uint32_t count) {
    return (sizeof(uint32_t) * (size_t)count + 15) / 16 * 16;
}

size_t ac_shm_stream_table_bytes(uint32_t count) {
    return (sizeof(uint32_t) * (size_t)ac_ceil_pow2_u64(count) + 15) / 16 * 16;
}

void ac_shm_pool_open(ac_shm_pool *p, const ac_shm_region *region, ac_shm_pool_shared *shared,
                      void *words, uint8_t *data, uint32_t shift, uint32_t count, uint32_t spares) {
    *p = (ac_shm_pool){
        .region = *region,
        .shared = shared,
        .words = words,
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

/* `high`, checked. Acquire: its words have memory. */
static uint32_t high(const ac_shm_pool *p) {
    const uint32_t found = ac_load_acquire(&p->shared->high);
    return found < p->count ? found : p->count;
}

/* ---- whose a segment is ---- */

static bool owns(const ac_shm_stream *s, uint32_t word) { return (word & OWNER) == s->who; }

/* Segment i has become free. The step of `changes` tells a claimer that looked past it before. */
static void lower(const ac_shm_pool *p, uint32_t i) {
    uint64_t low = ac_load_relaxed(&p->shared->low), next;
    do {
        const uint32_t first = (uint32_t)low < i ? (uint32_t)low : i;
        next = ((low >> 32) + 1) << 32 | first;
    } while (!ac_cas_acq_rel(&p->shared->low, &low, next));
}

/* Gives one of ours to whoever wants it, if it is ours. It is in our table no more: killed here, we
 * leave an owner that repair finds. Release: our last reads and writes of it come before. */
static void give(const ac_shm_pool *p, const ac_shm_stream *s, uint32_t i) {
    uint32_t word = ac_load_relaxed(&p->words[i]);
    if (i >= high(p) || !owns(s, word)) return; /* scribbled over */
    if (word & BACKED) (void)ac_fetch_add_relaxed(&p->shared->idle, 1);
    ac_store_release(&p->words[i], word & BACKED);
    lower(p, i);
}

/* Makes one more physical segment known. False: no memory for its word. */
static bool grow(const ac_shm_pool *p, uint32_t from);

/* Takes the lowest free segment. From p->count up: p->count + why there is none, of ac_stream_status.
 *
 * Why none is overlooked: a segment that becomes free after we looked at it is below what we store in
 * `low`; its giver changes `low` after it has freed it, and either that comes before our CAS, which
 * then fails, or it sets `low` back. Only who is killed between the two leaves one below `low`: repair
 * begins anew, and so does a claimer before it says that there is none. It says so only if nobody has
 * changed `low` while it looked: segments that are a trimmer's one after the other do not look like a
 * full pool. One that is in a trimmer's hands at that moment is no segment in use: LENT. Progress: who
 * changes it has taken a segment, or given one back. */
static uint32_t claim(const ac_shm_pool *p, const ac_shm_stream *s) {
    bool from_zero = false;
    for (;;) {
        bool lent = false;
        const uint64_t low = ac_load_acquire(&p->shared->low);
        const uint32_t end = high(p);
        for (uint32_t i = from_zero ? 0 : (uint32_t)low; i < end; i++) {
            uint32_t word = ac_load_relaxed(&p->words[i]);
            lent |= (word & LENT) != 0;
            if ((word & OWNER) != 0) continue;
            /* Acquire: pairs with the release of give. */
            if (!ac_cas_acq_rel(&p->words[i], &word, (word & BACKED) | s->who)) continue;
            uint64_t seen = low;
            if (!from_zero) (void)ac_cas_acq_rel(&p->shared->low, &seen, low >> 32 << 32 | (i + 1));
            if (word & BACKED) (void)ac_fetch_add_relaxed(&p->shared->idle, UINT32_MAX);
            return i;
        }
        if (end < p->count) {
            if (!grow(p, end)) return p->count + AC_STREAM_NOMEM;
        } else if (from_zero) {
            /* By CAS, which sees the newest: none has become free since we began. */
            uint64_t seen = low;
            if (ac_cas_acq_rel(&p->shared->low, &seen, low))
                return p->count + (lent ? AC_STREAM_LENT : AC_STREAM_LIMIT);
        } else {
            from_zero = true;
        }
    }
}

/* Killed in between, a segment is in the table no more and still ours: repair gives it back. */
static void reclaim(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head) {
    const uint64_t until = head >> p->shift;
    uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
    if (until < logical) return;
    if (until - logical > p->count) logical = until - p->count; /* scribbled over: must end */
    for (; logical < until; logical++) {
        uint32_t physical;
        const bool known = lookup(p, s, logical, &physical);
        ac_store_release(&s->shared->reclaimed, logical + 1); /* first */
        if (known) give(p, s, physical);
    }
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
    const uint32_t before = ac_load_relaxed(&p->shared->keep);
    const uint64_t faded = before - before / 64 - (before > 0);
    const uint64_t keep = need > faded ? need : faded;
    ac_store_relaxed(&p->shared->keep, (uint32_t)(keep < most ? keep : most));
}

static uint32_t spares_now(const ac_shm_pool *p) {
    const uint32_t keep = ac_load_relaxed(&p->shared->keep);
    return keep > p->spares && keep <= KEEP_MOST * p->spares ? keep : p->spares; /* checked: peers */
}

/* Drops the memory of the highest free segments until the spares still have theirs, but of
 * `most` at most. Returns whether there is more to drop. While one is dropped it is ours. */
static bool trim(const ac_shm_pool *p, const ac_shm_stream *s, uint32_t most) {
    const uint32_t spares = spares_now(p), end = high(p);
    uint32_t idle = 0;
    for (uint32_t i = 0; i < end; i++) idle += ac_load_relaxed(&p->words[i]) == BACKED;
    ac_store_relaxed(&p->shared->idle, idle);
    for (uint32_t i = end; i-- > 0 && idle > spares && most > 0;) {
        uint32_t word = ac_load_relaxed(&p->words[i]);
        /* Not backed before the memory goes: if we are killed it is backed again, needlessly at worst. */
        if (word != BACKED || !ac_cas_acq_rel(&p->words[i], &word, s->who | LENT)) continue;
        (void)ac_shm_region_drop(&p->region, offset_of(p, i), (size_t)1 << p->shift);
        (void)ac_fetch_add_relaxed(&p->shared->idle, UINT32_MAX);
        give(p, s, i);
        idle--;
        most--;
    }
    return idle > spares;
}

/* Backs the page in which `at` lies, if `at` is the first thing that is used of it. */
static bool back_table(const ac_shm_pool *p, const void *at) {
    const size_t offset = (size_t)((const uint8_t *)at - p->region.base);
    const size_t page = offset / PAGE * PAGE;
    return ac_shm_region_back(&p->region, page, PAGE) == 0;
}

static bool grow(const ac_shm_pool *p, uint32_t from) {
    const bool first = from == 0 || (uintptr_t)&p->words[from] % PAGE == 0;
    if (first && !back_table(p, &p->words[from])) return false;
    /* Release: who sees it can read the word. Another may have been faster. */
    (void)ac_cas_acq_rel(&p->shared->high, &from, from + 1);
    return true;
}

/* Gives the next logical segment a physical one with memory under it. */
static ac_stream_status map_next(const ac_shm_pool *p, const ac_shm_stream *s) {
    const uint64_t mapped = ac_load_relaxed(&s->shared->mapped);
    ac_atomic_u32 *const slot = slot_of(p, s, mapped);
    /* The tables of a large queue are mostly never touched: they get memory as they are. */
    if (((uintptr_t)slot % PAGE == 0 || mapped == 0) && !back_table(p, slot))
        return AC_STREAM_NOMEM;
    const uint32_t physical = claim(p, s);
    if (physical >= p->count) return (ac_stream_status)(physical - p->count);
    if (!(ac_load_relaxed(&p->words[physical]) & BACKED)) {
        if (ac_shm_region_back(&p->region, offset_of(p, physical), (size_t)1 << p->shift) != 0) {
            give(p, s, physical);
            return AC_STREAM_NOMEM;
        }
        ac_store_relaxed(&p->words[physical], s->who | BACKED);
    }
    ac_store_relaxed(slot, physical);
    ac_store_release(&s->shared->mapped, mapped + 1); /* after its slot and its owner */
    return AC_STREAM_OK;
}

void ac_shm_stream_forget(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail) {
    const uint64_t keep = (tail + ((UINT64_C(1) << p->shift) - 1)) >> p->shift;
    uint64_t mapped = ac_load_relaxed(&s->shared->mapped);
    if (mapped - keep > p->count) mapped = keep; /* scribbled over */
    while (mapped > keep) {
        mapped--;
        ac_store_release(&s->shared->mapped, mapped); /* first: see give */
        uint32_t physical;
        if (lookup(p, s, mapped, &physical)) give(p, s, physical);
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
    if (ac_load_relaxed(&p->shared->idle) > spares_now(p)) (void)trim(p, s, DROPS_PER_PUT);
    return status;
}

/* Copies of more than 8 KB are `rep movsb` in the C libraries that we know, which is the faster one for
 * what no cache holds: so for large reads, in one piece. Else most of what is written to lies in another
 * core's cache, and most of what is read: such a line comes late, and the processor looks ahead
 * for few of them by itself. So those of a message of some length are asked for before they are copied.
 * Measured between two cores: messages of 20 and 64 KB pass faster by it, those of 8 KB do not. The exact
 * distance does not matter. */
#define COPY_AT_ONCE 4096u
#define ASK_ABOVE (8u << 10)
#define ASK_AHEAD 2048u
#define ASK_AT_ONCE 1024u
#define READ_IN_PIECES (256u << 10)
#define LINE 64u

/* The compiler is not to know how little it is: it would write `rep movsq` in place of the call. */
AC_INLINE void copy_piece(void *to, const void *from, size_t n) {
    __asm__("" : "+r"(n));
    memcpy(to, from, n);
}

/* Asks for the lines of what comes after the next piece of `n`, of `left` contiguous bytes, to be written
 * to: no other core's copy stays, so that the store need not ask. Inlined, or the compiler takes it
 * for a function without effects. */
AC_INLINE void ask_to_write(const uint8_t *at, size_t n, size_t left) {
    for (size_t i = ASK_AHEAD; i < ASK_AHEAD + n && i < left; i += LINE) __builtin_prefetch(at + i, 1);
}

AC_INLINE void ask_to_read(const uint8_t *at, size_t n, size_t left) {
    for (size_t i = ASK_AHEAD; i < ASK_AHEAD + n && i < left; i += LINE) __builtin_prefetch(at + i, 0);
}

/* How much to copy next of `left` contiguous bytes. */
AC_INLINE size_t next_piece(size_t left, bool ask) {
    const size_t most = ask && left > ASK_AHEAD ? ASK_AT_ONCE : COPY_AT_ONCE;
    return left < most ? left : most;
}

/* Processors that do not know the instruction do nothing. */
#if defined(__x86_64__)
__attribute__((target("prfchw")))
#endif
void ac_shm_stream_write(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t at,
                         const void *from, size_t bytes) {
    const uint64_t size = UINT64_C(1) << p->shift;
    const bool ask = bytes > ASK_ABOVE;
    const uint8_t *source = from;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        const size_t left = bytes < size - inside ? bytes : (size_t)(size - inside);
        const size_t n = next_piece(left, ask);
        uint32_t physical;
        if (!lookup(p, s, at >> p->shift, &physical)) return; /* scribbled over: lost anyway */
        uint8_t *const target = p->data + ((size_t)physical << p->shift) + inside;
        if (ask) ask_to_write(target, n, left);
        copy_piece(target, source, n);
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
    const bool whole = bytes > READ_IN_PIECES, ask = bytes > ASK_ABOVE && !whole;
    uint8_t *target = to;
    while (bytes > 0) {
        const uint64_t inside = at & (size - 1);
        const size_t left = bytes < size - inside ? bytes : (size_t)(size - inside);
        const size_t n = whole ? left : next_piece(left, ask);
        const uint8_t *const source = ac_shm_stream_peek(p, s, at);
        if (source == NULL) return false;
        if (ask) ask_to_read(source, n, left);
        copy_piece(target, source, n);
        target += n;
        at += n;
        bytes -= n;
    }
    return true;
}

bool ac_shm_stream_tidy(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t head) {
    reclaim(p, s, head);
    return trim(p, s, DROPS_PER_TIDY);
}

/* Nobody but us writes to a word that says that it is ours. A repairer that was killed leaves marks. */
void ac_shm_stream_repair(const ac_shm_pool *p, const ac_shm_stream *s, uint64_t tail) {
    ac_shm_stream_forget(p, s, tail);
    const uint32_t end = high(p);
    for (uint32_t i = 0; i < end; i++) {
        const uint32_t word = ac_load_relaxed(&p->words[i]);
        if (owns(s, word)) ac_store_relaxed(&p->words[i], word & ~MARK);
    }
    const uint64_t mapped = ac_load_relaxed(&s->shared->mapped);
    uint64_t logical = ac_load_relaxed(&s->shared->reclaimed);
    if (mapped - logical > p->count) logical = mapped; /* scribbled over */
    for (; logical < mapped; logical++) {
        uint32_t physical;
        if (!lookup(p, s, logical, &physical) || physical >= end) continue;
        const uint32_t word = ac_load_relaxed(&p->words[physical]);
        if (owns(s, word)) ac_store_relaxed(&p->words[physical], word | MARK);
    }
    for (uint32_t i = 0; i < end; i++) {
        const uint32_t word = ac_load_relaxed(&p->words[i]);
        if (!owns(s, word)) continue;
        if (word & MARK) ac_store_relaxed(&p->words[i], word & ~MARK);
        else give(p, s, i);
    }
    lower(p, 0); /* it may have freed one without saying so */
}

uint64_t ac_shm_pool_backed(const ac_shm_pool *p) {
    uint64_t backed = 0;
    const uint32_t end = high(p);
    for (uint32_t i = 0; i < end; i++) backed += (ac_load_relaxed(&p->words[i]) & BACKED) != 0;
    return backed;
}
