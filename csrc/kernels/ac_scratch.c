/* ac_scratch.c - what of ac_scratch.h is the same on every system. */
#include "kernels/ac_scratch.h"

#include <string.h>

void *ac_scratch_alloc_zeroed(size_t bytes) {
    void *const p = ac_scratch_alloc(bytes);
    if (p != NULL && bytes < AC_SCRATCH_HUGE) memset(p, 0, bytes);
    return p;
}

void *ac_scratch_room(ac_scratch *s, size_t bytes) {
    if (s->data != NULL && s->bytes >= bytes) return s->data;
    ac_scratch_free(s->data, s->bytes);
    const size_t grown = bytes + bytes / 4; /* pieces differ a little: grow once, not each time */
    s->data = ac_scratch_alloc(grown);
    s->bytes = s->data != NULL ? grown : 0;
    return s->data;
}

int ac_scratch_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, ac_scratch **rooms) {
    const size_t bytes = (size_t)ex->threads * sizeof **rooms;
    *rooms = ac_scratch_alloc_zeroed(bytes);
    if (*rooms == NULL) return AC_EXEC_NOMEM;
    const int rc = ac_exec_for(ex, fn, ctx, n, 1);
    for (int32_t w = 0; w < ex->threads; w++) ac_scratch_free((*rooms)[w].data, (*rooms)[w].bytes);
    ac_scratch_free(*rooms, bytes);
    *rooms = NULL;
    return rc == -AC_EXEC_NOMEM ? AC_EXEC_NOMEM : rc;
}

void ac_scratch_ahead(const void *from, const void *to, const void *end) {
#if defined(__linux__)
    const uintptr_t page = ((uintptr_t)to - 1) & ~(AC_SCRATCH_PAGE - 1), next = page + AC_SCRATCH_PAGE;
    if (page < (uintptr_t)from || next >= (uintptr_t)end) return;
    const uintptr_t left = (uintptr_t)end - next;
    ac_scratch_make_((void *)next, left < AC_SCRATCH_PAGE ? left : AC_SCRATCH_PAGE);
#else
    (void)from;
    (void)to;
    (void)end;
#endif
}

ac_scratch ac_scratch_borrow(const ac_sched_api *api, size_t bytes) {
    const size_t whole = ac_scratch_whole_(bytes);
    if (api != NULL && bytes >= AC_SCRATCH_HUGE) {
        size_t got;
        void *const kept = api->take(whole, &got);
        if (kept != NULL) return (ac_scratch){kept, got};
    }
    void *const p = ac_scratch_alloc(bytes);
    return (ac_scratch){p, p != NULL ? whole : 0};
}

static bool keep(const ac_sched_api *api, ac_scratch block) {
    return api->keep(block.data, block.bytes, ac_scratch_free);
}

/* Lets the system have the pages of a block that is kept. Where it cannot do that, nothing is kept: a
 * library has no business sitting on memory. */
static bool keep_cold(const ac_sched_api *api, ac_scratch block) {
    return ac_scratch_discard_(block.data, block.bytes) && keep(api, block);
}

/* Keeps one of the smallest blocks as it is: to tell the system costs an interrupt of each processor
 * that ran us, too much for a kernel of 2 ms. The one that is there already, if any, grows cold. */
static bool keep_warm(const ac_sched_api *api, ac_scratch block) {
    ac_scratch other;
    other.data = api->take(AC_SCRATCH_HUGE, &other.bytes);
    if (other.data != NULL &&
        !(other.bytes == AC_SCRATCH_HUGE ? keep_cold(api, other) : keep(api, other)))
        ac_scratch_free(other.data, other.bytes);
    return keep(api, block);
}

void ac_scratch_return(const ac_sched_api *api, ac_scratch block) {
    if (block.data != NULL && api != NULL && block.bytes >= AC_SCRATCH_HUGE &&
        (block.bytes == AC_SCRATCH_HUGE ? keep_warm(api, block) : keep_cold(api, block)))
        return;
    ac_scratch_free(block.data, block.bytes);
}
