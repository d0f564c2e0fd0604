// Tables in the order of their foreign keys.
#pragma once

#include <corm/mapping/mapper.hpp>

#include <vector>

namespace corm::uow {

/// Referenced tables first; tables that are free of each other by schema and name, so that every session writes them in
/// the same order. Tables that refer to each other in a circle keep the order by name.
[[nodiscard]] std::vector<const mapping::Mapper*> order_tables(std::vector<const mapping::Mapper*> mappers);

/// True if rows of `child` refer to rows of `parent`, another table; foreign keys that are closed by an update of their
/// own (post_update) do not count.
[[nodiscard]] bool refers_to(const mapping::Mapper& child, const mapping::Mapper& parent);

/// The same for rows of `from` through others, as far as the mappers of those that refer say so.
[[nodiscard]] bool leads_to(const mapping::Mapper& from, const mapping::Mapper& to);

/// True if a flush writes `first` ahead where foreign keys say nothing, or go both ways.
[[nodiscard]] bool comes_first(const mapping::Mapper& first, const mapping::Mapper& second);

/// Those of `order` whose rows refer to rows of `mapper`, directly or through each other; the last one first.
[[nodiscard]] std::vector<const mapping::Mapper*> referring_tables(const mapping::Mapper& mapper,
                                                                   const std::vector<const mapping::Mapper*>& order);

} // namespace corm::uow
