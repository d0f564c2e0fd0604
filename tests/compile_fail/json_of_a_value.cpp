// expect: corm: to_json takes a mapped struct or a corm::Record, a handle to one, or a range of either
#include "json_entities.hpp"

boost::json::value write(const Other& other) {
    return corm::to_json(other);
}
