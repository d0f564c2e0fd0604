// Locks on queries with joined relations: whose rows they take, and what they refresh.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

using namespace graph_test;
using corm::col;

namespace {

corm::query::Select<Book> books() {
    return corm::select<Book>().order_by(corm::asc<&Book::id>);
}

corm::SqlState refused(const std::exception_ptr& error) {
    return caught<corm::DatabaseError>(error).sqlstate();
}

} // namespace

TEST_CASE("a lock is on the selected rows, and refreshes them alone", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine}, other{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        const auto ada = co_await session.get_one<Author>(1);
        g.query("update books set title = 'uno'; update authors set name = 'Theirs'");
        static_cast<void>(g.round_trips());
        const auto locked = co_await session.all(books().limit(1).with_joined<&Book::author>().for_update());
        CHECK(g.round_trips() == 1);
        CHECK(locked[0] == one);
        CHECK(one->title == "uno");
        CHECK(one->author == ada);
        CHECK(ada->name == "Ada");
        const auto free = co_await other.get<Author>(1, corm::for_update, corm::nowait);
        CHECK(free);
        const auto taken = co_await failure(other.get<Book>(1, corm::for_update, corm::nowait));
        CHECK(refused(taken) == corm::sqlstate::lock_not_available);
    });
}

TEST_CASE("lock_joined takes the joined rows along, and refreshes them", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine}, other{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        g.query("update authors set name = 'Theirs'");
        const auto locked = co_await session.all(
            books().limit(1).with_inner_joined<&Book::author>().for_update().lock_joined<&Book::author>());
        CHECK(locked[0]->author == ada);
        CHECK(ada->name == "Theirs");
        const auto taken = co_await failure(other.get<Author>(1, corm::for_update, corm::nowait));
        CHECK(refused(taken) == corm::sqlstate::lock_not_available);
    });
    // An edit that the lock finds overtaken.
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto guard = session.no_autoflush();
        ada.edit().name = "Mine";
        g.query("update authors set name = 'Others'");
        const auto stale = co_await failure(
            session.all(books().with_inner_joined<&Book::author>().for_update().lock_joined<&Book::author>()));
        CHECK(caught<corm::StaleDataError>(stale).entity() == "Author");
    });
}

TEST_CASE("nowait and skip_locked are of the rows that are named", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession owner{g.engine}, session{g.engine};
        static_cast<void>(co_await owner.get_one<Book>(1, corm::for_update));
        static_cast<void>(co_await owner.get_one<Author>(2, corm::for_update));
        const auto joined = books().with_joined<&Book::author>().for_update();
        const auto refusal = co_await failure(session.all(corm::query::Select<Book>{joined}.nowait()));
        CHECK(refused(refusal) == corm::sqlstate::lock_not_available);
        co_await session.rollback();
        // Book 3 is Bob's, whose row the query does not lock.
        const auto rest = co_await session.all(corm::query::Select<Book>{joined}.skip_locked());
        CHECK(rest.size() == 3);
        CHECK(rest[1]->author->name == "Bob");
        const auto both = co_await session.all(
            books().with_inner_joined<&Book::author>().for_update().lock_joined<&Book::author>().skip_locked());
        CHECK(both.size() == 1);
        CHECK(both[0]->title == "two");
    });
}

TEST_CASE("a reference that changes while the lock is awaited is followed", "[graph][integration]") {
    using namespace boost::asio::experimental::awaitable_operators;
    // Book 1 goes from Ada to Cyd. An inner join has no row of it then: the server joins what it had found before.
    const auto locked_late = [](Graph& g, bool known, corm::query::Select<Book> query) -> corm::Task<std::string> {
        corm::AsyncSession writer{g.engine}, session{g.engine};
        Ref<Book> before;
        if (known)
            before = co_await session.one(books().limit(1).with_joined<&Book::author>());
        const auto cyd = co_await writer.get_one<Author>(3);
        const auto theirs = co_await writer.get_one<Book>(1, corm::for_update);
        theirs.edit().author = cyd;
        co_await writer.flush();
        const auto commit_when_awaited = [&]() -> corm::Task<> {
            while (g.query("select count(*) from pg_stat_activity where datname = current_database() and "
                           "wait_event_type = 'Lock'") == "0")
                co_await turn();
            co_await writer.commit();
        };
        const auto locked = co_await (session.all(query) && commit_when_awaited());
        co_return locked.empty() ? "nothing" : std::to_string(*locked[0]->author_id) + locked[0]->author->name;
    };
    const auto query = books().where(col<&Book::id> == 1).for_update();
    for (const bool known : {false, true}) {
        Graph g{library};
        g.run([&]() -> corm::Task<> {
            const std::string found =
                co_await locked_late(g, known, corm::query::Select<Book>{query}.with_joined<&Book::author>());
            CHECK(found == "3Cyd");
        });
    }
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        const std::string found =
            co_await locked_late(g, false, corm::query::Select<Book>{query}.with_inner_joined<&Book::author>());
        CHECK(found == "nothing");
    });
}
