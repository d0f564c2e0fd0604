// From changes to the statements of one flush.
#pragma once

#include "uow/column_copies.hpp"
#include "uow/copy_rows.hpp"
#include "uow/statement_texts.hpp"

#include <corm/type/parameters.hpp>
#include <corm/uow/instance.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::uow {

/// One object of a flush.
struct FlushRow {
    std::shared_ptr<Instance> instance;
    /// The values as sent, for inserts of objects that are watched.
    mapping::ValueBlock sent;
};

/// One statement of a flush. `rows` are in the order of its ordinals; a lock has none.
struct FlushStatement {
    enum class Kind : std::uint8_t {
        insert,
        update,
        remove,
        lock,
        row_switch, ///< the rows of removed objects get the values of added ones
        rearrange,  ///< frees unique values ahead of the updates that count
        copy,       ///< inserts by COPY
        // Questions ahead of a COPY, which waits for their answers; they have no rows either.
        id_block,
        column_types,
        unlink, ///< deletes all pairs of removed objects; has no rows
    };

    Kind kind{};
    bool generated_keys = false;
    /// Columns whose values come back, in the result's columns from 1 on; the generated key among them.
    std::vector<ColumnIndex> returned;
    /// The key follows in the result: its rows have an order of their own.
    bool matched_by_key = false;
    const mapping::Mapper* mapper = nullptr;
    Text text;
    types::Parameters parameters;
    std::vector<FlushRow> rows;
    std::vector<std::shared_ptr<Instance>> replaced; ///< of a row switch: the removed objects
    std::shared_ptr<CopyRows> copy{};                ///< what a COPY sends
    std::vector<ColumnCopies> sent; ///< the columns of an update: the program may edit on while it is under way
};

struct FlushPlan {
    std::vector<FlushStatement> statements;
    /// Another stage follows, which needs the keys of this one.
    bool has_more = false;
    /// Objects that have lost their owner were found and are removed now: plan again. There are no statements.
    bool has_orphans = false;
    const Instance* except = nullptr; ///< see `PlanMode`
    [[nodiscard]] bool empty() const noexcept { return statements.empty(); }
};

/// What is special about a flush.
struct PlanMode {
    /// Whose edits are left out: it is about to be locked and read. Not if links are concerned: other rows may need it.
    const Instance* except = nullptr;
    bool copies = false;  ///< see `ChangeSet`
    bool guarded = false; ///< see `ChangeSet`
};

/// What a flush is made from. Order within a list matters for `added`.
struct ChangeSet {
    std::span<const std::shared_ptr<Instance>> added;
    /// To be compared with what was last sent or loaded. Pointers, because handles are counted atomically.
    std::vector<const std::shared_ptr<Instance>*> modified;
    std::span<const std::shared_ptr<Instance>> removed;
    /// Rows of associations, as records; and all pairs of removed objects, ahead of them.
    std::span<const std::shared_ptr<Instance>> linked{};
    std::span<const std::shared_ptr<Instance>> unlinked{};
    std::vector<FlushStatement> cleared{};
    /// A stage ahead of the rest: it writes the tables that get new rows, and what has to go before these. The rest is
    /// left to a later one.
    bool is_stage = false;
    /// Old rows whose references change in a later stage: what they refer to cannot be deleted ahead of that.
    std::vector<const std::shared_ptr<Instance>*> waiting{};
    bool copies = false; ///< there is a transaction around the flush, so that COPY may be a part of it
    /// Updates of rows without a version check that nobody else has changed what they write.
    bool guarded = false;
};

/// Orders tables by their foreign keys, updates before inserts and saves before deletes; rows of one shape share a
/// statement, and where more than one row of a table is updated or deleted, a statement ahead locks them all in key
/// order. Two updates of one shape lock by themselves, one after the other, if it is known here how the server would
/// sort their keys. An object that is added under the key of one that is removed takes its row over. Values of the key
/// and of unique sets are freed before they are taken; where a deleted row leaves one, the deletes come before the
/// saves. What COPYs have to know is asked ahead of everything else.
/// Deterministic. Throws `MappingError` for keys that cannot be and for unique values that cannot be exchanged,
/// `ConversionError` for values that cannot be sent (nothing was sent then).
[[nodiscard]] FlushPlan plan_flush(ChangeSet&& changes);

/// Throws `StaleDataError`: fewer rows were inserted than were added.
[[noreturn]] void throw_rows_missing(const mapping::Mapper& mapper, std::source_location where);

/// What the statement does, for messages: "updating User". Its text may say something else to the server, for which an
/// update of many rows is a SELECT.
[[nodiscard]] std::string describe(const FlushStatement& statement);

/// Turns the server's "corm found 2" (of three rows) into `StaleDataError` with entity and keys; null for any other
/// message.
[[nodiscard]] std::exception_ptr stale_rows(const FlushStatement& statement, std::string_view message,
                                            std::source_location where);

} // namespace corm::uow
