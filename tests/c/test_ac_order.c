/* Order: up, down, neither; found wherever the one fault is. */
#include "kernels/ac_order.h"

#include "kernels_check.h"

static ac_order order_of(const uint64_t *x, int64_t n, int32_t threads) {
    const ac_exec ex = check_exec(ac_simd_detect(), threads);
    ac_order order;
    CHECK(ac_order_of(&ex, AC_U64, AC_KEYS_EXACT, x, n, &order) == 0);
    return order;
}

static void test_orders_are_seen(void) {
    const uint64_t up[] = {1, 2, 2, 3}, down[] = {3, 2, 1}, equal[] = {5, 5}, none[] = {2, 2, 1};
    CHECK(order_of(up, 0, 1) == AC_ORDER_UP && order_of(up, 1, 1) == AC_ORDER_UP);
    CHECK(order_of(up, 4, 1) == AC_ORDER_UP && order_of(down, 3, 1) == AC_ORDER_DOWN);
    CHECK(order_of(equal, 2, 1) == AC_ORDER_UP && order_of(none, 3, 1) == AC_ORDER_NONE);
}

static void test_one_fault_anywhere_is_seen(void) {
    enum { N = 200000 };
    static uint64_t x[N];
    const int64_t faults[] = {1, 1022, 1023, 1024, 65535, 65536, 65537, 131072, N - 2, N - 1};
    for (int down = 0; down < 2; down++) {
        for (int64_t i = 0; i < N; i++) x[i] = (uint64_t)(down ? 2 * (N - i) : 2 * i + 2);
        CHECK(order_of(x, N, 2) == (down ? AC_ORDER_DOWN : AC_ORDER_UP));
        for (int f = 0; f < 10; f++) {
            const uint64_t kept = x[faults[f]];
            x[faults[f]] = down ? x[faults[f] - 1] : x[faults[f] - 1] - 1;
            CHECK(order_of(x, N, 1 + f % 2) == AC_ORDER_NONE);
            x[faults[f]] = kept;
        }
    }
}

int main(void) {
    RUN(test_orders_are_seen);
    RUN(test_one_fault_anywhere_is_seen);
    return 0;
}
