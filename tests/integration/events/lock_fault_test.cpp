// Advisory locks that are lost, cancelled or dropped: none is ever left behind.
#include "events.hpp"
#include "support/suspension_driver.hpp"

#include <memory>

using namespace events_test;
namespace asio = boost::asio;

namespace {

std::string locks(const std::string& url, const std::string& more = {}) {
    return query(url, "select count(*) " + advisory_locks + more);
}

/// P2 of the fault rows, for what the tests here do.
void expect_nothing_locked(asio::io_context& context, const std::string& url) {
    CHECK(run_until(context, 20s, [&] { return locks(url) == "0"; }));
    // A session that is reset lets its locks go ahead of the end of its command.
    CHECK(run_until(context, 20s, [&] {
        return query(url, "select count(*) from pg_stat_activity where datname = current_database() and pid <> "
                          "pg_backend_pid() and state <> 'idle'") == "0";
    }));
}

corm::Task<> take(corm::Engine& engine, std::optional<corm::AdvisoryLock>& into) {
    into.emplace(co_await engine.advisory_lock(1));
}

} // namespace

TEST_CASE("A lock is cancelled at any of its suspensions, and is not left behind", "[events][locks][faults]") {
    for (const bool contended : {false, true}) {
        for (const auto type : cancellations) {
            for (int point = 1;; ++point) {
                INFO("contended " << contended << ", point " << point);
                const Database database;
                asio::io_context context;
                corm::Engine engine{context.get_executor(), database.url(), {.pool = {.max_size = 2}}};
                std::optional<corm::AdvisoryLock> made, holder;
                if (contended)
                    run_coroutine(context, [&]() -> corm::Task<> { co_await take(engine, holder); });
                SteppedOperation operation{context, take(engine, made), Accepts::everything};
                std::function<void()> nothing;
                std::function<void()> free_it = [&] { holder.reset(); };
                for (int step = 0; step < point && !operation.finished(); ++step)
                    operation.step(free_it);
                const bool in_time = !operation.finished();
                operation.cancel(type);
                operation.run(free_it);
                if (operation.error())
                    CHECK(code_of(operation.error()) == asio::error::operation_aborted);
                CHECK(made.has_value() == (operation.error() == nullptr));
                made.reset();
                holder.reset();
                expect_nothing_locked(context, database.url());
                if (!in_time)
                    break;
            }
        }
    }
}

TEST_CASE("A wait for a lock is cancelled while the server waits", "[events][locks][faults]") {
    for (const auto type : cancellations) {
        Sessions s;
        s.run([&]() -> corm::Task<> {
            std::optional<corm::AdvisoryLock> holder = co_await s.engine.advisory_lock(1);
            Beside wait{s.context, [&]() -> corm::Task<> { static_cast<void>(co_await s.engine.advisory_lock(1)); }};
            co_await until([&] { return locks(s.database.url(), " and not granted") == "1"; });
            wait.cancel(type);
            co_await until([&] { return wait.error() != nullptr; });
            CHECK(code_of(wait.error()) == asio::error::operation_aborted);
            co_await until([&] { return locks(s.database.url(), " and not granted") == "0"; });
            CHECK(locks(s.database.url()) == "1");
            CHECK(holder->held());
            holder.reset();
        });
        expect_nothing_locked(s.context, s.database.url());
    }
}

TEST_CASE("A wait for a lock that the server ends has failed, also with a limit of its own",
          "[events][locks][faults]") {
    struct Ends final : corm::trace::Tracer {
        void finish(const corm::trace::OperationFinish& event) noexcept override { last = event.sqlstate; }
        corm::SqlState last;
    };
    for (const corm::Duration within : {corm::Duration{}, corm::Duration{1h}}) {
        const auto ends = std::make_shared<Ends>();
        corm::EngineOptions options;
        options.tracer = ends;
        Sessions s{{}, std::move(options)};
        s.run([&]() -> corm::Task<> {
            std::optional<corm::AdvisoryLock> holder = co_await s.engine.advisory_lock(1);
            Beside wait{s.context, [&]() -> corm::Task<> {
                            static_cast<void>(co_await s.engine.advisory_lock(1, corm::LockShare::exclusive, within));
                        }};
            co_await until([&] { return locks(s.database.url(), " and not granted") == "1"; });
            s.database.query("select pg_cancel_backend(pid) from pg_locks where locktype = 'advisory' and not granted");
            co_await until([&] { return wait.error() != nullptr; });
            CHECK(caught<corm::DatabaseError>(wait.error()).sqlstate().code() == "57014");
            CHECK(ends->last.code() == "57014");
            holder.reset();
            co_await until([&] { return s.engine.stats().leased == 0; });
        });
        expect_nothing_locked(s.context, s.database.url());
    }
}

