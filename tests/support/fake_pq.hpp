// A libpq with an obedient little server behind it, in memory.
#pragma once

#include "wire/pq.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace corm::test {

/// Stands in for libpq on one connection. It knows prepared statements, transactions, Sync and what an error does to
/// the statements behind it; every statement succeeds unless told otherwise. Any call that can fail can be made the
/// last thing that works (`break_at`). Not thread-safe.
class FakePq final : public wire::Pq {
public:
    struct Failure {
        std::string sqlstate;
        std::string severity = "ERROR";
        std::string routine{};
        std::string message{};
        int times = -1; ///< it happens so often; -1: always
    };
    /// What a statement answers instead of success; FATAL ends the connection. A COPY under its own text before it
    /// takes rows, under "row:" and its text when it has some, under "rows:" and its text when it has them all.
    std::map<std::string, Failure, std::less<>> failures;
    /// What the next Sync fails with that has to commit.
    Failure sync_failure{};
    /// Statements sent by themselves or by name, in order, with "<Sync>", "<Flush>", "parse:" and "close:" between
    /// them.
    std::vector<std::string> sent;
    /// What COPYs have got, one behind the other; a line is a row.
    std::string copied;
    /// Rows of a COPY that a trigger keeps out.
    int kept_out = 0;
    /// Calls that find no room for rows of a COPY.
    int full_buffers = 0;
    /// Answers that one read delivers.
    std::size_t answers_per_read = 1'000'000;
    /// The socket takes so many flushes before it is writable again; 0: always writable.
    int blocked_flushes = 0;
    /// What `socket` says.
    int descriptor = -1;
    /// Runs ahead of each `consume_input`.
    std::function<void()> before_read;
    /// What others have notified, as if it had been read.
    std::deque<wire::Notification> notifications;
    /// COMMITs that took effect.
    int commits = 0;
    int finished = 0;

    /// From the `count`th fallible call on the connection is broken; no earlier than the calls made so far.
    void break_at(std::size_t count) noexcept { break_at_ = count; }
    [[nodiscard]] std::size_t calls() const noexcept { return calls_; }
    [[nodiscard]] bool is_broken() const noexcept { return broken_; }
    /// The server goes away, after a notice with this code if not empty.
    void hang_up(std::string sqlstate = {});
    /// The socket has something to read.
    [[nodiscard]] bool readable() const noexcept { return !on_the_way_.empty() || hung_up_ || broken_; }
    /// Statements prepared on the server.
    [[nodiscard]] std::size_t prepared() const noexcept { return prepared_.size(); }
    void forget_prepared() noexcept { prepared_.clear(); }

    /// Somebody else than libpq, which prints them.
    [[nodiscard]] bool gives_notices() const noexcept { return receiver_ != nullptr; }

    [[nodiscard]] wire::ConnHandle connect(const std::shared_ptr<FakePq>& self);

