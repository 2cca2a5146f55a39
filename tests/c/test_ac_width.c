/* One source for two widths: names and words of each. */
#define AC_BITS 32
#include "kernels/ac_width.h"

#include "check.h"

static size_t AC_W(bytes)(void) { return sizeof(ac_word) + sizeof(ac_word_at); }
#undef AC_BITS
#include "kernels/ac_width.h"
static size_t AC_W(bytes)(void) { return sizeof(ac_word) + sizeof(ac_word_at); }
static const int bits_unsaid = AC_BITS;

static void test_each_width_has_its_names(void) {
    CHECK(ac_bytes_32() == 8);
    CHECK(ac_bytes_64() == 16);
    CHECK(bits_unsaid == 64);
}

int main(void) {
    RUN(test_each_width_has_its_names);
    return 0;
}
