// What hooks may not do, and what becomes of operations whose hooks fail.
#include "hooks.hpp"

#include "support/refused.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>
#include <optional>

namespace graph_test {
using Catch::Matchers::ContainsSubstring;

TEST_CASE("hooks: a flush is neither begun nor ended by its own hooks", "[hooks][integration]") {
    Hooked h;
    const auto try_all = [&](const corm::SessionHandle& session) -> corm::Task<void> {
        h.say(co_await corm::test::refused([&] { return session->flush(); }));
        h.say(co_await corm::test::refused([&] { return session->begin_nested(); }));
        h.say(co_await corm::test::refused([&] { return session->commit(); }));
        h.say(co_await corm::test::refused([&] { return session->rollback(); }));
        h.say(co_await corm::test::refused([&] { return session->close(); }));
        h.say(co_await corm::test::refused([&] { session->invalidate(); }));
        const auto found = co_await session->scalar(corm::count<Author>());
        CHECK(found == 0);
    };
    SECTION("before") {
        h.hooks->before_flush(try_all);
    }
    SECTION("behind, with nothing written that others see") {
        h.hooks->after_flush([&](const corm::SessionHandle& session, const corm::FlushedObjects&) -> corm::Task<void> {
            co_await try_all(session);
        });
    }
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Tag{.label = "a"});
        co_await session.commit();
    });
    const List said = h.said();
    REQUIRE(said.size() == 6);
    CHECK_THAT(said[0],
               ContainsSubstring("flush() was called by the ") && ContainsSubstring("_flush hook, while its flush"));
    CHECK_THAT(said[1], ContainsSubstring("begin_nested() was called by the "));
    for (std::size_t i = 2; i < said.size(); ++i)
        CHECK_THAT(said[i], ContainsSubstring("_flush hook, whose operation goes on with the transaction; throw"));
    CHECK(g.query("select count(*) from tags") == "1");
}

TEST_CASE("hooks: before_commit may flush, and not end the transaction", "[hooks][integration]") {
    Hooked h;
    h.hooks->before_commit([&](const corm::SessionHandle& session) -> corm::Task<void> {
        session->add(Tag{.label = "late"});
        co_await session->flush();
        const auto savepoint = co_await session->begin_nested();
        co_await savepoint.release();
        const auto found = co_await session->scalar(corm::count<Tag>());
        CHECK(found == 2);
        h.say(co_await corm::test::refused([&] { return session->rollback(); }));
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Tag{.label = "a"});
        co_await session.commit();
    });
    CHECK_THAT(h.said().at(0), ContainsSubstring("rollback() was called by the before_commit hook"));
    CHECK(g.query("select count(*) from tags") == "2");
}

TEST_CASE("hooks: a row's own hook does nothing else", "[hooks][integration]") {
    Hooked h;
    std::optional<corm::Ref<Author>> other;
    std::optional<corm::Ref<Book>> book;
    const auto try_all = [&](corm::Ref<Author> author) -> corm::Task<void> {
        const corm::SessionHandle session = corm::object_session(author);
        h.say(co_await corm::test::refused([&] { session->add(Tag{.label = "no"}); }));
        h.say(co_await corm::test::refused([&] { session->remove(author); }));
        h.say(co_await corm::test::refused([&] { session->expunge(author); }));
        h.say(co_await corm::test::refused([&] { return session->merge(Tag{.id = 1}); }));
        h.say(co_await corm::test::refused([&] { other->edit().name = "no"; }));
        h.say(co_await corm::test::refused([&] { author.edit().books.push_back(*book); }));
        h.say(co_await corm::test::refused([&] { book->edit().author = author; }));
        h.say(co_await corm::test::refused([&] { return session->get<Tag>(1); }));
        h.say(co_await corm::test::refused([&] { return session->flush(); }));
    };
    std::string_view point;
    SECTION("before") {
        h.hooks->before_insert<Author>(try_all);
        point = "the before_insert hook of Author, which may edit the columns of its own object and nothing else; do "
                "it in a before_flush hook";
    }
    SECTION("behind") {
        h.hooks->after_insert<Author>(try_all).after_insert<Author>([&](corm::Ref<Author> author) -> corm::Task<void> {
            h.say(co_await corm::test::refused([&] { author.edit().name = "too late"; }));
        });
        point = "the after_insert hook of Author(3), whose row is written";
    }
    Graph g{"insert into authors (name) values ('other'), ('x'); insert into books (title) values ('one');"
            "insert into tags (label) values ('t');",
            h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        other = co_await session.get_one<Author>(1);
        book = co_await session.get_one<Book>(1);
        session.add(Author{.name = "Ada"});
        co_await session.commit();
        CHECK(session.dirty<Author>().empty());
        CHECK(session.dirty<Book>().empty());
    });
    const List said = h.said();
    CHECK(said.size() >= 9);
    for (const std::string& text : said)
        CHECK_THAT(text, ContainsSubstring("was called by " + std::string{point}));
    CHECK(g.query("select (select count(*) from tags) || (select name from authors where id = 3) || "
                  "coalesce(author_id, 0) from books") == "1Ada0");
    other.reset();
    book.reset();
}

