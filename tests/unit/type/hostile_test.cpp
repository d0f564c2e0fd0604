// Damaged bytes: every codec yields a value or a ConversionError, never anything else. Worth most under ASan and UBSan.
#include <corm/type/bit_string.hpp>
#include <corm/type/composite.hpp>
#include <corm/type/hstore.hpp>
#include <corm/type/multirange.hpp>
#include <corm/type/network.hpp>
#include <corm/type/types.hpp>

#include "unit/type/support.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json.hpp>

#include <memory>
#include <random>

namespace sky {

enum class Star { sun, vega };
BOOST_DESCRIBE_ENUM(Star, sun, vega)
constexpr auto corm_enum(corm::type<Star>) {
    return corm::types::pg_enum("star");
}

struct Orbit {
    std::string name{};
    std::optional<double> radius{};
    std::vector<Star> stars{};
    corm::types::Timestamp seen{};
    std::int32_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Orbit, (), (name, radius, stars, seen, count))
constexpr auto corm_json(corm::type<Orbit>) {
    return corm::types::as_jsonb;
}

struct Comet {
    std::int32_t number = 0;
    std::optional<std::string> name{};
    std::vector<std::int16_t> years{};
};
BOOST_DESCRIBE_STRUCT(Comet, (), (number, name, years))
constexpr auto corm_composite(corm::type<Comet>) {
    return corm::types::pg_composite("comet");
}

} // namespace sky

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {

// The bytes in a block of their own size, so that a sanitizer sees every byte read beyond them.
template <class T>
void attempt(std::string_view raw, Oid oid, Format format) {
    const auto exact = std::make_unique<char[]>(raw.size() + (raw.empty() ? 1 : 0));
    raw.copy(exact.get(), raw.size());
    const FieldView field{exact.get(), static_cast<std::int32_t>(raw.size()), oid, format};
    T value{};
    try {
        Codec<T>::decode(field, value);
    } catch (const ConversionError&) {
        return;
    }
    // What was read can be written again: nothing half-made came out. JSON text may escape a NUL, which only json
    // keeps; and damaged text is checked when it is sent.
    constexpr bool holds_text = std::is_same_v<T, boost::json::value> || std::is_same_v<T, sky::Orbit> ||
                                std::is_same_v<T, sky::Comet> || std::is_same_v<T, Hstore>;
    std::string out;
    if constexpr (!holds_text)
        Codec<T>::literal(value, out);
    REQUIRE(Codec<T>::same(value, value));
}

template <class T>
void damage_bytes(const std::string& good, Oid oid) {
    std::mt19937 random{10};
    for (const Format format : {Format::binary, Format::text}) {
        for (std::size_t size = 0; size <= good.size(); ++size)
            attempt<T>(good.substr(0, size), oid, format);
        for (std::size_t extra = 1; extra <= 8; ++extra)
            attempt<T>(good + std::string(extra, static_cast<char>(random())), oid, format);
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string bad = good;
                bad[at] = static_cast<char>(byte);
                attempt<T>(bad, oid, format);
            }
        }
        for (int round = 0; round < 500; ++round) {
            std::string bad = good;
            for (std::size_t n = random() % 4 + 1; n > 0 && !bad.empty(); --n)
                bad[random() % bad.size()] = static_cast<char>(random());
            attempt<T>(bad, oid, format);
        }
    }
}

template <class T>
void damage(const T& value, Oid oid = Codec<T>::oid) {
    damage_bytes<T>(encoded(value), oid);
}

} // namespace

TEST_CASE("damaged scalars", "[type][unit]") {
    damage(std::int16_t{1});
    damage(std::int32_t{1}, oids::int8);
    damage(std::int64_t{1});
    damage(true);
    damage(1.5F);
    damage(1.5);
    damage(1.5F, oids::float8);
    damage(1.5, oids::int8);
    SUCCEED();
}

