/* model_memory.c - what a load may return, and whether plain accesses are ordered.
 *
 * Each atomic location has the history of its stores, in the order of execution, which is taken as
 * its modification order. Under sequential consistency a load returns the newest. In weak mode it
 * may return any store that coherence does not hide: one is hidden when a later store of the location is
 * known to the thread (happens before, or by sequentially consistent fences), or when something known to the
 * thread has read a later one. A release store carries the clock of its thread, and an acquire load
 * that returns it joins that clock; read-modify-writes continue a release sequence. (C++20's rules:
 * a later relaxed store of the same thread does not.)
 *
 * Plain accesses are checked by vector clocks in both modes, every four bytes for themselves: two
 * accesses, one of them a write, one of them plain, must be ordered by happens-before. So also a missing
 * release under sequential consistency shows as a race on what it should have handed over.
 */
#include "model_internal.h"

#include <stdio.h>
#include <string.h>

#define MOST_CELLS (1u << 15)
#define MOST_LOCATIONS 4096
#define MOST_STORES 16384
#define MOST_LOOKS 16384

typedef struct store {
    uint64_t value, number; /* number: of all stores of this execution */
    int thread;             /* -1: what memory held before the first atomic access */
    uint32_t epoch, order;  /* order: in its location's history */
    uint32_t sc_time;       /* of a seq_cst store, else 0 */
    vclock released[2];
    int before;
} store;

typedef struct look { /* a thread's load: later ones that know of it return nothing older */
    uint32_t epoch, order;
    int before;
} look;

typedef struct location {
    uintptr_t address;
    size_t size;
    int newest;
    int looks[N];
} location;

enum { PLAIN_READ, PLAIN_WRITE, ATOMIC_READ, ATOMIC_WRITE };

typedef struct cell {
    uintptr_t key;
    uint32_t stamp;
    int location;
    uint32_t last[4][N];
} cell;

static cell cells[MOST_CELLS];
static location locations[MOST_LOCATIONS];
static store stores[MOST_STORES];
static look looks[MOST_LOOKS];
static int location_count, store_count, look_count;

void clock_join(vclock *to, const vclock *from) {
    for (int i = 0; i <= N; i++)
        if (from->at[i] > to->at[i]) to->at[i] = from->at[i];
}

/* -- plain data ---------------------------------------------------------------------------------- */

