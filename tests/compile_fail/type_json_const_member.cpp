// expect: corm: a member of a struct kept as JSON must not be const
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

struct Address {
    const std::int32_t number = 0;
    Address& operator=(const Address&) { return *this; }
    Address() = default;
    Address(const Address&) = default;
};
BOOST_DESCRIBE_STRUCT(Address, (), (number))
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}
const auto& type = corm::types::value_type<Address>;
