// COPY FROM STDIN of structs and records.
#include "bulk_support.hpp"
#include "support/fits.hpp"
#include "support/injection_corpus.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/enum.hpp>

#include <algorithm>
#include <ranges>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace copy_in_test {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}

/// Marked in every way that an insert knows.
struct Marked {
    std::int32_t id = 0;
    std::string name;
    std::string created;
    std::string doubled;
    std::optional<Mood> mood{};
};
BOOST_DESCRIBE_STRUCT(Marked, (), (id, name, created, doubled, mood))
constexpr auto corm_mapping(corm::type<Marked>) {
    return corm::table<Marked>("marked")
        .primary_key<&Marked::id>()
        .server_default<&Marked::created>()
        .generated<&Marked::doubled>()
        .column<&Marked::name>("the name");
}
constexpr const char* marked = "create type mood as enum ('sad', 'happy');"
                               "create table marked (id int generated always as identity primary key, "
                               "\"the name\" text not null, created text not null default 'by the server', "
                               "doubled text generated always as (\"the name\" || \"the name\") stored, mood mood);";

TEST_CASE("derived tables fit: rows that are copied", "[verify][integration]") {
    CHECK(misfit_of<Marked>("create type mood as enum ('sad', 'happy');") == "");
}

TEST_CASE("a range of mapped structs is copied into its table in three round trips", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<User> users = make_users(1'000);
        s.round_trips();
        const std::int64_t rows = co_await session.copy_in(users);
        CHECK(s.round_trips() == 3); // BEGIN and the types, the command, the rows
        CHECK(rows == 1'000);
        const auto loaded = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        CHECK(loaded.size() == 1'000);
        for (std::size_t i = 0; i < loaded.size(); ++i) {
            User expected = users[i];
            expected.id = static_cast<std::int64_t>(i) + 1;
            CHECK(*loaded[i] == expected);
        }
        co_await session.rollback();
        const std::int64_t left = co_await count(session, "users");
        CHECK(left == 0); // it was a part of the transaction
        // Keys that are given are written.
        std::vector<User> given = make_users(2);
        given[0].id = 70;
        given[1].id = 71;
        const std::int64_t written = co_await session.copy_in(given);
        CHECK(written == 2);
        co_await session.commit();
        const auto user = co_await session.get_one<User>(71);
        CHECK(user->name == "user 2");
    });
    expect_well(s);
}

TEST_CASE("rows come from any range, and from nobody", "[bulk][integration]") {
    Sessions s{readings};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        s.round_trips();
        const std::int64_t none = co_await session.copy_in(std::vector<User>{});
        CHECK(none == 0);
        CHECK(s.round_trips() == 0);
        const std::int64_t made =
            co_await session.copy_in(std::views::iota(1, 2'001) | std::views::transform([](int i) {
                                         User user;
                                         user.name = std::to_string(i);
                                         return user;
                                     }));
        CHECK(made == 2'000);
        const std::int64_t listed = co_await session.copy_in(std::span<const User>{make_users(3)});
        CHECK(listed == 3);
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 2'003);
    });
}

TEST_CASE("a function brings batches, each when the one before was taken", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        int calls = 0;
        const auto source = [&]() -> corm::Task<std::optional<std::vector<User>>> {
            ++calls;
            boost::asio::steady_timer turn{s.context, std::chrono::milliseconds{0}};
            co_await turn.async_wait(boost::asio::use_awaitable);
            if (calls == 6)
                co_return std::nullopt;
            std::vector<User> batch = make_users(calls == 2 ? 0 : 700); // an empty one is not the end
            for (User& user : batch)
                user.email.reset();
            co_return batch;
        };
        const std::int64_t rows = co_await session.copy_in(source);
        CHECK(rows == 4 * 700);
        CHECK(calls == 6);
        const auto nothing = []() -> corm::Task<std::optional<std::vector<User>>> { co_return std::nullopt; };
        const std::int64_t none = co_await session.copy_in(nothing);
        CHECK(none == 0);
        co_await session.commit();
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 2'800);
    });
}

TEST_CASE("described structs go into a table by the names of their members", "[bulk][integration]") {
    Sessions s{std::string{"create schema app;"} + readings + "create table app.readings (like readings);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<Reading> rows = make_readings(500);
        const std::int64_t plain = co_await session.copy_in(corm::TableName{"readings"}, rows);
        CHECK(plain == 500);
        const std::int64_t qualified = co_await session.copy_in(corm::TableName{"readings", "app"}, rows);
        CHECK(qualified == 500);
        const auto read = co_await session.all<Reading>(corm::raw_sql("select * from app.readings order by sensor"));
        CHECK(read == rows);
    });
}

