// expect: corm: this key does not convert to the type of the key member without narrowing; cast it to that type
#include "mapping_entities.hpp"

corm::mapping::KeyArgument<Line> find(std::int64_t line_no) {
    return corm::mapping::key(7, line_no);
}