static cell *cell_of(uintptr_t address) {
    const uintptr_t key = address >> 2;
    for (uint32_t i = (uint32_t)((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> 40);; i++) {
        cell *const c = &cells[i % MOST_CELLS];
        if (c->stamp != S.execution) {
            memset(c, 0, sizeof *c);
            c->key = key;
            c->stamp = S.execution;
            c->location = -1;
            return c;
        }
        if (c->key == key) return c;
    }
}

static void conflict(const cell *c, int with, int kind, uintptr_t address, const void *where) {
    static const char *const names[] = {"plain read", "plain write", "atomic read", "atomic write"};
    for (int t = 0; t < S.threads; t++)
        if (t != S.self && c->last[with][t] > SELF->happened.at[t])
            model_fail("race", "%s by thread %d at %p (code %p), not ordered after the %s by thread %d",
                       names[kind], S.self, (void *)address, where, names[with], t);
}

static void access_cell(uintptr_t address, int kind, const void *where) {
    cell *const c = cell_of(address);
    switch (kind) {
    case PLAIN_READ:
        conflict(c, PLAIN_WRITE, kind, address, where);
        conflict(c, ATOMIC_WRITE, kind, address, where);
        break;
    case PLAIN_WRITE:
        for (int with = PLAIN_READ; with <= ATOMIC_WRITE; with++)
            conflict(c, with, kind, address, where);
        c->location = -1; /* made anew: its history begins with what is written now */
        break;
    case ATOMIC_WRITE:
        conflict(c, PLAIN_READ, kind, address, where);
        /* fall through */
    default:
        conflict(c, PLAIN_WRITE, kind, address, where);
        break;
    }
    c->last[kind][S.self] = SELF->happened.at[S.self];
}

/* -- the heap ------------------------------------------------------------------------------------ */

#define HEAP_UNIT 16u
#define HEAP_BYTES (1u << 19)
static _Alignas(128) unsigned char heap[HEAP_BYTES];
static uint16_t heap_owner[HEAP_BYTES / HEAP_UNIT]; /* number of the block, 0 for none */
#define MOST_BLOCKS 1024
static struct block {
    size_t begin, size;
    bool freed;
} blocks[MOST_BLOCKS];
static int block_count;
static size_t heap_used;

static struct block *block_of(uintptr_t address) {
    const int number = heap_owner[(address - (uintptr_t)heap) / HEAP_UNIT];
    return number == 0 ? NULL : &blocks[number];
}

static bool in_heap(uintptr_t address) { return address - (uintptr_t)heap < HEAP_BYTES; }

static void check_heap(uintptr_t address, size_t size) {
    if (!in_heap(address)) return;
    const struct block *const b = block_of(address);
    if (b == NULL || address + size > (uintptr_t)heap + b->begin + b->size)
        model_fail("out-of-bounds", "%zu bytes at %p lie in no block", size, (void *)address);
    if (b->freed) model_fail("use-after-free", "thread %d touches %p, freed", S.self, (void *)address);
}

/* A block is never handed out twice in an execution, so that a late access is always seen. */
void *model_aligned_alloc(size_t align, size_t size) {
    if (align < HEAP_UNIT) align = HEAP_UNIT;
    const size_t begin = (heap_used + HEAP_UNIT + align - 1) / align * align;
    if (begin + size > HEAP_BYTES || block_count + 1 >= MOST_BLOCKS)
        model_fail("checker", "the heap of the checker is too small");
    const int number = ++block_count;
    blocks[number] = (struct block){begin, size, false};
    for (size_t i = begin; i < begin + size; i += HEAP_UNIT) heap_owner[i / HEAP_UNIT] = (uint16_t)number;
    heap_used = begin + size;
    memset(heap + begin, 0xA5, size);
    return heap + begin;
}

void *model_malloc(size_t size) { return model_aligned_alloc(HEAP_UNIT, size); }

void *model_calloc(size_t count, size_t size) {
    void *const block = model_malloc(count * size);
    model_memset(block, 0, count * size);
    return block;
}

void model_free(void *p) {
    if (p == NULL) return;
    struct block *const b = in_heap((uintptr_t)p) ? block_of((uintptr_t)p) : NULL;
    if (b == NULL || heap + b->begin != (unsigned char *)p)
        model_fail("bad-free", "free(%p): no block begins there", p);
    if (b->freed) model_fail("double-free", "free(%p) by thread %d for the second time", p, S.self);
    /* A write to all of it: who touches it must be ordered against the free. */
    for (size_t i = 0; i < b->size; i += 4) access_cell((uintptr_t)p + i, PLAIN_WRITE, p);
    b->freed = true;
}

void *model_realloc(void *old, size_t size) {
    void *const block = model_malloc(size);
    if (old != NULL) {
        const size_t had = block_of((uintptr_t)old)->size;
        model_memcpy(block, old, had < size ? had : size);
        model_free(old);
    }
    return block;
}

size_t model_live_blocks(void) {
    size_t live = 0;
    for (int i = 1; i <= block_count; i++) live += !blocks[i].freed;
    return live;
}

/* -- what the compiler calls --------------------------------------------------------------------- */

static void touch(const volatile void *p, size_t size, int kind, const void *where) {
    const uintptr_t address = (uintptr_t)p;
    if (size == 0 || (!S.test->stacks && core_on_own_stack(address))) return;
    check_heap(address, size);
    for (uintptr_t at = address & ~(uintptr_t)3; at < address + size; at += 4)
        access_cell(at, kind, where);
}

#define HOOK(name, size, kind)       \
    void __tsan_##name(void *p);     \
    void __tsan_##name(void *p) { touch(p, size, kind, __builtin_return_address(0)); }
HOOK(read1, 1, PLAIN_READ)
HOOK(read2, 2, PLAIN_READ)
HOOK(read4, 4, PLAIN_READ)
HOOK(read8, 8, PLAIN_READ)
HOOK(read16, 16, PLAIN_READ)
HOOK(write1, 1, PLAIN_WRITE)
HOOK(write2, 2, PLAIN_WRITE)
HOOK(write4, 4, PLAIN_WRITE)
HOOK(write8, 8, PLAIN_WRITE)
HOOK(write16, 16, PLAIN_WRITE)
HOOK(unaligned_read2, 2, PLAIN_READ)
HOOK(unaligned_read4, 4, PLAIN_READ)
HOOK(unaligned_read8, 8, PLAIN_READ)
HOOK(unaligned_read16, 16, PLAIN_READ)
HOOK(unaligned_write2, 2, PLAIN_WRITE)
HOOK(unaligned_write4, 4, PLAIN_WRITE)
HOOK(unaligned_write8, 8, PLAIN_WRITE)
HOOK(unaligned_write16, 16, PLAIN_WRITE)

void __tsan_read_range(void *p, size_t size);
void __tsan_read_range(void *p, size_t size) {
    touch(p, size, PLAIN_READ, __builtin_return_address(0));
}
void __tsan_write_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size) {
    touch(p, size, PLAIN_WRITE, __builtin_return_address(0));
}
void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) { (void)caller; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}

