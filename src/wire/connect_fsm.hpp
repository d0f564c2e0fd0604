// One attempt to connect to one address.
#pragma once

#include "wire/connect_plan.hpp"
#include "wire/pq.hpp"

#include <corm/base/diagnostics.hpp>

#include <exception>
#include <memory>
#include <string>

namespace corm::wire {

/// How a failure to connect is to be answered.
enum class DialFailure {
    transient, ///< the server may be there in a moment, or another connection may be given back
    permanent, ///< waiting mends nothing: what the server answers is not good enough, by TLS or authentication
    refused,   ///< nor do other addresses: wrong password, no such database
};

/// Sans-I/O. libpq may close its socket and open another one with the same number while it connects, so the caller must
/// ask for `socket()` anew after every step.
class ConnectFsm {
public:
    enum class Want { read, write, connected, failed };

    ConnectFsm(std::shared_ptr<Pq> pq, Attempt attempt) : pq_(std::move(pq)), attempt_(std::move(attempt)) {}

    Want start();
    Want resume();
    [[nodiscard]] int socket() const noexcept { return pq_->socket(conn_.get()); }

    /// The connection, after `connected`.
    [[nodiscard]] ConnHandle take() noexcept { return std::move(conn_); }

    /// After `failed`.
    [[nodiscard]] DialFailure failure() const noexcept { return failure_; }
    /// `ConnectionError` with the SQLSTATE, if the server gave one.
    [[nodiscard]] std::exception_ptr error() const { return error_; }
    /// Gives up: the time limit passed.
    void time_out();

private:
    Want fail();
    [[nodiscard]] DialFailure classify(SqlState state) noexcept;

    std::shared_ptr<Pq> pq_;
    Attempt attempt_;
    ConnHandle conn_;
    DialFailure failure_ = DialFailure::transient;
    std::exception_ptr error_;
    bool answered_ = false; // the last step had something to read
};

} // namespace corm::wire
