#include "wire/diagnostics.hpp"

#include <charconv>
#include <cstring>

namespace corm::wire {
namespace {

// The letters of the protocol's error fields.
enum Field : char {
    severity = 'V',
    sqlstate_code = 'C',
    message = 'M',
    detail = 'D',
    hint = 'H',
    context = 'W',
    schema = 's',
    table = 't',
    column = 'c',
    data_type = 'd',
    constraint = 'n',
    routine = 'R',
    position = 'P',
};

std::string read(Pq& pq, const pg_result* result, char field) {
    const char* text = pq.error_field(result, field);
    return text != nullptr ? std::string{text} : std::string{};
}

} // namespace

Diagnostics read_diagnostics(Pq& pq, const pg_result* result, std::string_view sql) {
    Diagnostics d;
    d.sqlstate = SqlState{read(pq, result, sqlstate_code)};
    d.severity = read(pq, result, severity);
    d.message = read(pq, result, message);
    d.detail = read(pq, result, detail);
    d.hint = read(pq, result, hint);
    d.context = read(pq, result, context);
    d.schema = read(pq, result, schema);
    d.table = read(pq, result, table);
    d.column = read(pq, result, column);
    d.data_type = read(pq, result, data_type);
    d.constraint = read(pq, result, constraint);
    d.routine = read(pq, result, routine);
    const std::string at = read(pq, result, position);
    std::from_chars(at.data(), at.data() + at.size(), d.position);
    d.sql = sql;
    return d;
}

bool is_fatal(const Diagnostics& diagnostics) noexcept {
    return diagnostics.severity == "FATAL" || diagnostics.severity == "PANIC";
}

bool is_reason_of_loss(SqlState state) noexcept {
    return state.is_connection_failure() || state == sqlstate::idle_in_transaction_timeout || state.code() == "25P04";
}

std::string_view loss_condition(SqlState state) noexcept {
    const std::string_view code = state.code();
    if (code == "57P01")
        return "terminated by the administrator, or the server shuts down";
    if (code == "57P02")
        return "another session crashed, the server restarts";
    if (code == "57P03")
        return "the server does not accept connections now";
    if (code == "57P04")
        return "the database was dropped";
    if (code == "57P05")
        return "idle_session_timeout of the server";
    if (code == "25P03")
        return "idle_in_transaction_session_timeout of the server";
    if (code == "25P04")
        return "transaction_timeout of the server";
    return {};
}

std::exception_ptr make_connection_lost(Loss loss) {
    std::string text = "the connection to the server was lost";
    if (!loss.doing.empty()) {
        text += ' ';
        text += loss.doing;
    }
    if (const SqlState state = loss.cause.sqlstate; !state.empty()) {
        text += ": ";
        text += state.code();
        if (const std::string_view condition = loss_condition(state); !condition.empty()) {
            text += " (";
            text += condition;
            text += ')';
        }
    } else {
        text += " without a reason from the server";
    }
    return std::make_exception_ptr(ConnectionError(text, std::move(loss.cause), loss.safe_to_retry, loss.where));
}

SqlState find_sqlstate(std::string_view text) noexcept {
    constexpr std::size_t length = 5;
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    // Two blanks, the code, a colon: the severity in front of it is translated, this is not.
    for (std::size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        const std::string_view rest = text.substr(at + 3);
        if (rest.size() <= length || rest[length] != ':')
            continue;
        bool all = true;
        for (std::size_t i = 0; i < length; ++i)
            all = all && is_code(rest[i]);
        if (all)
            return SqlState{rest.substr(0, length)};
    }
    return {};
}

} // namespace corm::wire
