/* ac_scratch_windows.c - ac_scratch.h on Windows: VirtualAlloc, whose memory is zero; large pages would need a
 * privilege. Compiled, not run so far. */
#include "kernels/ac_scratch.h"

#if defined(_WIN32)

#include <string.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

void *ac_scratch_alloc(size_t bytes) {
    if (bytes >= AC_SCRATCH_HUGE)
        return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    return ac_alloc_lines(bytes == 0 ? 1 : bytes);
}

void *ac_scratch_alloc_zeroed(size_t bytes) {
    void *const p = ac_scratch_alloc(bytes);
    if (p != NULL && bytes < AC_SCRATCH_HUGE) memset(p, 0, bytes);
    return p;
}

void ac_scratch_free(void *p, size_t bytes) {
    if (p == NULL) return;
    if (bytes >= AC_SCRATCH_HUGE) {
        (void)VirtualFree(p, 0, MEM_RELEASE);
    } else {
        ac_free_lines(p);
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

/* Nothing is kept: no way is tried here to let the system have the pages back when it runs short. */
ac_scratch ac_scratch_borrow(const ac_sched_api *api, size_t bytes) {
    (void)api;
    void *const p = ac_scratch_alloc(bytes);
    return (ac_scratch){p, p != NULL ? bytes : 0};
}

void ac_scratch_return(const ac_sched_api *api, ac_scratch block) {
    (void)api;
    ac_scratch_free(block.data, block.bytes);
}

#else
typedef int ac_scratch_windows_is_for_windows;
#endif