    pg_conn* connect_start(const char* const* keywords, const char* const* values) noexcept override;
    wire::PollStatus connect_poll(pg_conn* conn) noexcept override;
    bool connected(const pg_conn* conn) noexcept override;
    int socket(const pg_conn* conn) noexcept override;
    bool input_waits(const pg_conn*) noexcept override { return input; }
    const char* error_message(const pg_conn* conn) noexcept override;
    void verbose_errors(pg_conn*) noexcept override { verbose = true; }
    void finish(pg_conn* conn) noexcept override;
    int backend(const pg_conn* conn) noexcept override;
    bool enter_pipeline(pg_conn* conn) noexcept override;
    bool exit_pipeline(pg_conn* conn) noexcept override;
    void receive_notices(pg_conn* conn, wire::NoticeReceiver receiver, void* context) noexcept override;
    bool send_prepare(pg_conn* conn, const char* name, const char* sql, int count,
                      const wire::Oid* oids) noexcept override;
    bool send_execute(pg_conn* conn, const char* name, int count, const char* const* values, const int* lengths,
                      const int* formats) noexcept override;
    bool send_query(pg_conn* conn, const char* sql, int count, const wire::Oid* oids, const char* const* values,
                    const int* lengths, const int* formats) noexcept override;
    bool send_close(pg_conn* conn, const char* name) noexcept override;
    bool send_simple(pg_conn* conn, const char* sql) noexcept override;
    int put_copy_data(pg_conn* conn, std::string_view bytes) noexcept override;
    int put_copy_end(pg_conn* conn, const char* reason) noexcept override;
    int get_copy_data(pg_conn* conn, std::string& out) noexcept override;
    bool error_waits(const pg_conn*) noexcept override { return refused_row_ && shows_errors; }
    bool send_flush_request(pg_conn* conn) noexcept override;
    bool pipeline_sync(pg_conn* conn) noexcept override;
    bool sync_between(pg_conn* conn) noexcept override { return pipeline_sync(conn); }
    bool holds_syncs() const noexcept override { return false; }
    int flush(pg_conn* conn) noexcept override;
    bool consume_input(pg_conn* conn) noexcept override;
    bool single_rows(pg_conn*) noexcept override { return false; }
    bool is_busy(pg_conn* conn) noexcept override;
    pg_result* get_result(pg_conn* conn) noexcept override;
    bool notification(pg_conn*, wire::Notification& taken) override {
        if (notifications.empty())
            return false;
        taken = std::move(notifications.front());
        notifications.pop_front();
        return true;
    }
    bool is_utf8(const pg_conn*) noexcept override { return true; }
    wire::TransactionStatus transaction_status(const pg_conn* conn) noexcept override;
    std::unique_ptr<wire::CancelHandle> make_cancel(pg_conn* conn) noexcept override;
    wire::ResultStatus result_status(const pg_result* result) noexcept override;
    const char* error_field(const pg_result* result, char field) noexcept override;

    /// For connecting: what `connect_poll` says, the last one again and again.
    std::vector<wire::PollStatus> polls{wire::PollStatus::ok};
    std::string connect_error;
    /// What a COPY TO STDOUT gives, and how many of them come before the next has to be waited for.
    std::vector<std::string> rows_out;
    std::size_t rows_at_once = 1'000;
    /// It can be seen that an error waits.
    bool shows_errors = false;
    /// While connecting, there is something to read.
    bool input = false;
    bool verbose = false;
    std::map<std::string, std::string> keywords;

private:
    struct Answer {
        wire::ResultStatus status;
        Failure failure;
        std::string tag;
        bool ends_connection = false;
        bool ends_command = true; ///< a null follows
        std::optional<wire::TransactionStatus> told{};
    };

    bool call() noexcept;
    void answer(Answer answer);
    void run(const std::string& sql);
    void answer_simple(Answer answer);
    pg_result* make(const Answer& answer);

    std::size_t calls_ = 0;
    std::size_t break_at_ = static_cast<std::size_t>(-1);
    bool broken_ = false;
    bool hung_up_ = false;
    bool in_pipeline_ = true;
    std::string copying_; // the COPY that takes rows
    std::string giving_;  // the COPY that gives them
    std::size_t given_ = 0;
    std::size_t at_once_ = 0;
    std::size_t copied_before_ = 0;
    bool refused_row_ = false;
    bool skipping_ = false;
    bool in_block_ = false;
    bool failed_block_ = false;
    wire::TransactionStatus told_ = wire::TransactionStatus::idle; // as of the last Sync that was read
    std::deque<wire::TransactionStatus> at_sync_;
    std::map<std::string, std::string> prepared_;
    std::map<std::string, std::string> known_; // texts by name, as the client sent them
    std::deque<Answer> on_the_way_;
    std::deque<Answer> arrived_;
    bool end_of_command_ = false;
    std::map<const pg_result*, Answer> results_;
    std::string notice_;
    wire::NoticeReceiver receiver_ = nullptr;
    void* context_ = nullptr;
    std::size_t poll_ = 0;
};

} // namespace corm::test
