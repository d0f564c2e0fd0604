// What COPY stores is what INSERT stores, whatever the type, of records as of structs.
#include "fixture.hpp"

#include <corm/type/bit_string.hpp>
#include <corm/type/composite.hpp>
#include <corm/type/multirange.hpp>
#include <corm/type/network.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/enum.hpp>
#include <catch2/catch_test_macros.hpp>

#include <boost/json/parse.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <vector>

using namespace corm::test;
using namespace std::chrono_literals;
namespace types = corm::types;

namespace copy_values {

enum class Level { low, high };
BOOST_DESCRIBE_ENUM(Level, low, high)
constexpr auto corm_enum(corm::type<Level>) {
    return corm::enum_as_text;
}
enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}
struct Address {
    std::string street;
    std::optional<std::int32_t> number{};
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, number))
constexpr auto corm_json(corm::type<Address>) {
    return corm::as_jsonb;
}

struct Place {
    std::int32_t x = 0;
    std::optional<std::string> label{};
};
BOOST_DESCRIBE_STRUCT(Place, (), (x, label))
constexpr auto corm_composite(corm::type<Place>) {
    return corm::pg_composite("place");
}

} // namespace copy_values
using copy_values::Address;
using copy_values::Level;
using copy_values::Mood;
using copy_values::Place;

namespace {

/// One column of every type that a member can have, twice: as it is and optional.
class Samples {
public:
    Samples(const std::string& table, bool copied, bool with_enum) : definition_(corm::define(table)) {
        definition_.column<std::int64_t>("id").primary_key({"id"}, true);
        if (copied)
            definition_.bulk_copy(1);
        with_enum_ = with_enum;
        describe();
        mapper_ = definition_.build();
    }

    [[nodiscard]] const std::shared_ptr<const corm::Mapper>& mapper() const noexcept { return mapper_; }

