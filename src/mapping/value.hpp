// Values of columns from texts.
#pragma once

#include <optional>
#include <string_view>

namespace corm::mapping {

class Mapper;
struct Column;

/// Puts the value of a column that a text in PostgreSQL's form stands for into `at`; none is NULL. Throws
/// `ConversionError`, with table and column, for a text that is no value of the column.
void read_text(const Mapper& mapper, const Column& column, std::optional<std::string_view> text, void* at);

} // namespace corm::mapping
