#include <corm/query/load.hpp>

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>

#include <algorithm>
#include <string>

namespace corm::query {

RelationPath path_of(const mapping::Mapper& mapper, const NamedLoad& load) {
    RelationPath path;
    const mapping::Mapper* owner = &mapper;
    for (const std::string& name : load.relations) {
        path.push_back(&mapping::relation_by_name(*owner, name));
        owner = &path.back()->target.get();
    }
    return path;
}

std::vector<RelationPath> paths_of(const mapping::Mapper& mapper, const std::vector<NamedLoad>& loads) {
    std::vector<RelationPath> paths;
    for (const NamedLoad& load : loads)
        paths.push_back(path_of(mapper, load));
    return paths;
}

namespace detail {

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

} // namespace detail

} // namespace corm::query
