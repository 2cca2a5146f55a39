/* ac_scratch.h - memory that a kernel needs only while it runs.
 *
 * Blocks of AC_SCRATCH_HUGE bytes and more come straight from the operating system, in huge pages
 * where it has them: 80 MB of fresh small pages cost 20,000 page faults, as much as sorting them.
 * They are zero, so that a kernel that needs zeroes asks with ac_scratch_alloc_zeroed and pays
 * only for small ones.
 */
#ifndef AC_SCRATCH_H
#define AC_SCRATCH_H

#include "sched/ac_exec.h"

#define AC_SCRATCH_HUGE ((size_t)4 << 20) /* two huge pages of x86-64; not sensitive */

/* `bytes` bytes on a cache line, uninitialised; NULL if there is no memory. Zero bytes are allowed
 * and give a pointer that must be freed like any other. */
void *ac_scratch_alloc(size_t bytes);
void *ac_scratch_alloc_zeroed(size_t bytes);

/* `bytes` as it was allocated; NULL does nothing. */
void ac_scratch_free(void *p, size_t bytes);

/* The same, but a large block comes from the process's shelf if it has one that fits
 * (sched/ac_keeper.h), and goes back there: as a rule marked as the system's to take when it runs short,
 * but for one block of AC_SCRATCH_HUGE bytes. `api` may be NULL: then nothing is kept. What is borrowed
 * is uninitialised; its bytes may be more than asked for, and data is NULL if there is no memory. */
typedef struct ac_scratch ac_scratch;
ac_scratch ac_scratch_borrow(const ac_sched_api *api, size_t bytes);
void ac_scratch_return(const ac_sched_api *api, ac_scratch block);

/* For results that several threads write in order of their addresses: to be called by the thread that
 * has written the bytes from `from` to `to`, of a buffer that ends at `end`. Two threads that come upon
 * the same fresh huge page would each have one cleared, and one of the two is thrown away. So whoever
 * wrote across the beginning of a huge page has the next one made, where there is none yet, while the
 * others write to his. Changes no byte. */
void ac_scratch_ahead(const void *from, const void *to, const void *end);

/* a * b, or SIZE_MAX (which no allocation can give) when that overflows. */
AC_INLINE size_t ac_scratch_product(size_t a, size_t b) {
    return a != 0 && b > SIZE_MAX / a ? SIZE_MAX : a * b;
}

/* A block that grows and keeps nothing: for a worker that handles one piece after the other. */
struct ac_scratch {
    void *data;
    size_t bytes;
};

/* Makes room for `bytes`; what was there is lost. Returns data, or NULL if there is no memory. */
void *ac_scratch_room(ac_scratch *s, size_t bytes);

/* ac_exec_for over [0, n) in chunks of one, with such a block for each worker in (*rooms)[worker] while
 * it runs. Returns what ac_exec_for does, or AC_EXEC_NOMEM; fn returns -AC_EXEC_NOMEM for that, as a
 * range function can only return what is > 0. */
int ac_scratch_for(const ac_exec *ex, ac_range_fn fn, void *ctx, int64_t n, ac_scratch **rooms);

/* For ac_scratch.c: how many bytes an allocation of `bytes` really has; and letting the system have the
 * pages of a large block when it runs short, false where no way is known. */
#if defined(__linux__)
size_t ac_scratch_whole_(size_t bytes);
bool ac_scratch_discard_(void *p, size_t bytes);
void ac_scratch_make_(void *p, size_t bytes);
#define AC_SCRATCH_PAGE ((uintptr_t)2 << 20) /* huge, of x86-64, and of aarch64 with 4 KB pages */
#else
AC_INLINE size_t ac_scratch_whole_(size_t bytes) { return bytes; }
AC_INLINE bool ac_scratch_discard_(void *p, size_t bytes) {
    (void)p;
    (void)bytes;
    return false;
}
#endif

#endif
