// Streams that end ahead of their last row: by their own doing, by what their session does, or with it.
#include "integration/orm/expect_well.hpp"
#include "stream_support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <memory>
#include <optional>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

auto users_by_id() {
    return corm::select<User>().order_by(corm::asc<&User::id>);
}

/// The line of this file that a message has to name.
std::string line(std::source_location where) {
    return "stream_end_test.cpp:" + std::to_string(where.line());
}

/// A stream that has yielded its first row.
corm::Task<corm::Stream<corm::Ref<User>>> begun(const corm::AsyncSession& session, std::source_location where,
                                                int batch = 2) {
    auto stream = session.stream(users_by_id(), {.batch = batch}, where);
    static_cast<void>(co_await stream.next());
    co_return stream;
}

} // namespace

TEST_CASE("a stream that is dropped half way is closed by the next request, for nothing", "[stream][integration]") {
    const bool closed = GENERATE(false, true);
    Recorded s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        {
            const auto stream = co_await begun(session, std::source_location::current());
            s.round_trips();
            s.recorder->take();
            if (closed) {
                co_await stream.close();
                co_await stream.close();
            }
        }
        CHECK(s.round_trips() == 0);
        static_cast<void>(co_await session.get<User>(9));
        CHECK(s.round_trips() == 1);
        const auto statements = s.recorder->take();
        REQUIRE(statements.size() == 2);
        CHECK(statements[0] == "CLOSE corm_stream_1");
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
        CHECK(s.recorder->take().size() == 1); // closed once
        co_await session.commit();
    });
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("the end of the transaction makes CLOSE needless", "[stream][integration]") {
    Recorded s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        {
            const auto stream = co_await begun(session, std::source_location::current());
        }
        session.add(User{.name = "new"});
        s.recorder->take();
        s.round_trips();
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        for (const std::string& statement : s.recorder->take())
            CHECK_FALSE(statement.starts_with("CLOSE"));
        // Neither is anything left for the next transaction.
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
        for (const std::string& statement : s.recorder->take())
            CHECK_FALSE(statement.starts_with("CLOSE"));
    });
}

TEST_CASE("a stream whose transaction ends names itself and what has ended it", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto made = std::source_location::current();
        const auto stream = co_await begun(session, made);
        std::source_location ended = std::source_location::current();
        std::string by = "commit()";
        SECTION("commit") {
            session.add(User{.name = "new"});
            co_await session.commit({}, ended);
        }
        SECTION("commit of reads, which sends nothing") {
            co_await session.commit({}, ended);
        }
        SECTION("rollback") {
            by = "rollback()";
            co_await session.rollback({}, ended);
        }
        SECTION("close") {
            by = "close()";
            co_await session.close({}, ended);
        }
        SECTION("another transaction has begun since") {
            co_await session.commit({}, ended);
            static_cast<void>(co_await session.get<User>(9));
        }
        for (int i = 0; i < 2; ++i) {
            const std::string message = message_of(co_await failure(stream.next()));
            CHECK_THAT(message, ContainsSubstring("the stream of a query for "));
            CHECK_THAT(message, ContainsSubstring("made at ") && ContainsSubstring(line(made)));
            CHECK_THAT(message, ContainsSubstring("was ended by " + by + " at ") && ContainsSubstring(line(ended)));
            CHECK_THAT(message, ContainsSubstring("with its transaction"));
        }
        const auto batch = message_of(co_await failure(stream.next_batch(1)));
        CHECK_THAT(batch, ContainsSubstring("was ended by " + by));
        const auto works = co_await session.get<User>(3);
        CHECK(works);
    });
}

TEST_CASE("a session that gives up its connection ends its streams", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto stream = co_await begun(session, std::source_location::current());
        session.invalidate();
        CHECK_THAT(message_of(co_await failure(stream.next())), ContainsSubstring("was ended by invalidate()"));
    });
}

