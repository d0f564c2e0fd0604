// A pool, a loop, and calls that run the loop until they have their answer.
#pragma once

#include "pool/pool.hpp"
#include "support/caught.hpp"
#include "support/memory.hpp"
#include "support/server.hpp"
#include "support/timed_executor.hpp"

#include <corm/base/error.hpp>
#include <corm/dev/postgres_server.hpp>
#include <corm/type/types.hpp>

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

namespace corm::test {

using namespace std::chrono_literals;

inline wire::Statement statement(std::string sql) {
    wire::Statement made;
    made.sql = std::make_shared<const std::string>(std::move(sql));
    return made;
}

inline wire::Request request(std::initializer_list<const char*> texts, Duration limit = 20s) {
    wire::Request made;
    made.deadline = deadline_in(limit);
    for (const std::string text : texts) {
        made.statements.push_back(statement(text));
        if (text == "COMMIT") {
            made.statements.back().expected_tag = "COMMIT";
            made.commits = true;
        }
    }
    return made;
}

struct LeaseResult final : pool::LeaseSink {
    pool::Lease lease;
    std::exception_ptr error;
    bool done = false;
    void on_lease(pool::Lease given) noexcept override {
        lease = std::move(given);
        done = true;
    }
    void on_lease_failure(std::exception_ptr why) noexcept override {
        error = why;
        done = true;
    }
};

struct ReplyResult final : wire::RequestSink {
    std::optional<wire::Reply> reply;
    void on_reply(wire::Reply given) noexcept override { reply = std::move(given); }
};

struct Client {
    LongestTurn turns; ///< of the pool and its connections
    boost::asio::io_context io{1};
    pool::PoolOptions options;
    std::string name; ///< what the server calls its sessions: of this client alone, unless the configuration has one
    std::shared_ptr<pool::Pool> pool;

    explicit Client(const pool::PoolOptions& limits = {.max_size = 1}, wire::Config config = {.url = server().url()},
                    std::shared_ptr<trace::Tracer> tracer = {})
        : options(limits), name(name_of(config)) {
        config.application_name = name;
        pool = pool::Pool::make(TimedExecutor{io.get_executor(), turns}, config, options, std::move(tracer));
    }
    /// Whatever happened, the loop was never held up (P7 of the fault rows).
    ~Client() {
        pool->abandon();
        CHECK((!memory_is_measured || turns.longest() < 25ms));
    }

    template <class Done>
    void run_until(Done done, Duration within = 30s, Duration turn = 20ms) {
        const TimePoint limit = Clock::now() + within;
        while (!done()) {
            REQUIRE(Clock::now() < limit);
            io.restart();
            io.run_one_for(turn);
        }
    }
    std::shared_ptr<LeaseResult> ask(Duration limit = 10s) {
        auto sink = std::make_shared<LeaseResult>();
        pool->acquire(sink, deadline_in(limit), std::source_location::current());
        return sink;
    }
    pool::Lease lease(Duration limit = 10s) {
        const auto sink = ask(limit);
        run_until([&] { return sink->done; });
        if (sink->error)
            std::rethrow_exception(sink->error);
        return std::move(sink->lease);
    }
    std::shared_ptr<ReplyResult> start(pool::Lease& lease, wire::Request what) {
        auto sink = std::make_shared<ReplyResult>();
        lease->start(std::move(what), sink);
        return sink;
    }
    wire::Reply run(pool::Lease& lease, wire::Request what) {
        const auto sink = start(lease, std::move(what));
        run_until([&] { return sink->reply.has_value(); });
        return std::move(*sink->reply);
    }
    /// The one value that `sql` yields, as text.
    std::string scalar(const std::string& sql) {
        pool::Lease held = lease();
        wire::Reply reply = run(held, request({("SELECT (" + sql + ")::text").c_str()}));
        if (reply.error)
            std::rethrow_exception(reply.error);
        return std::string{reply.results.at(0).field(0, 0).bytes()};
    }
    void run_until_idle() {
        run_until([&] { return pool->stats().cleaning + pool->stats().leased + pool->stats().dialing == 0; });
    }

private:
    static std::string name_of(const wire::Config& config) {
        static int number = 0;
        return config.application_name.empty() ? "corm client " + std::to_string(++number) : config.application_name;
    }
};

/// Waits for a condition on the server.
inline void wait_for(Client& client, const std::string& condition) {
    const TimePoint limit = Clock::now() + 20s;
    while (client.scalar(condition) != "true")
        REQUIRE(Clock::now() < limit);
}

} // namespace corm::test
