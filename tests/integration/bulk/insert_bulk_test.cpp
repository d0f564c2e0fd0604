// Inserts of many rows with the keys that they get.
#include "bulk_support.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <numeric>
#include <tuple>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace insert_bulk_test {

struct Ticket {
    corm::Uuid id;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (id, name))
constexpr auto corm_mapping(corm::type<Ticket>) {
    return corm::table<Ticket>("tickets").primary_key<&Ticket::id>();
}
constexpr const char* tickets = "create table tickets (id uuid primary key default gen_random_uuid(), name text);";

struct Small {
    std::optional<std::int16_t> id{};
    std::int32_t even = 0;
};
BOOST_DESCRIBE_STRUCT(Small, (), (id, even))
constexpr auto corm_mapping(corm::type<Small>) {
    return corm::table<Small>("small").primary_key<&Small::id>();
}
constexpr const char* small =
    "create table small (id smallserial primary key, even int not null check (even % 2 = 0));";

/// Nothing of it is written.
struct Mark {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Mark, (), (id))
constexpr auto corm_mapping(corm::type<Mark>) {
    return corm::table<Mark>("marks").primary_key<&Mark::id>();
}
constexpr const char* marks = "create table marks (id bigserial primary key);";

/// By an INSERT, or by COPY.
std::size_t copy_from() {
    return GENERATE(std::size_t{0}, corm::BulkOptions::never_copy);
}

TEST_CASE("derived tables fit: rows that are inserted in bulk", "[verify][integration]") {
    CHECK(misfit_of<Ticket, Small, Mark>() == "");
}

TEST_CASE("rows of a key alone are inserted in bulk", "[bulk][integration]") {
    Sessions s{marks};
    const std::size_t from = copy_from();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<Mark> made(3);
        const std::vector<std::int64_t> ids = co_await session.insert_bulk(made, {.copy_from = from});
        CHECK(ids == std::vector<std::int64_t>{1, 2, 3});
        std::vector<Mark> mixed(4);
        mixed[1].id = 100;
        mixed[2].id = 101;
        const std::vector<std::int64_t> others = co_await session.insert_bulk(mixed, {.copy_from = from});
        CHECK(others == std::vector<std::int64_t>{4, 100, 101, 5});
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(id::text, ' ' order by id) from marks") == "1 2 3 4 5 100 101");
}

TEST_CASE("generated keys come back in the order of the rows", "[bulk][integration]") {
    Sessions s{users(7)};
    const int rows = GENERATE(1, 2, 499, 500, 12'345);
    const std::size_t from = GENERATE(std::size_t{0}, std::size_t{500}, corm::BulkOptions::never_copy);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<User> made = make_users(rows);
        s.round_trips();
        const std::vector<std::int64_t> ids = co_await session.insert_bulk(made, {.copy_from = from});
        const bool copied = static_cast<std::size_t>(rows) >= from;
        CHECK(s.round_trips() == (copied ? 3 : rows > 10'000 ? 2 : 1));
        CHECK(ids.size() == made.size());
        CHECK(std::ranges::is_sorted(ids));
        std::vector<std::string> expected;
        for (const User& user : made)
            expected.push_back(user.name);
        const auto names = co_await session.all<std::string>(
            corm::raw_sql("select u.name from unnest($1::bigint[]) with ordinality k(id, ord) "
                          "join users u on u.id = k.id order by k.ord",
                          ids));
        CHECK(names == expected);
        co_await session.commit();
    });
    expect_well(s);
}

TEST_CASE("rows with a key and rows without one go together", "[bulk][integration]") {
    Sessions s;
    const std::size_t from = copy_from();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<User> made = make_users(6);
        made[1].id = 1'000;
        made[2].id = 1'001;
        made[5].id = 500;
        const auto ids = co_await session.insert_bulk(made, {.copy_from = from});
        CHECK(ids == std::vector<std::int64_t>{1, 1'000, 1'001, 2, 3, 500});
        const auto fourth = co_await session.get_one<User>(2);
        CHECK(fourth->name == "user 4");
        co_await session.commit();
    });
}

TEST_CASE("keys have the type of their members, composite ones are tuples", "[bulk][integration]") {
    Sessions s{std::string{tickets} + small};
    const std::size_t from = copy_from();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::array<Small, 3> smalls{Small{.even = 2}, Small{.even = 4}, Small{.even = 6}};
        const std::vector<std::int16_t> ids = co_await session.insert_bulk(smalls, {.copy_from = from});
        CHECK(ids == std::vector<std::int16_t>{1, 2, 3});

        const std::vector<Line> lines{{1, 2, "a", 3}, {1, 1, "b", 4}};
        const auto keys = co_await session.insert_bulk(lines, {.copy_from = from});
        using Key = std::tuple<std::int32_t, std::int16_t>;
        CHECK(keys == std::vector<Key>{{1, 2}, {1, 1}});

        const corm::Uuid id = corm::Uuid::from_string("6f2c1a52-1f4e-4c4d-9d59-0f1f3cf2a001");
        std::vector<Ticket> given{{id, "mine"}};
        const auto same = co_await session.insert_bulk(given, {.copy_from = from});
        CHECK(same == std::vector<corm::Uuid>{id});
        given.push_back({{}, "the server's"});
        const auto error = co_await failure(session.insert_bulk(given, {.copy_from = from}));
        CHECK_THAT(message_of<corm::MappingError>(error),
                   ContainsSubstring("Ticket.id") && ContainsSubstring("give the keys by the program"));
        // Nothing was sent.
        const std::int64_t known = co_await count(session, "tickets");
        CHECK(known == 1);
        co_await session.commit();
    });
}

