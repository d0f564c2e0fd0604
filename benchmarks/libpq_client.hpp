// A connection of the raw libpq program: non-blocking, one statement or one pipeline at a time, driven by a small epoll
// loop.
#pragma once

#include "run.hpp"

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Parameters of one statement, in binary.
class Parameters {
public:
    Parameters& int4(std::int32_t value);
    Parameters& int8(std::int64_t value);
    Parameters& array(std::span<const std::int64_t> values);
    Parameters& array(std::span<const std::int32_t> values);
    Parameters& array(std::span<const std::string> values);

    /// The bytes of a parameter.
    [[nodiscard]] std::string_view bytes(std::size_t index) const { return values_.at(index); }

private:
    friend class Client;
    std::vector<std::string> values_;
};

std::int32_t read_int4(const PGresult* result, int row, int column) noexcept;
std::int64_t read_int8(const PGresult* result, int row, int column) noexcept;
double read_float8(const PGresult* result, int row, int column) noexcept;
bool read_bool(const PGresult* result, int row, int column) noexcept;
std::string read_text(const PGresult* result, int row, int column);

/// What one connection does: operations of one or more steps, each of which sends a statement and awaits its result.
class Client {
public:
    /// Blocking; throws with the server's message.
    explicit Client(const std::string& url);
    virtual ~Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends the statement of a step, counted from 0 in each operation.
    virtual void step(int number) = 0;
    /// The number of steps of an operation.
    [[nodiscard]] virtual int steps() const noexcept = 0;
    /// Gets the results of a step.
    virtual void receive(int number, const PGresult* result) = 0;

protected:
    void prepare(const char* name, const char* sql);
    void send(const char* statement, const Parameters& parameters = {});
    /// Sends a COPY FROM STDIN, waits until the server takes its rows, and sends them.
    void copy(const char* sql, std::string_view rows);
    /// From now on a step sends any number of statements, and ends with `sync`. Nothing can be prepared any more.
    void enter_pipeline();
    void sync();

private:
    friend void drive(std::span<const std::unique_ptr<Client>> clients, int tasks, Run& run);
    /// True when the result of the step has arrived and was handed on.
    bool read(int number);
    void require(bool done) const;

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
    bool pipelined_ = false;
};

/// Runs `tasks` tasks, one operation after the other, until the run closes. Those for which there is no client wait in
/// their turn, as for a pool. One thread.
void drive(std::span<const std::unique_ptr<Client>> clients, int tasks, Run& run);

/// The clients of a workload, one for each connection; empty for a name that is not known.
[[nodiscard]] std::vector<std::unique_ptr<Client>> clients_of(const Arguments& arguments);
/// Null for a name that is not known. Each of `clients` has a number from 0.
[[nodiscard]] std::unique_ptr<Client> reading_client(std::string_view workload, const std::string& url, int number);
[[nodiscard]] std::unique_ptr<Client> writing_client(std::string_view workload, const std::string& url, int number,
                                                     int clients);

} // namespace bench
