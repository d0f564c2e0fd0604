// What sessions and objects leave behind: nothing.
#include "fixture.hpp"
#include "support/memory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>

using namespace corm::test;

namespace {

constexpr bool measured = memory_is_measured;
constexpr std::size_t mib = 1024 * 1024;

int session_count() {
    if (!measured)
        return 2'000;
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1" ? 1'000'000 : 20'000;
}

} // namespace

TEST_CASE("sessions in a loop take no more memory after the first ones", "[orm][integration]") {
    Sessions s{users(100)};
    const int count = session_count();
    std::size_t early = 0;
    s.run([&]() -> corm::Task<> {
        for (int i = 0; i < count; ++i) {
            if (i == count / 10)
                early = resident_bytes();
            corm::AsyncSession session{s.engine};
            const corm::Ref<User> user = co_await session.get_one<User>(i % 100 + 1);
            user.edit().age = i;
            co_await session.commit();
        }
    });
    const std::size_t late = resident_bytes();
    INFO("resident " << early << " bytes after a tenth of " << count << " sessions, " << late << " at the end");
    if (measured)
        CHECK(late <= early + mib);
    CHECK(s.engine.stats().leased == 0);
    CHECK(s.database.query("select sum(version) from users") == std::to_string(count));
}

TEST_CASE("objects give their memory back when the last handle goes", "[orm][integration]") {
    constexpr int count = 100'000;
    Sessions s{"insert into users (name, age) select repeat('n', 500), n from generate_series(1, " +
               std::to_string(count) + ") n;"};
    s.longest_turn = std::chrono::seconds{5}; // all objects are made, and dropped, in one turn
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.get_one<User>(1);
        const std::size_t before = allocated_bytes();
        auto loaded = co_await session.all(corm::select<User>());
        const std::size_t full = allocated_bytes();
        REQUIRE(loaded.size() == count);
        const corm::Ref<User> kept = loaded[count / 2];
        std::vector<corm::Ref<User>>{}.swap(loaded);
        const std::size_t after = allocated_bytes();
        INFO("allocated " << before << " bytes before, " << full << " with " << count << " objects, " << after
                          << " with one");
        if (measured) {
            CHECK(full - before >= std::size_t{count} * 500);
            // What is left are the map's entries for them, which it sweeps as it grows, and the buffer of libpq.
            CHECK(after - before <= (full - before) / 6);
        }
        CHECK(kept->name.size() == 500);
        co_await session.close();
        if (measured)
            CHECK(allocated_bytes() - before <= (full - before) / 10);
    });
}

TEST_CASE("F16: ten thousand sessions that wait for a connection", "[orm][integration][F16]") {
    constexpr std::size_t waiting = 10'000, connections = 16;
    Sessions s{users(1), {.pool = {.max_size = connections, .max_waiters = waiting}}};
    s.longest_turn = std::chrono::seconds{5}; // ten thousand tasks are started in one turn
    std::size_t before = 0, meanwhile = 0, served = 0;
    s.run([&]() -> corm::Task<> {
        std::vector<corm::AsyncSession> holders;
        for (std::size_t i = 0; i < connections; ++i)
            static_cast<void>(co_await holders.emplace_back(s.engine).get_one<User>(1));
        before = allocated_bytes();
        const auto wait = [&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            static_cast<void>(co_await session.get_one<User>(1));
            ++served;
        };
        for (std::size_t i = 0; i < waiting; ++i)
            boost::asio::co_spawn(s.context, wait(), boost::asio::detached);
        while (s.engine.stats().waiting < waiting)
            co_await boost::asio::post(s.context, boost::asio::use_awaitable);
        meanwhile = allocated_bytes();
        holders.clear();
        while (served < waiting)
            co_await boost::asio::post(s.context, boost::asio::use_awaitable);
    });
    const std::size_t each = (meanwhile - before) / waiting;
    INFO(each << " bytes for each session that waits");
    if (measured)
        CHECK(each <= 4'096);
    CHECK(s.engine.stats().waiting == 0);
    CHECK(s.engine.stats().connected == connections);
}
