#include <corm/mapping/relation.hpp>

#include <corm/base/error.hpp>

namespace corm::mapping {

void RelationState::require_loaded() const {
    if (loaded_)
        return;
    const std::string name =
        relation_ != nullptr ? relation_->entity + "." + relation_->name : std::string{"this relation"};
    throw NotLoadedError(name +
                         " was not loaded with its object, and corm never reads from the database behind an operator; "
                         "query the related rows by their foreign key");
}

} // namespace corm::mapping