TEST_CASE("A lock that comes in the moment of its cancellation is given back", "[events][locks][faults]") {
    for (int round = 0; round < 10; ++round) {
        Sessions s;
        s.run([&]() -> corm::Task<> {
            std::optional<corm::AdvisoryLock> holder = co_await s.engine.advisory_lock(1);
            asio::cancellation_signal signal;
            std::optional<corm::AdvisoryLock> got;
            bool ended = false;
            asio::co_spawn(s.context, take(s.engine, got),
                           asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
            co_await until([&] { return locks(s.database.url(), " and not granted") == "1"; });
            holder.reset(); // the server is told when the loop turns
            co_await asio::post(asio::use_awaitable);
            signal.emit(asio::cancellation_type::terminal);
            co_await until([&] { return ended; });
        });
        expect_nothing_locked(s.context, s.database.url());
    }
}

TEST_CASE("A lost connection takes its lock with it, and the holder can know", "[events][locks][faults]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::AdvisoryLock lock = co_await s.engine.advisory_lock("report");
        CHECK(lock.held());
        co_await lock.check();
        s.database.query("select pg_terminate_backend(pid) " + advisory_locks);
        co_await until([&] { return !lock.held(); });
        const auto second = co_await s.engine.try_advisory_lock("report");
        CHECK(second.has_value());
        caught<corm::ConnectionError>(co_await failure(lock.check()));
        CHECK(second->held());
    });
    s.run([&]() -> corm::Task<> {
        // Nobody has looked before.
        const corm::AdvisoryLock lock = co_await s.engine.advisory_lock("report");
        s.database.query("select pg_terminate_backend(pid) " + advisory_locks);
        co_await until([&] { return locks(s.database.url()) == "0"; });
        const auto error = co_await failure(lock.release());
        caught<corm::ConnectionError>(error);
        CHECK_FALSE(lock.held());
    });
    expect_nothing_locked(s.context, s.database.url());
}

TEST_CASE("A lock ends with its object, whatever that does at the moment", "[events][locks][faults]") {
    for (const char* doing : {"nothing", "check", "release"}) {
        INFO(doing);
        for (int point = 0;; ++point) {
            Sessions s;
            auto lock = std::make_unique<std::optional<corm::AdvisoryLock>>();
            run_coroutine(s.context, [&]() -> corm::Task<> { co_await take(s.engine, *lock); });
            bool ended = false, in_time = false;
            if (const std::string call{doing}; call != "nothing") {
                SteppedOperation operation{s.context, call == "check" ? (*lock)->check() : (*lock)->release(),
                                           Accepts::terminal};
                std::function<void()> nothing;
                for (int step = 0; step < point && !operation.finished(); ++step)
                    operation.step(nothing);
                in_time = !operation.finished();
                lock.reset();
                operation.run(nothing);
                ended = true;
            } else {
                lock.reset();
            }
            expect_nothing_locked(s.context, s.database.url());
            CHECK((ended || doing == std::string{"nothing"}));
            if (!in_time)
                break;
        }
    }
}

TEST_CASE("A shutdown waits for locks until its deadline, and takes them away then", "[events][locks][faults]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::AdvisoryLock lock = co_await s.engine.advisory_lock(1);
        co_await s.engine.shutdown(50ms);
        CHECK_FALSE(lock.held());
        caught<corm::ConnectionError>(co_await failure(lock.check()));
    });
    expect_nothing_locked(s.context, s.database.url());
}

TEST_CASE("Locks may outlive their engine, and their loop", "[events][locks][faults]") {
    const Database database;
    for (const bool loop_ends : {false, true}) {
        auto context = std::make_unique<asio::io_context>();
        auto engine = std::make_unique<corm::Engine>(context->get_executor(), database.url());
        std::optional<corm::AdvisoryLock> lock, waiting;
        run_coroutine(*context, [&]() -> corm::Task<> { co_await take(*engine, lock); });
        bool ended = false;
        asio::co_spawn(*context, take(*engine, waiting), [&](std::exception_ptr) { ended = true; });
        asio::io_context& loop = *context;
        REQUIRE(run_until(loop, 20s, [&] { return locks(database.url(), " and not granted") == "1"; }));
        if (loop_ends) {
            context.reset();
            CHECK_FALSE(ended);
            lock.reset();
            engine.reset();
        } else {
            engine.reset();
            CHECK(lock->held());
            lock.reset();
            context->run();
            CHECK(ended);
            waiting.reset();
        }
        asio::io_context other;
        expect_nothing_locked(other, database.url());
    }
}
