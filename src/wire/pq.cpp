#include "wire/pq.hpp"

#include <libpq-fe.h>
#include <sys/socket.h>

namespace corm::wire {
namespace {

#if defined(LIBPQ_HAS_ASYNC_CANCEL)
// Encrypts the cancel request where the connection is encrypted, and honours its time limits.
class RealCancel final : public CancelHandle {
public:
    explicit RealCancel(PGconn* conn) noexcept : cancel_(PQcancelCreate(conn)) {}
    ~RealCancel() override { PQcancelFinish(cancel_); }
    RealCancel(const RealCancel&) = delete;
    RealCancel& operator=(const RealCancel&) = delete;
    bool send() noexcept override { return cancel_ != nullptr && PQcancelBlocking(cancel_) == 1; }

private:
    PGcancelConn* cancel_;
};
#else
class RealCancel final : public CancelHandle {
public:
    explicit RealCancel(PGconn* conn) noexcept : cancel_(PQgetCancel(conn)) {}
    ~RealCancel() override { PQfreeCancel(cancel_); }
    RealCancel(const RealCancel&) = delete;
    RealCancel& operator=(const RealCancel&) = delete;
    bool send() noexcept override {
        char reason[256];
        return cancel_ != nullptr && PQcancel(cancel_, reason, sizeof reason) == 1;
    }

private:
    PGcancel* cancel_;
};
#endif

class RealPq final : public Pq {
public:
    pg_conn* connect_start(const char* const* keywords, const char* const* values) noexcept override {
        return PQconnectStartParams(keywords, values, 0);
    }
    PollStatus connect_poll(pg_conn* conn) noexcept override {
        switch (PQconnectPoll(conn)) {
        case PGRES_POLLING_READING: return PollStatus::reading;
        case PGRES_POLLING_WRITING: return PollStatus::writing;
        case PGRES_POLLING_OK: return PollStatus::ok;
        default: return PollStatus::failed;
        }
    }
    bool connected(const pg_conn* conn) noexcept override { return PQstatus(conn) != CONNECTION_BAD; }
    int socket(const pg_conn* conn) noexcept override { return PQsocket(conn); }
    bool input_waits(const pg_conn* conn) noexcept override {
        char first = 0;
        return recv(PQsocket(conn), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }
    const char* error_message(const pg_conn* conn) noexcept override { return PQerrorMessage(conn); }
    void verbose_errors(pg_conn* conn) noexcept override { PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); }
    void finish(pg_conn* conn) noexcept override { PQfinish(conn); }
    int backend(const pg_conn* conn) noexcept override { return PQbackendPID(conn); }
    bool enter_pipeline(pg_conn* conn) noexcept override {
        return PQsetnonblocking(conn, 1) == 0 && PQenterPipelineMode(conn) == 1;
    }
    bool exit_pipeline(pg_conn* conn) noexcept override { return PQexitPipelineMode(conn) == 1; }
    void receive_notices(pg_conn* conn, NoticeReceiver receiver, void* context) noexcept override {
        PQsetNoticeReceiver(conn, receiver, context);
    }

