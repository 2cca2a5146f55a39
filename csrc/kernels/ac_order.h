/* ac_order.h - is a buffer in order already? Costs one reading if it is, next to nothing if not. */
#ifndef AC_ORDER_H
#define AC_ORDER_H

#include <stdbool.h>

#include "kernels/ac_keys.h"
#include "sched/ac_exec.h"

typedef enum ac_order {
    AC_ORDER_NONE = 0,
    AC_ORDER_UP = 1,   /* each key >= the one before */
    AC_ORDER_DOWN = 2, /* each key < the one before */
} ac_order;

/* Fewer than two numbers are AC_ORDER_UP. Returns 0 or AC_STOPPED_BY_POLL. */
int ac_order_of(const ac_exec *ex, ac_dtype dtype, ac_keys_form form, const void *x, int64_t n,
                ac_order *order);

#endif
