// The seam: what is used of libpq. Tests replace or decorate it.
#pragma once

#include <corm/type/field_view.hpp>
#include <corm/wire/notification.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct pg_conn;
struct pg_result;

namespace corm::wire {

using types::Oid;

/// What the server's session is doing between two requests. `broken`: the connection is of no more use.
enum class TransactionStatus { idle, in_transaction, failed, broken };

enum class PollStatus { failed, reading, writing, ok };

/// `copy`: the server takes rows; `copy_out`: it gives them.
enum class ResultStatus { ok, tuples, row, error, sync, aborted, copy, copy_out, other };

/// Asks the server to cancel what a connection runs now. Independent of the connection that it was made from.
class CancelHandle {
public:
    virtual ~CancelHandle() = default;
    /// Blocks until the server has taken the request. May run on any thread. True on success.
    virtual bool send() noexcept = 0;
};

using NoticeReceiver = void (*)(void* context, const pg_result* notice);

/// The functions of libpq that act on connections, under their own names and meanings. Results are read directly:
/// libpq can make them without a server. One object serves all connections; it must be thread-safe in so far as libpq
/// is.
class Pq {
public:
    virtual ~Pq() = default;

    virtual pg_conn* connect_start(const char* const* keywords, const char* const* values) noexcept = 0;
    virtual PollStatus connect_poll(pg_conn* conn) noexcept = 0;
    /// False once libpq knows that the connection is lost, or never was made.
    virtual bool connected(const pg_conn* conn) noexcept = 0;
    virtual int socket(const pg_conn* conn) noexcept = 0;
    /// The server has said something that is not read yet. False also at the end of the stream.
    virtual bool input_waits(const pg_conn* conn) noexcept = 0;
    virtual const char* error_message(const pg_conn* conn) noexcept = 0;
    virtual void verbose_errors(pg_conn* conn) noexcept = 0;
    virtual void finish(pg_conn* conn) noexcept = 0;
    virtual int backend(const pg_conn* conn) noexcept = 0;
    /// Non-blocking and in pipeline mode, where it stays but for a COPY, which libpq refuses there.
    virtual bool enter_pipeline(pg_conn* conn) noexcept = 0;
    /// Precondition: every answer was read.
    virtual bool exit_pipeline(pg_conn* conn) noexcept = 0;
    virtual void receive_notices(pg_conn* conn, NoticeReceiver receiver, void* context) noexcept = 0;

    virtual bool send_prepare(pg_conn* conn, const char* name, const char* sql, int count,
                              const Oid* oids) noexcept = 0;
    virtual bool send_execute(pg_conn* conn, const char* name, int count, const char* const* values, const int* lengths,
                              const int* formats) noexcept = 0;
    virtual bool send_query(pg_conn* conn, const char* sql, int count, const Oid* oids, const char* const* values,
                            const int* lengths, const int* formats) noexcept = 0;
    /// Drops a prepared statement: the Close message where libpq has it, else DEALLOCATE.
    virtual bool send_close(pg_conn* conn, const char* name) noexcept = 0;
    /// One command of text, out of pipeline mode.
    virtual bool send_simple(pg_conn* conn, const char* sql) noexcept = 0;
    /// 1: taken, 0: no room in its buffer, -1: failed.
    virtual int put_copy_data(pg_conn* conn, std::string_view bytes) noexcept = 0;
    /// The rows of a COPY are complete, or, with a reason that is not null, the server is to give them up. As
    /// `put_copy_data`.
    virtual int put_copy_end(pg_conn* conn, const char* reason) noexcept = 0;
    /// Appends a row of a COPY to `out`. 1: done, 0: none has come yet, -1: there are no more, or the server has
    /// failed, which the result tells; -2: failed.
    virtual int get_copy_data(pg_conn* conn, std::string& out) noexcept = 0;
    /// An error of the server waits to be read, where that can be seen: not behind TLS. libpq tells nothing of it as
    /// long as rows of a COPY are sent.
    virtual bool error_waits(const pg_conn* conn) noexcept = 0;
    virtual bool send_flush_request(pg_conn* conn) noexcept = 0;
    virtual bool pipeline_sync(pg_conn* conn) noexcept = 0;
    /// The same with more to come behind it: not sent before that, where libpq can wait (17 and later).
    virtual bool sync_between(pg_conn* conn) noexcept = 0;
    /// It can.
    virtual bool holds_syncs() const noexcept = 0;
    /// 0: nothing left to send, 1: the socket is full, -1: failed.
    virtual int flush(pg_conn* conn) noexcept = 0;
    virtual bool consume_input(pg_conn* conn) noexcept = 0;
    virtual bool is_busy(pg_conn* conn) noexcept = 0;
    virtual pg_result* get_result(pg_conn* conn) noexcept = 0;
    /// The rows of the statement whose answer comes next are to come one by one. False if its answer has begun.
    virtual bool single_rows(pg_conn* conn) noexcept = 0;
    /// Takes the oldest notification that has come. False when there is none. Throws std::bad_alloc.
    virtual bool notification(pg_conn* conn, Notification& taken) = 0;
    /// The encoding of the client is UTF-8 still: any statement can change it.
    virtual bool is_utf8(const pg_conn* conn) noexcept = 0;
    virtual TransactionStatus transaction_status(const pg_conn* conn) noexcept = 0;
    virtual std::unique_ptr<CancelHandle> make_cancel(pg_conn* conn) noexcept = 0;

    virtual ResultStatus result_status(const pg_result* result) noexcept = 0;
    /// Null when the field is absent. `field` is a letter of the protocol: 'C' is the SQLSTATE.
    virtual const char* error_field(const pg_result* result, char field) noexcept = 0;
};

/// libpq itself; one for the process.
[[nodiscard]] std::shared_ptr<Pq> real_pq();

/// Owns a connection of libpq.
class ConnHandle {
public:
    ConnHandle() noexcept = default;
    ConnHandle(std::shared_ptr<Pq> pq, pg_conn* conn) noexcept : pq_(std::move(pq)), conn_(conn) {}
    ConnHandle(ConnHandle&& other) noexcept : pq_(std::move(other.pq_)), conn_(std::exchange(other.conn_, nullptr)) {}
    ConnHandle& operator=(ConnHandle&& other) noexcept {
        if (this != &other) {
            reset();
            pq_ = std::move(other.pq_);
            conn_ = std::exchange(other.conn_, nullptr);
        }
        return *this;
    }
    ~ConnHandle() { reset(); }

    [[nodiscard]] pg_conn* get() const noexcept { return conn_; }
    [[nodiscard]] Pq& pq() const noexcept { return *pq_; }
    [[nodiscard]] explicit operator bool() const noexcept { return conn_ != nullptr; }
    /// Says goodbye to the server and closes the socket.
    void reset() noexcept {
        if (conn_ != nullptr)
            pq_->finish(std::exchange(conn_, nullptr));
    }

private:
    std::shared_ptr<Pq> pq_;
    pg_conn* conn_ = nullptr;
};

} // namespace corm::wire
