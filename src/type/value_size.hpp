// How large a value may be.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corm::types {

/// The size of an encoded value, as the protocol has it. Throws `ConversionError` for 1 GiB and more: PostgreSQL
/// refuses messages of that size and drops the connection without an SQLSTATE, so such a value is refused before it is
/// sent.
std::int32_t checked_size(std::size_t bytes);

} // namespace corm::types
