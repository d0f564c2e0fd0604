// In which order rows of a table may be written, so that each unique value is free when it is taken.
#pragma once

#include "uow/flush_statements.hpp"

namespace corm::uow {

/// The change of one row.
struct RowChange {
    Handle old;        ///< whose row it is
    Handle fresh;      ///< whose values the row gets: another object in a row switch
    std::size_t group; ///< rows of one group write the same columns
};

struct RowStep {
    enum class Kind : std::uint8_t {
        write,  ///< the changes of these rows: those of one group in one statement
        claim,  ///< the new values of these rows in the columns of `set`, which is deferrable, in one statement
        park,   ///< the temporary value of `set`, in its last column
        remove, ///< the deletes of this table, and of those that refer to it
    };
    Kind kind = Kind::write;
    std::vector<std::size_t> rows{}; ///< ascending
    const mapping::UniqueSet* set = nullptr;
};

/// Each row is in one step of kind `write`. There is no step `remove` unless a value that a deleted row leaves is
/// taken. Values are compared as the server gets them: those that only the server takes for equal (citext, numerics of
/// different scale) are not seen. Throws `MappingError`, naming the rows, if rows exchange values that are neither
/// deferrable nor have a temporary value.
[[nodiscard]] std::vector<RowStep> order_rows(const mapping::Mapper& mapper, std::span<const RowChange> rows,
                                              std::span<const Handle> removed, std::span<const Handle> inserted);

} // namespace corm::uow
