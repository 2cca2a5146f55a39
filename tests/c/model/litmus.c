/* litmus.c - programs whose outcomes are known: the checker must see exactly those.
 *
 * Names and outcomes as in the literature (Alglave, Maranget, Tautschnig 2014; Lahav et al., "Repairing
 * sequential consistency in C/C++11", 2017), but for two that the checker cannot produce and says so
 * (README.md): load buffering, and stores that enter the modification order before earlier ones (2+2W).
 */
#include "base/ac_atomic.h"

static ac_atomic_u32 x, y, z;
static uint32_t a, b, c, d;
static uint32_t data;

static void zero(void) {
    ac_store_relaxed(&x, 0);
    ac_store_relaxed(&y, 0);
    ac_store_relaxed(&z, 0);
    a = b = c = d = 9;
    data = 0;
}
static void show1(void) { model_outcome("%u", a); }
static void show2(void) { model_outcome("%u%u", a, b); }
static void show4(void) { model_outcome("%u%u%u%u", a, b, c, d); }

/* A kill comes before any step, and what was done until then is seen by who knows of it. */
static void killed(void) { ac_store_relaxed(&x, 1); data = 1; ac_store_relaxed(&y, 1); }
static void survivor(void) {
    if (!model_is_dead(1)) return;
    a = ac_load_relaxed(&x);
    b = ac_load_relaxed(&y);
    MODEL_CHECK(a == data);
}

#define SET(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Message passing: data before a flag. */
static void mp_put(void) { ac_store_relaxed(&x, 1); ac_store_release(&y, 1); }
static void mp_put_relaxed(void) { ac_store_relaxed(&x, 1); ac_store_relaxed(&y, 1); }
static void mp_put_fence(void) { ac_store_relaxed(&x, 1); ac_fence_release(); ac_store_relaxed(&y, 1); }
static void mp_get(void) { a = ac_load_acquire(&y); b = ac_load_relaxed(&x); }
static void mp_get_relaxed(void) { a = ac_load_relaxed(&y); b = ac_load_relaxed(&x); }
static void mp_get_fence(void) { a = ac_load_relaxed(&y); ac_fence_acquire(); b = ac_load_relaxed(&x); }
static void mp_put_plain(void) { data = 1; ac_store_release(&y, 1); }
static void mp_put_plain_relaxed(void) { data = 1; ac_store_relaxed(&y, 1); }
static void mp_get_plain(void) { if (ac_load_acquire(&y)) { MODEL_CHECK(data == 1); } }
static void mp_get_plain_relaxed(void) { if (ac_load_relaxed(&y)) { MODEL_CHECK(data == 1); } }
static void mp_get_plain_fence(void) {
    if (ac_load_relaxed(&y)) {
        ac_fence_acquire();
        MODEL_CHECK(data == 1);
    }
}

/* Store buffering, which is Dekker's: each raises its own flag and looks at the other's. */
static void sb1(void) { ac_store_relaxed(&x, 1); a = ac_load_relaxed(&y); }
static void sb2(void) { ac_store_relaxed(&y, 1); b = ac_load_relaxed(&x); }
static void sb1_ra(void) { ac_store_release(&x, 1); a = ac_load_acquire(&y); }
static void sb2_ra(void) { ac_store_release(&y, 1); b = ac_load_acquire(&x); }
static void sb1_sc(void) { ac_store_seq_cst(&x, 1); a = ac_load_seq_cst(&y); }
static void sb2_sc(void) { ac_store_seq_cst(&y, 1); b = ac_load_seq_cst(&x); }
static void sb1_fence(void) { ac_store_relaxed(&x, 1); ac_fence_seq_cst(); a = ac_load_relaxed(&y); }
static void sb2_fence(void) { ac_store_relaxed(&y, 1); ac_fence_seq_cst(); b = ac_load_relaxed(&x); }
static void sb1_rmw(void) { ac_fetch_or_seq_cst(&x, 1); a = ac_load_seq_cst(&y); }
static void sb2_mixed(void) { ac_fetch_or_seq_cst(&y, 1); ac_fence_seq_cst(); b = ac_load_relaxed(&x); }
static void sb1_rmw_relaxed(void) { ac_fetch_or_acq_rel(&x, 1); a = ac_load_seq_cst(&y); }

/* Load buffering. */
static void lb1(void) { a = ac_load_relaxed(&x); ac_store_relaxed(&y, 1); }
static void lb2(void) { b = ac_load_relaxed(&y); ac_store_relaxed(&x, 1); }

