/* ac_order.c - see ac_order.h. The first block decides which order is possible at all. */
#include "kernels/ac_order.h"

#define BLOCK 1024
#define GRAIN 65536

typedef struct job {
    ac_simd simd;
    ac_dtype dtype;
    ac_keys_form form;
    const void *x;
    int64_t n;
    ac_order order;
} job;

/* Whether x[lo..hi) is in the order, lo < hi. */
static bool in_order(const job *j, int64_t lo, int64_t hi) {
    uint64_t key[BLOCK];
    while (hi - lo > 1) {
        const int64_t some = hi - lo > BLOCK ? BLOCK : hi - lo;
        bool right = true;
        ac_keys_load(j->simd, j->dtype, j->form, j->x, lo, some, (ac_u64_at *)key);
        if (j->order == AC_ORDER_UP) {
            for (int64_t i = 1; i < some; i++) right &= key[i - 1] <= key[i];
        } else {
            for (int64_t i = 1; i < some; i++) right &= key[i - 1] > key[i];
        }
        if (!right) return false;
        lo += some - 1; /* the last one is compared with what follows */
    }
    return true;
}

static int check_range(void *ctx, int64_t lo, int64_t hi, int32_t worker) {
    const job *const j = ctx;
    (void)worker;
    const int64_t end = hi < j->n ? hi + 1 : hi; /* across the seam */
    return in_order(j, lo, end) ? 0 : 1;
}

int ac_order_of(const ac_exec *ex, ac_dtype dtype, ac_keys_form form, const void *x, int64_t n,
                ac_order *order) {
    job j = {ex->simd, dtype, form, x, n, AC_ORDER_UP};
    const int64_t head = n < BLOCK ? n : BLOCK;
    *order = AC_ORDER_NONE;
    if (n > 1 && !in_order(&j, 0, head)) {
        j.order = AC_ORDER_DOWN;
        if (!in_order(&j, 0, head)) return 0;
    }
    const int rc = ac_exec_for(ex, check_range, &j, n, GRAIN);
    if (rc < 0) return rc;
    if (rc == 0) *order = j.order;
    return 0;
}
