// expect: corm: a struct kept as JSON has a member of a type that is not written as JSON
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

struct Position {
    double x = 0;
};
struct Address {
    std::string street{};
    std::vector<Position> positions{};
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, positions))
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}
const auto& type = corm::types::value_type<Address>;
