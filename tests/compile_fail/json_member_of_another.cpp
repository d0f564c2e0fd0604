// expect: corm: this member is not described
#include "json_entities.hpp"

constexpr auto corm_json(corm::type<Car>) {
    return corm::json_without<&Car::colour, &Other::id>;
}
std::string write(const corm::orm::Ref<Car>& car) {
    return corm::to_json_text(car);
}
