#include "libpq_client.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <deque>
#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

constexpr std::int32_t oid_int4 = 23;
constexpr std::int32_t oid_int8 = 20;
constexpr std::int32_t oid_text = 25;

template <class Integer>
void append(std::string& out, Integer value) {
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift);
}

template <class Integer>
Integer read_integer(const PGresult* result, int row, int column) noexcept {
    const auto* bytes = reinterpret_cast<const unsigned char*>(PQgetvalue(result, row, column));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
        value = value << 8 | bytes[i];
    return static_cast<Integer>(value);
}

std::string array_header(std::int32_t oid, std::size_t size) {
    std::string out;
    for (const std::int32_t word : {1, 0, oid, static_cast<std::int32_t>(size), 1})
        append(out, word);
    return out;
}

template <class Integer>
std::string integer_array(std::int32_t oid, std::span<const Integer> values) {
    std::string out = array_header(oid, values.size());
    for (const Integer value : values) {
        append(out, static_cast<std::int32_t>(sizeof value));
        append(out, value);
    }
    return out;
}

} // namespace

Parameters& Parameters::int4(std::int32_t value) {
    append(values_.emplace_back(), value);
    return *this;
}
Parameters& Parameters::int8(std::int64_t value) {
    append(values_.emplace_back(), value);
    return *this;
}
Parameters& Parameters::array(std::span<const std::int64_t> values) {
    values_.push_back(integer_array(oid_int8, values));
    return *this;
}
Parameters& Parameters::array(std::span<const std::int32_t> values) {
    values_.push_back(integer_array(oid_int4, values));
    return *this;
}
Parameters& Parameters::array(std::span<const std::string> values) {
    std::string out = array_header(oid_text, values.size());
    for (const std::string& value : values) {
        append(out, static_cast<std::int32_t>(value.size()));
        out += value;
    }
    values_.push_back(std::move(out));
    return *this;
}

std::int32_t read_int4(const PGresult* result, int row, int column) noexcept {
    return read_integer<std::int32_t>(result, row, column);
}
std::int64_t read_int8(const PGresult* result, int row, int column) noexcept {
    return read_integer<std::int64_t>(result, row, column);
}
double read_float8(const PGresult* result, int row, int column) noexcept {
    return std::bit_cast<double>(read_int8(result, row, column));
}
bool read_bool(const PGresult* result, int row, int column) noexcept {
    return *PQgetvalue(result, row, column) != 0;
}
std::string read_text(const PGresult* result, int row, int column) {
    return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

Client::Client(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    require(PQstatus(connection_.get()) == CONNECTION_OK);
}

void Client::require(bool done) const {
    if (!done)
        throw std::runtime_error{PQerrorMessage(connection_.get())};
}

void Client::prepare(const char* name, const char* sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQprepare(connection_.get(), name, sql, 0, nullptr),
                                                               &PQclear};
    require(PQresultStatus(result.get()) == PGRES_COMMAND_OK);
}

void Client::send(const char* statement, const Parameters& parameters) {
    constexpr std::size_t most = 8;
    const char* values[most];
    int lengths[most];
    int formats[most];
    const std::size_t count = parameters.values_.size();
    if (count > most)
        throw std::logic_error{"too many parameters"};
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = parameters.values_[i].data();
        lengths[i] = static_cast<int>(parameters.values_[i].size());
        formats[i] = 1;
    }
    require(PQsendQueryPrepared(connection_.get(), statement, static_cast<int>(count), values, lengths, formats, 1) ==
            1);
    // What is sent at a time here fits into the socket's buffer.
    if (!pipelined_)
        require(PQflush(connection_.get()) == 0);
}

void Client::copy(const char* sql, std::string_view rows) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(connection_.get(), sql), &PQclear};
    require(PQresultStatus(result.get()) == PGRES_COPY_IN);
    constexpr std::size_t chunk = std::size_t{1} << 16;
    for (; !rows.empty(); rows.remove_prefix(std::min(chunk, rows.size())))
        require(PQputCopyData(connection_.get(), rows.data(), static_cast<int>(std::min(chunk, rows.size()))) == 1);
    require(PQputCopyEnd(connection_.get(), nullptr) == 1);
}

void Client::enter_pipeline() {
    require(PQenterPipelineMode(connection_.get()) == 1);
    pipelined_ = true;
}

void Client::sync() {
    require(PQpipelineSync(connection_.get()) == 1 && PQflush(connection_.get()) == 0);
}

bool Client::read(int number) {
    require(PQconsumeInput(connection_.get()) == 1);
    while (PQisBusy(connection_.get()) == 0) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQgetResult(connection_.get()), &PQclear};
        if (!result) {
            if (!pipelined_)
                return true;
            continue; // the end of one statement
        }
        const ExecStatusType status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC)
            return true;
        require(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
        receive(number, result.get());
    }
    return false;
}

void drive(std::span<const std::unique_ptr<Client>> clients, int tasks, Run& run) {
    struct Task {
        bool first = true;
        Clock::time_point began{};
    };
    struct State {
        Client* client;
        Task task{};
        int step = 0;
    };
    std::vector<State> states;
    for (const auto& client : clients)
        states.push_back({client.get(), {true, run.now()}});
    std::deque<Task> waiting(static_cast<std::size_t>(tasks) - states.size(), Task{true, run.now()});
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    for (State& state : states) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &state;
        if (::epoll_ctl(poll, EPOLL_CTL_ADD, PQsocket(state.client->connection_.get()), &event) != 0)
            throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
        state.client->step(0);
    }
    for (std::size_t running = states.size(); running > 0;) {
        epoll_event events[64];
        const int ready = ::epoll_wait(poll, events, 64, -1);
        if (ready < 0 && errno != EINTR)
            throw std::system_error{errno, std::generic_category(), "epoll_wait"};
        for (int i = 0; i < ready; ++i) {
            State& state = *static_cast<State*>(events[i].data.ptr);
            if (!state.client->read(state.step))
                continue;
            if (++state.step == state.client->steps()) {
                state.step = 0;
                run.done(state.task.first, state.task.began);
                if (!run.open()) {
                    --running;
                    continue;
                }
                waiting.push_back({false, run.now()});
                state.task = waiting.front();
                waiting.pop_front();
            }
            state.client->step(state.step);
        }
    }
    ::close(poll);
}

std::vector<std::unique_ptr<Client>> clients_of(const Arguments& arguments) {
    const int count = std::min(arguments.connections, arguments.tasks);
    std::vector<std::unique_ptr<Client>> clients;
    for (int number = 0; number < count; ++number) {
        auto client = reading_client(arguments.workload, arguments.url, number);
        if (!client)
            client = writing_client(arguments.workload, arguments.url, number, count);
        if (!client)
            return {};
        clients.push_back(std::move(client));
    }
    return clients;
}

} // namespace bench