void *model_memset(void *to, int byte, size_t size) {
    touch(to, size, PLAIN_WRITE, __builtin_return_address(0));
    return memset(to, byte, size);
}

void *model_memcpy(void *to, const void *from, size_t size) {
    touch(from, size, PLAIN_READ, __builtin_return_address(0));
    touch(to, size, PLAIN_WRITE, __builtin_return_address(0));
    return memcpy(to, from, size);
}

/* -- atomics ------------------------------------------------------------------------------------- */

static uint64_t read_memory(const volatile void *p, size_t size) {
    switch (size) {
    case 1: return *(const volatile uint8_t *)p;
    case 2: return *(const volatile uint16_t *)p;
    case 4: return *(const volatile uint32_t *)p;
    default: return *(const volatile uint64_t *)p;
    }
}

static void write_memory(volatile void *p, size_t size, uint64_t value) {
    switch (size) {
    case 1: *(volatile uint8_t *)p = (uint8_t)value; break;
    case 2: *(volatile uint16_t *)p = (uint16_t)value; break;
    case 4: *(volatile uint32_t *)p = (uint32_t)value; break;
    default: *(volatile uint64_t *)p = value; break;
    }
}

static store *new_store(location *l) {
    if (store_count == MOST_STORES) model_fail("checker", "too many stores in one execution");
    store *const s = &stores[store_count];
    memset(s, 0, sizeof *s);
    s->before = l->newest;
    s->order = l->newest < 0 ? 0 : stores[l->newest].order + 1;
    s->number = ++S.stores;
    l->newest = store_count++;
    return s;
}

static location *location_of(const volatile void *p, size_t size, bool writes, const char *where) {
    const uintptr_t address = (uintptr_t)p;
    if (address % size != 0) model_fail("misaligned", "%s: atomic of %zu bytes at %p", where, size,
                                        (void *)address);
    check_heap(address, size);
    for (uintptr_t at = address & ~(uintptr_t)3; at < address + size; at += 4)
        access_cell(at, writes ? ATOMIC_WRITE : ATOMIC_READ, where);
    cell *const c = cell_of(address);
    if (c->location >= 0) {
        location *const l = &locations[c->location];
        if (l->address != address || l->size != size)
            model_fail("checker", "%s: atomics of other sizes share four bytes", where);
        return l;
    }
    if (location_count == MOST_LOCATIONS) model_fail("checker", "too many atomic locations");
    c->location = location_count;
    location *const l = &locations[location_count++];
    l->address = address;
    l->size = size;
    l->newest = -1;
    for (int t = 0; t < N; t++) l->looks[t] = -1;
    store *const s = new_store(l);
    s->thread = -1;
    s->value = read_memory(p, size);
    return l;
}

static void note_seen(const location *l, uint64_t value, bool own_store) {
    const int number = (int)(l - locations);
    thread *const t = SELF;
    for (int i = 0; i < t->seen_count; i++)
        if (t->seen[i].location == number) {
            t->seen[i].value = value;
            return;
        }
    if (own_store) return;
    if (t->seen_count == MOST_SEEN) {
        t->seen_all = true;
        return;
    }
    t->seen[t->seen_count++] = (seen){number, value};
}

