/* The n-th allocation of csrc fails, for n = 0, 1, 2, ... until the operation succeeds: each time it says so or manages
 * without, nothing is lost or half done, and nothing is left behind.
 *
 * malloc and its like, and mmap, are this program's: the C library's are found under other names. So it covers all of
 * csrc. glibc only; not under sanitizers, whose malloc it is then. */
#include "kernels/ac_primes.h"
#include "kernels/ac_sort.h"
#include "kernels/ac_unique.h"
#include "kernels/ac_words.h"
#include "queues/ac_channel.h"
#include "queues/ac_records.h"
#include "sched/ac_pool.h"
#include "shm/ac_shm_queue.h"
#include "sync/ac_waitlist.h"

#include "kernels_check.h"
#include "shm_queue_check.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int main(void) {
    fprintf(stderr, "  skipped: malloc is not ours to replace here\n");
    return 0;
}
#else

static ac_atomic_i64 until; /* allocations that succeed before the one that fails; negative: none fails */
static ac_atomic_i64 live;  /* blocks */

static bool fails(void) {
    return ac_load_relaxed(&until) >= 0 && ac_fetch_add_relaxed(&until, INT64_C(-1)) == 0;
}
static void *counted(void *block) {
    if (block != NULL) ac_fetch_add_relaxed(&live, INT64_C(1));
    return block;
}
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *block);

void *malloc(size_t size) { return fails() ? (errno = ENOMEM, NULL) : counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) {
    return fails() ? (errno = ENOMEM, NULL) : counted(__libc_calloc(count, size));
}
void *realloc(void *old, size_t size) {
    if (fails()) return errno = ENOMEM, NULL;
    void *const block = __libc_realloc(old, size);
    return old == NULL ? counted(block) : block;
}
void *aligned_alloc(size_t align, size_t size) {
    return fails() ? (errno = ENOMEM, NULL) : counted(__libc_memalign(align, size));
}
void free(void *block) {
    if (block != NULL) ac_fetch_add_relaxed(&live, INT64_C(-1));
    __libc_free(block);
}
void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset) {
    if (fails()) return errno = ENOMEM, MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, size, prot, flags, fd, offset);
}

/* `attempt` makes something, uses it while allocations fail, checks it, and ends it. It returns whether an allocation
 * failed and was told of. */
static void each(const char *name, bool (*attempt)(int64_t n)) {
    uint64_t failures = 0;
    int64_t n = 0;
    for (int quiet = 0; quiet < 3; n++) {
        const int64_t before = ac_load_relaxed(&live);
        const bool told = attempt(n);
        const bool hit = ac_load_relaxed(&until) < 0;
        ac_store_relaxed(&until, INT64_C(-1));
        failures += told;
        if (ac_load_relaxed(&live) != before)
            fprintf(stderr, "    %s, allocation %lld: %lld blocks are left\n", name, (long long)n,
                    (long long)(ac_load_relaxed(&live) - before));
        CHECK(ac_load_relaxed(&live) == before);
        quiet = hit ? 0 : quiet + 1;
        CHECK(n < 2000);
    }
    fprintf(stderr, "    %s: %lld allocations, %llu failures told\n", name, (long long)(n - 3),
            (unsigned long long)failures);
}
static void fail_after(int64_t n) { ac_store_relaxed(&until, n); }
static void fail_no_more(void) { /* what is left of it is seen by each() */
    const int64_t left = ac_load_relaxed(&until);
    ac_store_relaxed(&until, left < 0 ? INT64_C(-1) : INT64_MAX);
}

/* -- queues -------------------------------------------------------------------------------------------- */

static ac_store_kind kind;
static uint64_t number;

/* 100 items go in, each at the second try at the latest; the rest comes out in order. */
static bool fill_and_empty(ac_channel *ch) {
    bool told = false;
    for (uintptr_t i = 1; i <= 100; i++) {
        ac_status status = ac_channel_push(ch, i);
        if (status == AC_NOMEM) {
            told = true;
            status = ac_channel_push(ch, i);
        }
        CHECK(status == AC_OK);
    }
    return told;
}
static uintptr_t nth(uint64_t i) { return kind == AC_STORE_LIFO ? 100 - i : i + 1; }

