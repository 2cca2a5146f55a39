/* party.c - ac_shm_party.c under the checker; threads stand for processes, some are killed. Three places. */
#include <sys/mman.h>
#include <unistd.h>

#include "shm/ac_peer.h"
#include "shm/ac_shm_claims.c"
#include "shm/ac_shm_queue_shared.h"

#undef AC_SHM_OPENERS
#define AC_SHM_OPENERS 3u
#include "shm/ac_shm_party.c"

#define LONG_DEAD 9u
#define ID(process) ((uint64_t)(process) << 32 | 1)

static ac_shm_queue_shared sh;
static ac_shm_claims_local local[5];
static ac_shm_queue q[5]; /* handles: of threads 1 to 3, and a second one of process 1 */

uint64_t ac_peer_self(void) { return ID(model_self()); }
bool ac_peer_is_dead(uint64_t peer) {
    return peer >> 32 == LONG_DEAD || (peer >> 32 != 0 && model_is_dead((int)(peer >> 32)));
}
int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes) {
    (void)r, (void)offset, (void)bytes;
    return 0;
}

static void begin(void) {
    memset(local, 0, sizeof local);
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++) ac_store_relaxed(&sh.openers[i], 0);
    ac_store_relaxed(&sh.lanes_used, 0);
    ac_store_relaxed(&sh.claims.high, 0);
    for (int i = 0; i < 5; i++) {
        q[i] = (ac_shm_queue){.shared = &sh, .lanes = 1};
        q[i].claims = (ac_shm_claims){.shared = &sh.claims, .local = &local[i]};
        ac_store_relaxed(&local[i].self, ID(i < 4 ? i : 1));
    }
}
/* The dead have two of three places. */
static void two_dead(void) {
    begin();
    for (int i = 0; i < 2; i++) ac_store_relaxed(&sh.openers[i], ID(LONG_DEAD));
}
/* All of them are a dead one's. */
static void full_of_dead(void) {
    two_dead();
    ac_store_relaxed(&sh.openers[2], ID(LONG_DEAD));
}
static uint32_t entries(uint64_t peer) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < AC_SHM_OPENERS; i++) n += ac_load_relaxed(&sh.openers[i]) == peer;
    return n;
}

static void enlist(void) { MODEL_CHECK(ac_shm_party_enlist(&q[model_self()])); }
static void come_and_go(void) {
    enlist();
    ac_shm_party_delist(&q[model_self()]);
}
/* While one lives that is enlisted, not all are dead. */
static void stay_and_ask(void) {
    enlist();
    MODEL_CHECK(!ac_shm_party_all_dead(&q[model_self()]));
}
static void enlist_first(void) { MODEL_CHECK(ac_shm_party_enlist(&q[1])); }
static void second_goes(void) {
    MODEL_CHECK(ac_shm_party_enlist(&q[4]));
    ac_shm_party_delist(&q[4]);
}

static void all_have_one(void) {
    for (int t = 1; t < 4; t++) MODEL_CHECK(entries(ID(t)) == 1);
}
static void both_have_one(void) { MODEL_CHECK(entries(ID(1)) == 1 && entries(ID(2)) == 1); }
static void nobody_left(void) {
    MODEL_CHECK(entries(ID(1)) + entries(ID(2)) + entries(ID(3)) == 0);
}
static void first_has_one(void) { MODEL_CHECK(entries(ID(1)) == 1); }
/* The killed: nobody who lives is counted as dead, and the dead are found. */
static void as_it_is(void) {
    const bool killed = model_is_dead(1) && entries(ID(1)) > 0;
    MODEL_CHECK(model_is_dead(1) || entries(ID(1)) == 0);
    MODEL_CHECK(entries(ID(2)) == 0 && ac_shm_party_all_dead(&q[0]) == killed);
}

static const model_test tests[] = {
    {.name = "three", .setup = full_of_dead, .thread = {enlist, enlist, enlist}, .finish = all_have_one, .sc = 2,
     .weak = 1},
    {.name = "free_and_dead", .setup = two_dead, .thread = {enlist, enlist}, .finish = both_have_one, .sc = 3,
     .weak = 2},
    {.name = "come_and_go", .setup = begin, .thread = {come_and_go, come_and_go, come_and_go},
     .finish = nobody_left, .sc = 2, .weak = 1},
    {.name = "two_handles", .setup = begin, .thread = {enlist_first, second_goes}, .finish = first_has_one,
     .sc = 3, .weak = 2},
    {.name = "one_handle", .setup = begin, .thread = {enlist_first, enlist_first}, .finish = first_has_one,
     .sc = 3, .weak = 2},
    {.name = "stays", .setup = two_dead, .thread = {stay_and_ask, come_and_go}, .sc = 2, .weak = 1},
    {.name = "killed", .setup = begin, .thread = {come_and_go, come_and_go}, .finish = as_it_is, .sc = 2,
     .weak = 1, .mortal = 1u << 1},
};
MODEL_MAIN(tests)
