// Changes a described struct by a JSON object (RFC 7396 for flat objects).
#pragma once

#include "common/message.hpp"

#include <corm/mapping/relation.hpp>

#include <boost/describe/members.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace atlas {

/// The body of a request as an object. Throws `examples::HttpError` 400 for what is not JSON, 422 for another kind of
/// value.
[[nodiscard]] boost::json::object parse_object(const std::string& body);

/// Assigns each field of `fields` to the member of its name. Throws `examples::HttpError` 422 for an unknown name, one
/// of `fixed`, and a value of the wrong type; `target` may be half changed then. Relations are no fields.
template <class T>
void apply_patch(T& target, const boost::json::object& fields, std::span<const std::string_view> fixed) {
    for (const auto& field : fields) {
        const std::string_view name{field.key().data(), field.key().size()};
        if (std::ranges::find(fixed, name) != fixed.end())
            throw examples::HttpError{422, std::string{name} + " cannot be changed"};
        bool known = false;
        boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
            auto& value = target.*member.pointer;
            using Value = std::remove_reference_t<decltype(value)>;
            if constexpr (!corm::mapping::RelationMember<Value>::value) {
                if (name != member.name)
                    return;
                known = true;
                auto read = boost::json::try_value_to<Value>(field.value());
                if (!read)
                    throw examples::HttpError{422, std::string{name} + " has the wrong type"};
                value = std::move(*read);
            }
        });
        if (!known)
            throw examples::HttpError{422, "there is no field '" + std::string{name} + "'"};
    }
}

} // namespace atlas
