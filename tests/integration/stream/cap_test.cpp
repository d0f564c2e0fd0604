// Results that grow beyond a cap: what is told, what it costs, and what is left.
#include "integration/graph/graph.hpp"
#include "integration/orm/expect_well.hpp"
#include "stream_support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

constexpr std::size_t mib = 1024 * 1024;
constexpr const char* flood = "select i, repeat('x', 100) from generate_series(1, 100000000) i";
using Row = std::tuple<std::int32_t, std::string>;

/// Looks at the memory of the process while a coroutine runs on the context.
class Watch {
public:
    explicit Watch(asio::io_context& context) { asio::co_spawn(context, look(seen_), asio::detached); }
    void stop() { seen_->stopped = true; }
    [[nodiscard]] std::size_t growth() const { return seen_->most - seen_->before; }

private:
    struct Seen {
        std::size_t before = resident_bytes();
        std::size_t most = before;
        bool stopped = false;
    };
    // It may look once more when the watch is gone.
    static corm::Task<> look(std::shared_ptr<Seen> seen) {
        asio::steady_timer timer{co_await asio::this_coro::executor};
        while (!seen->stopped) {
            seen->most = std::max(seen->most, resident_bytes());
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

} // namespace

TEST_CASE("F46: a result of 100,000,000 rows is given up at its cap, at flat memory", "[stream][integration][F46]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    const bool by_rows = GENERATE(true, false);
    s.run([&]() -> corm::Task<> {
        corm::SessionOptions options;
        if (by_rows)
            options.max_rows = 10'000;
        else
            options.max_bytes = 2 * mib;
        corm::AsyncSession session{s.engine, options};
        Watch watch{s.context};
        const auto large = caught<corm::ResultTooLarge>(co_await failure(
            session.all<Row>(corm::raw_sql("select i, repeat('x', 100) from generate_series(1, 100000000) i"))));
        CHECK(large.sql() == flood);
        CHECK(large.where().line() != 0);
        CHECK_THAT(large.what(), ContainsSubstring("a raw SQL statement: the result has more than ") &&
                                     ContainsSubstring(by_rows ? "10000 rows" : "2097152 bytes") &&
                                     ContainsSubstring("session.stream"));
        // The transaction is over, and the one connection comes back when what is left of it was drained.
        CHECK_NOTHROW(caught<corm::ResultTooLarge>(co_await failure(session.execute(corm::raw_sql("select 1")))));
        co_await session.rollback();
        const std::int32_t works = co_await session.one<std::int32_t>(corm::raw_sql("select 1"));
        CHECK(works == 1);
        watch.stop();
        CHECK((!memory_is_measured || watch.growth() <= 16 * mib));
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F46: the same as a stream comes at flat memory, for as long as somebody reads it",
          "[stream][integration][F46]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.max_rows = 1'000}}; // which is of results that come at once
        auto stream = session.stream<Row>(corm::unsafe_sql("select i, repeat('x', 100) from (select "
                                                           "generate_series(1, 100000000) as i) n"),
                                          {.batch = 5'000});
        std::size_t base = 0;
        std::size_t most = 0;
        for (int i = 1; i <= 200'000; ++i) {
            const auto row = co_await stream.next();
            if (!row || std::get<0>(*row) != i)
                FAIL("row " << i);
            if (i % 5'000 == 0)
                most = std::max(most, resident_bytes());
            if (i == 20'000)
                base = most;
        }
        CHECK((!memory_is_measured || most - base <= 8 * mib));
    });
    expect_well(s);
}

TEST_CASE("F46: a server that sends faster than the program reads waits", "[stream][integration][F46]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream<Row>(corm::unsafe_sql(flood), {.batch = 100});
        static_cast<void>(co_await stream.next());
        const std::size_t before = resident_bytes();
        asio::steady_timer pause{s.context, 100ms}; // nothing arrives that was not asked for
        co_await pause.async_wait(asio::use_awaitable);
        CHECK((!memory_is_measured || resident_bytes() <= before + mib));
        const std::string state = s.database.query(
            "select state from pg_stat_activity where datname = current_database() and query like 'FETCH%'");
        CHECK(state == "idle in transaction");
    });
    expect_well(s);
}

TEST_CASE("results within their cap are as without one", "[stream][integration]") {
    Sessions s{users(1'000)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession capped{s.engine, {.max_rows = 1'000, .max_bytes = 10 * mib}};
        corm::AsyncSession free{s.engine};
        const auto query = corm::select<User>().order_by(corm::asc<&User::id>);
        const auto with = co_await capped.all(query);
        const auto without = co_await free.all(query);
        REQUIRE(with.size() == without.size());
        for (std::size_t i = 0; i < with.size(); ++i)
            CHECK(*with[i] == *without[i]); // NULLs and all
        const auto rows = co_await capped.all<NameAndAge>(corm::raw_sql("select name, age from users order by id"));
        CHECK(rows.size() == 1'000);
        CHECK(rows[41].name == "user 42");
        const auto none = co_await capped.all<std::int32_t>(corm::raw_sql("select age from users where false"));
        CHECK(none.empty());
        const auto one = co_await capped.first(query);
        CHECK(one == with.front());
        const auto changed = co_await capped.execute(corm::raw_sql("update users set age = 0 where id < 11"));
        CHECK(changed == 10);
        const auto empty = co_await capped.one<std::string>(corm::raw_sql("select ''"));
        CHECK(empty.empty());
        // Several in one round trip, each with its own.
        const auto [first, count, third] = co_await capped.pipeline(
            corm::select<User>().limit(7), corm::count<User>(),
            corm::rows_as<std::int64_t>(corm::raw_sql("select id from users order by id desc limit 3")));
        CHECK(first.size() == 7);
        CHECK(count == 1'000);
        CHECK(third.front() == 1'000);
    });
}

TEST_CASE("one row more than the cap is too many", "[stream][integration]") {
    Sessions s{users(11)};
    const bool nested = GENERATE(false, true);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.max_rows = 10}};
        const auto ten = co_await session.all(corm::select<User>().limit(10));
        ten.front().edit().age = 77;
        std::optional<corm::Savepoint> savepoint;
        if (nested)
            savepoint.emplace(co_await session.begin_nested());
        const auto large = caught<corm::ResultTooLarge>(co_await failure(session.all(corm::select<User>())));
        CHECK_THAT(large.what(), ContainsSubstring("a query for ") && ContainsSubstring("User: the result has more "
                                                                                        "than 10 rows"));
        CHECK_FALSE(session.in_transaction()); // whatever had arrived by then
        CHECK(ten.front()->age != 77);
        co_await session.rollback();
        const auto still = co_await session.all(corm::select<User>().limit(10));
        CHECK(still.size() == 10);
    });
    expect_well(s);
}

TEST_CASE("caps are of the engine, the session or the statement", "[stream][integration]") {
    Sessions s{users(20), {.max_rows = 5}};
    const auto outcome = [&](const corm::SessionOptions& options,
                             const corm::query::RawStatement& sql) -> corm::Task<std::string> {
        corm::AsyncSession session{s.engine, options};
        try {
            const auto rows = co_await session.all<std::int64_t>(sql);
            co_return std::to_string(rows.size());
        } catch (const corm::ResultTooLarge&) {
            co_return "too large";
        }
    };
    s.run([&]() -> corm::Task<> {
        const auto all = corm::raw_sql("select id from users");
        const auto few = corm::raw_sql("select id from users limit 5");
        const auto more = corm::raw_sql("select id from users").at_most(20);
        const auto any = corm::raw_sql("select id from users").at_most(0);
        const auto narrow = corm::raw_sql("select id from users").at_most(0).at_most_bytes(100);
        corm::SessionOptions none;
        none.max_rows = 0;
        const std::string by_engine = co_await outcome({}, all);
        const std::string within = co_await outcome({}, few);
        const std::string by_session = co_await outcome(none, all);
        const std::string by_statement = co_await outcome({}, more);
        const std::string by_any = co_await outcome({}, any);
        const std::string by_bytes = co_await outcome(none, narrow);
        CHECK(by_engine == "too large");
        CHECK(within == "5");
        CHECK(by_session == "20");
        CHECK(by_statement == "20");
        CHECK(by_any == "20");
        CHECK(by_bytes == "too large");
    });
    expect_well(s);
}

TEST_CASE("readers and autocommit sessions have caps as well", "[stream][integration]") {
    Sessions s{users(20)};
    s.run([&]() -> corm::Task<> {
        corm::SessionOptions options;
        options.max_rows = 10;
        const corm::AsyncSession reader = s.engine.reader(options);
        for (int i = 0; i < 3; ++i) { // its text never becomes one that is quick
            CHECK_NOTHROW(caught<corm::ResultTooLarge>(co_await failure(reader.all(corm::select<User>()))));
            const auto ten = co_await reader.all(corm::select<User>().limit(10));
            CHECK(ten.size() == 10);
            const auto one = co_await reader.get_one<User>(i + 1);
            CHECK(one->id == i + 1);
        }
        options.autocommit = true;
        const corm::AsyncSession autocommit{s.engine, options};
        CHECK_NOTHROW(caught<corm::ResultTooLarge>(co_await failure(autocommit.all(corm::select<User>()))));
        const auto ten = co_await autocommit.all(corm::select<User>().limit(10));
        CHECK(ten.size() == 10);
    });
    expect_well(s);
}

TEST_CASE("an autocommit session keeps what it has written ahead of a result that is too large",
          "[stream][integration]") {
    Sessions s{users(20)};
    s.run([&]() -> corm::Task<> {
        corm::SessionOptions options;
        options.autocommit = true;
        options.max_rows = 10;
        const corm::AsyncSession session{s.engine, options};
        const corm::Ref<User> first = session.add(User{.name = "first"});
        s.round_trips();
        CHECK_NOTHROW(caught<corm::ResultTooLarge>(co_await failure(session.all(corm::select<User>()))));
        CHECK(s.round_trips() == 2);
        CHECK(corm::inspect(first).state() == corm::ObjectState::persistent);
        CHECK(first->id == 21);
        const corm::Ref<User> second = session.add(User{.name = "second"});
        const auto names = corm::raw_sql("select name from users");
        CHECK_NOTHROW(caught<corm::ResultTooLarge>(co_await failure(session.all<std::string>(names))));
        CHECK(corm::inspect(second).state() == corm::ObjectState::persistent);
        first.edit().age = 5;
        session.add(User{.name = "third", .email = "x"});
        session.add(User{.name = "fourth", .email = "x"});
        const auto refused = caught<corm::IntegrityError>(co_await failure(session.all(corm::select<User>().limit(1))));
        CHECK_THAT(refused.what(), ContainsSubstring("(autoflush)"));
        CHECK(first->age == 0);
        // What has no cap goes along.
        first.edit().age = 6;
        s.round_trips();
        const auto one = co_await session.get<User>(1);
        CHECK(one->id == 1);
        CHECK(s.round_trips() == 1);
    });
    CHECK(s.database.query("select string_agg(name || age, ' ' order by id) from users where id > 20") ==
          "first6 second0");
    expect_well(s);
}

TEST_CASE("relations that are read have the cap of their session", "[stream][integration]") {
    graph_test::Graph g{std::string{graph_test::library} +
                        "insert into books (author_id, title) select 3, 'no ' || i from generate_series(1, 50) i;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine, {.max_rows = 20}};
        const auto authors = co_await session.all(corm::select<graph_test::Author>());
        const auto large = caught<corm::ResultTooLarge>(
            co_await failure(session.load(authors, corm::load<&graph_test::Author::books>)));
        CHECK_THAT(large.what(), ContainsSubstring("Author.books: the result has more than 20 rows"));
    });
    expect_well(g);
}
