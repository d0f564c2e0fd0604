// SQL expressions as immutable values.
#pragma once

#include <corm/type/parameters.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corm::sql {

struct Node;

/// An expression: a shared, immutable tree. Copying is cheap; values inside are encoded already and always travel as
/// parameters, never in the text. Safe to read and copy from any thread. The factories below throw `MappingError` when
/// a tree nests deeper than `max_depth`.
class Expr {
public:
    /// Holds nothing; only to be assigned to.
    Expr() noexcept = default;
    explicit Expr(std::shared_ptr<const Node> node) noexcept : node_(std::move(node)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return node_ != nullptr; }
    [[nodiscard]] const Node& node() const noexcept { return *node_; }

    /// Bounds the recursion that compiles a tree; the server's own stack ends not far above it.
    static constexpr int max_depth = 1000;

private:
    std::shared_ptr<const Node> node_;
};

enum class UnaryOperator { logical_not, negate, is_null, is_not_null };

enum class BinaryOperator {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    is_distinct_from,
    is_not_distinct_from,
    like,
    not_like,
    ilike,
    not_ilike,
    add,
    subtract,
    multiply,
    divide,
    modulo,
};

/// A column. With a table, compiling checks that the statement reads from that table; without one it does not.
/// Names are unquoted.
[[nodiscard]] Expr column(std::string name);
/// `cast`: the type to which text is cast that stands beside the column, where the server would take it for another
/// one.
[[nodiscard]] Expr column(std::string schema, std::string table, std::string name, std::string cast = {});

/// A bound value. `*value` is of the type that `type` describes and is encoded now: throws `ConversionError`.
[[nodiscard]] Expr parameter(const types::ValueType& type, const void* value);
/// A bound value that is encoded already: parameter `index` of `from`.
[[nodiscard]] Expr parameter(const types::Parameters& from, std::size_t index);

[[nodiscard]] Expr unary(UnaryOperator op, Expr operand);
[[nodiscard]] Expr binary(BinaryOperator op, Expr left, Expr right);

/// AND and OR; chains of one kind become one flat list. An empty side is left out.
[[nodiscard]] Expr both(Expr left, Expr right);
[[nodiscard]] Expr either(Expr left, Expr right);

/// `operand = ANY(array)`, or `operand <> ALL(array)` if negated: membership with one parameter for any number of
/// values, so that the text stays the same.
[[nodiscard]] Expr in_array(Expr operand, Expr array, bool negated = false);
/// `operand IN (items...)`, for types that have no array type. With no items: false, or true if negated.
[[nodiscard]] Expr in_list(Expr operand, std::vector<Expr> items, bool negated = false);

/// Both ends included.
[[nodiscard]] Expr between(Expr operand, Expr low, Expr high, bool negated = false);

/// A function by name, unquoted; `schema` may be empty. For functions, not for syntax that looks like one (COALESCE).
/// `only_reads`: it neither writes nor leaves anything behind in the session of the server.
[[nodiscard]] Expr call(std::string schema, std::string function, std::vector<Expr> arguments, bool only_reads = false);
[[nodiscard]] Expr count_star();

/// `operand::sql_type`. The type goes into the text as it is: it comes from a codec, never from a user.
[[nodiscard]] Expr cast(Expr operand, std::string sql_type);

/// `text` with `%`, `_` and `\` escaped, so that LIKE takes it literally.
[[nodiscard]] std::string escape_like(std::string_view text);

} // namespace corm::sql
