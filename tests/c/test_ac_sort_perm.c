/* The table of permutations: made again, and compared. */
#include "kernels/ac_sort_perm.h"

#include "check.h"

static void test_lanes_with_a_0_bit_come_first_in_order(void) {
    for (unsigned mask = 0; mask < 256; mask++) {
        uint64_t want = 0;
        int place = 0;
        for (int bit = 0; bit < 2; bit++)
            for (unsigned lane = 0; lane < 8; lane++)
                if ((mask >> lane & 1) == (unsigned)bit) want |= (uint64_t)lane << (8 * place++);
        CHECK(ac_sort_perm[mask] == want);
    }
}

int main(void) {
    RUN(test_lanes_with_a_0_bit_come_first_in_order);
    return 0;
}