TEST_CASE("hooks: behind the end of a transaction there is no other one", "[hooks][integration]") {
    Hooked h;
    const auto try_all = [&](const corm::SessionHandle& session) -> corm::Task<void> {
        h.say(co_await corm::test::refused([&] { return session->get<Author>(1); }));
        h.say(co_await corm::test::refused([&] { return session->flush(); }));
        h.say(co_await corm::test::refused([&] { return session->commit(); }));
        session->add(Tag{.label = "for the next"});
    };
    h.hooks->after_commit(try_all).after_rollback(try_all);
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        co_await session.commit();
        CHECK(!session.in_transaction());
        CHECK(session.new_<Tag>().size() == 1);
        List said = h.said();
        REQUIRE(said.size() == 3);
        for (const std::string& text : said)
            CHECK_THAT(text, ContainsSubstring("was called by the after_commit hook, behind the end of the "
                                               "transaction, where no other one may begin"));
        co_await session.rollback();
        said = h.said();
        REQUIRE(said.size() == 3);
        CHECK_THAT(said[0], ContainsSubstring("get() was called by the after_rollback hook"));
        CHECK(g.engine.stats().leased == 0);
    });
}

TEST_CASE("hooks: one that throws before the flush keeps it from being sent", "[hooks][integration]") {
    Hooked h;
    bool fails = true;
    SECTION("of the session") {
        h.hooks->before_flush([&](const corm::SessionHandle&) {
            if (fails)
                throw std::runtime_error("not today");
        });
    }
    SECTION("of a row") {
        h.hooks->before_insert<Author>([&](corm::Ref<Author>) -> corm::Task<void> {
            co_await turn();
            if (fails)
                throw std::runtime_error("not today");
        });
    }
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        const auto error = co_await failure(session.commit());
        CHECK(std::string{caught<std::runtime_error>(error).what()} == "not today");
        CHECK(g.round_trips() == 0);
        CHECK(session.new_<Author>().size() == 1);
        fails = false;
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from authors") == "1");
}

TEST_CASE("hooks: one that throws behind the flush leaves the transaction to the caller", "[hooks][integration]") {
    Hooked h;
    h.hooks->after_update<Author>([](corm::Ref<Author>) { throw std::runtime_error("not like this"); });
    Graph g{library, h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto author = co_await session.get_one<Author>(1);
        author.edit().name = "Bea";
        const auto error = co_await failure(session.commit());
        CHECK(std::string{caught<std::runtime_error>(error).what()} == "not like this");
        CHECK(session.in_transaction());
        CHECK(g.query("select name from authors where id = 1") == "Ada");
        co_await session.rollback();
        CHECK(author->name == "Ada");
    });
    CHECK(g.query("select name from authors where id = 1") == "Ada");
}

