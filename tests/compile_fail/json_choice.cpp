// expect: corm: corm_json of a mapped struct returns corm::json_without
#include "json_entities.hpp"

constexpr auto corm_json(corm::type<Car>) {
    return &Car::colour;
}
std::string write(const corm::orm::Ref<Car>& car) {
    return corm::to_json_text(car);
}
