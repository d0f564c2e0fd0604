#include "query/transaction_command.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace corm::query {
namespace {

constexpr bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_word(char c) noexcept {
    const char lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool equal(std::string_view word, std::string_view lower) noexcept {
    if (word.size() != lower.size())
        return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (to_lower(word[i]) != lower[i])
            return false;
    }
    return true;
}

/// A comment of SQL may hold others.
std::size_t skip_block_comment(std::string_view sql, std::size_t at) noexcept {
    int depth = 0;
    do {
        const std::string_view two = sql.substr(at, 2);
        depth += two == "/*" ? 1 : two == "*/" ? -1 : 0;
        at += two == "/*" || two == "*/" ? 2 : 1;
    } while (depth != 0 && at < sql.size());
    return at;
}

/// Takes the next word; empty when something else comes. An empty statement in front is none.
std::string_view next_word(std::string_view& sql) noexcept {
    std::size_t at = 0;
    while (at < sql.size()) {
        const std::string_view rest = sql.substr(at);
        if (is_space(rest.front()) || rest.front() == ';')
            ++at;
        else if (rest.starts_with("--"))
            at += rest.find_first_of("\r\n") == std::string_view::npos ? rest.size() : rest.find_first_of("\r\n");
        else if (rest.starts_with("/*"))
            at = skip_block_comment(sql, at);
        else
            break;
    }
    std::size_t end = at;
    while (end < sql.size() && is_word(sql[end]))
        ++end;
    const std::string_view word = sql.substr(at, end - at);
    sql.remove_prefix(end);
    return word;
}

} // namespace

TransactionCommand transaction_command(std::string_view sql) noexcept {
    constexpr std::string_view begins = "the session begins its transaction by itself, with the first statement";
    constexpr std::string_view savepoints = "use session.nested()";
    const std::string_view first = next_word(sql);
    if (equal(first, "begin"))
        return {"BEGIN", begins};
    if (equal(first, "end"))
        return {"END", "use session.commit()"};
    if (equal(first, "abort"))
        return {"ABORT", "use session.rollback()"};
    if (equal(first, "savepoint"))
        return {"SAVEPOINT", savepoints};
    if (equal(first, "release"))
        return {"RELEASE SAVEPOINT", savepoints};
    const std::string_view second = next_word(sql);
    // COMMIT PREPARED and ROLLBACK PREPARED settle the transaction of somebody else.
    if (equal(first, "commit") && !equal(second, "prepared"))
        return {"COMMIT", "use session.commit()"};
    if (equal(first, "rollback") && !equal(second, "prepared"))
        return {"ROLLBACK", "use session.rollback(), or session.nested() for savepoints"};
    if (equal(first, "start") && equal(second, "transaction"))
        return {"START TRANSACTION", begins};
    if (equal(first, "prepare") && equal(second, "transaction"))
        return {"PREPARE TRANSACTION", "sessions know no two-phase commit; use a connection of your own"};
    const bool local = equal(first, "set") && (equal(second, "local") || equal(second, "session"));
    if (equal(first, "set") && equal(local ? next_word(sql) : second, "transaction"))
        return {"SET TRANSACTION", "use SessionOptions: isolation, read_only, deferrable"};
    return {};
}

namespace {

bool begins_with_one_of(std::string_view sql, std::span<const std::string_view> words) noexcept {
    // Parentheses may stand around the first SELECT.
    std::string_view first = next_word(sql);
    while (first.empty() && sql.starts_with('(')) {
        sql.remove_prefix(1);
        first = next_word(sql);
    }
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return equal(first, word); });
}

} // namespace

bool begins_like_a_read(std::string_view sql) noexcept {
    static constexpr std::string_view words[] = {"select", "with", "values", "table", "show"};
    return begins_with_one_of(sql, words);
}

bool has_plan(std::string_view sql) noexcept {
    static constexpr std::string_view words[] = {"select", "with",   "values", "table",
                                                 "insert", "update", "delete", "merge"};
    return begins_with_one_of(sql, words);
}

} // namespace corm::query
