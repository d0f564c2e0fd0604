// Streams, and results as a whole, whose bytes were changed on the way, or come one by one.
#include "integration/orm/expect_well.hpp"
#include "stream_support.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>

using namespace corm::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr std::size_t all = 12;
constexpr std::size_t batch = 5;

enum class How { objects, rows, whole };

bool full() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1";
}

corm::Task<> read_users(const corm::AsyncSession& session, How how, ReadRows& read) {
    const auto users = corm::select<User>().order_by(corm::asc<&User::id>);
    if (how == How::objects) {
        const auto stream = session.stream(users, {.batch = batch});
        co_await read_all(stream, read);
    } else if (how == How::rows) {
        const auto stream =
            session.stream<NameAndAge>(corm::raw_sql("select name, age from users order by id"), {.batch = batch});
        co_await read_all(stream, read);
    } else {
        try {
            read.rows = (co_await session.all(users)).size();
        } catch (...) {
            read.error = std::current_exception();
        }
    }
}

/// An engine of one connection, which is there already.
struct Spoiled {
    Spoiled(const FaultProxy& proxy, corm::Duration deadline)
        : engine(context.get_executor(), proxy.url(), {.pool = {.max_size = 1}, .deadline = deadline}) {
        run_coroutine(context, [&]() -> corm::Task<> {
            corm::AsyncSession session{engine, {.deadline = 10s}};
            co_await session.execute(corm::raw_sql("select 1"));
        });
    }
    ReadRows read(How how) {
        ReadRows result;
        run_coroutine(context, [&]() -> corm::Task<> {
            corm::AsyncSession session{engine};
            co_await read_users(session, how, result);
        });
        return result;
    }

    asio::io_context context;
    corm::Engine engine;
};

} // namespace

TEST_CASE("F34: a byte that was turned on its way is a value or an error, in time, and never another answer",
          "[stream][integration][F34]") {
    const Database database{std::string{schema} + users(all)};
    FaultProxy proxy{database.url()};
    const How how = GENERATE(How::objects, How::rows, How::whole);
    const std::uint8_t bits = GENERATE(std::uint8_t{0xff}, std::uint8_t{0x01});
    constexpr corm::Duration deadline{400};
    std::size_t bytes = 0;
    {
        Spoiled s{proxy, 10s};
        proxy.set({});
        REQUIRE_FALSE(s.read(how).error);
        bytes = proxy.passed(FaultProxy::Way::to_client);
    }
    REQUIRE(bytes > 300);
    // A length that was turned is waited for until the deadline.
    const std::size_t step = bytes / (full() ? 120 : 9) | 1;
    std::size_t refused = 0;
    for (std::size_t at = 0; at < bytes; at += step) {
        CAPTURE(at, bytes, how, unsigned{bits});
        proxy.set({});
        Spoiled s{proxy, deadline};
        proxy.set({.action = FaultProxy::Action::flip, .at = at, .bits = bits});
        const auto begin = std::chrono::steady_clock::now();
        const ReadRows read = s.read(how);
        CHECK(proxy.strikes() > 0);
        // A deadline for each batch, and the load of the machine.
        CHECK(std::chrono::steady_clock::now() - begin < 10s);
        if (read.error) {
            CHECK_NOTHROW(caught<corm::Error>(read.error));
            CHECK(read.rows < all);
            ++refused;
        } else {
            CHECK(read.rows == all);
        }
        proxy.set({});
        expect_well(s.context, s.engine, database);
        const ReadRows again = s.read(how);
        CHECK_FALSE(again.error);
        CHECK(again.rows == all);
    }
    CHECK(refused > 0);
}

TEST_CASE("F35: byte by byte and slowly a stream is the same, and too slowly it is late",
          "[stream][integration][F35]") {
    const Database database{std::string{schema} + users(all)};
    FaultProxy proxy{database.url()};
    const How how = GENERATE(How::objects, How::rows, How::whole);
    SECTION("the same") {
        Spoiled s{proxy, 30s};
        const FaultProxy::Plan plan =
            GENERATE(FaultProxy::Plan{.segment = 1}, FaultProxy::Plan{.bytes_per_second = 20'000},
                     FaultProxy::Plan{.delay = 2ms});
        proxy.set(plan);
        const ReadRows read = s.read(how);
        CHECK_FALSE(read.error);
        CHECK(read.rows == all);
        proxy.set({});
        expect_well(s.context, s.engine, database);
    }
    SECTION("late") {
        constexpr corm::Duration deadline{300};
        Spoiled s{proxy, deadline};
        proxy.set({.segment = 1, .bytes_per_second = 10});
        const auto begin = std::chrono::steady_clock::now();
        const ReadRows read = s.read(how);
        CHECK_NOTHROW(caught<corm::TimeoutError>(read.error));
        CHECK(read.rows < all);
        CHECK(std::chrono::steady_clock::now() - begin >= deadline);
        proxy.set({});
        expect_well(s.context, s.engine, database);
    }
}
