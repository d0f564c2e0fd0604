// What the calls of a mapping leave behind: options, as types.
#pragma once

#include <corm/mapping/relation_descriptor.hpp>

#include <cstddef>
#include <string_view>

namespace corm::mapping {

namespace options {

template <auto... Members>
struct PrimaryKey {
    bool assigned;
};
template <auto Member>
struct Version {
    bool assigned;
};
template <class Exchange, auto... Members>
struct Unique {
    Exchange exchange;
};
struct ConfirmRows {
    bool confirmed;
};
struct BulkCopy {
    std::size_t min_rows;
};
template <auto Member>
struct Sequence {
    std::string_view name;
    std::string_view schema;
};
template <auto Member>
struct Generated {};
template <auto Member>
struct ServerDefault {};
template <auto Member>
struct ServerOnupdate {};
template <auto Member>
struct Rename {
    std::string_view column;
};
template <auto Member>
struct SqlType {
    std::string_view name;
};
template <auto Member>
struct Unmapped {};
template <class Target>
struct References {};
template <auto Member, auto... ForeignKey>
struct ToMany {
    RelationOptions relation;
};
template <auto Member, auto... ForeignKey>
struct ToOne {
    RelationKind kind;
    RelationOptions relation;
};
template <auto Member, auto... ForeignKey>
struct OneInverse {
    RelationOptions relation;
};
template <auto Member, std::size_t Own, std::size_t Target>
struct Through {
    Association<Own, Target> association;
    RelationOptions relation;
};

/// Options of a mapping, the last one first. Less for a compiler to do than a tuple: each call of a mapping adds one.
template <class... All>
struct Chain {};
template <class Last, class... Before>
struct Chain<Last, Before...> {
    Last last;
    Chain<Before...> before;
};

} // namespace options

} // namespace corm::mapping
