/* ac_guarded.h - atomics of a structure that an outer lock may already serialise.
 *
 * The queues of Python objects run only while the thread is attached to the interpreter. On an
 * interpreter with a GIL that means: one thread at a time, and nothing between claim and publish
 * ever lets go of the GIL. Read-modify-writes with a lock prefix would then buy nothing and cost a
 * third of a put. With -DAC_GUARDED_BY_LOCK the ac_g operations become relaxed loads and stores;
 * without it they are the operations of ac_atomic.h. One source, two builds.
 *
 * Why relaxed atomics and not plain fields: a waiter that has let go of the GIL may peek at an
 * index while it spins. It decides nothing by what it sees but to take the GIL and look again; the
 * GIL's own release and acquire order everything else.
 */
#ifndef AC_GUARDED_H
#define AC_GUARDED_H

#include "base/ac_atomic.h"

#ifdef AC_GUARDED_BY_LOCK

#define ac_gload_relaxed(p) ac_load_relaxed(p)
#define ac_gload_acquire(p) ac_load_relaxed(p)
#define ac_gload_seq_cst(p) ac_load_relaxed(p)
#define ac_gstore_relaxed(p, v) ac_store_relaxed((p), (v))
#define ac_gstore_release(p, v) ac_store_relaxed((p), (v))

AC_INLINE bool ac_gcas_u64_(ac_atomic_u64 *p, uint64_t *expected, uint64_t desired) {
    const uint64_t seen = ac_load_relaxed(p);
    if (seen != *expected) {
        *expected = seen;
        return false;
    }
    ac_store_relaxed(p, desired);
    return true;
}
#define ac_gcas_seq_cst(p, e, d) ac_gcas_u64_((p), (e), (d))

AC_INLINE bool ac_gcas_u32_(ac_atomic_u32 *p, uint32_t *expected, uint32_t desired) {
    const uint32_t seen = ac_load_relaxed(p);
    if (seen != *expected) {
        *expected = seen;
        return false;
    }
    ac_store_relaxed(p, desired);
    return true;
}
#define ac_gcas_u32_seq_cst(p, e, d) ac_gcas_u32_((p), (e), (d))

AC_INLINE bool ac_gcas_i64_(ac_atomic_i64 *p, int64_t *expected, int64_t desired) {
    const int64_t seen = ac_load_relaxed(p);
    if (seen != *expected) {
        *expected = seen;
        return false;
    }
    ac_store_relaxed(p, desired);
    return true;
}
#define ac_gcas_i64_seq_cst(p, e, d) ac_gcas_i64_((p), (e), (d))

AC_INLINE uint32_t ac_gexchange_u32_(ac_atomic_u32 *p, uint32_t v) {
    const uint32_t seen = ac_load_relaxed(p);
    ac_store_relaxed(p, v);
    return seen;
}
#define ac_gexchange_u32_acq_rel(p, v) ac_gexchange_u32_((p), (v))

AC_INLINE uint32_t ac_gfetch_or_u32_(ac_atomic_u32 *p, uint32_t bits) {
    const uint32_t seen = ac_load_relaxed(p);
    ac_store_relaxed(p, seen | bits);
    return seen;
}
#define ac_gfetch_or_acq_rel(p, v) ac_gfetch_or_u32_((p), (v))

AC_INLINE uint64_t ac_gfetch_or_u64_(ac_atomic_u64 *p, uint64_t bits) {
    const uint64_t seen = ac_load_relaxed(p);
    ac_store_relaxed(p, seen | bits);
    return seen;
}
#define ac_gfetch_or_u64_seq_cst(p, v) ac_gfetch_or_u64_((p), (v))

AC_INLINE void *ac_gexchange_ptr_(ac_atomic_ptr *p, void *v) {
    void *const seen = ac_load_relaxed(p);
    ac_store_relaxed(p, v);
    return seen;
}
#define ac_gexchange_acq_rel(p, v) ac_gexchange_ptr_((p), (v))

#else

#define ac_gload_relaxed(p) ac_load_relaxed(p)
#define ac_gload_acquire(p) ac_load_acquire(p)
#define ac_gload_seq_cst(p) ac_load_seq_cst(p)
#define ac_gstore_relaxed(p, v) ac_store_relaxed((p), (v))
#define ac_gstore_release(p, v) ac_store_release((p), (v))
#define ac_gcas_seq_cst(p, e, d) ac_cas_seq_cst((p), (e), (d))
#define ac_gcas_u32_seq_cst(p, e, d) ac_cas_seq_cst((p), (e), (d))
#define ac_gcas_i64_seq_cst(p, e, d) ac_cas_seq_cst((p), (e), (d))
#define ac_gexchange_u32_acq_rel(p, v) ac_exchange_acq_rel((p), (v))
#define ac_gfetch_or_acq_rel(p, v) ac_fetch_or_acq_rel((p), (v))
#define ac_gfetch_or_u64_seq_cst(p, v) ac_fetch_or_seq_cst((p), (v))
#define ac_gexchange_acq_rel(p, v) ac_exchange_acq_rel((p), (v))

#endif
#endif
