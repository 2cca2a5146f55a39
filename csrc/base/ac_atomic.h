/* ac_atomic.h - the only door to atomics: types, and operations whose names carry their order.
 *
 * No other file of csrc includes <stdatomic.h> or uses a __sync/__atomic builtin (a test reads
 * the sources). So another body can be put under the same names: with -DAC_ATOMIC_BODY='"x.h"'
 * the file x.h is included instead of the C11 body below, and must define every name of the list.
 * The model checker of the proof bench does that.
 *
 *   types    ac_atomic_u8 _u32 _u64 _i64 _ptr          (zero-initialised is a valid zero)
 *   loads    ac_load_relaxed ac_load_acquire ac_load_seq_cst
 *   stores   ac_store_relaxed ac_store_release ac_store_seq_cst
 *   rmw      ac_exchange_acquire ac_exchange_acq_rel ac_exchange_seq_cst
 *            ac_fetch_add_relaxed ac_fetch_add_acq_rel ac_fetch_add_seq_cst
 *            ac_fetch_sub_acq_rel ac_fetch_or_acq_rel ac_fetch_or_seq_cst ac_fetch_and_acq_rel
 *   cas      ac_cas_relaxed ac_cas_acquire ac_cas_release ac_cas_acq_rel ac_cas_seq_cst
 *            (p, &expected, desired) -> bool; strong; on failure expected holds what was seen,
 *            loaded with the acquire order if the name has one, else relaxed
 *   fences   ac_fence_acquire ac_fence_release ac_fence_seq_cst ac_fence_compiler
 *
 * Each call site names, in its comment, the store or load that it pairs with.
 */
#ifndef AC_ATOMIC_H
#define AC_ATOMIC_H

#include "base/ac_base.h"

#ifdef AC_ATOMIC_BODY
#include AC_ATOMIC_BODY
#else

#include <stdatomic.h>
#include <stdbool.h>

typedef _Atomic(uint8_t) ac_atomic_u8;
typedef _Atomic(uint32_t) ac_atomic_u32;
typedef _Atomic(uint64_t) ac_atomic_u64;
typedef _Atomic(int64_t) ac_atomic_i64;
typedef _Atomic(void *) ac_atomic_ptr;

#define ac_load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define ac_load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define ac_load_seq_cst(p) atomic_load_explicit((p), memory_order_seq_cst)

#define ac_store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define ac_store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define ac_store_seq_cst(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)

#define ac_exchange_acquire(p, v) atomic_exchange_explicit((p), (v), memory_order_acquire)
#define ac_exchange_acq_rel(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define ac_exchange_seq_cst(p, v) atomic_exchange_explicit((p), (v), memory_order_seq_cst)

#define ac_fetch_add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define ac_fetch_add_acq_rel(p, v) atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define ac_fetch_add_seq_cst(p, v) atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define ac_fetch_sub_acq_rel(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define ac_fetch_or_acq_rel(p, v) atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define ac_fetch_or_seq_cst(p, v) atomic_fetch_or_explicit((p), (v), memory_order_seq_cst)
#define ac_fetch_and_acq_rel(p, v) atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)

#define AC_CAS_(p, e, d, ok, no) atomic_compare_exchange_strong_explicit((p), (e), (d), ok, no)
#define ac_cas_relaxed(p, e, d) AC_CAS_(p, e, d, memory_order_relaxed, memory_order_relaxed)
#define ac_cas_acquire(p, e, d) AC_CAS_(p, e, d, memory_order_acquire, memory_order_acquire)
#define ac_cas_release(p, e, d) AC_CAS_(p, e, d, memory_order_release, memory_order_relaxed)
#define ac_cas_acq_rel(p, e, d) AC_CAS_(p, e, d, memory_order_acq_rel, memory_order_acquire)
#define ac_cas_seq_cst(p, e, d) AC_CAS_(p, e, d, memory_order_seq_cst, memory_order_seq_cst)

#define ac_fence_acquire() atomic_thread_fence(memory_order_acquire)
#define ac_fence_release() atomic_thread_fence(memory_order_release)
#define ac_fence_compiler() atomic_signal_fence(memory_order_seq_cst)

/* The thread sanitizer does not model fences. There, a read-modify-write of a word of our own
 * stands in for the store-load barrier: it costs more and is understood. See sync/README.md for
 * the only two places that need the fence. */
#if defined(__SANITIZE_THREAD__)
AC_INLINE void ac_fence_seq_cst(void) {
    _Atomic(uint32_t) own = 0;
    atomic_fetch_add_explicit(&own, 1, memory_order_seq_cst);
}
#else
#define ac_fence_seq_cst() atomic_thread_fence(memory_order_seq_cst)
#endif

_Static_assert(sizeof(ac_atomic_u32) == 4, "a futex word is exactly 32 bits");
_Static_assert(sizeof(ac_atomic_u64) == 8, "indices are 64 bits");

#endif /* AC_ATOMIC_BODY */
#endif
