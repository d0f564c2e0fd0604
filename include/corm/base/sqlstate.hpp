// SQLSTATE as a value.
#pragma once

#include <array>
#include <string_view>

namespace corm {

/// The five-character condition code that PostgreSQL attaches to every error.
///
/// A value, not a class tree: compare it with the named conditions of `corm::sqlstate`, or ask one of the
/// predicates. Empty when the server gave none (a connection that broke, for example). Source of the codes:
/// PostgreSQL documentation, appendix A.
class SqlState {
public:
    constexpr SqlState() noexcept = default;

    /// Takes the first five characters of `code`; anything shorter gives the empty state.
    constexpr explicit SqlState(std::string_view code) noexcept {
        if (code.size() >= code_.size()) {
            for (std::size_t i = 0; i < code_.size(); ++i)
                code_[i] = code[i];
        }
    }

    [[nodiscard]] constexpr bool empty() const noexcept { return code_[0] == '\0'; }
    /// A view into this object, as that of `condition_class`.
    [[nodiscard]] constexpr std::string_view code() const noexcept {
        return empty() ? std::string_view{} : std::string_view{code_.data(), code_.size()};
    }
    /// The first two characters: the class of the condition.
    [[nodiscard]] constexpr std::string_view condition_class() const noexcept {
        return code().substr(0, empty() ? 0 : 2);
    }

    /// The whole transaction may be run again with a chance of success (40001, 40P01).
    [[nodiscard]] constexpr bool is_retryable() const noexcept { return code() == "40001" || code() == "40P01"; }
    /// Class 23: a constraint was violated.
    [[nodiscard]] constexpr bool is_integrity_violation() const noexcept { return condition_class() == "23"; }
    /// Class 08, and the codes with which a server ends a session (57P01 to 57P05).
    [[nodiscard]] constexpr bool is_connection_failure() const noexcept {
        return condition_class() == "08" || code().starts_with("57P");
    }

    friend constexpr bool operator==(const SqlState&, const SqlState&) noexcept = default;

private:
    std::array<char, 5> code_{};
};

/// Named conditions that callers act upon.
namespace sqlstate {
inline constexpr SqlState not_null_violation{"23502"};
inline constexpr SqlState foreign_key_violation{"23503"};
inline constexpr SqlState unique_violation{"23505"};
inline constexpr SqlState check_violation{"23514"};
inline constexpr SqlState exclusion_violation{"23P01"};
inline constexpr SqlState invalid_text_representation{"22P02"};
inline constexpr SqlState active_sql_transaction{"25001"};
inline constexpr SqlState read_only_transaction{"25006"};
inline constexpr SqlState failed_transaction{"25P02"};
inline constexpr SqlState idle_in_transaction_timeout{"25P03"};
inline constexpr SqlState invalid_statement_name{"26000"};
inline constexpr SqlState invalid_password{"28P01"};
inline constexpr SqlState invalid_authorization{"28000"};
inline constexpr SqlState invalid_catalog{"3D000"};
inline constexpr SqlState serialization_failure{"40001"};
inline constexpr SqlState deadlock_detected{"40P01"};
inline constexpr SqlState undefined_table{"42P01"};
inline constexpr SqlState undefined_column{"42703"};
inline constexpr SqlState duplicate_prepared_statement{"42P05"};
inline constexpr SqlState too_many_connections{"53300"};
inline constexpr SqlState lock_not_available{"55P03"};
inline constexpr SqlState query_canceled{"57014"};
inline constexpr SqlState admin_shutdown{"57P01"};
inline constexpr SqlState crash_shutdown{"57P02"};
inline constexpr SqlState cannot_connect_now{"57P03"};
inline constexpr SqlState feature_not_supported{"0A000"};
} // namespace sqlstate

} // namespace corm