    /// The ordinary values of row `number`, or the extreme ones, with NULL where it may be.
    [[nodiscard]] corm::Record row(std::int64_t number, bool extreme) {
        corm::Record record{mapper_};
        record.set<std::int64_t>("id", number);
        filled_ = &record;
        extreme_ = extreme;
        describe();
        filled_ = nullptr;
        return record;
    }
    /// `create table` without the names of tables.
    [[nodiscard]] std::string columns() const { return "(id bigint primary key" + sql_ + ")"; }

private:
    /// In its first call the columns are defined, later they are filled.
    template <class T>
    void column(const std::string& name, const std::string& sql_type, T ordinary, T extreme) {
        if (filled_ != nullptr) {
            filled_->set<T>(name, extreme_ ? extreme : ordinary);
            filled_->set<std::optional<T>>(name + "_or_null",
                                           extreme_ ? std::optional<T>{} : std::optional<T>{ordinary});
            return;
        }
        definition_.column<T>(name).template column<std::optional<T>>(name + "_or_null");
        sql_ += ", " + name + " " + sql_type + " not null, " + name + "_or_null " + sql_type;
    }
    void describe() {
        using Limits = std::numeric_limits<double>;
        column<bool>("flag", "boolean", true, false);
        column<std::int16_t>("small", "smallint", 7, std::numeric_limits<std::int16_t>::min());
        column<std::int32_t>("medium", "integer", -7, std::numeric_limits<std::int32_t>::max());
        column<std::int64_t>("large", "bigint", 7, std::numeric_limits<std::int64_t>::min());
        column<float>("single", "real", 0.1F, -std::numeric_limits<float>::infinity());
        column<double>("double", "double precision", 0.1, Limits::quiet_NaN());
        column<std::string>("text", "text", "a\tb\\c\nd \\N", "");
        column<std::string>("short", "varchar(20)", "short", "");
        column<std::string>("padded", "char(5)", "ab", "");
        column<corm::Bytes>("bytes", "bytea", corm::Bytes{std::byte{0}, std::byte{92}, std::byte{255}}, {});
        column<corm::Uuid>("uuid", "uuid", corm::Uuid::from_string("0123456789abcdef0123456789abcdef"), {});
        column<corm::Numeric>("number", "numeric", corm::Numeric{"-12345.67800"}, corm::Numeric{"NaN"});
        column<std::chrono::sys_days>("day", "date", std::chrono::sys_days{std::chrono::days{20'000}},
                                      std::chrono::sys_days{std::chrono::days{-800'000}});
        column<types::TimeOfDay>("time", "time", types::TimeOfDay{13h + 14min + 15s + 16us}, types::TimeOfDay{24h});
        column<types::Timestamp>("at", "timestamptz", types::Timestamp{1'700'000'000'123'456us},
                                 types::Timestamp{-210'000'000'000s});
        column<types::LocalTimestamp>("local", "timestamp", types::LocalTimestamp{1'700'000'000'123'456us},
                                      types::LocalTimestamp{-1us});
        column<types::Interval>("span", "interval", types::Interval{14, -3, 5us}, types::Interval{-1, 40, -1h});
        column<boost::json::value>("json", "jsonb", boost::json::parse(R"({"a": [1, "\t\\", null]})"), nullptr);
        column<types::JsonText>("json_text", "json", types::JsonText{R"({"a" : "\n", "a": 1.50})"}, types::JsonText{});
        column<Address>("address", "jsonb", Address{.street = "a\\b", .number = 3}, Address{});
        column<Level>("level", "text", Level::high, Level::low);
        column<std::vector<std::int32_t>>("numbers", "int[]", {1, -2, 3}, {});
        column<std::vector<std::optional<std::string>>>("texts", "text[]", {"a,b", std::nullopt, "NULL", "\"\\"}, {});
        column<std::vector<std::vector<double>>>("matrix", "float8[]", {{1, 2}, {3, Limits::infinity()}}, {});
        column<corm::Range<std::int32_t>>("ports", "int4range", {1, 5}, {});
        column<corm::MultiRange<std::int64_t>>("blocks", "int8multirange", {{1, 2}, {4, 5}}, {});
        column<corm::Inet>("host", "inet", corm::Inet::from_string("10.0.0.1/8"), corm::Inet::from_string("::1"));
        column<std::bitset<9>>("bits", "bit(9)", std::bitset<9>{5}, {});
        if (with_enum_) {
            column<Place>("place", "place", {1, "a\tb\\ \"c\""}, {});
            column<Mood>("mood", "mood", Mood::happy, Mood::sad);
            column<std::vector<Mood>>("moods", "mood[]", {Mood::happy, Mood::sad}, {});
        }
    }

    corm::mapping::RecordDefinition definition_;
    std::shared_ptr<const corm::Mapper> mapper_;
    std::string sql_;
    corm::Record* filled_ = nullptr;
    bool extreme_ = false;
    bool with_enum_ = false;
};

void expect_same_rows(bool with_enum) {
    Samples copied{"copied", true, with_enum}, inserted{"inserted", false, with_enum};
    Sessions s{
        "create type mood as enum ('sad', 'happy'); create type place as (x int, label text); create table copied " +
        copied.columns() + "; create table inserted (like copied including all);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (std::int64_t id = 1; id <= 4; ++id) {
            session.add(copied.row(id, id % 2 == 0));
            session.add(inserted.row(id, id % 2 == 0));
        }
        co_await session.commit();
        CHECK(s.round_trips() == 4);
    });
    CHECK(s.database.query("select count(*) from copied") == "4");
    CHECK(s.database.query("select coalesce(string_agg(c, ' '), 'the same') from (select c::text from copied c "
                           "except all select i::text from inserted i) different(c)") == "the same");
}

} // namespace

TEST_CASE("a binary COPY stores what INSERT stores", "[orm][integration]") {
    expect_same_rows(false);
}

TEST_CASE("a COPY of text stores what INSERT stores", "[orm][integration]") {
    expect_same_rows(true);
}
