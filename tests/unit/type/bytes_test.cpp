#include <corm/type/bytes.hpp>

#include "unit/type/support.hpp"

using namespace corm;
using namespace corm::types;

TEST_CASE("integers are written most significant byte first", "[type][unit]") {
    std::string out;
    put_big_endian(out, std::int16_t{-2});
    put_int32(out, 0x01020304);
    put_big_endian(out, std::int64_t{0x0102030405060708});
    CHECK(out == test::bytes({0xff, 0xfe, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(get_big_endian<std::int16_t>(out.data()) == -2);
    CHECK(get_big_endian<std::uint16_t>(out.data()) == 0xfffe);
    CHECK(get_big_endian<std::int32_t>(out.data() + 2) == 0x01020304);
    CHECK(get_big_endian<std::int64_t>(out.data() + 6) == 0x0102030405060708);
    patch_int32(out, 1, -1);
    CHECK(out.substr(0, 6) == test::bytes({0xff, 0xff, 0xff, 0xff, 0xff, 4}));
}