    bool send_prepare(pg_conn* conn, const char* name, const char* sql, int count, const Oid* oids) noexcept override {
        return PQsendPrepare(conn, name, sql, count, oids) == 1;
    }
    bool send_execute(pg_conn* conn, const char* name, int count, const char* const* values, const int* lengths,
                      const int* formats) noexcept override {
        return PQsendQueryPrepared(conn, name, count, values, lengths, formats, 1) == 1;
    }
    bool send_query(pg_conn* conn, const char* sql, int count, const Oid* oids, const char* const* values,
                    const int* lengths, const int* formats) noexcept override {
        return PQsendQueryParams(conn, sql, count, oids, values, lengths, formats, 1) == 1;
    }
    bool send_close(pg_conn* conn, const char* name) noexcept override {
#if defined(LIBPQ_HAS_CLOSE_PREPARED)
        return PQsendClosePrepared(conn, name) == 1;
#else
        // Names are made of letters, digits and underscores only: nothing to quote.
        const std::string sql = std::string("DEALLOCATE ") + name;
        return PQsendQueryParams(conn, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
#endif
    }
    bool send_simple(pg_conn* conn, const char* sql) noexcept override { return PQsendQuery(conn, sql) == 1; }
    int put_copy_data(pg_conn* conn, std::string_view bytes) noexcept override {
        return PQputCopyData(conn, bytes.data(), static_cast<int>(bytes.size()));
    }
    int put_copy_end(pg_conn* conn, const char* reason) noexcept override { return PQputCopyEnd(conn, reason); }
    int get_copy_data(pg_conn* conn, std::string& out) noexcept override {
        char* row = nullptr;
        const int size = PQgetCopyData(conn, &row, 1);
        if (size <= 0)
            return size;
        const std::unique_ptr<char, decltype(&PQfreemem)> owner{row, &PQfreemem};
        try {
            out.append(row, static_cast<std::size_t>(size));
        } catch (const std::bad_alloc&) {
            return -2;
        }
        return 1;
    }
    bool error_waits(const pg_conn* conn) noexcept override {
        // The head of an ErrorResponse: its type, a length, and the severity as its first field.
        constexpr std::size_t head = 6;
        char bytes[head];
        if (PQgetssl(const_cast<pg_conn*>(conn)) != nullptr || PQgssEncInUse(const_cast<pg_conn*>(conn)) != 0)
            return false;
        return recv(PQsocket(conn), bytes, head, MSG_PEEK | MSG_DONTWAIT) == static_cast<ssize_t>(head) &&
               bytes[0] == 'E' && bytes[1] == 0 && bytes[5] == 'S';
    }
    bool send_flush_request(pg_conn* conn) noexcept override { return PQsendFlushRequest(conn) == 1; }
    bool pipeline_sync(pg_conn* conn) noexcept override { return PQpipelineSync(conn) == 1; }
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    bool sync_between(pg_conn* conn) noexcept override { return PQsendPipelineSync(conn) == 1; }
    bool holds_syncs() const noexcept override { return true; }
#else
    bool sync_between(pg_conn* conn) noexcept override { return PQpipelineSync(conn) == 1; }
    bool holds_syncs() const noexcept override { return false; }
#endif
    int flush(pg_conn* conn) noexcept override { return PQflush(conn); }
    bool consume_input(pg_conn* conn) noexcept override { return PQconsumeInput(conn) == 1; }
    bool is_busy(pg_conn* conn) noexcept override { return PQisBusy(conn) == 1; }
    pg_result* get_result(pg_conn* conn) noexcept override { return PQgetResult(conn); }
    bool single_rows(pg_conn* conn) noexcept override { return PQsetSingleRowMode(conn) == 1; }
    bool notification(pg_conn* conn, Notification& taken) override {
        const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notify{PQnotifies(conn), &PQfreemem};
        if (!notify)
            return false;
        taken = {notify->relname, notify->extra, notify->be_pid};
        return true;
    }
    bool is_utf8(const pg_conn* conn) noexcept override {
        static const int utf8 = pg_char_to_encoding("UTF8");
        return PQclientEncoding(conn) == utf8;
    }
    TransactionStatus transaction_status(const pg_conn* conn) noexcept override {
        switch (PQtransactionStatus(conn)) {
        case PQTRANS_IDLE: return TransactionStatus::idle;
        case PQTRANS_INTRANS: return TransactionStatus::in_transaction;
        case PQTRANS_INERROR: return TransactionStatus::failed;
        default: return TransactionStatus::broken;
        }
    }
    std::unique_ptr<CancelHandle> make_cancel(pg_conn* conn) noexcept override {
        return std::make_unique<RealCancel>(conn);
    }

    ResultStatus result_status(const pg_result* result) noexcept override {
        switch (PQresultStatus(result)) {
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK: return ResultStatus::ok;
        case PGRES_SINGLE_TUPLE: return ResultStatus::row;
        case PGRES_TUPLES_OK: return ResultStatus::tuples;
        case PGRES_BAD_RESPONSE:
        case PGRES_FATAL_ERROR: return ResultStatus::error;
        case PGRES_PIPELINE_SYNC: return ResultStatus::sync;
        case PGRES_PIPELINE_ABORTED: return ResultStatus::aborted;
        case PGRES_COPY_IN: return ResultStatus::copy;
        case PGRES_COPY_OUT: return ResultStatus::copy_out;
        default: return ResultStatus::other;
        }
    }
    const char* error_field(const pg_result* result, char field) noexcept override {
        return PQresultErrorField(result, field);
    }
};

} // namespace

std::shared_ptr<Pq> real_pq() {
    static const std::shared_ptr<Pq> pq = std::make_shared<RealPq>();
    return pq;
}

} // namespace corm::wire
