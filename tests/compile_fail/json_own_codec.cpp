// expect: corm: a member is of a type that corm does not write as JSON; beside the type, write void tag_invoke(
#include "json_entities.hpp"

std::string write(const corm::orm::Ref<Car>& car) {
    return corm::to_json_text(car);
}
