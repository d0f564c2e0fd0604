// Changing rows, without overwriting what others changed meanwhile.
#pragma once

#include "rows.hpp"

#include <string>
#include <utility>
#include <vector>

namespace explorer {

/// Tells a version of a row from every other, with quotes: a digest of its values. Any table has it.
[[nodiscard]] std::string entity_tag(const Row& row);

/// A digest of one value, by which a form tells whether it was touched. Browsers change line breaks: all of them count
/// as LF.
[[nodiscard]] std::string mark_of(const Cell& value);
/// With all line breaks as LF.
[[nodiscard]] std::string with_lf(std::string_view text);

/// New values by column.
using Changes = std::vector<std::pair<std::string, Cell>>;

/// The columns that a change may name: neither of the key, nor computed by the server or by corm.
[[nodiscard]] bool is_editable(const Table& table, std::string_view column);

struct Outcome {
    bool stale = false; ///< the row was not as the tag says, and is as it was
    Row row;            ///< as it is in the database now
};

/// Writes values if the row still is the one that `matches` of the request says: the row is locked, compared and
/// written in one transaction, so that nobody comes in between. Three round trips. Throws `HttpError` 422 for columns
/// that may not be changed, `corm::NotFoundError` when the row is gone.
[[nodiscard]] corm::Task<Outcome> change_row(corm::Engine& engine, const Table& table,
                                             const corm::mapping::RecordKey& key, const examples::Request& request,
                                             const Changes& changes);
/// Deletes the row, in the same way. What happens to rows that refer to it is what their foreign keys say.
[[nodiscard]] corm::Task<Outcome> delete_row(corm::Engine& engine, const Table& table,
                                             const corm::mapping::RecordKey& key, const examples::Request& request);

} // namespace explorer
