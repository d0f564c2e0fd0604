// COPY TO STDOUT into structs, tuples and scalars.
#include "bulk_support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <span>
#include <tuple>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a table is copied out into its structs in two round trips", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<User> users = make_users(20'000);
        const auto ids = co_await session.insert_bulk(users);
        for (std::size_t i = 0; i < users.size(); ++i)
            users[i].id = ids[i];
        co_await session.commit();
        s.round_trips();
        std::vector<User> copied;
        std::size_t calls = 0;
        std::size_t largest = 0;
        const auto keep = [&](std::span<User> batch) {
            ++calls;
            largest = std::max(largest, batch.size());
            std::move(batch.begin(), batch.end(), std::back_inserter(copied));
        };
        const std::int64_t rows = co_await session.copy_out(corm::select<User>().order_by(corm::asc<&User::id>), keep);
        CHECK(s.round_trips() == 2);
        CHECK(rows == 20'000);
        CHECK(copied == users);
        CHECK(calls > 5);
        CHECK(largest < 5'000);
        co_await session.commit();
    });
    expect_well(s);
}

TEST_CASE("raw SQL is copied out into structs, tuples and scalars", "[bulk][integration]") {
    Sessions s{readings};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<Reading> rows = make_readings(100);
        static_cast<void>(co_await session.copy_in(corm::TableName{"readings"}, rows));
        std::vector<Reading> read;
        const auto keep = [&](std::span<const Reading> batch) { read.insert(read.end(), batch.begin(), batch.end()); };
        static_cast<void>(co_await session.copy_out<Reading>(
            corm::raw_sql("select 1 as more, * from readings order by sensor -- all of them"), keep));
        CHECK(read == rows);

        using Pair = std::tuple<std::int32_t, std::optional<std::string>>;
        std::vector<Pair> pairs;
        const auto keep_pairs = [&](std::span<Pair> batch) { pairs.assign(batch.begin(), batch.end()); };
        static_cast<void>(co_await session.copy_out<Pair>(corm::raw_sql("values (1, 'a'), (2, null)"), keep_pairs));
        CHECK(pairs == std::vector<Pair>{{1, "a"}, {2, std::nullopt}});

        std::int64_t sum = 0;
        const auto add = [&](std::span<const std::int64_t> batch) {
            for (const std::int64_t each : batch)
                sum += each;
        };
        const std::int64_t many = co_await session.copy_out<std::int64_t>(
            corm::raw_sql("select i::bigint from generate_series(1, 100000) i ;\n"), add);
        CHECK(many == 100'000);
        CHECK(sum == 5'000'050'000);
        int calls = 0;
        const std::int64_t none = co_await session.copy_out<std::int64_t>(corm::raw_sql("select 1::bigint where false"),
                                                                          [&](std::span<std::int64_t>) { ++calls; });
        CHECK(none == 0);
        CHECK(calls == 0);
        co_await session.commit();
    });
    expect_well(s);
}

TEST_CASE("the server waits for a sink that is a coroutine", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::int64_t seen = 0;
        bool in_sink = false;
        const auto sink = [&](std::span<const std::string> batch) -> corm::Task<> {
            CHECK_FALSE(in_sink);
            in_sink = true;
            boost::asio::steady_timer turn{s.context, std::chrono::milliseconds{1}};
            co_await turn.async_wait(boost::asio::use_awaitable);
            seen += static_cast<std::int64_t>(batch.size());
            in_sink = false;
        };
        std::int64_t told = 0;
        const std::int64_t rows = co_await session.copy_out<std::string>(
            corm::raw_sql("select repeat('x', 1000) from generate_series(1, 5000)"), sink, {},
            [&](corm::BulkProgress now) {
                CHECK(now.rows == seen);
                told = static_cast<std::int64_t>(now.bytes);
            });
        CHECK(rows == 5'000);
        CHECK(seen == 5'000);
        CHECK(told == 5'000 * (2 + 4 + 1'000) + 21);
        co_await session.commit();
    });
}

TEST_CASE("rows larger than a buffer are copied out whole", "[bulk][integration]") {
    Sessions s;
    s.longest_turn = std::chrono::seconds{5};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<std::size_t> sizes;
        const auto keep = [&](std::span<std::string> batch) {
            for (const std::string& each : batch)
                sizes.push_back(each.size());
        };
        static_cast<void>(co_await session.copy_out<std::string>(
            corm::raw_sql("select repeat('x', n) from (values (1), (3000000), (0), (200000)) v(n)"), keep));
        CHECK(sizes == std::vector<std::size_t>{1, 3'000'000, 0, 200'000});
        co_await session.commit();
    });
}

TEST_CASE("what COPY cannot do is refused before anything is sent", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto drop = [](auto) {};
        s.round_trips();
        const auto bound =
            co_await failure(session.copy_out(corm::select<User>().where(corm::col<&User::age> == 3), drop));
        CHECK_THAT(message_of<corm::Error>(bound),
                   ContainsSubstring("COPY binds none") && ContainsSubstring("stream()"));
        const auto raw = co_await failure(session.copy_out<int>(corm::raw_sql("select $1::int", 3), drop));
        CHECK_THAT(message_of<corm::Error>(raw), ContainsSubstring("COPY binds none"));
        const auto other = co_await failure(session.copy_out<int>(corm::raw_sql("delete from users"), drop));
        CHECK_THAT(message_of<corm::Error>(other), ContainsSubstring("takes SELECT"));
        corm::AsyncSession automatic{s.engine, {.autocommit = true}};
        const auto alone = co_await failure(automatic.copy_out<int>(corm::raw_sql("select 1"), drop));
        CHECK_THAT(message_of<corm::Error>(alone), ContainsSubstring("needs a transaction"));
        const auto in = co_await failure(automatic.copy_in(make_users(1)));
        CHECK_THAT(message_of<corm::Error>(in), ContainsSubstring("needs a transaction"));
        CHECK(s.round_trips() == 0);
        // The session is as it was.
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 0);
    });
}

TEST_CASE("rows that do not fit their struct are refused before the first comes", "[bulk][integration]") {
    Sessions s{readings};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        int calls = 0;
        const auto sink = [&](std::span<Reading>) { ++calls; };
        const auto missing = co_await failure(session.copy_out<Reading>(corm::raw_sql("select 1 as sensor"), sink));
        CHECK_THAT(message_of<corm::MappingError>(missing), ContainsSubstring("no column \"value\""));
        co_await session.rollback();
        const auto type = co_await failure(session.copy_out<Reading>(
            corm::raw_sql("select 'x'::text as sensor, 1.0::float8 as value, null::text as remark"), sink));
        CHECK_THAT(message_of<corm::MappingError>(type), ContainsSubstring("\"sensor\""));
        co_await session.rollback();
        CHECK(calls == 0);
    });
    expect_well(s);
}

TEST_CASE("an error of the server half way comes behind the rows before it", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto savepoint = co_await session.begin_nested();
        std::int64_t seen = 0;
        const auto sink = [&](std::span<const int> batch) { seen += static_cast<std::int64_t>(batch.size()); };
        const auto error = co_await failure(
            session.copy_out<int>(corm::raw_sql("select 1 / (50000 - i) from generate_series(1, 100000) i"), sink));
        CHECK(caught<corm::DatabaseError>(error).sqlstate().code() == "22012");
        CHECK_THAT(message_of(error), ContainsSubstring("copying rows out of a query"));
        CHECK(seen < 50'000);
        CHECK(seen > 40'000);
        co_await savepoint.rollback();
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 0);
        co_await session.commit();
    });
    expect_well(s);
}
