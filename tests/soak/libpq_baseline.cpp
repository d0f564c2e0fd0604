#include "libpq_baseline.hpp"

#include "journal.hpp"

#include <libpq-fe.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace corm::soak {
namespace {

/// One blocking connection with its prepared statements.
class Plain {
public:
    explicit Plain(const std::string& url) : url_(url), random_(std::random_device{}()) { connect(); }

    /// True when it was committed.
    bool transfer(std::int64_t token) {
        std::uniform_int_distribution<std::int64_t> any{1, accounts};
        std::int64_t first = any(random_), second = any(random_);
        while (second == first)
            second = any(random_);
        const std::string amount = std::to_string(1 + random_() % 100);
        const std::string one = std::to_string(std::min(first, second)),
                          other = std::to_string(std::max(first, second));
        if (run("begin", {}) && run("lock", {one}) && run("lock", {other}) && run("change", {one, "-" + amount}) &&
            run("change", {other, amount}) && run("enter", {std::to_string(token), one, other, amount}) &&
            run("commit", {}))
            return true;
        if (PQstatus(connection_.get()) != CONNECTION_OK)
            connect();
        else
            run("rollback", {});
        return false;
    }

private:
    void connect() {
        do {
            connection_.reset(PQconnectdb(url_.c_str()));
            PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
        } while (PQstatus(connection_.get()) != CONNECTION_OK || !prepare());
    }
    bool prepare() {
        constexpr std::array<std::array<const char*, 2>, 6> statements{{
            {"begin", "BEGIN"},
            {"lock", "SELECT id, balance, version FROM accounts WHERE id = $1 FOR UPDATE"},
            {"change", "UPDATE accounts SET balance = balance + $2, version = version + 1 WHERE id = $1"},
            {"enter", "INSERT INTO ledger VALUES ($1, $2, $3, $4)"},
            {"commit", "COMMIT"},
            {"rollback", "ROLLBACK"},
        }};
        for (const auto& [name, sql] : statements) {
            if (!is_good(PQprepare(connection_.get(), name, sql, 0, nullptr)))
                return false;
        }
        return true;
    }
    bool run(const char* name, std::initializer_list<std::string> values) {
        std::vector<const char*> pointers;
        for (const std::string& value : values)
            pointers.push_back(value.c_str());
        return is_good(PQexecPrepared(connection_.get(), name, static_cast<int>(pointers.size()), pointers.data(),
                                      nullptr, nullptr, 0));
    }
    static bool is_good(PGresult* given) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> result{given, &PQclear};
        const ExecStatusType status = PQresultStatus(given);
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    }

    const std::string url_;
    std::mt19937 random_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
};

std::atomic<std::int64_t> last_token{0};

} // namespace

double run_libpq(const std::string& url, unsigned connections, std::chrono::duration<double> time) {
    std::atomic<std::uint64_t> done{0};
    std::atomic<unsigned> connected{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < connections; ++i)
        threads.emplace_back([&] {
            Plain plain{url};
            ++connected;
            while (connected < connections)
                std::this_thread::yield();
            while (!over)
                done += plain.transfer(--last_token);
        });
    while (connected < connections)
        std::this_thread::yield();
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t before = done;
    std::this_thread::sleep_for(time);
    const double transfers = static_cast<double>(done - before);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun;
    over = true;
    for (std::thread& thread : threads)
        thread.join();
    return transfers / elapsed.count();
}

} // namespace corm::soak
