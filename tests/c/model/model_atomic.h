/* model_atomic.h - the body of base/ac_atomic.h under the model checker: each operation is a step. */
#ifndef MODEL_ATOMIC_H
#define MODEL_ATOMIC_H

#include "model.h"

typedef uint8_t ac_atomic_u8;
typedef uint32_t ac_atomic_u32;
typedef uint64_t ac_atomic_u64;
typedef int64_t ac_atomic_i64;
typedef void *ac_atomic_ptr;

#define MODEL_WORD_(v) ((uint64_t)(uintptr_t)(v))
#define MODEL_AS_(p, x) ((__typeof__(*(p)))(uintptr_t)(x))
#define MODEL_LOAD_(p, o) MODEL_AS_(p, model_load((p), sizeof *(p), o, MODEL_HERE))
#define MODEL_STORE_(p, v, o) model_store((p), sizeof *(p), MODEL_WORD_(v), o, MODEL_HERE)
#define MODEL_RMW_(p, op, v, o) \
    MODEL_AS_(p, model_rmw((p), sizeof *(p), op, MODEL_WORD_(v), o, MODEL_HERE))
#define MODEL_CAS_(p, e, d, ok, no) \
    model_cas((p), sizeof *(p), (e), MODEL_WORD_(d), ok, no, MODEL_HERE)

#define ac_load_relaxed(p) MODEL_LOAD_(p, MODEL_RELAXED)
#define ac_load_acquire(p) MODEL_LOAD_(p, MODEL_ACQUIRE)
#define ac_load_seq_cst(p) MODEL_LOAD_(p, MODEL_SEQ_CST)

#define ac_store_relaxed(p, v) MODEL_STORE_(p, v, MODEL_RELAXED)
#define ac_store_release(p, v) MODEL_STORE_(p, v, MODEL_RELEASE)
#define ac_store_seq_cst(p, v) MODEL_STORE_(p, v, MODEL_SEQ_CST)

#define ac_exchange_relaxed(p, v) MODEL_RMW_(p, MODEL_SWAP, v, MODEL_RELAXED)
#define ac_exchange_acquire(p, v) MODEL_RMW_(p, MODEL_SWAP, v, MODEL_ACQUIRE)
#define ac_exchange_release(p, v) MODEL_RMW_(p, MODEL_SWAP, v, MODEL_RELEASE)
#define ac_exchange_acq_rel(p, v) MODEL_RMW_(p, MODEL_SWAP, v, MODEL_ACQ_REL)
#define ac_exchange_seq_cst(p, v) MODEL_RMW_(p, MODEL_SWAP, v, MODEL_SEQ_CST)

#define ac_fetch_add_relaxed(p, v) MODEL_RMW_(p, MODEL_ADD, v, MODEL_RELAXED)
#define ac_fetch_add_acq_rel(p, v) MODEL_RMW_(p, MODEL_ADD, v, MODEL_ACQ_REL)
#define ac_fetch_add_seq_cst(p, v) MODEL_RMW_(p, MODEL_ADD, v, MODEL_SEQ_CST)
#define ac_fetch_sub_relaxed(p, v) MODEL_RMW_(p, MODEL_SUB, v, MODEL_RELAXED)
#define ac_fetch_sub_acq_rel(p, v) MODEL_RMW_(p, MODEL_SUB, v, MODEL_ACQ_REL)
#define ac_fetch_sub_seq_cst(p, v) MODEL_RMW_(p, MODEL_SUB, v, MODEL_SEQ_CST)
#define ac_fetch_or_relaxed(p, v) MODEL_RMW_(p, MODEL_OR, v, MODEL_RELAXED)
#define ac_fetch_or_acq_rel(p, v) MODEL_RMW_(p, MODEL_OR, v, MODEL_ACQ_REL)
#define ac_fetch_or_seq_cst(p, v) MODEL_RMW_(p, MODEL_OR, v, MODEL_SEQ_CST)
#define ac_fetch_and_relaxed(p, v) MODEL_RMW_(p, MODEL_AND, v, MODEL_RELAXED)
#define ac_fetch_and_acq_rel(p, v) MODEL_RMW_(p, MODEL_AND, v, MODEL_ACQ_REL)
#define ac_fetch_and_seq_cst(p, v) MODEL_RMW_(p, MODEL_AND, v, MODEL_SEQ_CST)

#define ac_cas_relaxed(p, e, d) MODEL_CAS_(p, e, d, MODEL_RELAXED, MODEL_RELAXED)
#define ac_cas_acquire(p, e, d) MODEL_CAS_(p, e, d, MODEL_ACQUIRE, MODEL_ACQUIRE)
#define ac_cas_release(p, e, d) MODEL_CAS_(p, e, d, MODEL_RELEASE, MODEL_RELAXED)
#define ac_cas_acq_rel(p, e, d) MODEL_CAS_(p, e, d, MODEL_ACQ_REL, MODEL_ACQUIRE)
#define ac_cas_seq_cst(p, e, d) MODEL_CAS_(p, e, d, MODEL_SEQ_CST, MODEL_SEQ_CST)

#define ac_fence_acquire() model_fence(MODEL_ACQUIRE, MODEL_HERE)
#define ac_fence_release() model_fence(MODEL_RELEASE, MODEL_HERE)
#define ac_fence_seq_cst() model_fence(MODEL_SEQ_CST, MODEL_HERE)
#define ac_fence_compiler() ((void)0)

#endif