static bool a_channel(int64_t n) {
    fail_after(n);
    ac_channel *const ch = ac_channel_new(kind, number);
    if (ch == NULL) return true;
    const bool told = fill_and_empty(ch);
    fail_no_more();
    uintptr_t item;
    for (uint64_t i = 0; i < 100; i++) CHECK(ac_channel_pop(ch, &item) == AC_OK && item == nth(i));
    ac_channel_free(ch);
    return told;
}
static bool a_moved_channel(int64_t n) {
    ac_channel *const ch = ac_channel_new(AC_STORE_FIFO, 64);
    for (uintptr_t i = 1; i <= 64; i++) CHECK(ac_channel_push(ch, i) == AC_OK);
    fail_after(n);
    ac_status status = ac_channel_set_limit(ch, 0);
    const bool refused = status == AC_NOMEM;
    if (refused) status = ac_channel_set_limit(ch, 0);
    CHECK(status == AC_OK);
    bool told = refused;
    for (uintptr_t i = 65; i <= 100; i++) {
        status = ac_channel_push(ch, i);
        if (status == AC_NOMEM) {
            told = true;
            status = ac_channel_push(ch, i);
        }
        CHECK(status == AC_OK);
    }
    fail_no_more();
    uintptr_t item;
    for (uint64_t i = 1; i <= 100; i++) CHECK(ac_channel_pop(ch, &item) == AC_OK && item == i);
    ac_channel_free(ch);
    return told;
}
/* Handed over whole, at the second try at the latest; in between nobody else gets anything, nor loses it. */
static bool an_eviction(int64_t n) {
    ac_channel *const ch = ac_channel_new(kind, number);
    ac_store_contents all;
    uint64_t unfinished = 0;
    uintptr_t item;
    CHECK(!fill_and_empty(ch));
    fail_after(n);
    ac_status status = ac_channel_evict(ch, &all, &unfinished);
    const bool told = status == AC_NOMEM;
    if (told) {
        CHECK(all.part[0] == NULL && all.part[1] == NULL && all.count[0] + all.count[1] == 0);
        if (ac_store_is_elsewhere(&ch->store)) {
            CHECK(ac_channel_pop(ch, &item) == AC_ELSEWHERE && ac_channel_push(ch, 7) == AC_ELSEWHERE);
            if (n % 2 == 1) { /* or nobody comes again */
                uint64_t count, left = 0;
                fail_no_more();
                uintptr_t *const rest = ac_store_take_rest(&ch->store, &count);
                free(rest);
                for (left = count; ac_store_pop_left(&ch->store, &item) == AC_OK;) left++;
                CHECK(left == 100);
                ac_channel_free(ch);
                return true;
            }
        }
        status = ac_channel_evict(ch, &all, &unfinished);
    }
    fail_no_more();
    CHECK(status == AC_OK && unfinished == 100 && !all.was_closed && all.count[0] + all.count[1] == 100);
    for (uint64_t i = 0; i < 100; i++)
        CHECK((i < all.count[0] ? all.part[0][i] : all.part[1][i - all.count[0]]) == nth(i));
    free(all.part[0]);
    free(all.part[1]);
    CHECK(ac_channel_evict(ch, &all, &unfinished) == AC_ELSEWHERE);
    ac_channel_free(ch);
    return told;
}
static bool records(int64_t n) {
    ac_records q;
    fail_after(n);
    if (ac_records_init(&q, 24, 10) == AC_NOMEM) return true;
    ac_records_destroy(&q);
    return false;
}
static bool a_waiter(int64_t n) {
    fail_after(n);
    ac_waiter *const w = ac_waiter_new(0, 1);
    ac_waiter_free(w);
    return w == NULL;
}

static void test_queues(void) {
    static const struct {
        const char *name;
        ac_store_kind kind;
        uint64_t number;
    } kinds[] = {{"segments", AC_STORE_FIFO, 0}, {"ring", AC_STORE_FIFO, 128}, {"stack", AC_STORE_LIFO, 0},
                 {"pair", AC_STORE_PAIR, 128},   {"shards", AC_STORE_MANY, 4}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        kind = kinds[i].kind;
        number = kinds[i].number;
        each(kinds[i].name, a_channel);
        if (kind != AC_STORE_MANY) each("  handed over", an_eviction);
    }
    each("ring to segments", a_moved_channel);
    each("records", records);
    each("waiter", a_waiter);
}

/* -- the pool ------------------------------------------------------------------------------------------- */

static ac_pool pool;
static ac_atomic_u64 sum;

static int add(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    (void)ctx, (void)worker;
    ac_fetch_add_relaxed(&sum, (uint64_t)(hi - lo));
    return 0;
}
static void root(ac_member *me, void *ctx) {
    (void)me, (void)ctx;
    ac_fetch_add_relaxed(&sum, UINT64_C(1));
}
/* A worker that cannot be started is no error: the caller does the work. */
static bool a_loop(int64_t n) {
    const ac_exec ex = {.threads = 3};
    ac_store_relaxed(&sum, UINT64_C(0));
    fail_after(n);
    CHECK(ac_pool_for(&pool, &ex, add, NULL, 1000, 10) == 0);
    fail_no_more();
    CHECK(ac_load_relaxed(&sum) == 1000);
    CHECK(ac_pool_stop(&pool) && ac_pool_workers(&pool) == 0);
    return false;
}
static bool a_tree(int64_t n) {
    const ac_exec ex = {.threads = 3};
    ac_store_relaxed(&sum, UINT64_C(0));
    fail_after(n);
    const int rc = ac_pool_tasks(&pool, &ex, root, NULL);
    fail_no_more();
    CHECK(rc == 0 || rc == AC_EXEC_NOMEM);
    CHECK(ac_load_relaxed(&sum) == (rc == 0));
    CHECK(ac_pool_stop(&pool));
    return rc != 0;
}
static void test_the_pool(void) {
    /* The C library keeps the stacks of ended threads, with some blocks for each: they are there from here on. */
    (void)a_loop(-1);
    each("loop", a_loop);
    each("tree", a_tree);
}

