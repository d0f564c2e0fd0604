// The changes of a flush, by table.
#pragma once

#include "uow/unique_order.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace corm::uow {

/// Objects whose changes are in the same columns.
struct Update {
    std::vector<ColumnIndex> columns;
    Handles instances;
};

/// Objects that are removed, each with the one that is added under its key.
struct Switch {
    std::vector<ColumnIndex> columns;
    bool writes_unique = false; ///< or leaves one to its default
    Handles old{};
    Handles fresh{};
};

/// The changes of one table.
struct TableChanges {
    explicit TableChanges(const mapping::Mapper& of) : mapper(&of) {}

    const mapping::Mapper* mapper;
    std::vector<Update> updates;
    Handles inserts;
    Handles deletes;
    std::vector<Switch> switches;
    std::vector<FlushStatement> cleared; ///< deletes of pairs, ahead of everything else
    Handles waiting{};                   ///< see `ChangeSet`
    bool locked = false;
    bool one_by_one = false; ///< each row of its one update has a statement, which is its lock
    bool saved = false;      ///< its updates are planned
    /// The statement whose keys are those of the one update, in its order.
    std::optional<std::size_t> locked_as_updated;
};

/// In the order of keys, in which rows are locked.
inline constexpr auto by_key = [](Handle a, Handle b) { return (*a)->key < (*b)->key; };

/// True if one of the columns is of the key or of a unique set.
[[nodiscard]] bool writes_unique(const mapping::Mapper& mapper, Columns columns);

/// True if one of the updates writes the key.
[[nodiscard]] bool moves_keys(const TableChanges& table);

/// Takes objects that are added under the key of one that is removed out of both lists. Deletes stay in their order.
void find_switches(TableChanges& table);

/// True if a missing row would not be noticed by an update, which cannot stand for an insert then.
[[nodiscard]] bool misses_rows(const mapping::Mapper& mapper);

/// The deletes of `removed` come ahead of the saves of `referring`. True if some of these objects move away from a row
/// that is deleted, and may do so first: they take no unique values, and refer to nothing that is yet to come. By
/// `.references<>()` nobody knows which column refers: any update may be such a move then.
[[nodiscard]] bool moves_first(const TableChanges& removed, const TableChanges& referring, const Update& update,
                               std::span<const TableChanges> tables);

/// Throws `MappingError` if one of `waiting`, rows of `referring`, moves away from a row that is deleted ahead: the
/// server would refuse the delete, or cascade it. One without `fresh` is yet to learn to what it moves.
void refuse_moving_away(const TableChanges& removed, const mapping::Mapper& referring,
                        std::span<const RowChange> waiting);

} // namespace corm::uow
