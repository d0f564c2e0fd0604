// Rows that get values ahead of the statement that counts.
#pragma once

#include "uow/unique_order.hpp"

#include <corm/type/parameters.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace corm::uow {

/// What the steps of a table (`RowStep`) have done to its rows so far. Rows and steps must outlive it.
class MovedRows {
public:
    using Part = std::span<const std::size_t>; ///< rows, by their index

    MovedRows(const mapping::Mapper& mapper, std::span<const RowChange> rows)
        : mapper_(mapper), rows_(rows), steps_(rows.size()) {}

    /// `step` is planned, of kind `claim` or `park`.
    void add(const RowStep& step) {
        for (const std::size_t row : step.rows)
            steps_[row].push_back(&step);
    }
    /// True if the same steps have been at both.
    [[nodiscard]] bool alike(std::size_t a, std::size_t b) const { return steps_[a] == steps_[b]; }
    /// What the update of the row has to write, if `columns` have changed: a temporary value must not stay, be its
    /// column changed or not.
    [[nodiscard]] std::vector<ColumnIndex> written(std::size_t row, std::vector<ColumnIndex> columns) const;
    /// What the row holds by now, as far as this session knows.
    [[nodiscard]] const void* value(std::size_t row, const mapping::Column& column) const;
    /// The keys under which the rows are, if some may have left those that were loaded.
    [[nodiscard]] std::optional<types::Parameters> keys(Part part) const;
    /// The objects whose rows they are, and those whose values they get.
    [[nodiscard]] std::pair<Handles, Handles> objects(Part part) const;

private:
    const mapping::Mapper& mapper_;
    std::span<const RowChange> rows_;
    std::vector<std::vector<const RowStep*>> steps_;
};

} // namespace corm::uow
