/* ac_scratch_macos.c - ac_scratch.h on macOS: mmap, whose memory is zero; there are no huge pages to ask for.
 * Compiled, not run so far. */
#include "kernels/ac_scratch.h"

#if defined(__APPLE__)

#include <sys/mman.h>

static size_t whole_lines(size_t bytes) {
    const size_t line = AC_CACHE_LINE;
    if (bytes == 0) return line;
    return bytes > SIZE_MAX - (line - 1) ? 0 : (bytes + (line - 1)) / line * line;
}

void *ac_scratch_alloc(size_t bytes) {
    const size_t rounded = whole_lines(bytes);
    if (rounded == 0) return NULL;
    if (bytes < AC_SCRATCH_HUGE) return ac_alloc_lines(rounded);
    void *const p =
        mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void ac_scratch_free(void *p, size_t bytes) {
    if (p == NULL) return;
    if (bytes >= AC_SCRATCH_HUGE) {
        (void)munmap(p, whole_lines(bytes));
    } else {
        ac_free_lines(p);
    }
}

#else
typedef int ac_scratch_macos_is_for_macos;
#endif
