// What the guard of a locking select takes for a change, in columns of all kinds.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <corm/type/json.hpp>

#include <catch2/catch_test_macros.hpp>

#include <boost/describe/enum.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <limits>

using namespace corm::test;
using namespace std::chrono_literals;

namespace {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}

struct Address {
    std::string street;
    std::optional<std::string> zip;
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, zip))
constexpr auto corm_json(corm::type<Address>) {
    return corm::as_jsonb;
}

struct Thing {
    std::int32_t id = 0;
    std::optional<std::string> label;
    std::string code;
    corm::Numeric price;
    corm::Numeric amount;
    std::int64_t whole = 0;
    double weight = 0;
    double ratio = 0;
    std::vector<std::optional<std::int32_t>> tags;
    std::vector<std::vector<std::string>> names;
    Mood mood = Mood::sad;
    boost::json::value data;
    corm::types::JsonText text;
    Address address;
    corm::Bytes blob;
    corm::types::Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Thing, (),
                      (id, label, code, price, amount, whole, weight, ratio, tags, names, mood, data, text, address,
                       blob, at))
constexpr auto corm_mapping(corm::type<Thing>) {
    return corm::table<Thing>("things").primary_key<&Thing::id>();
}

constexpr const char* things = R"(
    create type mood as enum ('sad', 'happy');
    create table things (id int primary key, label text, code char(5) not null, price numeric(10, 2) not null,
        amount numeric not null, whole numeric(10, 2) not null, weight float8 not null, ratio float4 not null,
        tags int[] not null, names text[] not null, mood mood not null, data jsonb not null, text json not null,
        address jsonb not null, blob bytea not null, at timestamptz(0) not null);
    insert into things select n, null, 'ab', 1.5, 1.50, 3, 'NaN', 0.1, '{1,null}', '{{"a,b",""},{"NULL","\\"}}', 'sad',
        'null', '{"b":  1.0, "a": [1, 1]}', '{"street": "Elm"}', '\x00ff', '2026-01-02 03:04:05+00'
        from generate_series(1, 2) n;
)";

/// How a program edits a column, and how somebody else does.
struct Change {
    const char* column;
    std::function<void(Thing&)> edit;
    const char* theirs;
};

const std::vector<Change>& changes() {
    static const std::vector<Change> all{
        {"label", [](Thing& t) { t.label = t.label ? *t.label + "'\\\"" : ""; }, "label || '!'"},
        {"code", [](Thing& t) { t.code = t.code.substr(0, 2) == "ab" ? "x y" : "ab"; }, "'other'"},
        {"price", [](Thing& t) { t.price = t.price + corm::Numeric::from_string("0.1"); }, "price + 0.01"},
        {"amount", [](Thing& t) { t.amount = t.amount + corm::Numeric::from_string("1e-20"); }, "amount + 1e-30"},
        {"whole", [](Thing& t) { t.whole += 1; }, "whole + 100"},
        {"weight", [](Thing& t) { t.weight = t.weight == 0 ? 0.1 + 0.2 : -0.0; }, "weight + 1e-15"},
        {"ratio", [](Thing& t) { t.ratio = t.ratio < 0.3 ? 0.3 : 0.2; }, "'-Infinity'"},
        {"tags", [](Thing& t) { t.tags.emplace_back(7); }, "tags || 8"},
        {"names", [](Thing& t) { t.names.at(0).at(0) += "{}, \""; }, "names || array['x', null]"},
        {"mood", [](Thing& t) { t.mood = t.mood == Mood::sad ? Mood::happy : Mood::sad; }, "null"},
        {"data", [](Thing& t) { t.data = boost::json::parse(R"({"n": [1.0, null, "\\"]})"); }, "'[]'"},
        {"text", [](Thing& t) { t.text.text += " "; }, "'{\"b\": 2}'"},
        {"address", [](Thing& t) { t.address.street += "x"; }, "'{\"street\": \"Ash\"}'"},
        {"blob", [](Thing& t) { t.blob.push_back(std::byte{0}); }, "blob || '\\x01'"},
        {"at", [](Thing& t) { t.at += 1'400'000us; }, "at + interval '1 day'"},
    };
    return all;
}

