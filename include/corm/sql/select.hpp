// A SELECT as a plain aggregate.
#pragma once

#include <corm/sql/expr.hpp>
#include <corm/sql/lock.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::sql {

enum class Nulls { by_direction, first, last };

/// One term of ORDER BY.
struct OrderBy {
    Expr expression;
    bool descending = false;
    Nulls nulls = Nulls::by_direction; ///< PostgreSQL's default: last ascending, first descending
};

/// What a SELECT yields.
enum class Yield {
    rows,
    /// One int8: the number of rows that the statement would yield. ORDER BY plays no part; a lock is refused.
    row_count,
};

/// A column that is selected, by its name.
struct SelectedColumn {
    SelectedColumn(std::string column, bool to_text = false) // NOLINT: stands for the column
        : name(std::move(column)), as_text(to_text) {}
    SelectedColumn(const char* column) : name(column) {} // NOLINT

    std::string name;
    bool as_text = false; ///< cast to text
};

/// Columns in their order. Immutable and shared by its copies, so that a table has one for all statements.
class SelectedColumns {
public:
    SelectedColumns() = default;
    /// Throw `MappingError` for names that no column can have.
    SelectedColumns(std::initializer_list<SelectedColumn> columns); // NOLINT: stands for them
    explicit SelectedColumns(std::vector<SelectedColumn> columns);

    [[nodiscard]] std::span<const SelectedColumn> list() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return list().size(); }
    /// One of them is cast.
    [[nodiscard]] bool casts() const noexcept;
    /// As a statement without an alias and casts has them.
    [[nodiscard]] std::string_view text() const noexcept;

private:
    struct Written;
    std::shared_ptr<const Written> written_;
};

/// A table whose rows come along with those of another one. A statement with joins calls its own table `t`, and the
/// n-th joined one `tn`: see `alias_of`.
struct Join {
    /// Columns that are equal.
    struct Pair {
        std::string from; ///< of the other table
        std::string here;
    };

    std::string schema{};
    std::string table{};
    std::size_t from = 0; ///< the other table: 0 is that of the statement, n the n-th join, one before this
    std::vector<Pair> on{};
    bool inner = false; ///< leaves out rows without a match, which have NULLs otherwise
    SelectedColumns columns{};
};

/// What a statement with joins calls its own table (0) and the n-th joined one.
[[nodiscard]] std::string alias_of(std::size_t table);

/// A SELECT from one table, with others joined to it. Names are unquoted; an empty schema leaves the choice to the
/// server's search_path.
struct Select {
    std::string schema{};
    std::string table{};
    SelectedColumns columns{};
    std::vector<Join> joins{};       ///< their columns are selected after those of the table
    std::vector<Expr> expressions{}; ///< selected after all columns
    bool distinct = false;
    Expr where{};
    std::vector<OrderBy> order_by{};
    std::optional<std::int64_t> limit{}; ///< in rows, 0 or more
    std::optional<std::int64_t> offset{};
    std::optional<Lock> lock{};
    Yield yield = Yield::rows;
};

} // namespace corm::sql