bool memory_changed(const thread *t) {
    if (t->seen_all) return true;
    for (int i = 0; i < t->seen_count; i++)
        if (stores[locations[t->seen[i].location].newest].value != t->seen[i].value) return true;
    return false;
}

/* No load of this thread may return anything older. */
static bool hides_older(const location *l, const store *s, bool seq_cst) {
    const thread *const t = SELF;
    if (s->thread < 0 || s->number <= t->fresh) return true;
    if (s->epoch <= t->known.at[s->thread]) return true;
    if (s->sc_time != 0 && (seq_cst || s->sc_time <= t->known.at[SC_TIME])) return true;
    if (seq_cst && s->epoch <= S.fences.at[s->thread]) return true;
    for (int u = 0; u < S.threads; u++)
        for (int i = l->looks[u]; i >= 0; i = looks[i].before)
            if (looks[i].epoch <= t->known.at[u]) {
                if (looks[i].order >= s->order) return true;
                break;
            }
    return false;
}

/* One of the stores that a load may return; with `unless`, only those of another value count. -1: none. */
static int choose_store(const location *l, int order, const uint64_t *unless) {
    int options[64], count = 0;
    for (int i = l->newest; i >= 0; i = stores[i].before) {
        if (unless == NULL || stores[i].value != *unless) {
            if (count == 64) model_fail("checker", "too many stores to choose from");
            options[count++] = i;
        }
        if (!S.weak || !S.concurrent || hides_older(l, &stores[i], order == MODEL_SEQ_CST)) break;
    }
    if (count == 0) return -1;
    return options[model_choose(count)];
}

static void load_from(location *l, const store *s, int order) {
    thread *const t = SELF;
    note_seen(l, s->value, false);
    if (S.weak && (l->looks[S.self] < 0 || looks[l->looks[S.self]].order < s->order)) {
        if (look_count == MOST_LOOKS) model_fail("checker", "too many loads in one execution");
        looks[look_count] = (look){t->happened.at[S.self], s->order, l->looks[S.self]};
        l->looks[S.self] = look_count++;
    }
    const bool acquires = order == MODEL_ACQUIRE || order >= MODEL_ACQ_REL;
    clock_join(acquires ? &t->happened : &t->acquired[0], &s->released[0]);
    clock_join(acquires ? &t->known : &t->acquired[1], &s->released[1]);
}

static store *store_to(location *l, uint64_t value, int order) {
    thread *const t = SELF;
    store *const s = new_store(l);
    s->value = value;
    s->thread = S.self;
    s->epoch = t->happened.at[S.self];
    if (order == MODEL_SEQ_CST) s->sc_time = ++S.sc_time;
    const bool releases = order >= MODEL_RELEASE;
    s->released[0] = releases ? t->happened : t->released[0];
    s->released[1] = releases ? t->known : t->released[1];
    write_memory((volatile void *)l->address, l->size, value);
    note_seen(l, value, true);
    return s;
}

/* Between this event and the next one. */
static void tick(void) {
    thread *const t = SELF;
    t->known.at[S.self] = ++t->happened.at[S.self];
}

static const char *order_name(int order) {
    static const char *const names[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};
    return names[order];
}

uint64_t model_load(const volatile void *p, size_t size, int order, const char *where) {
    core_step((op){OP_LOAD, (uintptr_t)p, S.weak && order == MODEL_SEQ_CST});
    location *const l = location_of(p, size, false, where);
    const store *const s = &stores[choose_store(l, order, NULL)];
    load_from(l, s, order);
    const uint64_t value = s->value;
    if (S.tracing)
        core_trace("load %s %p = %llu%s  %s", order_name(order), (void *)l->address,
                   (unsigned long long)value, s == &stores[l->newest] ? "" : " (not the newest)", where);
    tick();
    return value;
}

void model_store(volatile void *p, size_t size, uint64_t value, int order, const char *where) {
    core_step((op){OP_STORE, (uintptr_t)p, S.weak && order == MODEL_SEQ_CST});
    location *const l = location_of(p, size, true, where);
    if (size < 8) value &= (UINT64_C(1) << 8 * size) - 1;
    store_to(l, value, order);
    if (S.tracing)
        core_trace("store %s %p = %llu  %s", order_name(order), (void *)l->address,
                   (unsigned long long)value, where);
    tick();
}