TEST_CASE("hooks: a commit whose hooks always find something to do", "[hooks][integration]") {
    Hooked h;
    h.hooks->after_flush(
        [](const corm::SessionHandle& session, const corm::FlushedObjects&) { session->add(Tag{.label = "more"}); });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Tag{.label = "first"});
        CHECK_THAT(caught<corm::Error>(co_await failure(session.commit())).what(),
                   ContainsSubstring("commit() has flushed 100 times, and each time a hook has changed something"));
    });
    CHECK(g.query("select count(*) from tags") == "0");
}

TEST_CASE("hooks: an operation that a hook has not awaited", "[hooks][integration]") {
    Hooked h;
    h.hooks->before_flush([&](const corm::SessionHandle& session) -> corm::Task<void> {
        // Apart: g++ 12 destroys captures twice that stand beside a co_await.
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::co_spawn(
            executor,
            [session, &h]() -> corm::Task<void> {
                const auto error = co_await failure(session->execute(corm::raw_sql("select pg_sleep(60)")));
                h.say(caught<boost::system::system_error>(error).code().message());
            },
            boost::asio::detached);
        co_await turn();
        co_await turn();
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        CHECK_THAT(caught<corm::ConcurrentUseError>(co_await failure(session.commit())).what(),
                   ContainsSubstring("the before_flush hook has returned while a query of its session at ") &&
                       ContainsSubstring("hook_rights_test.cpp") && ContainsSubstring("co_await it in the hook"));
        while (h.words.empty())
            co_await turn();
        co_await session.rollback();
    });
    CHECK(h.said() == List{"Operation canceled"});
    CHECK(g.engine.stats().leased == 0);
}

TEST_CASE("hooks: while one waits, the session is guarded as ever", "[hooks][integration]") {
    Hooked h;
    corm::AsyncSession* used = nullptr;
    std::optional<corm::AdvisoryLock> lock;
    h.hooks->before_flush([&](const corm::SessionHandle& session) -> corm::Task<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::co_spawn(
            executor,
            [&]() -> corm::Task<void> {
                co_await turn();
                const auto error = co_await failure(used->get<Author>(1));
                h.say(caught<corm::ConcurrentUseError>(error).what());
                lock.reset();
            },
            boost::asio::detached);
        co_await session->execute(corm::raw_sql("select pg_advisory_xact_lock(1)"));
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        lock.emplace(co_await g.engine.advisory_lock(1));
        corm::AsyncSession session{g.engine};
        used = &session;
        session.add(Author{.name = "Ada"});
        co_await session.commit();
    });
    CHECK_THAT(h.said().at(0), ContainsSubstring("get() at ") && ContainsSubstring("was called while a query at "));
}

TEST_CASE("hooks: cancelling an operation ends its hook, and nothing was sent", "[hooks][integration]") {
    Hooked h;
    auto signal = std::make_shared<boost::asio::cancellation_signal>();
    const bool destroyed = GENERATE(false, true);
    std::optional<corm::AsyncSession> session;
    h.hooks->before_flush([&](const corm::SessionHandle&) -> corm::Task<void> {
        h.say("begun");
        boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, std::chrono::hours{1}};
        boost::asio::post(timer.get_executor(), [&] {
            if (destroyed)
                session.reset();
            signal->emit(boost::asio::cancellation_type::terminal);
        });
        co_await timer.async_wait(boost::asio::use_awaitable);
        h.say("not reached");
    });
    Graph g{"", h.options()};
    std::exception_ptr error;
    session.emplace(g.engine);
    session->add(Author{.name = "Ada"});
    boost::asio::co_spawn(
        g.context, session->commit(),
        boost::asio::bind_cancellation_slot(signal->slot(), [&](std::exception_ptr thrown) { error = thrown; }));
    g.context.restart();
    g.context.run();
    CHECK(caught<boost::system::system_error>(error).code() == boost::asio::error::operation_aborted);
    CHECK(h.said() == List{"begun"});
    CHECK(g.round_trips() == 0);
    CHECK(g.engine.stats().leased == 0);
    if (!destroyed)
        CHECK(session->new_<Author>().size() == 1);
    session.reset();
}

} // namespace graph_test
