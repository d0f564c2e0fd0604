// A SELECT of any shape, as plain aggregates, and the expressions that only such a one has.
#pragma once

#include <corm/sql/expr.hpp>
#include <corm/sql/select.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::sql {

struct Query;
using QueryPtr = std::shared_ptr<const Query>;

/// A query with a name in front of a statement. Sources share it; the statement writes each once.
struct CommonTable {
    std::string name;
    QueryPtr query{};
    /// Of a recursive one: what it begins with is `query`, and this is repeated until it yields nothing.
    QueryPtr step{};
    bool keeps_duplicates = true; ///< UNION ALL between the two
    std::optional<bool> materialized{};
};

/// What rows are read from: a table, a query, a common table or a function.
struct Source {
    std::string schema{};
    std::string table{};
    QueryPtr query{};
    std::shared_ptr<const CommonTable> common{};
    bool itself = false; ///< the common table within its own step: named by `table`
    Expr function{};
    /// What its columns are qualified with; a table without one goes by its own name.
    std::string alias{};
    std::vector<std::string> columns{}; ///< names for what a function yields
    bool numbered = false;              ///< it yields the number of each row as well, behind everything else
    bool lateral = false;
    std::vector<std::string> key{}; ///< primary key, if it is known: grouped by it, all columns may be selected

    [[nodiscard]] const std::string& name() const noexcept { return alias.empty() ? table : alias; }
};

enum class JoinKind : std::uint8_t { inner, left, right, full, cross };

/// A source beside those in front of it. Of the first one neither `join` nor `on` counts.
struct Joined {
    Source source;
    JoinKind join = JoinKind::inner;
    Expr on{};
};

/// One value of each row.
struct Item {
    Expr expression;
    std::string label{};    ///< of the column in the result; empty: left to the server
    bool holds_null = true; ///< whoever reads it can hold a NULL
    bool of_object = false; ///< part of an object, which is there as a whole or not at all
};

enum class SetOperator : std::uint8_t { union_, intersect, except };

/// A query whose rows are put together with those in front of it.
struct Operand {
    SetOperator op = SetOperator::union_;
    bool all = false; ///< keeps duplicates
    QueryPtr query;
};

struct Query {
    std::vector<Item> items{};
    std::vector<Joined> from{};
    Expr where{};
    std::vector<Expr> group_by{};
    Expr having{};
    bool distinct = false;
    std::vector<Expr> distinct_on{};
    /// With operands its rows are those of `first` and them, and nothing of the above counts.
    QueryPtr first{};
    std::vector<Operand> operands{};
    std::vector<OrderBy> order_by{};
    std::optional<std::int64_t> limit{}; ///< in rows, 0 or more
    std::optional<std::int64_t> offset{};
    std::optional<Lock> lock{};
};

/// Which rows a window function sees beside its own.
struct Frame {
    enum class Unit : std::uint8_t { rows, range, groups };
    enum class Bound : std::uint8_t { unbounded_preceding, preceding, current_row, following, unbounded_following };
    Unit unit = Unit::rows;
    Bound from = Bound::unbounded_preceding;
    Bound to = Bound::current_row;
    std::int64_t from_rows = 0; ///< of `preceding` and `following`
    std::int64_t to_rows = 0;
};
struct Window {
    std::vector<Expr> partition_by{};
    std::vector<OrderBy> order_by{};
    std::optional<Frame> frame{};
};

/// A function over many rows. With a window it is one of window functions, which aggregates are as well.
struct Aggregate {
    std::string schema{};
    std::string function;
    std::vector<Expr> arguments{}; ///< none of count: count(*)
    bool star = false;
    bool distinct = false;
    std::vector<OrderBy> order_by{};
    Expr filter{};
    std::optional<Window> over{};
    bool only_reads = true; ///< see `call`
};

/// Whether an expression can be NULL, by its parts: those of a CASE are conditions and values in turn, and at the end a
/// value.
enum class NullsOf : std::uint8_t { any, all, none, case_values };

/// Text of the library's own with expressions in between: one piece more than there are arguments. Never user input.
[[nodiscard]] Expr form(std::vector<std::string> pieces, std::vector<Expr> arguments, NullsOf nulls = NullsOf::any);
/// The same for what yields one of its arguments (COALESCE), or one of its values (CASE): text beside it, and in it, is
/// of their type.
[[nodiscard]] Expr choice(std::vector<std::string> pieces, std::vector<Expr> arguments, NullsOf nulls);
enum class GroupingKind : std::uint8_t { group, rollup, cube, sets };
/// An entry of GROUP BY that is no expression: `(a, b)`, `ROLLUP(a, b)`, `CUBE(a, b)`, `GROUPING SETS (a, b)`. A group
/// has expressions, ROLLUP and CUBE have groups as well, and sets any entry.
[[nodiscard]] Expr grouping(GroupingKind kind, std::vector<Expr> items);
/// `GROUPING(a, b)`: which of these entries a row leaves out.
[[nodiscard]] Expr grouping_of(std::vector<Expr> expressions);
/// Any infix operator by its symbol. Throws `MappingError` for a symbol that PostgreSQL would not take for one
/// operator.
[[nodiscard]] Expr infix(std::string symbol, Expr left, Expr right);
[[nodiscard]] Expr aggregate(Aggregate call);
/// A column of a source that has an alias, which may stand for a table. `cast`: as of `column`.
[[nodiscard]] Expr column_of(std::string alias, std::string name, std::string cast = {}, std::string table = {});
/// To what text beside the expression is cast; empty for nothing.
[[nodiscard]] std::string_view cast_of(const Expr& expression);
/// A parameter that stands beside something with that cast.
[[nodiscard]] Expr beside(std::string_view cast, Expr parameter);
/// A column of the result by its label, for ORDER BY.
[[nodiscard]] Expr label(std::string name);

enum class Subquery : std::uint8_t { scalar, array, exists, not_exists, in, not_in };
/// `left` is for membership only.
[[nodiscard]] Expr subquery(Subquery kind, QueryPtr query, Expr left = {});
/// Calls functions that may write, or leave something behind in the session of the server, or locks rows in a subquery.
[[nodiscard]] bool calls_unknown(const Query& query);
[[nodiscard]] bool calls_unknown(const Select& statement);
/// `left op ANY (query)`, or ALL.
[[nodiscard]] Expr quantified(Expr left, BinaryOperator op, bool all, QueryPtr query);

} // namespace corm::sql