TEST_CASE("nothing is inserted of no rows, and progress is told of the others", "[bulk][integration]") {
    Sessions s;
    s.longest_turn = std::chrono::seconds{2};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        s.round_trips();
        const auto none = co_await session.insert_bulk(std::vector<User>{});
        CHECK(none.empty());
        CHECK(s.round_trips() == 0);
        std::vector<std::int64_t> told;
        const auto keep = [&](corm::BulkProgress now) { told.push_back(now.rows); };
        const std::vector<User> made = make_users(110'000);
        // Three blocks of keys.
        const auto ids = co_await session.insert_bulk(made, {}, keep);
        CHECK(s.round_trips() == 9);
        CHECK(ids.back() == 110'000);
        CHECK(told.size() > 20);
        CHECK(std::ranges::is_sorted(told));
        CHECK(told.back() == 110'000);
        co_await session.rollback();
        told.clear();
        const std::vector<User> fewer = make_users(25'000);
        static_cast<void>(co_await session.insert_bulk(fewer, {.copy_from = corm::BulkOptions::never_copy}, keep));
        CHECK(told == std::vector<std::int64_t>{10'000, 20'000, 25'000});
        co_await session.rollback();
    });
}

TEST_CASE("a row that the server refuses is named, and nothing is kept", "[bulk][integration]") {
    Sessions s{small};
    const std::size_t from = copy_from();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<Small> rows(300);
        for (Small& row : rows)
            row.even = 2;
        rows[122].even = 3;
        const auto error = co_await failure(session.insert_bulk(rows, {.copy_from = from}));
        const auto refused = caught<corm::IntegrityError>(error);
        CHECK(refused.diagnostics().table == "small");
        CHECK(refused.diagnostics().constraint == "small_even_check");
        CHECK_THAT(message_of(error), ContainsSubstring("inserting Small"));
        if (from == 0)
            CHECK_THAT(message_of(error), ContainsSubstring("inserting Small by COPY, row 123"));
        const auto again = co_await failure(session.insert_bulk(rows));
        CHECK_NOTHROW(caught<corm::IntegrityError>(again)); // until it is rolled back
        co_await session.rollback();
        const std::int64_t left = co_await count(session, "small");
        CHECK(left == 0);
    });
    expect_well(s);
}

TEST_CASE("a table that keeps rows out, or gives no keys, is told", "[bulk][integration]") {
    Sessions s{"create function keep_out() returns trigger language plpgsql as "
               "$$ begin if new.age = 2 then return null; end if; return new; end $$;"
               "create trigger keep_out before insert on users for each row execute function keep_out();"
               "create table small (id smallint primary key default 7, even bigint not null);"};
    s.run([&]() -> corm::Task<> {
        const std::size_t from = copy_from();
        corm::AsyncSession session{s.engine};
        const auto kept = co_await failure(session.insert_bulk(make_users(3), {.copy_from = from}));
        CHECK(caught<corm::StaleDataError>(kept).entity() == "User");
        co_await session.rollback();

        std::vector<Small> rows{{.id = 4, .even = 2}};
        if (from == 0) {
            const auto type = co_await failure(session.insert_bulk(rows, {.copy_from = from}));
            CHECK_THAT(message_of<corm::MappingError>(type),
                       ContainsSubstring("Small.even is int4 in the mapping and bigint in the table"));
            co_await session.rollback();
            co_await session.execute(corm::raw_sql("alter table small alter even type int"));
            rows[0].id.reset();
            const auto sequence = co_await failure(session.insert_bulk(rows, {.copy_from = from}));
            CHECK_THAT(message_of<corm::MappingError>(sequence), ContainsSubstring("no sequence to take keys from"));
            co_await session.rollback();
        } else {
            const auto ids = co_await session.insert_bulk(rows, {.copy_from = from}); // converted
            CHECK(ids == std::vector<std::int16_t>{4});
            co_await session.rollback();
        }
    });
    expect_well(s);
}

TEST_CASE("what insert_bulk inserts is behind the savepoint that it was done in", "[bulk][integration]") {
    Sessions s;
    const std::size_t from = copy_from();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(User{.name = "kept"});
        co_await session.flush();
        std::vector<User> rows = make_users(50);
        rows[20].email = rows[19].email;
        rows[20].email = "2@example.org"; // twice
        auto savepoint = co_await session.begin_nested();
        const auto error = co_await failure(session.insert_bulk(rows, {.copy_from = from}));
        CHECK(caught<corm::IntegrityError>(error).diagnostics().constraint == "users_email_key");
        co_await savepoint.rollback();
        rows[20].email.reset();
        const auto ids = co_await session.insert_bulk(rows, {.copy_from = from});
        CHECK(ids.size() == 50);
        co_await session.commit();
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 51);
    });
    expect_well(s);
}

} // namespace insert_bulk_test