TEST_CASE("the rollback of a savepoint ends what was read first within it", "[stream][integration]") {
    Sessions s{users(20)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto outside = co_await begun(session, std::source_location::current());
        std::optional<corm::Stream<corm::Ref<User>>> kept;
        std::optional<corm::Stream<corm::Ref<User>>> inside;
        std::optional<corm::Stream<corm::Ref<User>>> unread;
        co_await session.nested([&]() -> corm::Task<> { kept.emplace(co_await begun(session, {})); });
        const auto error = co_await failure(session.nested([&]() -> corm::Task<> {
            const auto dropped = co_await begun(session, {});
            unread.emplace(session.stream(users_by_id()));
            co_await session.nested([&]() -> corm::Task<> { inside.emplace(co_await begun(session, {})); });
            throw std::domain_error("changed my mind");
        }));
        CHECK(error);
        const auto message = message_of(co_await failure(inside->next()));
        CHECK_THAT(message, ContainsSubstring("was ended by the end of a corm::Savepoint, which undid the savepoint"));
        const auto from_outside = co_await rest_of(outside);
        CHECK(from_outside.size() == 19);
        const auto from_kept = co_await rest_of(*kept);
        CHECK(from_kept.size() == 19);
        const auto from_unread = co_await rest_of(*unread);
        CHECK(from_unread.size() == 20);
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);

        const corm::Savepoint savepoint = co_await session.begin_nested();
        const auto again = co_await begun(session, {});
        co_await savepoint.rollback({}, std::source_location::current());
        CHECK_THAT(message_of(co_await failure(again.next())),
                   ContainsSubstring("was ended by rollback() at ") && ContainsSubstring("savepoint"));
        co_await session.commit();
    });
}

TEST_CASE("an error of the server ends the stream, and rows that came are no result", "[stream][integration]") {
    Sessions s{users(10)};
    const bool nested = GENERATE(false, true);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::optional<corm::Savepoint> savepoint;
        if (nested)
            savepoint.emplace(co_await session.begin_nested());
        auto stream = session.stream<std::int32_t>(
            corm::raw_sql("select 10 / (7 - age) from users where age > $1 order by id", 0), {.batch = 4});
        const auto first = co_await stream.next_batch(4);
        CHECK(first.size() == 4);
        const auto error = co_await failure(stream.next_batch(4)); // the row of age 7 is among them
        CHECK(caught<corm::DatabaseError>(error).sqlstate().code() == "22012");
        CHECK_THAT(message_of(error), ContainsSubstring("fetching rows of a stream"));
        CHECK(caught<corm::DatabaseError>(co_await failure(stream.next())).sqlstate().code() == "22012");
        if (nested)
            co_await savepoint->rollback();
        else
            co_await session.rollback();
        CHECK_THAT(message_of(co_await failure(stream.next())),
                   ContainsSubstring("next() at ") && ContainsSubstring(", which failed; not all rows"));
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
    });
}

TEST_CASE("a cursor that fails in a savepoint is closed when that is over", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream =
            session.stream<std::int32_t>(corm::raw_sql("select 10 / (3 - age) from users order by id"), {.batch = 2});
        static_cast<void>(co_await stream.next());
        static_cast<void>(co_await stream.next());
        const auto error =
            co_await failure(session.nested([&]() -> corm::Task<> { static_cast<void>(co_await stream.next()); }));
        CHECK(caught<corm::DatabaseError>(error).sqlstate().code() == "22012");
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
        CHECK_THAT(message_of(co_await failure(stream.next())), ContainsSubstring("which failed"));
        co_await session.commit();
    });
}

TEST_CASE("another statement that fails ends the streams of its transaction", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto stream = co_await begun(session, std::source_location::current());
        const auto error = co_await failure(session.execute(corm::raw_sql("select 1 / 0")));
        CHECK(error);
        // As every operation: why the session cannot go on.
        CHECK(caught<corm::DatabaseError>(co_await failure(stream.next())).sqlstate().code() == "22012");
        co_await session.rollback();
        CHECK_THAT(message_of(co_await failure(stream.next())),
                   ContainsSubstring("was ended by a query at ") && ContainsSubstring(", which failed"));
    });
}

TEST_CASE("a row that cannot be read ends the stream", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto nulls =
            session.stream<std::int32_t>(corm::raw_sql("select nullif(age, 3) from users order by id"), {.batch = 5});
        const auto two = co_await nulls.next_batch(2);
        CHECK(two.size() == 2);
        CHECK_THAT(caught<corm::ConversionError>(co_await failure(nulls.next())).what(), ContainsSubstring("NULL"));
        CHECK_THAT(message_of(co_await failure(nulls.next())), ContainsSubstring("which failed"));
        auto columns = session.stream<std::int32_t>(corm::raw_sql("select id, age from users"));
        CHECK_THAT(caught<corm::MappingError>(co_await failure(columns.next())).what(),
                   ContainsSubstring("it has 2 columns where 1 are read"));
        CHECK_THAT(message_of(co_await failure(columns.next())), ContainsSubstring("which failed"));
        // The transaction is none the worse for it.
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
        co_await session.commit();
    });
}