/* Independent reads of independent writes. */
static void wx(void) { ac_store_relaxed(&x, 1); }
static void wy(void) { ac_store_relaxed(&y, 1); }
static void wx_rel(void) { ac_store_release(&x, 1); }
static void wy_rel(void) { ac_store_release(&y, 1); }
static void wx_sc(void) { ac_store_seq_cst(&x, 1); }
static void wy_sc(void) { ac_store_seq_cst(&y, 1); }
static void rxy(void) { a = ac_load_acquire(&x); b = ac_load_acquire(&y); }
static void ryx(void) { c = ac_load_acquire(&y); d = ac_load_acquire(&x); }
static void rxy_sc(void) { a = ac_load_seq_cst(&x); b = ac_load_seq_cst(&y); }
static void ryx_sc(void) { c = ac_load_seq_cst(&y); d = ac_load_seq_cst(&x); }
static void rxy_fence(void) { a = ac_load_relaxed(&x); ac_fence_seq_cst(); b = ac_load_relaxed(&y); }
static void ryx_fence(void) { c = ac_load_relaxed(&y); ac_fence_seq_cst(); d = ac_load_relaxed(&x); }
#define IRIW_SC                                                                                  \
    SET("0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000", "1001", "1011", \
        "1100", "1101", "1110", "1111")
#define IRIW_WEAK                                                                                \
    SET("0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000", "1001", "1010", \
        "1011", "1100", "1101", "1110", "1111")

/* Coherence: two loads of one thread never go back; all agree on the order of one location. */
static void co_put(void) { ac_store_relaxed(&x, 1); ac_store_relaxed(&x, 2); }
static void co_get(void) { a = ac_load_relaxed(&x); b = ac_load_relaxed(&x); }
static void co_put1(void) { ac_store_relaxed(&x, 1); }
static void co_put2(void) { ac_store_relaxed(&x, 2); }
static void co_get2(void) { c = ac_load_relaxed(&x); d = ac_load_relaxed(&x); }
static void co_agree(void) {
    MODEL_CHECK(!(a == 1 && b == 2 && c == 2 && d == 1));
    MODEL_CHECK(!(a == 2 && b == 1 && c == 1 && d == 2));
}
/* What one thread read and handed on, nobody behind it may miss. */
static void rr_get(void) { a = ac_load_relaxed(&x); ac_store_release(&y, 1); }
static void rr_after(void) { c = ac_load_acquire(&y); b = ac_load_relaxed(&x); }
static void rr_check(void) { MODEL_CHECK(!(c == 1 && a == 1 && b == 0)); }

/* Release sequences: a read-modify-write continues one, a relaxed store of another thread ends it. */
static void rs_put(void) { data = 1; ac_store_release(&x, 1); }
static void rs_rmw(void) { ac_fetch_add_relaxed(&x, 1); }
static void rs_store(void) { if (ac_load_relaxed(&x) == 1) ac_store_relaxed(&x, 2); }
static void rs_get(void) { if (ac_load_acquire(&x) == 2) { MODEL_CHECK(data == 1); } }
static void rs_get_always(void) {
    const uint32_t seen = ac_load_acquire(&x);
    a = seen;
}
/* The same thread's relaxed store ends it as well (since C++20). */
static void rs_put_twice(void) { data = 1; ac_store_release(&x, 1); ac_store_relaxed(&x, 2); }

/* Two additions are never lost; a lost update by load and store is. */
static void add(void) { ac_fetch_add_relaxed(&x, 1); }
static void add_torn(void) { ac_store_relaxed(&x, ac_load_relaxed(&x) + 1); }
static void show_x(void) { model_outcome("%u", ac_load_relaxed(&x)); }

/* A failed strong compare-and-swap is a load and may be late; a done one is of the newest. */
static void cas_one(void) { uint32_t e = 0; a = ac_cas_relaxed(&x, &e, 5) ? 5 : e; }

/* Write to read causality. */
static void wrc1(void) { ac_store_relaxed(&x, 1); }
static void wrc2(void) { a = ac_load_relaxed(&x); ac_store_release(&y, 1); }
static void wrc3(void) { b = ac_load_acquire(&y); c = ac_load_relaxed(&x); }
static void wrc_check(void) { model_outcome("%u%u%u", a, b, c); }

