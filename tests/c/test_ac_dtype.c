/* Number types: sizes, and access at any address. */
#include "kernels/ac_dtype.h"

#include "check.h"

static void test_sizes_are_those_of_c(void) {
    const size_t want[10] = {1, 1, 2, 2, 4, 4, 8, 8, sizeof(float), sizeof(double)};
    for (int t = AC_I8; t <= AC_F64; t++) CHECK(ac_dtype_size((ac_dtype)t) == want[t]);
}

static void test_numbers_may_stand_at_any_address(void) {
    char room[64] = {0};
    for (int off = 0; off < 16; off++) {
        ac_f64_at *const d = (ac_f64_at *)(room + off);
        ac_u16_at *const h = (ac_u16_at *)(room + off + 9);
        *d = 0.5;
        *h = 0x1234;
        CHECK(*d == 0.5 && *h == 0x1234);
    }
    CHECK(_Alignof(ac_u64_at) == 1 && _Alignof(ac_f32_at) == 1);
}

int main(void) {
    RUN(test_sizes_are_those_of_c);
    RUN(test_numbers_may_stand_at_any_address);
    return 0;
}
