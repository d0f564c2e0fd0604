// Rows of any table, as text.
#pragma once

#include "snapshot.hpp"

#include "common/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace explorer {

/// A table or column that is not known, and may be new.
class UnknownName : public examples::HttpError {
public:
    using HttpError::HttpError;
};

/// A value as PostgreSQL writes it; nothing for NULL.
using Cell = std::optional<std::string>;

/// One for each column of the table.
using Row = std::vector<Cell>;

enum class Operator : std::uint8_t { eq, ne, lt, le, gt, ge, has, null, set };
/// As it stands in requests: `eq`, `has`; none if there is none of that name.
[[nodiscard]] std::optional<Operator> operator_named(std::string_view name) noexcept;
[[nodiscard]] std::string_view to_string(Operator op) noexcept;

struct Filter {
    Operator op;
    std::string column;
    std::string value{}; ///< of `null` and `set`: of no meaning
};

/// Which rows are wanted.
struct Wanted {
    std::vector<Filter> filters{}; ///< all of them
    std::string order{};           ///< column; empty: by the key
    bool descending = false;
    std::int64_t limit = 50;
    std::int64_t offset = 0;
};
/// From a query such as `f.has.name=ada&f.ge.age=41&desc=age&limit=20&offset=40`. Throws `HttpError` 400 for what is
/// none, and for columns that the table does not have.
[[nodiscard]] Wanted wanted_from(const examples::Request& request, const Table& table);
/// The query that says so.
[[nodiscard]] std::string query_of(const Wanted& wanted);

struct Listing {
    std::vector<Row> rows;
    bool more = false; ///< there are rows behind these
};
/// The query for them, of a mapped table, and for one row more: whether there are others behind.
[[nodiscard]] corm::query::Select<corm::Record> select_rows(const Table& table, const Wanted& wanted);
/// One round trip. Rows without a key come in no particular order unless one is asked for.
[[nodiscard]] corm::Task<Listing> read_rows(const corm::AsyncSession& session, const Table& table, Wanted wanted);

/// The key of a row from the fields of a query: `id=7`, or one for each column of a composite one. Throws `HttpError`:
/// 404 for a table without keys, 400 for a missing or further field.
[[nodiscard]] corm::mapping::RecordKey key_from(const examples::Request& request, const Table& table);
/// The fields that lead to a row; empty for a table without keys.
[[nodiscard]] std::string key_query(const Table& table, const Row& row);

[[nodiscard]] Row row_of(const Table& table, const corm::Record& record);
/// By the name of the column.
[[nodiscard]] const Cell& cell(const Table& table, const Row& row, std::string_view column);
[[nodiscard]] bool is_document(const Snapshot& snapshot, const corm::schema::Column& column);
/// An object of JSON: integers, floats, booleans and documents as PostgreSQL writes them, digit for digit; everything
/// else as text.
[[nodiscard]] std::string to_json(const Snapshot& snapshot, const Table& table, const Row& row);

} // namespace explorer
