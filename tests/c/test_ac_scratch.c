/* Scratch memory: alignment, zeroes, growth, refusal. */
#include "kernels/ac_scratch.h"

#include "sched/ac_process.h"

#include "check.h"

#if defined(__linux__)
#include <sys/mman.h>

/* Whether this system makes pages on demand. */
static bool populates(void) {
    bool can = false;
#ifdef MADV_POPULATE_WRITE
    void *const p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    can = p != MAP_FAILED && madvise(p, 4096, MADV_POPULATE_WRITE) == 0;
    if (p != MAP_FAILED) (void)munmap(p, 4096);
#endif
    return can;
}
#endif

static void test_blocks_are_aligned_and_writable(void) {
    const size_t sizes[] = {0, 1, 63, 64, 65, 4096, AC_SCRATCH_HUGE - 1, AC_SCRATCH_HUGE,
                            AC_SCRATCH_HUGE + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *const p = ac_scratch_alloc(sizes[i]);
        CHECK(p != NULL && (uintptr_t)p % 64 == 0);
        memset(p, 0xAB, sizes[i]);
        ac_scratch_free(p, sizes[i]);
        unsigned char *const z = ac_scratch_alloc_zeroed(sizes[i]);
        CHECK(z != NULL);
        for (size_t k = 0; k < sizes[i]; k++) CHECK(z[k] == 0);
        ac_scratch_free(z, sizes[i]);
    }
    ac_scratch_free(NULL, 100);
}

static void test_what_cannot_be_had_is_null(void) {
    CHECK(ac_scratch_product((size_t)1 << 40, (size_t)1 << 40) == SIZE_MAX);
    CHECK(ac_scratch_product(3, 5) == 15 && ac_scratch_product(0, SIZE_MAX) == 0);
    CHECK(ac_scratch_alloc(SIZE_MAX) == NULL);
    CHECK(ac_scratch_alloc(SIZE_MAX / 2) == NULL);
}

static void test_room_grows_and_stays(void) {
    ac_scratch s = {NULL, 0};
    void *const first = ac_scratch_room(&s, 1000);
    CHECK(first != NULL && ac_scratch_room(&s, 10) == first && ac_scratch_room(&s, 1000) == first);
    void *const larger = ac_scratch_room(&s, 100000);
    CHECK(larger != NULL && s.bytes >= 100000);
    memset(larger, 1, 100000);
    CHECK(ac_scratch_room(&s, SIZE_MAX / 2) == NULL && s.data == NULL && s.bytes == 0);
    void *const nothing = ac_scratch_room(&s, 0);
    CHECK(nothing != NULL);
    ac_scratch_free(s.data, s.bytes);
}

static void test_a_large_block_is_lent_again(void) {
    const ac_sched_api *const apis[] = {ac_process_api(), NULL};
    for (int i = 0; i < 2; i++) {
        const ac_sched_api *const api = apis[i];
        const ac_scratch first = ac_scratch_borrow(api, 3 * AC_SCRATCH_HUGE / 2);
        CHECK(first.data != NULL && first.bytes >= 3 * AC_SCRATCH_HUGE / 2);
        memset(first.data, 0xAB, first.bytes);
        ac_scratch_return(api, first);
        const ac_scratch again = ac_scratch_borrow(api, AC_SCRATCH_HUGE);
        CHECK(again.data != NULL && again.bytes >= AC_SCRATCH_HUGE);
        memset(again.data, 0xAB, again.bytes);
#if defined(__linux__)
        if (api != NULL) CHECK(again.data == first.data && again.bytes == first.bytes);
#endif
        ac_scratch_return(api, again);
        const ac_scratch small = ac_scratch_borrow(api, 100);
        CHECK(small.data != NULL && small.bytes >= 100);
        ac_scratch_return(api, small);
        ac_scratch_return(api, (ac_scratch){NULL, 0});
        CHECK(ac_scratch_borrow(api, SIZE_MAX).data == NULL);
        CHECK(ac_scratch_borrow(api, SIZE_MAX / 2).data == NULL);
    }
}

/* Which pages are there changes, no byte does; the buffer's neighbours and its first page are not
 * touched. */
static void test_pages_made_ahead(void) {
#if defined(__linux__)
    enum { PAGES = 4 };
    const size_t page = AC_SCRATCH_PAGE, all = PAGES * page;
    char *const p = ac_scratch_alloc(all); /* fresh from the system: it begins with a huge page */
    CHECK(p != NULL && (uintptr_t)p % page == 0);
    const struct {
        size_t from, to, end;
        int made; /* the huge page that is there afterwards, beside the first; 0: none */
    } steps[] = {
        {100, 5000, all, 0},                    /* within a page */
        {0, 5000, page, 0},                     /* the next one is not the buffer's */
        {page - 100, page + 100, 2 * page, 0},  /* nor here */
        {0, 5000, page + 1, 1},
        {2 * page - 100, 2 * page, all, 0},     /* up to the page, not into it */
        {2 * page - 100, 2 * page + 1, all, 3},
    };
    unsigned char there;
    for (int s = 0; s < 6; s++) {
        ac_scratch_ahead(p + steps[s].from, p + steps[s].to, p + steps[s].end);
        for (int k = 1; k < PAGES; k++) {
            bool made = false;
            for (int before = 0; before <= s; before++) made |= steps[before].made == k;
            CHECK(mincore(p + (size_t)k * page, 1, &there) == 0);
            CHECK(made ? populates() == ((there & 1) != 0) : (there & 1) == 0);
        }
    }
    for (size_t i = 0; i < all; i += 999) CHECK(p[i] == 0);
    p[page] = 7;
    ac_scratch_ahead(p, p + 1, p + all);
    CHECK(p[page] == 7);
    ac_scratch_free(p, all);
#endif
}

typedef struct rows {
    ac_scratch *rooms;
    int64_t stop_at;
    int sum[300];
} rows;

static int fill_row(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    rows *const r = ctx;
    CHECK(hi == lo + 1);
    if (lo == r->stop_at) return -AC_EXEC_NOMEM;
    unsigned char *const room = ac_scratch_room(r->rooms + worker, (size_t)lo + 1);
    CHECK(room != NULL);
    memset(room, 1, (size_t)lo + 1);
    for (int64_t i = 0; i <= lo; i++) r->sum[lo] += room[i];
    return 0;
}

static void test_each_worker_has_a_room(void) {
    for (int32_t threads = 1; threads <= 3; threads++) {
        const ac_exec ex = {ac_process_api(), threads, ac_simd_detect(), NULL, NULL};
        rows r = {.stop_at = -1};
        CHECK(ac_scratch_for(&ex, fill_row, &r, 300, &r.rooms) == 0);
        for (int i = 0; i < 300; i++) CHECK(r.sum[i] == i + 1);
        CHECK(r.rooms == NULL);
        r.stop_at = 200;
        CHECK(ac_scratch_for(&ex, fill_row, &r, 300, &r.rooms) == AC_EXEC_NOMEM);
        CHECK(ac_scratch_for(&ex, fill_row, &r, 0, &r.rooms) == 0);
    }
}

int main(void) {
    RUN(test_a_large_block_is_lent_again);
    RUN(test_blocks_are_aligned_and_writable);
    RUN(test_what_cannot_be_had_is_null);
    RUN(test_room_grows_and_stays);
    RUN(test_pages_made_ahead);
    RUN(test_each_worker_has_a_room);
    return 0;
}
