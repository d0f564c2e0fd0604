// Many tasks that change the same rows, by version columns and by locks at once.
#include "expect_well.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace corm::test;
namespace asio = boost::asio;

namespace {

constexpr int tasks = 32;
constexpr int rows = 6;

bool full() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1";
}

/// What was committed: how much each row should have, and who won which version.
class Ledger {
public:
    void note(std::int64_t id, std::int32_t version, std::int32_t delta) {
        const std::lock_guard lock(mutex_);
        Row& row = rows_[static_cast<std::size_t>(id - 1)];
        row.sum += delta;
        won_twice_ += row.versions.insert(version).second ? 0 : 1;
    }
    [[nodiscard]] int won_twice() const { return won_twice_; }
    [[nodiscard]] std::string sums() const {
        return listed([](const Row& row) { return 1'000 + row.sum; });
    }
    /// Of each row. Every version was won by somebody: there are as many as the last one says.
    [[nodiscard]] std::string versions() const {
        return listed([](const Row& row) { return static_cast<int>(row.versions.size()); });
    }
    [[nodiscard]] std::string last_versions() const {
        return listed([](const Row& row) { return row.versions.empty() ? 0 : *row.versions.rbegin(); });
    }

private:
    struct Row {
        int sum = 0;
        std::set<std::int32_t> versions;
    };
    [[nodiscard]] std::string listed(const auto& figure) const {
        std::string list;
        for (const Row& row : rows_)
            list += (list.empty() ? "" : " ") + std::to_string(figure(row));
        return list;
    }

    std::mutex mutex_;
    std::array<Row, rows> rows_;
    int won_twice_ = 0;
};

struct Race {
    corm::Engine& engine;
    Ledger ledger{};
    std::atomic<int> stale{0};
    std::atomic<int> commits{0};

    /// Moves something from one row to another, which have been read under locks or not.
    corm::Task<> move(corm::AsyncSession& session, corm::Ref<User> from, corm::Ref<User> to, int amount) {
        from.edit().age -= amount;
        to.edit().age += amount;
        co_await session.commit();
        ledger.note(from->id, from->version, -amount);
        ledger.note(to->id, to->version, amount);
        ++commits;
    }

    corm::Task<> work(int task, int rounds) {
        std::mt19937 random{static_cast<unsigned>(task)};
        const bool locks = task % 2 == 0;
        for (int done = 0; done < rounds;) {
            const std::int64_t from = 1 + random() % rows;
            const std::int64_t to = (from + random() % (rows - 1)) % rows + 1;
            const int amount = 1 + static_cast<int>(random() % 9);
            corm::AsyncSession session{engine};
            auto query = corm::select<User>().where(corm::col<&User::id>.in({from, to})).order_by(corm::asc<&User::id>);
            if (locks)
                query.for_update();
            const auto both = co_await session.all(std::move(query));
            const bool in_order = both.at(0)->id == from;
            try {
                co_await move(session, both.at(in_order ? 0 : 1), both.at(in_order ? 1 : 0), amount);
                ++done;
            } catch (const corm::StaleDataError&) {
                if (locks) // what it has locked nobody can change
                    throw;
                ++stale;
            }
        }
    }
};

} // namespace

TEST_CASE("32 tasks by versions and by locks at once lose no update", "[orm][integration]") {
    const int rounds = full() ? 300 : 12;
    Sessions s{"insert into users (name, age) select 'user ' || n, 1000 from generate_series(1, " +
                   std::to_string(rows) + ") n;",
               {.pool = {.max_size = 16}}};
    Race race{.engine = s.engine};
    std::exception_ptr failed;
    std::mutex mutex;
    for (int task = 0; task < tasks; ++task)
        asio::co_spawn(asio::make_strand(s.context), race.work(task, rounds), [&](std::exception_ptr error) {
            const std::lock_guard lock(mutex);
            if (error)
                failed = error;
        });
    std::thread other{[&s] { s.context.run(); }};
    s.context.run();
    other.join();
    if (failed)
        std::rethrow_exception(failed);
    CHECK(race.commits == tasks * rounds);
    CHECK(race.stale > 0); // they did meet
    CHECK(race.ledger.won_twice() == 0);
    CHECK(race.ledger.versions() == race.ledger.last_versions());
    const auto stored = [&](const std::string& column) {
        return s.database.query("select string_agg(" + column + "::text, ' ' order by id) from users");
    };
    CHECK(stored("age") == race.ledger.sums());
    CHECK(stored("version") == race.ledger.versions());
    CHECK(s.database.query("select sum(age) from users") == std::to_string(1'000 * rows));
    expect_well(s);
}

TEST_CASE("of 32 tasks that have seen the same version one wins, every time", "[orm][integration]") {
    const std::int32_t rounds = full() ? 200 : 10;
    Sessions s{users(1), {.pool = {.max_size = tasks}}};
    std::int32_t winners_missing = 0, lost = 0;
    std::vector<std::string> keys;
    s.run([&]() -> corm::Task<> {
        for (std::int32_t round = 0; round < rounds; ++round) {
            int ready = 0, won = 0, over = 0;
            const auto compete = [&](int task) -> corm::Task<> {
                corm::AsyncSession session{s.engine};
                const corm::Ref<User> user = co_await session.get_one<User>(1);
                ++ready;
                while (ready < tasks)
                    co_await asio::post(s.context, asio::use_awaitable);
                user.edit().age = task;
                user.edit().name = "task " + std::to_string(task) + " in round " + std::to_string(round);
                try {
                    co_await session.commit();
                    ++won;
                } catch (const corm::StaleDataError& stale) {
                    ++lost;
                    keys = stale.keys();
                }
                ++over;
            };
            for (int task = 0; task < tasks; ++task)
                asio::co_spawn(s.context, compete(task), asio::detached);
            while (over < tasks)
                co_await asio::post(s.context, asio::use_awaitable);
            winners_missing += won != 1;
        }
    });
    CHECK(winners_missing == 0);
    CHECK(lost == (tasks - 1) * rounds);
    CHECK(keys == std::vector<std::string>{"1"});
    // One change each, whole.
    CHECK(s.database.query("select version from users") == std::to_string(rounds));
    CHECK(s.database.query("select name = 'task ' || age || ' in round ' || version - 1 from users") == "t");
    expect_well(s);
}
