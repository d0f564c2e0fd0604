// Values that come from elsewhere become objects of a session.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
using corm::ObjectState;

namespace {

/// A function, because g++ 12 makes temporary structs in awaited expressions wrongly.
User user(std::int64_t id, std::string name, std::int32_t age = 0, std::int32_t version = 0) {
    return User{.id = id, .name = std::move(name), .age = age, .version = version};
}

/// To the server 1.5 and 1.50 are one key.
struct Price {
    corm::Numeric amount{};
    std::string label{};
};
BOOST_DESCRIBE_STRUCT(Price, (), (amount, label))
constexpr auto corm_mapping(corm::type<Price>) {
    return corm::table<Price>("prices").primary_key<&Price::amount>();
}

Price price(const char* amount, std::string label) {
    return Price{.amount = corm::Numeric{amount}, .label = std::move(label)};
}

} // namespace

TEST_CASE("merging reads in one round trip, and not at all what is there", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto first = co_await session.merge(user(1, "merged", 1));
        CHECK(s.round_trips() == 1);
        CHECK(corm::inspect(first).state() == ObjectState::persistent);
        CHECK(first->name == "merged");
        const auto again = co_await session.merge(user(1, "again", 1));
        CHECK(again == first);
        CHECK(s.round_trips() == 0);
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        CHECK(first->version == 1);
        // It is stale now, so the row is read.
        const auto third = co_await session.merge(user(1, "third", 1, 1));
        CHECK(third == first);
        CHECK(s.round_trips() == 1);
        co_await session.rollback();
        CHECK(first->name == "again");
    });
    CHECK(s.database.query("select name || version from users where id = 1") == "again1");
}

TEST_CASE("a range is merged by one statement, in its order", "[orm][integration]") {
    Sessions s{users(50)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto known = co_await session.get_one<User>(7);
        std::vector<User> values;
        // Ten of them have no row.
        for (int id = 60; id >= 1; --id)
            values.push_back(user(id > 50 ? id + 1'000 : id, "m" + std::to_string(id), id));
        values.push_back(User{.name = "new", .email = "n@x"});
        s.round_trips();
        const std::uint64_t statements = s.engine.stats().statements;
        const auto merged = co_await session.merge_all(values);
        CHECK(s.round_trips() == 1);
        CHECK(s.engine.stats().statements - statements == 1);
        CHECK(merged.size() == values.size());
        bool in_order = true;
        for (std::size_t i = 0; i < values.size(); ++i)
            in_order = in_order && merged[i]->name == values[i].name;
        CHECK(in_order);
        CHECK(merged[53] == known);
        CHECK(corm::inspect(merged[0]).state() == ObjectState::pending);
        CHECK(corm::inspect(merged[60]).state() == ObjectState::pending);
        co_await session.commit();
        CHECK(merged[60]->id > 0);
        const std::vector<User> none;
        const auto nothing = co_await session.merge_all(none);
        CHECK(nothing.empty());
    });
    CHECK(s.database.query("select count(*) filter (where name like 'm%') || ' ' || count(*) from users") == "60 61");
}

TEST_CASE("composite keys are merged in one statement as well", "[orm][integration]") {
    Sessions s{"insert into lines values (1, 1, 'a', 1), (1, 2, 'b', 2), (2, 1, 'c', 3);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector values{Line{1, 2, "b", 20}, Line{2, 1, "c", 30}, Line{9, 9, "z", 9}};
        const auto merged = co_await session.merge_all(values);
        CHECK(s.round_trips() == 1);
        CHECK(corm::inspect(merged[1]).state() == ObjectState::persistent);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(quantity::text, ' ' order by order_no, line_no) from lines") ==
          "1 20 30 9");
}

TEST_CASE("merging sends unflushed changes ahead, and finds what they insert", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto pending = session.add(User{.id = 70, .name = "p"});
        const auto first = co_await session.get_one<User>(1);
        first.edit().age = 99;
        // In one round trip: the insert and the update, then the rows.
        s.round_trips();
        const std::vector values{User{.id = 70, .name = "q"}, User{.id = 71, .name = "r"}};
        const auto merged = co_await session.merge_all(values);
        CHECK(s.round_trips() == 1);
        CHECK(merged[0] == pending);
        CHECK(pending->name == "q");
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name || age, ' ' order by id) from users") == "user 199 q0 r0");
}