static void change(location *l, uint64_t value, int order) {
    const int old = l->newest;
    load_from(l, &stores[old], order);
    store *const s = store_to(l, value, order);
    clock_join(&s->released[0], &stores[old].released[0]); /* the release sequence goes on */
    clock_join(&s->released[1], &stores[old].released[1]);
}

uint64_t model_rmw(volatile void *p, size_t size, int kind, uint64_t value, int order,
                   const char *where) {
    core_step((op){OP_STORE, (uintptr_t)p, S.weak && order == MODEL_SEQ_CST});
    location *const l = location_of(p, size, true, where);
    const uint64_t old = stores[l->newest].value;
    uint64_t next = value;
    switch (kind) {
    case MODEL_ADD: next = old + value; break;
    case MODEL_SUB: next = old - value; break;
    case MODEL_OR: next = old | value; break;
    case MODEL_AND: next = old & value; break;
    default: break;
    }
    if (size < 8) next &= (UINT64_C(1) << 8 * size) - 1;
    change(l, next, order);
    if (S.tracing)
        core_trace("change %s %p from %llu to %llu  %s", order_name(order), (void *)l->address,
                   (unsigned long long)old, (unsigned long long)next, where);
    tick();
    return old;
}

bool model_cas(volatile void *p, size_t size, void *expected, uint64_t desired, int ok, int no,
               const char *where) {
    core_step((op){OP_STORE, (uintptr_t)p, S.weak && ok == MODEL_SEQ_CST});
    const uint64_t wanted = read_memory(expected, size);
    location *const l = location_of(p, size, false, where);
    if (size < 8) desired &= (UINT64_C(1) << 8 * size) - 1;
    const bool may = stores[l->newest].value == wanted;
    /* A failure is a load: it may return an older store, of another value. */
    const int other = choose_store(l, no, &wanted);
    const bool done = may && (other < 0 || model_choose(2) == 0);
    uint64_t seen_value = wanted;
    if (done) {
        location_of(p, size, true, where);
        change(l, desired, ok);
    } else {
        load_from(l, &stores[other], no);
        seen_value = stores[other].value;
        write_memory(expected, size, seen_value);
    }
    if (S.tracing)
        core_trace("cas %s %p from %llu to %llu: %s %llu  %s", order_name(ok), (void *)l->address,
                   (unsigned long long)wanted, (unsigned long long)desired, done ? "done," : "saw",
                   (unsigned long long)seen_value, where);
    tick();
    return done;
}

void model_fence(int order, const char *where) {
    thread *const t = SELF;
    const bool seq_cst = order == MODEL_SEQ_CST;
    if (seq_cst && S.weak) core_step((op){OP_FENCE, 0, true});
    if (order != MODEL_RELEASE) {
        clock_join(&t->happened, &t->acquired[0]);
        clock_join(&t->known, &t->acquired[1]);
    }
    if (seq_cst) {
        clock_join(&t->known, &S.fences);
        t->known.at[SC_TIME] = S.sc_time;
        clock_join(&S.fences, &t->known);
    }
    if (order != MODEL_ACQUIRE) {
        t->released[0] = t->happened;
        t->released[1] = t->known;
    }
    if (S.tracing) core_trace("fence %s  %s", order_name(order), where);
    tick();
}

/* What the kernel compares: the newest value, which is a load of this thread. */
uint64_t memory_newest(volatile void *p, size_t size, const char *where) {
    /* A futex may be the low half of a wider word. */
    const cell *const c = cell_of((uintptr_t)p);
    const bool half = c->location >= 0 && locations[c->location].size > size;
    location *const l = location_of(p, half ? locations[c->location].size : size, false, where);
    load_from(l, &stores[l->newest], MODEL_RELAXED);
    return stores[l->newest].value & (~UINT64_C(0) >> (64 - 8 * size));
}

void memory_begin(void) {
    location_count = store_count = look_count = 0;
    memset(heap_owner, 0, (heap_used + HEAP_UNIT) / HEAP_UNIT * sizeof heap_owner[0] + sizeof heap_owner[0]);
    heap_used = 0;
    block_count = 0;
}
