// expect: corm: a type with corm_json must be a described struct
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

struct Address {
    std::string street{};
};
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}
const auto& type = corm::types::value_type<Address>;
