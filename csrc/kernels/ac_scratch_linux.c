/* ac_scratch_linux.c - ac_scratch.h on Linux: mmap with MADV_HUGEPAGE for large blocks. */
#include "kernels/ac_scratch.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ALIGN 64
#define HUGE_PAGE ((size_t)AC_SCRATCH_PAGE)

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

void ac_scratch_free(void *p, size_t bytes) {
    if (p == NULL) return;
    if (bytes >= AC_SCRATCH_HUGE) {
        (void)munmap(p, whole_pages(bytes));
    } else {
        free(p);
    }
}

size_t ac_scratch_whole_(size_t bytes) {
    return bytes >= AC_SCRATCH_HUGE && bytes <= SIZE_MAX - HUGE_PAGE ? whole_pages(bytes) : bytes;
}

bool ac_scratch_discard_(void *p, size_t bytes) {
#ifdef MADV_FREE
    return madvise(p, bytes, MADV_FREE) == 0;
#else
    (void)p;
    (void)bytes;
    return false;
#endif
}

/* From the beginning of a huge page on. The look costs next to nothing; making pages that are there
 * would be a walk through all small ones. Where the system knows no such wish (before Linux 5.14), the
 * threads that write have them made, as ever. */
void ac_scratch_make_(void *p, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
    unsigned char there = 0;
    if (mincore(p, 1, &there) == 0 && (there & 1) == 0)
        (void)madvise(p, bytes, MADV_POPULATE_WRITE);
#else
    (void)p;
    (void)bytes;
#endif
}