auto every_thing() {
    return corm::select<Thing>().order_by(corm::asc<&Thing::id>);
}

/// Edits the columns of the first `rows` rows, and takes a lock; the error if that fails.
corm::Task<std::exception_ptr> edit_and_lock(corm::AsyncSession& session, int rows,
                                             const std::function<void(Thing&)>& edit) {
    const auto loaded = co_await session.all(every_thing());
    for (int i = 0; i < rows; ++i)
        edit(loaded[static_cast<std::size_t>(i)].edit());
    co_return co_await failure(session.all(every_thing().for_update()));
}

} // namespace

TEST_CASE("values that nobody has changed raise no false alarm", "[orm][integration]") {
    Sessions s{things};
    for (const int rows : {1, 2}) {
        s.run([&]() -> corm::Task<> {
            // What was loaded first, then what was sent before and rounded or padded by the column.
            corm::AsyncSession session{s.engine, {.expire_on_commit = corm::ExpireOnCommit::keep}};
            for (int round = 0; round < 4; ++round) {
                for (const Change& change : changes()) {
                    CAPTURE(rows, round, change.column);
                    const auto error = co_await edit_and_lock(session, rows, change.edit);
                    CHECK(error == nullptr);
                    if (error)
                        std::rethrow_exception(error);
                    co_await session.commit();
                }
            }
            const auto error = co_await edit_and_lock(session, rows, [](Thing& thing) {
                for (const Change& change : changes())
                    change.edit(thing);
            });
            CHECK(error == nullptr);
            co_await session.commit();
        });
    }
}

TEST_CASE("a change of any column is noticed", "[orm][integration]") {
    Sessions s{std::string{things} +
               "alter table things alter mood drop not null; update things set label = 'x', weight = 1"};
    for (const int rows : {1, 2}) {
        s.run([&]() -> corm::Task<> {
            for (const Change& change : changes()) {
                CAPTURE(rows, change.column);
                s.database.query("drop table if exists saved; create table saved as table things");
                corm::AsyncSession session{s.engine};
                const auto error = co_await edit_and_lock(session, rows, [&](Thing& thing) {
                    change.edit(thing);
                    if (thing.id == 1)
                        s.database.query(std::string{"update things set "} + change.column + " = " + change.theirs +
                                         " where id = 1");
                });
                CHECK(caught<corm::StaleDataError>(error).keys() == std::vector<std::string>{"1"});
                co_await session.rollback();
                s.database.query("delete from things; insert into things table saved");
            }
        });
    }
}

TEST_CASE("numbers compare by value, documents by content", "[orm][integration]") {
    Sessions s{things};
    s.database.query("update things set weight = 0");
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await session.all(every_thing());
        loaded[0].edit().weight = 2;
        loaded[0].edit().text.text = "[]";
        loaded[0].edit().amount = corm::Numeric{7};
        s.database.query("update things set weight = '-0', text = '{\"a\":[1,1],\"b\":1.00}', amount = 1.5000");
        const auto error = co_await failure(session.all(every_thing().for_update()));
        CHECK(error == nullptr);
        co_await session.commit();
        const auto infinite = co_await edit_and_lock(
            session, 2, [](Thing& thing) { thing.weight = -std::numeric_limits<double>::infinity(); });
        CHECK(infinite == nullptr);
        co_await session.rollback();
    });
    CHECK(s.database.query("select weight || ' ' || text || ' ' || amount from things where id = 1") == "2 [] 7");
}

TEST_CASE("derived tables fit: things of a guard", "[verify][integration]") {
    CHECK(misfit_of<Thing>() == "");
}
