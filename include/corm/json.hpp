// Mapped structs as JSON, with the relations that are loaded. Optional: corm/corm.hpp does not include it.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/json_members.hpp>
#include <corm/orm/ref.hpp>
#include <corm/type/detail/json_column.hpp>
#include <corm/uow/json.hpp>

#include <boost/json/conversion.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace corm {

using mapping::json_only;
using mapping::json_without;

namespace detail {

template <class T>
const uow::JsonEntity& json_entity();

/// What `corm_json` says of a mapped struct.
template <class T>
struct JsonChoice {
    template <auto Member>
    static consteval bool writes(bool unmapped) {
        return !unmapped;
    }
};
template <class T, class Members>
struct NamedMembers {
    // In the body of a function that is no template, so that it is said once.
    static consteval bool refuse() {
        static_assert(!sizeof(T),
                      "corm: corm_json of a mapped struct returns corm::json_without<&Struct::member...> or "
                      "corm::json_only<&Struct::member...>");
        return false;
    }
    template <auto Member>
    static consteval bool writes(bool) {
        return refuse();
    }
};
template <class T, bool Only, auto... Members>
struct NamedMembers<T, mapping::JsonMembers<Only, Members...>> {
    template <auto Member>
    static consteval bool writes(bool unmapped) {
        (mapping::check_member<T, Members>(), ...);
        const bool named = (same<Member, Members>() || ...);
        return Only ? named : !named && !unmapped;
    }

private:
    template <auto Left, auto Right>
    static consteval bool same() {
        return mapping::described_position<T, Left> == mapping::described_position<T, Right>;
    }
};
template <class T>
    requires requires { corm_json(corm::type<T>{}); } && (!types::detail::JsonMapped<T>)
struct JsonChoice<T> : NamedMembers<T, std::remove_cv_t<decltype(corm_json(corm::type<T>{}))>> {};

template <class T>
using JsonOptions = std::remove_cvref_t<decltype(std::declval<mapping::detail::TableOf<T>>().all_options())>;

template <class T, auto Member>
inline constexpr bool json_written = JsonChoice<T>::template writes<Member>(
    mapping::detail::is_unmapped<T, Member>(static_cast<JsonOptions<T>*>(nullptr)));

/// One member of `T`; inherited ones are named by their base.
template <class T, auto Member>
struct JsonAccessOf {
    using Value = std::remove_cv_t<mapping::member_type<Member>>;

