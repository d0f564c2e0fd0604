#include "support/server.hpp"

#include "support/blocked_time.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace corm::test {

ConnectionString::ConnectionString(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{PQconninfoParse(url.c_str(), &message),
                                                                               &PQconninfoFree};
    if (!options) {
        PQfreemem(message);
        throw std::runtime_error("a connection string of the tests cannot be parsed");
    }
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr)
            values_[option->keyword] = option->val;
    }
}

std::string ConnectionString::get(const std::string& keyword) const {
    const auto found = values_.find(keyword);
    return found != values_.end() ? found->second : std::string{};
}

std::string ConnectionString::text() const {
    std::string result;
    for (const auto& [keyword, value] : values_) {
        result += keyword + "='";
        for (const char c : value) {
            if (c == '\'' || c == '\\')
                result += '\\';
            result += c;
        }
        result += "' ";
    }
    return result;
}

dev::PostgresServer& server() {
    static dev::PostgresServer instance = dev::PostgresServer::from_environment();
    return instance;
}

std::string query(const std::string& url, const std::string& sql) {
    const BlockedTime blocked;
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectdb(url.c_str()), &PQfinish};
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    // Notices would only fill the log of the tests.
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(connection.get(), sql.c_str()), &PQclear};
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
        throw std::runtime_error(PQresultErrorMessage(result.get()));
    }
    return PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

Database::Database(const std::string& setup) {
    static std::atomic<int> number{0};
    name_ = "corm_test_" + std::to_string(::getpid()) + "_" + std::to_string(++number);
    test::query(server().url(), "create database " + name_);
    ConnectionString string{server().url()};
    string.set("dbname", name_);
    url_ = string.text();
    if (!setup.empty()) {
        test::query(url_, setup);
    }
}

Database::~Database() {
    try {
        test::query(server().url(), "drop database " + name_ + " with (force)");
    } catch (const std::exception& error) { // the test may have stopped the server
        std::fprintf(stderr, "cannot drop %s: %s\n", name_.c_str(), error.what());
    }
}

int Database::sessions(const std::string& state) const {
    return std::stoi(test::query(server().url(), "select count(*) from pg_stat_activity where datname = '" + name_ +
                                                     "' and state = '" + state + "'"));
}

} // namespace corm::test
