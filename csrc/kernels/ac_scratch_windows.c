/* ac_scratch_windows.c - ac_scratch.h on Windows: VirtualAlloc, whose memory is zero; large pages would need a
 * privilege. Compiled, not run so far. */
#include "kernels/ac_scratch.h"

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

void *ac_scratch_alloc(size_t bytes) {
    if (bytes >= AC_SCRATCH_HUGE)
        return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return ac_alloc_lines(bytes == 0 ? 1 : bytes);
}

void ac_scratch_free(void *p, size_t bytes) {
    if (p == NULL) return;
    if (bytes >= AC_SCRATCH_HUGE) {
        (void)VirtualFree(p, 0, MEM_RELEASE);
    } else {
        ac_free_lines(p);
    }
}

#else
typedef int ac_scratch_windows_is_for_windows;
#endif