TEST_CASE("columns of a copied struct are those of an insert", "[bulk][integration]") {
    Sessions s{marked};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<Marked> rows(2);
        rows[0].name = "a\\b\tc\n";
        rows[0].mood = Mood::happy; // whose values go as text, like the rest of its row
        rows[0].created = "by me";
        rows[1].name = "b";
        const std::int64_t copied = co_await session.copy_in(rows);
        CHECK(copied == 2);
        const std::int64_t own = co_await session.copy_in(rows, {.with_defaults = true});
        CHECK(own == 2);
        const auto read = co_await session.all(corm::select<Marked>().order_by(corm::asc<&Marked::id>));
        CHECK(read.size() == 4);
        CHECK(read[0]->name == "a\\b\tc\n");
        CHECK(read[0]->doubled == "a\\b\tc\na\\b\tc\n");
        CHECK(read[0]->mood == Mood::happy);
        CHECK(read[0]->created == "by the server");
        CHECK(read[1]->mood == std::nullopt);
        CHECK(read[2]->created == "by me");
    });
}

TEST_CASE("records are copied by the mapper that they share", "[bulk][integration]") {
    Sessions s{"create table places (id bigint generated by default as identity primary key, name text not null);"};
    const auto mapper =
        corm::define("places").column<std::int64_t>("id").column<std::string>("name").primary_key({"id"}).build();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<corm::Record> rows;
        for (int i = 0; i < 20; ++i)
            rows.emplace_back(mapper).set<std::string>("name", "place " + std::to_string(i));
        const std::int64_t copied = co_await session.copy_in(rows);
        CHECK(copied == 20);
        rows.emplace_back(corm::define("others").column<std::int64_t>("id").primary_key({"id"}).build());
        const auto error = co_await failure(session.copy_in(rows));
        CHECK_THAT(message_of<corm::MappingError>(error), ContainsSubstring("records of different mappers"));
        co_await session.rollback();
    });
}

TEST_CASE("unflushed changes go ahead of copied rows", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(User{.name = "first"});
        s.round_trips();
        const std::int64_t copied = co_await session.copy_in(make_users(2));
        CHECK(copied == 2);
        CHECK(s.round_trips() == 3);
        const auto names = co_await session.all<std::string>(corm::raw_sql("select name from users order by id"));
        CHECK(names == std::vector<std::string>{"first", "user 1", "user 2"});
        co_await session.commit();
    });
}

TEST_CASE("progress is told for each buffer and at the end", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const bool coroutine = GENERATE(true, false);
        std::vector<corm::BulkProgress> told;
        corm::ProgressCallback progress;
        if (coroutine)
            progress = [&](corm::BulkProgress now) -> corm::Task<> {
                told.push_back(now);
                co_return;
            };
        else
            progress = [&](corm::BulkProgress now) { told.push_back(now); };
        const std::int64_t rows = co_await session.copy_in(make_users(10'000), {}, progress);
        CHECK(rows == 10'000);
        CHECK(told.size() >= 5);
        CHECK(told.size() <= 20);
        CHECK(std::ranges::is_sorted(told, {}, &corm::BulkProgress::rows));
        CHECK(told.back().rows == 10'000);
        // The header, a field count and five fields for each row, the mark at the end.
        CHECK(told.back().bytes > 10'000 * (2 + 4 * 4) + 21);
        CHECK(told.front().bytes < 2 * 65'536);
    });
}

TEST_CASE("names of tables and columns are quoted, whatever they are", "[bulk][security][integration]") {
    Sessions s{readings};
    s.run([&]() -> corm::Task<> {
        for (const std::string& name : injection_corpus()) {
            if (name.empty() || name.size() > 63 || name.starts_with("pg_")) // reserved for the server's own
                continue;
            corm::AsyncSession session{s.engine};
            std::string quoted = "\"";
            for (const char c : name)
                quoted += c == '"' ? std::string{"\"\""} : std::string{c};
            quoted += '"';
            co_await session.execute(corm::unsafe_sql("create schema if not exists " + quoted));
            co_await session.execute(
                corm::unsafe_sql("create table " + quoted + "." + quoted + " (like public.readings)"));
            const std::int64_t copied = co_await session.copy_in(corm::TableName{name, name}, make_readings(3));
            CHECK(copied == 3);
            const std::int64_t rows = co_await count(session, quoted + "." + quoted);
            CHECK(rows == 3);
            co_await session.rollback();
        }
        corm::AsyncSession session{s.engine};
        for (const std::string& bad : {std::string{}, std::string(64, 'x'), std::string{"a\0b", 3}}) {
            const auto error = co_await failure(session.copy_in(corm::TableName{bad}, make_readings(1)));
            CHECK_NOTHROW(caught<corm::MappingError>(error));
        }
    });
}

} // namespace copy_in_test
