// What the tests of readers share: tables of which some rows cannot be read, and many sessions at once.
#pragma once

#include "integration/orm/fixture.hpp"
#include "integration/wire/recorder.hpp"
#include "support/caught.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lanes_test {

using namespace corm::test;

/// A row of a view that the server cannot compute where the key is a multiple of 100.
struct Quotient {
    std::int32_t id = 0;
    std::int32_t value = 0;
};
BOOST_DESCRIBE_STRUCT(Quotient, (), (id, value))
constexpr auto corm_mapping(corm::type<Quotient>) {
    return corm::table<Quotient>("quotients").primary_key<&Quotient::id>();
}

inline const std::string setup =
    users(1000) + "create view quotients as select id::int, 1000 / (id % 100)::int as value from users;"
                  "insert into lines select n / 10, n % 10, 'article ' || n, n from generate_series(0, 999) n;"
                  "analyze users; analyze lines;";

/// How one of many tasks ended: the value that it read, or what was thrown.
template <class T>
struct Read {
    std::optional<T> row;
    std::exception_ptr error;
};

/// Tasks that begin together, each with a session of its own.
class Tasks {
public:
    explicit Tasks(Sessions& sessions) : sessions_(sessions) {}

    /// `body(session)` in a reader.
    template <class Body>
    void spawn(Body body, corm::SessionOptions options = {}) {
        options.reader = true;
        ++running_;
        boost::asio::co_spawn(
            sessions_.context,
            [this, body = std::move(body), options]() mutable -> corm::Task<> {
                corm::AsyncSession session{sessions_.engine, options};
                co_await body(session);
            },
            [this](std::exception_ptr error) {
                --running_;
                if (error && !error_)
                    error_ = error;
            });
    }
    /// Reads one row, and remembers how that ended in the place with the number of the key.
    template <class T>
    void get(std::vector<Read<T>>& results, std::int32_t key, corm::SessionOptions options = {}) {
        spawn(
            [&results, key](corm::AsyncSession& session) -> corm::Task<> {
                Read<T>& result = results.at(static_cast<std::size_t>(key));
                try {
                    const corm::Ref<T> row = co_await session.get<T>(key);
                    if (row)
                        result.row = *row;
                } catch (...) {
                    result.error = std::current_exception();
                }
            },
            options);
    }
    /// Until all have ended; rethrows what they have not caught.
    void run() {
        sessions_.context.restart();
        sessions_.context.run();
        REQUIRE(running_ == 0);
        if (error_)
            std::rethrow_exception(std::exchange(error_, nullptr));
    }
    [[nodiscard]] int running() const noexcept { return running_; }

private:
    Sessions& sessions_;
    int running_ = 0;
    std::exception_ptr error_;
};

/// Opens the lanes, so that what is counted behind this has to do with reads alone.
inline void warm_up(Sessions& sessions) {
    Tasks tasks{sessions};
    for (int i = 0; i < 64; ++i)
        tasks.spawn([](corm::AsyncSession& session) -> corm::Task<> { co_await session.get_one<User>(1); });
    tasks.run();
    // A connection for a lane that came too late is made by another thread, and does not keep the loop going.
    while (sessions.engine.stats().dialing != 0) {
        sessions.context.restart();
        sessions.context.poll();
    }
}

/// For `lane_slow_after`: a first run on a new server process of a busy machine is still quick.
inline constexpr corm::Duration patience{10'000};

inline corm::query::RawStatement sleep_for(double seconds) {
    return corm::raw_sql("SELECT pg_sleep($1)", seconds).pure();
}

/// From here on it is trusted to be quick.
inline void trust_sleep(Sessions& s) {
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        co_await session.execute(sleep_for(0));
    });
}

/// A read that sleeps is on its way to the server.
inline void start_sleeping(Sessions& s, Tasks& tasks, std::exception_ptr& ended) {
    tasks.spawn([&ended](corm::AsyncSession& session) -> corm::Task<> {
        ended = co_await failure(session.execute(sleep_for(3600)));
    });
    const std::uint64_t requests = s.engine.stats().lane_requests;
    s.context.restart();
    while (s.engine.stats().lane_requests == requests)
        s.context.run_one();
}

inline const std::string sleepers = "from pg_stat_activity where query like '%pg_sleep($1)%' and state = 'active' and "
                                    "pid <> pg_backend_pid() and datname = current_database()";
inline const std::string kill_sleepers = "select count(pg_terminate_backend(pid)) " + sleepers;
inline const std::string cancel_sleepers = "select count(pg_cancel_backend(pid)) " + sleepers;

} // namespace lanes_test
