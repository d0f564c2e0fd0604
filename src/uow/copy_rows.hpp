// The rows of an insert as COPY takes them.
#pragma once

#include "uow/statement_texts.hpp"

#include <corm/type/field_view.hpp>
#include <corm/uow/instance.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::uow {

/// A column whose type is another than that of its values.
struct OtherType {
    std::string column;
    std::string declared; ///< in the table
};
/// What `StatementTexts::column_types` has found.
[[nodiscard]] std::optional<OtherType> other_type(const types::Rows& rows);

/// Encoded when the flush is planned, because the program may edit on while it is under way; only the keys that the
/// server hands out are filled in later. Refers to no object. Not thread-safe.
class CopyRows {
public:
    /// In the format of these columns; `generated`: among them is the key, which is to be filled in. Throws
    /// `ConversionError`, with table and column, for values that cannot be sent.
    CopyRows(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns, bool generated,
             std::span<const std::shared_ptr<Instance>* const> instances);

    /// `rows` are what `StatementTexts::column_types` has found. Throws `MappingError`: the server converts nothing,
    /// and would take the bytes of one type for those of another.
    void require_types(const types::Rows& rows, std::source_location where) const;
    /// `rows` are those of `StatementTexts::id_block`. Throws `MappingError` if the key has no sequence.
    void fill_in_keys(const types::Rows& rows, std::source_location where);
    /// Throws `StaleDataError` unless the server has taken all rows, or the mapping does not mind.
    void require_copied(std::int64_t rows, std::source_location where) const;

    [[nodiscard]] std::string_view bytes() const noexcept { return buffer_; }

    /// Where in the plan the answers are that these rows wait for.
    std::size_t types_at = 0;
    std::optional<std::size_t> keys_at;

private:
    [[noreturn]] void throw_no_sequence(std::source_location where) const;
    void leave_room(std::size_t size);

    std::shared_ptr<const mapping::Mapper> mapper_;
    bool binary_ = false;
    std::int64_t count_;
    std::string buffer_;
    std::vector<std::size_t> places_; // of the keys
    std::size_t width_ = 0;           // of each
};

} // namespace corm::uow
