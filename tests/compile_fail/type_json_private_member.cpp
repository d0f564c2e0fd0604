// expect: corm: a struct kept as JSON must have no described private or protected members
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

class Address {
public:
    std::string street{};

private:
    std::string zip{};
    BOOST_DESCRIBE_CLASS(Address, (), (street), (), (zip))
};
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}
const auto& type = corm::types::value_type<Address>;
