// AS, LO: results that are read piece by piece.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace graph {
namespace {

corm::query::Select<User> users() {
    return corm::select<User>().order_by(corm::asc<&User::id>);
}

corm::Task<std::int64_t> open_cursors(const corm::AsyncSession& session) {
    return session.one<std::int64_t>(corm::raw_sql("select count(*) from pg_cursors where name like 'corm%'"));
}

} // namespace

TEST_CASE("AS-08 rows are streamed, in partitions, and a stream that is left is closed", "[conformance]") {
    Fixture f{std::string{stock} + "create table numbers as select generate_series(1, 361) as n"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        // partitions(3) of four
        std::vector<std::size_t> sizes;
        const auto partitions = session.stream(users());
        for (;;) {
            const auto part = co_await partitions.next_batch(3);
            if (part.empty())
                break;
            sizes.push_back(part.size());
        }
        CHECK(sizes == std::vector<std::size_t>{3, 1});

        // An exception in the loop.
        const auto error = co_await failure([&]() -> corm::Task<> {
            const auto left = session.stream(users(), {.batch = 2});
            while (const Ref<User> user = co_await left.next()) {
                const std::int64_t open = co_await open_cursors(session);
                CHECK(open == 1);
                throw std::domain_error("in the loop");
            }
        }());
        CHECK(threw<std::domain_error>(error));
        std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);

        // fetchmany(5), (10), (7), and the rest; then nothing.
        const auto numbers = session.stream<std::int32_t>(corm::raw_sql("select n from numbers order by n"));
        std::vector<std::int32_t> seen;
        sizes.clear();
        for (const int count : std::vector<int>{5, 10, 7, 1000, 1000}) {
            const auto some = co_await numbers.next_batch(count);
            sizes.push_back(some.size());
            seen.insert(seen.end(), some.begin(), some.end());
        }
        CHECK(sizes == std::vector<std::size_t>{5, 10, 7, 339, 0});
        CHECK(std::is_sorted(seen.begin(), seen.end()));
        CHECK(seen.back() == 361);

        // One by one.
        const auto each = session.stream(users());
        std::string names;
        while (const Ref<User> user = co_await each.next())
            names += user->name + " ";
        CHECK(names == "jack ed fred chuck ");
        open = co_await open_cursors(session);
        CHECK(open == 0);
    });
}

TEST_CASE("AS-09 a result that is too large to come at once is an error that points to the stream", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.max_rows = 3}};
        const auto error = co_await failure(session.all(users()));
        CHECK_THAT(caught<corm::ResultTooLarge>(error).what(),
                   Catch::Matchers::ContainsSubstring("read them as a stream (session.stream)"));
        co_await session.rollback();
        const auto stream = session.stream(users());
        const auto four = co_await stream.next_batch(10);
        CHECK(four.size() == 4);
    });
}

TEST_CASE("LO-20 relations of rows that are streamed are one statement for each batch", "[conformance]") {
    Fixture f{"insert into users select n, 'user ' || n from generate_series(1, 10) n;"
              "insert into addresses (user_id, email) select n, 'of ' || n from generate_series(1, 10) n;"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        for (const int batch : std::vector<int>{3, 5, 20}) {
            static_cast<void>(f.statements());
            const auto stream = session.stream(users().with<&User::addresses>(), {.batch = batch});
            int rows = 0;
            while (const Ref<User> user = co_await stream.next()) {
                CHECK(user->addresses[0]->email == "of " + std::to_string(user->id));
                ++rows;
            }
            CHECK(rows == 10);
            const List statements = f.statements();
            const auto loads = std::count(statements.begin(), statements.end(), "SELECT addresses");
            CHECK(loads == (10 + batch - 1) / batch);
        }
    });
}

} // namespace graph