static const model_test tests[] = {
    {.name = "mp", .setup = zero, .thread = {mp_put, mp_get}, .finish = show2, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = SET("00", "01", "11"), .weak_sees = SET("00", "01", "11")},
    {.name = "mp_fences", .setup = zero, .thread = {mp_put_fence, mp_get_fence}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("00", "01", "11")},
    {.name = "mp_no_release", .setup = zero, .thread = {mp_put_relaxed, mp_get}, .finish = show2,
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_sees = SET("00", "01", "11"),
     .weak_sees = SET("00", "01", "10", "11")},
    {.name = "mp_no_acquire", .setup = zero, .thread = {mp_put, mp_get_relaxed}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("00", "01", "10", "11")},
    {.name = "mp_plain", .setup = zero, .thread = {mp_put_plain, mp_get_plain}, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "mp_plain_fence", .setup = zero, .thread = {mp_put_plain, mp_get_plain_fence},
     .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "mp_plain_no_release", .setup = zero, .thread = {mp_put_plain_relaxed, mp_get_plain},
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_fails = "race", .weak_fails = "race"},
    {.name = "mp_plain_no_acquire", .setup = zero, .thread = {mp_put_plain, mp_get_plain_relaxed},
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_fails = "race", .weak_fails = "race"},
    {.name = "sb", .setup = zero, .thread = {sb1, sb2}, .finish = show2, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = SET("01", "10", "11"), .weak_sees = SET("00", "01", "10", "11")},
    {.name = "sb_release_acquire", .setup = zero, .thread = {sb1_ra, sb2_ra}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("00", "01", "10", "11")},
    {.name = "sb_seq_cst", .setup = zero, .thread = {sb1_sc, sb2_sc}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("01", "10", "11")},
    {.name = "dekker_fences", .setup = zero, .thread = {sb1_fence, sb2_fence}, .finish = show2,
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_sees = SET("01", "10", "11"),
     .weak_sees = SET("01", "10", "11")},
    {.name = "dekker_one_fence", .setup = zero, .thread = {sb1_fence, sb2}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("00", "01", "10", "11")},
    {.name = "dekker_rmw_and_fence", .setup = zero, .thread = {sb1_rmw, sb2_mixed}, .finish = show2,
     .weak = MODEL_ALL, .weak_sees = SET("01", "10", "11")},
    {.name = "dekker_rmw_too_weak", .setup = zero, .thread = {sb1_rmw_relaxed, sb2_mixed},
     .finish = show2, .weak = MODEL_ALL, .weak_sees = SET("00", "01", "10", "11")},
    {.name = "lb_never", .setup = zero, .thread = {lb1, lb2}, .finish = show2, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = SET("00", "01", "10"), .weak_sees = SET("00", "01", "10")},
    {.name = "iriw", .setup = zero, .thread = {wx, wy, rxy, ryx}, .finish = show4, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = IRIW_SC, .weak_sees = IRIW_WEAK},
    {.name = "iriw_release_acquire", .setup = zero, .thread = {wx_rel, wy_rel, rxy, ryx},
     .finish = show4, .weak = MODEL_ALL, .weak_sees = IRIW_WEAK},
    {.name = "iriw_seq_cst", .setup = zero, .thread = {wx_sc, wy_sc, rxy_sc, ryx_sc},
     .finish = show4, .weak = MODEL_ALL, .weak_sees = IRIW_SC},
    {.name = "iriw_fences", .setup = zero, .thread = {wx, wy, rxy_fence, ryx_fence},
     .finish = show4, .weak = MODEL_ALL, .weak_sees = IRIW_SC},
    {.name = "coherence", .setup = zero, .thread = {co_put, co_get}, .finish = show2,
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_sees = SET("00", "01", "02", "11", "12", "22"),
     .weak_sees = SET("00", "01", "02", "11", "12", "22")},
    {.name = "coherence_agree", .setup = zero, .thread = {co_put1, co_put2, co_get, co_get2},
     .finish = co_agree, .sc = MODEL_ALL, .weak = MODEL_ALL},
    {.name = "coherence_handed_on", .setup = zero, .thread = {wx, rr_get, rr_after},
     .finish = rr_check, .weak = MODEL_ALL},
    {.name = "release_sequence", .setup = zero, .thread = {rs_put, rs_rmw, rs_get}, .sc = MODEL_ALL,
     .weak = MODEL_ALL},
    {.name = "release_sequence_ended", .setup = zero, .thread = {rs_put, rs_store, rs_get},
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_fails = "race", .weak_fails = "race"},
    {.name = "release_sequence_own", .setup = zero, .thread = {rs_put_twice, rs_get},
     .weak = MODEL_ALL, .weak_fails = "race"},
    {.name = "late_load", .setup = zero, .thread = {wx, rs_get_always}, .finish = show1,
     .weak = MODEL_ALL, .weak_sees = SET("0", "1")},
    {.name = "add", .setup = zero, .thread = {add, add, add}, .finish = show_x, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = SET("3"), .weak_sees = SET("3")},
    {.name = "add_torn", .setup = zero, .thread = {add_torn, add_torn}, .finish = show_x,
     .sc = MODEL_ALL, .weak = MODEL_ALL, .sc_sees = SET("1", "2"), .weak_sees = SET("1", "2")},
    {.name = "cas", .setup = zero, .thread = {co_put, cas_one}, .finish = show1, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .sc_sees = SET("1", "2", "5"), .weak_sees = SET("1", "2", "5")},
    {.name = "causality", .setup = zero, .thread = {wrc1, wrc2, wrc3}, .finish = wrc_check,
     .sc = MODEL_ALL, .weak = MODEL_ALL,
     .sc_sees = SET("000", "001", "010", "011", "100", "101", "111"),
     .weak_sees = SET("000", "001", "010", "011", "100", "101", "111")},
    {.name = "killed", .setup = zero, .thread = {killed, survivor}, .finish = show2, .sc = MODEL_ALL,
     .weak = MODEL_ALL, .mortal = 1u << 1, .sc_sees = SET("00", "10", "99"),
     .weak_sees = SET("00", "10", "99")},
    {.name = "bounded", .setup = zero, .thread = {sb1, sb2}, .finish = show2, .sc = 2, .weak = 2,
     .sc_sees = SET("01", "10", "11"), .weak_sees = SET("00", "01", "10", "11")},
};
MODEL_MAIN(tests)