TEST_CASE("what a merge has edited is undone by a rollback, and by that of a savepoint", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto known = co_await session.get_one<User>(1);
        corm::Savepoint savepoint = co_await session.begin_nested();
        static_cast<void>(co_await session.merge(user(1, "inner", 1)));
        co_await session.flush();
        co_await savepoint.rollback();
        CHECK(known->name == "user 1");
        static_cast<void>(co_await session.merge(user(1, "outer", 1)));
        const auto added = co_await session.merge(user(2, "two"));
        co_await session.rollback();
        CHECK(known->name == "user 1");
        CHECK(corm::inspect(added).state() == ObjectState::transient);
    });
}

TEST_CASE("a merge of an object of another session takes what was changed there", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession form{s.engine};
        const auto edited = co_await form.get_one<User>(1);
        co_await form.commit();
        edited.edit().name = "edited";
        corm::AsyncSession session{s.engine};
        const auto merged = co_await session.merge(edited);
        CHECK(merged != edited);
        co_await session.commit();
        CHECK(merged->version == 1);
        // The first one is of version 0 yet.
        const auto late = co_await failure(form.commit());
        CHECK_THROWS_AS(std::rethrow_exception(late), corm::StaleDataError);
    });
    CHECK(s.database.query("select name from users") == "edited");
}

TEST_CASE("a merge that fails copies nothing, and the session goes on", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector values{User{.id = 1, .name = "right"}, User{.id = 2, .name = "old", .version = 7},
                                 User{.name = "new"}};
        const auto error = co_await failure(session.merge_all(values));
        const auto stale = caught<corm::StaleDataError>(error);
        CHECK(stale.keys() == std::vector<std::string>{"2"});
        CHECK_THAT(stale.what(), ContainsSubstring("version") && ContainsSubstring("check_version"));
        CHECK(session.dirty<User>().empty());
        CHECK(session.new_<User>().empty());
        const auto written = co_await session.merge(user(2, "over", 0, 7), {.check_version = false});
        CHECK(written->version == 0);
        co_await session.commit();
        CHECK(written->version == 1);
    });
    CHECK(s.database.query("select string_agg(name, ', ' order by id) from users") == "user 1, over");
}

TEST_CASE("records are merged, of one table at a time", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto mapper =
            corm::define("users").column<std::int64_t>("id").column<std::string>("name").primary_key({"id"}).build();
        const auto lines = corm::define("lines").column<std::int32_t>("order_no").primary_key({"order_no"}).build();
        corm::Record record{mapper};
        record.set<std::int64_t>("id", 1).set<std::string>("name", "record");
        const auto merged = co_await session.merge(record);
        CHECK(corm::inspect(merged).state() == ObjectState::persistent);
        const std::vector<corm::Record> mixed{record, corm::Record{lines}};
        const auto error = co_await failure(session.merge_all(mixed));
        CHECK_THAT(caught<corm::Error>(error).what(), ContainsSubstring("of one table at a time"));
        co_await session.commit();
    });
    CHECK(s.database.query("select name from users") == "record");
}

TEST_CASE("rows are found by keys that they hold in another form", "[orm][integration]") {
    Sessions s{"create table prices (amount numeric(10, 2) primary key, label text not null);"
               "insert into prices values (1.5, 'a'), (2, 'b'), (4, 'd');"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        // Its identity is the form in which it was sent.
        const auto sent = session.add(price("3.0", "c"));
        co_await session.commit();
        const std::vector<Price> values{price("2.000", "B"), price("1.5", "A"), price("3.0", "C"), price("5", "E"),
                                        price("1.50", "A2")};
        s.round_trips();
        const auto merged = co_await session.merge_all(values);
        CHECK(s.round_trips() == 1);
        CHECK(corm::inspect(merged[0]).state() == ObjectState::persistent);
        CHECK(merged[1] == merged[4]);
        CHECK(corm::inspect(merged[2]).state() == ObjectState::persistent);
        CHECK(corm::inspect(merged[3]).state() == ObjectState::pending);
        CHECK(corm::inspect(sent).state() == ObjectState::persistent);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(amount || label, ' ' order by amount) from prices") ==
          "1.50A2 2.00B 3.00C 4.00d 5.00E");
}

TEST_CASE("values that are merged into a removed object keep its row", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto first = co_await session.get_one<User>(1);
        session.remove(first);
        const auto merged = co_await session.merge(user(1, "kept", 1));
        CHECK(merged == first);
        CHECK(session.deleted<User>().empty());
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name || version, ', ' order by id) from users") == "kept1, user 20");
}

TEST_CASE("derived tables fit: prices", "[verify][integration]") {
    CHECK(misfit_of<Price>() == "");
}