/* -- kernels, by one thread: with more, the pool's own allocations would come in between ------------------ */

#define COUNT 200000
static uint64_t x[COUNT], out[COUNT];

static bool a_sort(int64_t n) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    for (uint64_t i = 0; i < COUNT; i++) out[i] = x[i] = i * UINT64_C(0x9E3779B97F4A7C15);
    fail_after(n);
    const int rc = ac_sort(&ex, AC_U64, out, out, COUNT);
    fail_no_more();
    CHECK(rc == 0 || rc == AC_EXEC_NOMEM);
    for (int64_t i = 1; rc == 0 && i < COUNT; i++) CHECK(out[i - 1] <= out[i]);
    return rc != 0;
}
static bool an_argsort(int64_t n) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    fail_after(n);
    const int rc = ac_argsort(&ex, AC_U64, x, (ac_i64_at *)(void *)out, COUNT);
    fail_no_more();
    CHECK(rc == 0 || rc == AC_EXEC_NOMEM);
    return rc != 0;
}
static bool primes(int64_t n) {
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    ac_primes *p = NULL;
    fail_after(n);
    const int rc = ac_primes_sieve(&ex, 0, 1000000, true, &p);
    fail_no_more();
    CHECK(rc == 0 ? ac_primes_count(p) == 78498 : rc == AC_EXEC_NOMEM);
    ac_primes_free(p);
    return rc != 0;
}
static bool words(int64_t n) {
    static uint8_t text[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) text[i] = i % 7 == 6 ? ' ' : (uint8_t)('a' + x[i] % 5);
    for (uint64_t i = 0; i < 60; i++) text[i] = 'q'; /* a long word, which is kept apart */
    const ac_text one = {text, COUNT};
    const ac_exec ex = check_exec(ac_simd_detect(), 1);
    ac_words *w = NULL;
    fail_after(n);
    const int rc = ac_words_count(&ex, &one, 1, 1, INT64_MAX, 1, &w);
    fail_no_more();
    CHECK(rc == 0 || rc == AC_EXEC_NOMEM);
    if (rc != 0) return true;
    CHECK(ac_words_total(w) > COUNT / 8);
    ac_words_free(w);
    return false;
}
static void test_kernels(void) {
    each("sort", a_sort);
    each("argsort", an_argsort);
    each("primes", primes);
    each("words", words);
}

/* -- the queue between processes ------------------------------------------------------------------------- */

static bool a_shared_queue(int64_t n) {
    ac_shm_queue q;
    const ac_shm_queue_options options = {.limit_bytes = 1 << 20, .shift = 12};
    fail_after(n);
    if (ac_shm_queue_create(&q, &options) != 0) return true;
    fail_no_more();
    CHECK(put_u64(&q, 5, AC_SHM_NOWAIT) == AC_SHM_OK && expect_take(&q) == 5);
    ac_shm_queue_close(&q);
    return false;
}
/* A batch that does not fit into the caller's room is not taken when there is no memory for it. */
static bool a_batch(int64_t n) {
    ac_shm_queue q = new_queue(0, 1 << 20);
    uint64_t small[16];
    for (uint64_t i = 0; i < 100; i++) CHECK(put_u64(&q, i, AC_SHM_NOWAIT) == AC_SHM_OK);
    ac_shm_batch b = {.small = small, .small_bytes = sizeof small};
    fail_after(n);
    ac_shm_status status = ac_shm_queue_take(&q, 100, &b, AC_SHM_NOWAIT);
    fail_no_more();
    const bool told = status == AC_SHM_NOMEM;
    if (told) {
        CHECK(ac_shm_queue_depth(&q) == 100);
        b = (ac_shm_batch){.small = small, .small_bytes = sizeof small};
        status = ac_shm_queue_take(&q, 100, &b, AC_SHM_NOWAIT);
    }
    CHECK(status == AC_SHM_OK && b.count == 100 && b.large != NULL);
    free(b.large);
    ac_shm_queue_close(&q);
    return told;
}
static void test_shared_memory(void) {
    each("create", a_shared_queue);
    each("batch", a_batch);
}

int main(void) {
    ac_store_relaxed(&until, INT64_C(-1));
    RUN(test_queues);
    RUN(test_the_pool);
    RUN(test_kernels);
    RUN(test_shared_memory);
    return 0;
}
#endif