    static const Value& of(const void* object) { return static_cast<const T*>(object)->*Member; }
    static const mapping::RelationState& relation(const void* object) { return of(object); }
    static void write(const void* object, std::string& out, const types::detail::JsonPath& path) {
        types::detail::write_json_column(of(object), out, path);
    }
    static constexpr uow::JsonMember member(std::string_view name) {
        if constexpr (mapping::RelationMember<Value>::value)
            return {name, nullptr, &relation, &json_entity<typename Value::target_type>,
                    mapping::RelationMember<Value>::many};
        else
            return {name, &write, nullptr, nullptr, false};
    }
};

template <class T, template <class...> class List, class... Descriptors>
constexpr auto json_members(List<Descriptors...>*) {
    std::array<uow::JsonMember, (std::size_t{0} + ... + json_written<T, Descriptors::pointer>)> members{};
    std::size_t count = 0;
    const auto add = [&]<class Descriptor>(Descriptor*) {
        if constexpr (json_written<T, Descriptor::pointer>)
            members[count++] = JsonAccessOf<T, Descriptor::pointer>::member(Descriptor::name);
    };
    (add(static_cast<Descriptors*>(nullptr)), ...);
    return members;
}

/// The members of the key, none if one of them is not to be seen.
template <class T, auto... Members>
constexpr auto json_key(mapping::options::PrimaryKey<Members...>*) {
    if constexpr ((json_written<T, Members> && ...))
        return std::array{JsonAccessOf<T, Members>::member(mapping::member_name<T, Members>)...};
    else
        return std::array<uow::JsonMember, 0>{};
}
template <class T, class Last, class... Before>
constexpr auto json_key_of(mapping::options::Chain<Last, Before...>*) {
    if constexpr (mapping::detail::KeyOption<Last>::value)
        return json_key<T>(static_cast<Last*>(nullptr));
    else
        return json_key_of<T>(static_cast<mapping::options::Chain<Before...>*>(nullptr));
}

/// The table of a mapped struct. A function, because structs are related in circles.
template <class T>
const uow::JsonEntity& json_entity() {
    static constexpr auto members = json_members<T>(static_cast<mapping::described_members<T>*>(nullptr));
    static constexpr auto key = json_key_of<T>(static_cast<JsonOptions<T>*>(nullptr));
    static constexpr uow::JsonEntity entity{members.data(), members.size(), key.data(), key.size()};
    return entity;
}

template <>
inline const uow::JsonEntity& json_entity<mapping::Record>() {
    return uow::json_record;
}

/// What an object is given by: a handle, or the struct.
template <class T>
struct JsonSource {
    static constexpr bool value = mapping::Mapped<T> || std::is_same_v<T, mapping::Record>;
    using entity = T;
    static const void* object(const T& from) noexcept { return &from; }
};
template <class T>
struct JsonSource<orm::Ref<T>> : std::true_type {
    using entity = T;
    static const void* object(const orm::Ref<T>& from) { return from ? &*from : nullptr; }
};
template <class Range>
concept JsonRange = requires(const Range& range) {
    range.begin() != range.end();
    requires JsonSource<std::remove_cvref_t<decltype(*range.begin())>>::value;
};

} // namespace detail

/// JSON text of a mapped struct or a `Record`, a handle to one, a `One`, or a range of either, `Many` and `std::vector`
/// for instance. A struct is an object of its described members by name; a handle that is empty is null.
///
/// Relations are written if they are loaded and left out if not: nothing is read from the database. An object that is
/// being written, met again on a way that leads back to it, is its key. `corm_json` says which members are left out
/// (see `json_without` and `json_only`); unmapped members are, unless `json_only` names them.
///
/// A `Record` is an object of its columns by name. The types of its values are known at run time alone: a type of your
/// own is what its codec sends, a number for `int4`, and a string if that is no type of PostgreSQL's own.
///
/// Throws `ConversionError` with the path of a value that JSON cannot hold, `NotLoadedError` for an expired object and
/// for a related one that nobody has kept, `MappingError` for a `Record` that holds nothing. What is passed is read in
/// the task of its session.
template <class What>
[[nodiscard]] std::string to_json_text(const What& what) {
    using Source = detail::JsonSource<What>;
    if constexpr (Source::value) {
        return uow::JsonWriter::object(detail::json_entity<typename Source::entity>(), Source::object(what));
    } else if constexpr (detail::JsonRange<What>) {
        using Element = detail::JsonSource<std::remove_cvref_t<decltype(*what.begin())>>;
        uow::JsonWriter writer;
        for (const auto& element : what)
            writer.add(detail::json_entity<typename Element::entity>(), Element::object(element));
        return std::move(writer).array();
    } else {
        static_assert(!sizeof(What),
                      "corm: to_json takes a mapped struct or a corm::Record, a handle to one, or a range of either");
        return {};
    }
}

template <class T>
[[nodiscard]] std::string to_json_text(const mapping::One<T>& one) {
    return to_json_text(one.get());
}

/// The same as a value, in `storage`.
template <class What>
[[nodiscard]] boost::json::value to_json(const What& what, boost::json::storage_ptr storage = {}) {
    return uow::parse_json_document(to_json_text(what), std::move(storage));
}

} // namespace corm

namespace corm::orm {

/// `boost::json::value_from(ref)` is `corm::to_json(ref)`, and so it is for handles in containers.
template <class T>
void tag_invoke(const boost::json::value_from_tag&, boost::json::value& to, const Ref<T>& ref) {
    to = to_json(ref, to.storage());
}

} // namespace corm::orm
