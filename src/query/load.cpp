#include <corm/query/load.hpp>

#include <corm/base/error.hpp>

#include <algorithm>
#include <string>

namespace corm::query::detail {

const mapping::Relation& find_relation(const mapping::Mapper& mapper, std::string_view member) {
    const auto relations = mapper.relations();
    const auto found = std::find_if(relations.begin(), relations.end(),
                                    [member](const mapping::Relation& relation) { return relation.name == member; });
    if (found == relations.end())
        throw MappingError(mapper.entity() + "." + std::string{member} +
                           " is a relation that the mapping does not describe; add one_to_many, many_to_one, "
                           "one_to_one, one_to_one_inverse or many_to_many for it");
    return *found;
}

} // namespace corm::query::detail
