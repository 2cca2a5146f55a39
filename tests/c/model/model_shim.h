/* model_shim.h - included before anything else: what stands in for the system under the checker.
 *
 * The headers of csrc that reach outside (clock, backoff, pause) are included here, and their names then
 * point to the checker; the rest of csrc is compiled as it is. Plain accesses are seen because the
 * compiler is asked for -fsanitize=thread and the checker, not the sanitizer, has the functions that
 * it calls then (model_memory.c).
 */
#ifndef MODEL_SHIM_H
#define MODEL_SHIM_H

#include "base/ac_base.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

#include "base/ac_backoff.h"
#include "base/ac_clock.h"

/* A spin that nobody answers at once is a yield: the thread goes on when something that it read has
 * changed. A lost compare-and-swap needs no pause here: it means that somebody got on. */
#define ac_pause model_yield
#define sched_yield() (model_yield(), 0)
#define ac_backoff_spin(b) ((void)((b)->step++))
#define ac_backoff_snooze(b) ((void)(b), model_yield())
#undef AC_BACKOFF_SPIN_LIMIT
#define AC_BACKOFF_SPIN_LIMIT 1

/* Each look at the clock finds it a second later, so that a spin by time ends after one look. */
#define ac_now_ns model_clock_ns
#define ac_deadline_after(ns) ((ns) >= AC_FOREVER - model_clock_ns() ? AC_FOREVER : (ns))

#undef errno
#define errno (*model_errno())
#define malloc model_malloc
#define calloc model_calloc
#define realloc model_realloc
#define aligned_alloc model_aligned_alloc
#define free model_free
#define memset model_memset
#define memcpy model_memcpy

/* For the pool: a thread handle holds the number. */
#define pthread_create(handle, attr, body, arg) \
    ((void)(attr), *(handle) = (pthread_t)model_spawn((body), (arg)), 0)
#define pthread_join(handle, result) ((void)(result), model_join((int)(handle)), 0)
#define pthread_setname_np(thread, name) ((void)(name))
#define pthread_sigmask(how, set, old) ((void)(set), (void)(old))
#define pthread_attr_init(attr) ((void)(attr), 0)
#define pthread_attr_setstacksize(attr, size) ((void)(attr))
#define pthread_attr_destroy(attr) ((void)(attr))

#include "wait/ac_wait.h"

/* The body of wait/ac_wait.h. */
AC_UNUSED static ac_wait_status model_wait_(ac_atomic_u32 *word, uint32_t expected,
                                            int64_t deadline_ns) {
    return (ac_wait_status)model_futex_wait(word, expected, deadline_ns != AC_FOREVER);
}
#define ac_wait(word, expected, deadline_ns, flags) \
    ((void)(flags), model_wait_((word), (expected), (deadline_ns)))
#define ac_wake(word, count, flags) ((void)(flags), model_futex_wake((word), (count)))

#endif
