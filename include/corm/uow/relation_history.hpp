// What was linked and unlinked since a relation was last read or flushed.
#pragma once

#include <corm/mapping/relation_descriptor.hpp>
#include <corm/uow/instance.hpp>

#include <memory>
#include <vector>

namespace corm::uow {

struct RelationHistory {
    std::vector<std::shared_ptr<Instance>> added;
    std::vector<std::shared_ptr<Instance>> unchanged;
    std::vector<std::shared_ptr<Instance>> deleted; ///< as far as somebody has kept them
};

/// Of a relation that is not loaded, what was added to it.
[[nodiscard]] RelationHistory relation_history(Instance& instance, const mapping::Relation& relation);

} // namespace corm::uow
