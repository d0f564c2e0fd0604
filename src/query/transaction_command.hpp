// What a statement is, by its first words: whether raw SQL would control the transaction behind a session's back.
#pragma once

#include <string_view>

namespace corm::query {

/// What to use instead of a statement that begins, ends or shapes a transaction (BEGIN, COMMIT, SAVEPOINT, SET
/// TRANSACTION, ...); empty for every other statement. Looks at the first words, behind comments: a call carries one
/// statement only.
struct TransactionCommand {
    std::string_view name;
    std::string_view instead;
};
[[nodiscard]] TransactionCommand transaction_command(std::string_view sql) noexcept;

/// Its first word is one that can begin a statement which only reads. WITH and SELECT may write all the same: that is
/// for the server to refuse.
[[nodiscard]] bool begins_like_a_read(std::string_view sql) noexcept;

/// EXPLAIN takes such a statement.
[[nodiscard]] bool has_plan(std::string_view sql) noexcept;

} // namespace corm::query
