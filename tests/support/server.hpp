// The PostgreSQL that a program of integration tests works on.
#pragma once

#include <corm/dev/postgres_server.hpp>

#include <map>
#include <string>
#include <utility>

namespace corm::test {

/// One server for the whole program, started by the first call and ended with the program: a private one, or that of
/// CORM_DATABASE_URL. Tests that stop, kill or configure a server make their own `dev::PostgresServer`.
dev::PostgresServer& server();

/// Runs statements on a libpq connection of their own, beside the code under test. Returns the first field of the last
/// result, empty when there is none. Throws std::runtime_error with the server's message.
std::string query(const std::string& url, const std::string& sql);

/// A connection string of libpq by its keywords. Throws std::runtime_error for one that cannot be parsed.
class ConnectionString {
public:
    explicit ConnectionString(const std::string& url);
    /// Empty when it is not set.
    [[nodiscard]] std::string get(const std::string& keyword) const;
    void set(const std::string& keyword, std::string value) { values_[keyword] = std::move(value); }
    /// In the keyword/value form.
    [[nodiscard]] std::string text() const;

private:
    std::map<std::string, std::string> values_;
};

/// An empty database on `server()`, dropped with everybody in it at the end of the test.
class Database {
public:
    /// Runs `setup` in it.
    explicit Database(const std::string& setup = {});
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// Connection string in libpq's keyword/value form.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    std::string query(const std::string& sql) const { return test::query(url_, sql); }
    /// Sessions of others in this database that are in the given state ("idle in transaction", "active", ...).
    [[nodiscard]] int sessions(const std::string& state) const;

private:
    std::string name_;
    std::string url_;
};

} // namespace corm::test
