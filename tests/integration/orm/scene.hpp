// A session on a pool of one connection, whose operations are stopped half way.
#pragma once

#include "expect_well.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corm::test {

/// What became of a stopped operation.
enum class Outcome { success, aborted, unknown, other };

[[nodiscard]] inline Outcome outcome_of(const std::exception_ptr& error) {
    if (!error)
        return Outcome::success;
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        return e.code() == boost::asio::error::operation_aborted ? Outcome::aborted : Outcome::other;
    } catch (const corm::CommitOutcomeUnknown&) {
        return Outcome::unknown;
    } catch (const std::exception& e) {
        UNSCOPED_INFO("unexpected: " << e.what());
        return Outcome::other;
    }
}

/// Everything an operation needs, made anew for each point. One connection at most: a slot that is lost is noticed.
struct Scene {
    explicit Scene(const Database& where) : Scene(where, where.url()) {}
    /// By way of a proxy.
    Scene(const Database& where, const std::string& url)
        : database(where), context(std::make_unique<boost::asio::io_context>()),
          engine(std::make_unique<Engine>(context->get_executor(), url,
                                          EngineOptions{.pool = {.max_size = 1}, .deadline = Duration{10'000}})),
          session(std::in_place, *engine) {}

    /// Runs a coroutine to its end, and rethrows.
    void run(corm::Task<> coroutine) {
        SteppedOperation operation{*context, std::move(coroutine), Accepts::terminal};
        std::function<void()> none;
        operation.run(none);
        // What is left of it would count as a point of the next operation.
        context->restart();
        context->poll();
        if (operation.error())
            std::rethrow_exception(operation.error());
    }

    [[nodiscard]] bool is_sane() const {
        const PoolStats now = engine->stats();
        return now.idle + now.leased + now.dialing + now.cleaning <= 1;
    }

    /// After the session is gone: its slot comes back, another session works, and the server waits for nobody.
    void expect_well() { test::expect_well(*context, *engine, database); }

    [[nodiscard]] static corm::Task<> works(const Engine& engine) {
        corm::AsyncSession next{engine};
        const auto user = co_await next.get<User>(1, corm::within(Duration{2'000}));
        CHECK(user);
        co_await next.rollback();
    }

    const Database& database;
    std::unique_ptr<boost::asio::io_context> context;
    std::unique_ptr<Engine> engine;
    std::optional<corm::AsyncSession> holder; ///< somebody else
    std::optional<corm::AsyncSession> session;
    std::optional<corm::Savepoint> savepoint;            ///< of the session
    std::optional<corm::Stream<corm::Ref<User>>> stream; ///< likewise
    std::vector<corm::Ref<User>> users;
    /// Called once when nothing happens any more.
    std::function<void()> unblock;
};

} // namespace corm::test
