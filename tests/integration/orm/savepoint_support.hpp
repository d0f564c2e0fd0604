// How operations in savepoints end.
#pragma once

#include "fixture.hpp"

#include <string>
#include <utility>

namespace corm::test {

/// The message of the `corm::Error` that an operation ends with; empty if it succeeds.
template <class T>
Task<std::string> message_of(Task<T> operation) {
    try {
        co_await std::move(operation);
    } catch (const Error& error) {
        co_return error.what();
    }
    co_return std::string{};
}

/// The SQLSTATE of its `DatabaseError`.
template <class T>
Task<SqlState> state_of(Task<T> operation) {
    try {
        co_await std::move(operation);
    } catch (const DatabaseError& error) {
        co_return error.sqlstate();
    }
    co_return SqlState{};
}

/// "name age" of every user.
inline std::string names(const Sessions& s) {
    return s.database.query("select coalesce(string_agg(name || ' ' || age, ', ' order by id), '') from users");
}

} // namespace corm::test