TEST_CASE("sessions without a transaction refuse streams, as do batches of nothing", "[stream][integration]") {
    Sessions s{users(1)};
    const corm::AsyncSession session{s.engine};
    const auto refused = [](const auto& call) -> std::string {
        try {
            call();
        } catch (const corm::Error& error) {
            return error.what();
        }
        return "nothing";
    };
    const corm::AsyncSession autocommit{s.engine, {.autocommit = true}};
    const corm::AsyncSession reader = s.engine.reader();
    for (const corm::AsyncSession* without : {&autocommit, &reader}) {
        CHECK_THAT(refused([&] { static_cast<void>(without->stream(users_by_id())); }),
                   ContainsSubstring("use one without SessionOptions::autocommit and reader"));
        CHECK_THAT(refused([&] { static_cast<void>(without->stream<int>(corm::raw_sql("select 1"))); }),
                   ContainsSubstring("use one without"));
    }
    CHECK_THAT(refused([&] { static_cast<void>(session.stream(users_by_id(), {.batch = 0})); }),
               ContainsSubstring("a batch of 0 rows"));
    const auto stream = session.stream(users_by_id());
    CHECK_THAT(refused([&] { static_cast<void>(stream.next_batch(-1)); }), ContainsSubstring("a batch of -1 rows"));
    CHECK_THAT(refused([&] { static_cast<void>(stream.next_batch(std::int64_t{1} << 31)); }),
               ContainsSubstring("at most 2,147,483,647"));
    for (const char* sql : {"delete from users returning 1", "declare c cursor for select 1", "/* note */ fetch c"}) {
        CHECK_THAT(refused([&] { static_cast<void>(session.stream<int>(corm::unsafe_sql(sql))); }),
                   ContainsSubstring("use execute() or all()"));
    }
    CHECK_THAT(refused([&] { static_cast<void>(session.stream<int>(corm::raw_sql("commit"))); }),
               ContainsSubstring("use execute()"));
    CHECK_THAT(
        refused([&] { static_cast<void>(session.stream<int>(corm::raw_sql("select 1").outside_transaction())); }),
        ContainsSubstring("outside_transaction()"));
    auto moved = session.stream(users_by_id());
    const auto target = std::move(moved);
    CHECK_THAT(refused([&] { static_cast<void>(moved.next()); }), // NOLINT: that is the point
               ContainsSubstring("next() was called on a stream that was moved from"));
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("what a cursor cannot read is refused by the server, with a word on why", "[stream][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        for (const char* sql : {"with gone as (delete from users returning id) select id from gone", "show search_path",
                                "select 1; select 2"}) {
            CAPTURE(sql);
            corm::AsyncSession session{s.engine};
            auto stream = session.stream<std::int64_t>(corm::unsafe_sql(sql));
            const auto error = caught<corm::DatabaseError>(co_await failure(stream.next()));
            CHECK_THAT(error.what(), ContainsSubstring("declaring the cursor of a stream"));
        }
    });
    CHECK(s.database.query("select count(*) from users") == "1");
}

TEST_CASE("a stream that outlives its session, its engine and its context says so", "[stream][integration]") {
    const Database database{std::string{schema} + users(10)};
    auto context = std::make_unique<asio::io_context>();
    auto engine = std::make_unique<corm::Engine>(context->get_executor(), database.url());
    auto session = std::make_unique<corm::AsyncSession>(*engine);
    std::optional<corm::Stream<corm::Ref<User>>> stream;
    std::optional<corm::Stream<corm::Ref<User>>> whole;
    run_coroutine(*context, [&]() -> corm::Task<> {
        stream.emplace(co_await begun(*session, std::source_location::current()));
        whole.emplace(session->stream(users_by_id()));
        const auto all = co_await whole->next_batch(20);
        CHECK(all.size() == 10);
    });
    const auto next = [&](const auto& of) {
        std::exception_ptr error;
        asio::io_context other;
        run_coroutine(other, [&]() -> corm::Task<> { error = co_await failure(of.next()); });
        return error;
    };
    SECTION("the session first") {
        session.reset();
        CHECK_THAT(message_of(next(*stream)), ContainsSubstring("has outlived its session"));
        engine.reset();
        context.reset();
    }
    SECTION("the engine first") {
        engine.reset();
        // The session has its connection still.
        run_coroutine(*context, [&]() -> corm::Task<> {
            const auto rest = co_await rest_of(*stream);
            CHECK(rest.size() == 9);
        });
        session.reset();
        context.reset();
    }
    SECTION("the context first") {
        context.reset();
        CHECK_FALSE(next(*stream)); // a row that was at hand; nobody would call back for the next
        session.reset();
        engine.reset();
    }
    CHECK_FALSE(next(*whole)); // it had told its end
    run_coroutine(*std::make_unique<asio::io_context>(), [&]() -> corm::Task<> { co_await stream->close(); });
    stream.reset();
}