TEST_CASE("damaged text, bytes and identifiers", "[type][unit]") {
    constexpr Oid user_type = oids::first_user_oid;
    damage(Bytes{std::byte{1}, std::byte{2}});
    damage(Uuid::from_string("0188a5eb-7c2f-7abc-9def-0123456789ab"));
    damage(sky::Star::vega, user_type);
    // A std::string takes what the server sends as text; a user's type only when it is text.
    for (int byte = 0; byte < 256; ++byte)
        CHECK_NOTHROW(attempt<std::string>(std::string(1, static_cast<char>(byte)), user_type, Format::binary));
}

TEST_CASE("damaged dates and moments", "[type][unit]") {
    damage(std::chrono::sys_days{});
    damage(std::chrono::year_month_day{std::chrono::sys_days{}});
    damage(Timestamp{});
    damage(LocalTimestamp{});
    damage(std::chrono::sys_seconds{});
    damage(TimeOfDay{std::chrono::hours{12}});
    damage(Interval{1, 2, std::chrono::microseconds{3}});
    damage(std::chrono::seconds{1});
    SUCCEED();
}

TEST_CASE("damaged numerics", "[type][unit]") {
    damage(Numeric{"-12345678.901234"});
    damage(Numeric::nan());
    // Read as integers as well.
    const std::string good = encoded(Numeric{"1200000"});
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string bad = good;
            bad[at] = static_cast<char>(byte);
            attempt<std::int64_t>(bad, oids::numeric, Format::binary);
        }
    }
    SUCCEED();
}

TEST_CASE("damaged JSON", "[type][unit]") {
    damage(boost::json::value{{"a", {{"b", json_depth_limit}}}, {"c", 1.5e10}, {"d", "☃\n"}});
    SUCCEED();
}

TEST_CASE("damaged structs kept as JSON", "[type][unit]") {
    damage(sky::Orbit{"☃", 1.5e10, {sky::Star::vega}, {}, 7});
    SUCCEED();
}

TEST_CASE("damaged arrays", "[type][unit]") {
    damage(std::vector<std::int32_t>{1, 2});
    damage(std::vector<std::optional<bool>>{true, std::nullopt});
    damage(std::vector<std::vector<Numeric>>{{Numeric{1}, Numeric{"2.5"}}});
    damage(std::vector<sky::Star>{sky::Star::sun}, oids::first_user_oid);
    SUCCEED();
}

TEST_CASE("damaged ranges", "[type][unit]") {
    damage(Range<std::int32_t>{1, 5});
    damage(Range<Numeric>{Numeric{"1.5"}, std::nullopt, RangeBounds::open});
    damage(Range<std::chrono::sys_days>::until({}));
    damage(MultiRange<std::int64_t>{{1, 5}, {7, 9}});
    SUCCEED();
}

TEST_CASE("damaged addresses and bit strings", "[type][unit]") {
    damage(Inet::from_string("10.0.0.1/8"));
    damage(Cidr::from_string("2001:db8::/32"));
    damage(MacAddr{});
    damage(MacAddr8{});
    damage(BitString::from_string("101100001"));
    damage(std::bitset<9>{5}, oids::varbit);
    SUCCEED();
}

TEST_CASE("damaged composites and maps", "[type][unit]") {
    constexpr Oid user_type = oids::first_user_oid;
    const std::string comet =
        bytes({0,    0, 0, 3, 0,  0, 0, 23, 0, 0, 0, 4, 0, 0, 0, 7, 0,  0, 0, 25, 0, 0, 0, 1, 'a', 0, 0, 3,
               0xed, 0, 0, 0, 22, 0, 0, 0,  1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0,  1, 0, 0, 0, 1,   0, 0});
    const std::string pairs =
        bytes({0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 1, '1', 0, 0, 0, 1, 'b', 0xff, 0xff, 0xff, 0xff});
    damage_bytes<sky::Comet>(comet, user_type);
    damage_bytes<Hstore>(pairs, user_type);
    damage(sky::Comet{7, "a", {1, 2}}, user_type);
    damage(Hstore{{"a", "1"}, {"b", std::nullopt}}, user_type);
    SUCCEED();
}
