/* ac_scratch_linux.c - ac_scratch.h on Linux: mmap with MADV_HUGEPAGE for large blocks. */
#include "kernels/ac_scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN 64
#define HUGE_PAGE ((size_t)2 << 20) /* of x86-64, and of aarch64 with 4 KB pages */

static size_t round_up(size_t bytes) {
    return bytes > SIZE_MAX - (ALIGN - 1) ? 0 : (bytes + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

static size_t whole_pages(size_t bytes) { return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

static void *map_some(size_t bytes) {
    void *const p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* On the border of a huge page: elsewhere up to one huge page at each end would come in small ones.
 * Linux places whole huge pages so by itself from 6.7 on; before, the borders are cut to fit. */
static void *map_pages(size_t bytes) {
    if (bytes > SIZE_MAX - 2 * HUGE_PAGE) return NULL;
    bytes = whole_pages(bytes);
    char *p = map_some(bytes);
    if (p != NULL && (uintptr_t)p % HUGE_PAGE != 0) {
        (void)munmap(p, bytes);
        p = map_some(bytes + HUGE_PAGE);
        if (p != NULL) {
            const size_t before = HUGE_PAGE - (uintptr_t)p % HUGE_PAGE;
            (void)munmap(p, before);
            if (before < HUGE_PAGE) (void)munmap(p + before + bytes, HUGE_PAGE - before);
            p += before;
        }
    }
    if (p != NULL) (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish; without it all still works */
    return p;
}

void *ac_scratch_alloc(size_t bytes) {
    if (bytes >= AC_SCRATCH_HUGE) return map_pages(bytes);
    const size_t rounded = round_up(bytes == 0 ? 1 : bytes);
    return aligned_alloc(ALIGN, rounded);
}

void *ac_scratch_alloc_zeroed(size_t bytes) {
    void *const p = ac_scratch_alloc(bytes);
    if (p != NULL && bytes < AC_SCRATCH_HUGE) memset(p, 0, bytes);
    return p;
}

void ac_scratch_free(void *p, size_t bytes) {
    if (p == NULL) return;
    if (bytes >= AC_SCRATCH_HUGE) {
        (void)munmap(p, whole_pages(bytes));
    } else {
        free(p);
    }
}

void *ac_scratch_room(ac_scratch *s, size_t bytes) {
    if (s->data != NULL && s->bytes >= bytes) return s->data;
    ac_scratch_free(s->data, s->bytes);
    const size_t grown = bytes + bytes / 4; /* pieces differ a little: grow once, not each time */
    s->data = ac_scratch_alloc(grown);
    s->bytes = s->data != NULL ? grown : 0;
    return s->data;
}

ac_scratch ac_scratch_borrow(const ac_sched_api *api, size_t bytes) {
    if (api != NULL && bytes >= AC_SCRATCH_HUGE && bytes <= SIZE_MAX - HUGE_PAGE) {
        size_t got;
        void *const kept = api->take(whole_pages(bytes), &got);
        if (kept != NULL) return (ac_scratch){kept, got};
        void *const fresh = map_pages(bytes);
        return (ac_scratch){fresh, fresh != NULL ? whole_pages(bytes) : 0};
    }
    void *const p = ac_scratch_alloc(bytes);
    return (ac_scratch){p, p != NULL ? bytes : 0};
}

void ac_scratch_return(const ac_sched_api *api, ac_scratch block) {
    if (block.data != NULL && api != NULL && block.bytes >= AC_SCRATCH_HUGE) {
#ifdef MADV_FREE
        /* The pages stay until the system runs short. Where it cannot do that, nothing is kept: a
         * library has no business sitting on memory. */
        if (madvise(block.data, block.bytes, MADV_FREE) == 0 &&
            api->keep(block.data, block.bytes, ac_scratch_free))
            return;
#endif
    }
    ac_scratch_free(block.data, block.bytes);
}
