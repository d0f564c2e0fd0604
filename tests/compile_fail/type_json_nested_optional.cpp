// expect: corm: JSON has one null: a struct kept as JSON cannot hold a std::optional of a std::optional
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

struct Address {
    std::optional<std::optional<std::string>> zip{};
};
BOOST_DESCRIBE_STRUCT(Address, (), (zip))
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}
const auto& type = corm::types::value_type<Address>;
