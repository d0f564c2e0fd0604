// The rows that a row refers to, and those that refer to it.
#pragma once

#include "rows.hpp"

#include <cstddef>
#include <vector>

namespace explorer {

struct Related {
    const corm::schema::Relation* relation;
    const Table* table; ///< that the rows are of
    Listing listing;    ///< the first few
    /// A listing of all of them; of many_to_many: of the pairs. Null if nothing can be related.
    const Table* all_of = nullptr;
    Wanted all{};
    std::string problem{}; ///< why there are none
};

/// What is shown of a collection before somebody asks for all of it.
inline constexpr std::int64_t related_rows = 5;

/// For each of these reads: a foreign key without an index, for example, is not waited for.
inline constexpr corm::Duration related_deadline{1000};

/// Every relation of a row whose columns are not NULL, one round trip for each. One that cannot be read says why.
[[nodiscard]] corm::Task<std::vector<Related>> read_related(corm::Engine& engine, const Snapshot& snapshot,
                                                            const Table& table, const Row& row);

/// The rows of `target` whose `columns` have the values that `row` has in `own`. None if one of them is NULL.
[[nodiscard]] std::optional<Wanted> matching(const Table& table, const Row& row, const std::vector<std::string>& own,
                                             const std::vector<std::string>& columns);

} // namespace explorer
