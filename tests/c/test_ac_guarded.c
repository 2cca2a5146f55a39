/* The guarded names under a lock: plain accesses with the same results. */
#define AC_GUARDED_BY_LOCK 1
#include "base/ac_guarded.h"

#include "check.h"

static void test_a_guarded_cas_behaves_as_the_real_one(void) {
    ac_atomic_u64 x = 5;
    uint64_t expected = 4;
    CHECK(!ac_gcas_seq_cst(&x, &expected, UINT64_C(9)));
    CHECK(expected == 5);
    CHECK(ac_gcas_seq_cst(&x, &expected, UINT64_C(9)));
    CHECK(ac_gload_acquire(&x) == 9 && ac_gload_seq_cst(&x) == 9);
    CHECK(ac_gfetch_or_u64_seq_cst(&x, UINT64_C(2)) == 9);
    CHECK(ac_gload_relaxed(&x) == 11);
}

static void test_guarded_words_and_pointers(void) {
    ac_atomic_u32 word = 1;
    CHECK(ac_gfetch_or_acq_rel(&word, 4u) == 1);
    CHECK(ac_load_relaxed(&word) == 5);
    int a = 0, b = 0;
    ac_atomic_ptr p = &a;
    CHECK(ac_gexchange_acq_rel(&p, &b) == &a);
    CHECK(ac_load_relaxed(&p) == &b);
    ac_gstore_release(&word, 7u);
    ac_gstore_relaxed(&word, 8u);
    CHECK(ac_load_relaxed(&word) == 8);
}

int main(void) {
    RUN(test_a_guarded_cas_behaves_as_the_real_one);
    RUN(test_guarded_words_and_pointers);
    return 0;
}
