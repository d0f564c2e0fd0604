// How records are made and reached by the core.
#pragma once

#include <corm/mapping/record.hpp>

#include <cstddef>

namespace corm::mapping {

/// Opens what `Record` keeps to itself.
struct RecordObject {
    static void construct(void* at, const Mapper& mapper);
    static void move_construct(void* at, void* from);
    static void destroy(void* at) noexcept;
    static void* values(void* object) noexcept;
    static RelationState& relation(void* object, std::size_t index);
    static constexpr ObjectType type{sizeof(Record), alignof(Record), &construct, &move_construct, &destroy, &values};
};

} // namespace corm::mapping
