// From a described struct and its corm_mapping to a Mapper.
#pragma once

#include <corm/mapping/describe_relation.hpp>
#include <corm/mapping/mapped.hpp>
#include <corm/mapping/table.hpp>

#include <new>

namespace corm::mapping {

namespace detail {

template <class T, auto Member, class... Options>
consteval bool is_unmapped(options::Chain<Options...>*) {
    return (std::is_same_v<Options, options::Unmapped<Member>> || ...);
}

/// True if `Member` is the whole primary key.
template <auto Member, class... Options>
consteval bool is_key(options::Chain<Options...>*) {
    return (std::is_same_v<Options, options::PrimaryKey<Member>> || ...);
}

template <class T>
struct StructObject {
    static void construct(void* at, const Mapper&) { ::new (at) T(); }
    static void move_construct(void* at, void* from) { ::new (at) T(std::move(*static_cast<T*>(from))); }
    static void destroy(void* at) noexcept { static_cast<T*>(at)->~T(); }
    static void* values(void* object) noexcept { return object; }
    static constexpr ObjectType type{sizeof(T), alignof(T), &construct, &move_construct, &destroy, &values};
};

/// The unqualified name of `T`, from what the compiler calls this function.
std::string entity_name(std::string_view function);
template <class T>
std::string entity_name() {
    return entity_name(__PRETTY_FUNCTION__);
}
/// `OrderLine` becomes `order_line`.
std::string snake_case(std::string_view name);

template <class T, class Descriptor>
void add_member(MapperBuilder& builder, const T& probe) {
    using Member = std::remove_reference_t<decltype(probe.*Descriptor::pointer)>;
    using Value = std::remove_const_t<Member>;
    using Options = std::remove_cvref_t<decltype(std::declval<TableOf<T>>().all_options())>;
    static_assert(!std::is_const_v<typename MemberPointer<std::remove_cv_t<decltype(Descriptor::pointer)>>::value_type>,
                  "corm: a mapped member must not be const; corm writes it when a row is loaded");
    if constexpr (RelationMember<Value>::value || is_unmapped<T, Descriptor::pointer>(static_cast<Options*>(nullptr))) {
        builder.skip_member();
    } else {
        static_assert(types::ColumnValue<Value>,
                      "corm: a described member has a type that corm cannot store; specialise "
                      "corm::types::Codec for it, or exclude it with .unmapped<&Struct::member>()");
        if constexpr (types::ColumnValue<Value>) {
            // A probe object measures the offset: it is not a constant expression, and members may be inherited.
            const auto offset =
                reinterpret_cast<const char*>(&(probe.*Descriptor::pointer)) - reinterpret_cast<const char*>(&probe);
            builder.add_column(Descriptor::name, Descriptor::name, types::value_type<Value>,
                               static_cast<std::size_t>(offset));
        }
    }
}

template <class T, template <class...> class List, class... Descriptors>
void add_members(MapperBuilder& builder, const T& probe, List<Descriptors...>*) {
    (add_member<T, Descriptors>(builder, probe), ...);
}

template <class T, auto... Members>
void apply(MapperBuilder& builder, const T&, const options::PrimaryKey<Members...>& option) {
    (builder.add_to_key(member_name<T, Members>, option.assigned), ...);
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::Version<Member>& option) {
    builder.set_version(member_name<T, Member>, option.assigned);
}
template <class Last, class Value>
std::shared_ptr<const void> temporary_value(const Temporary<Value>& temporary) {
    static_assert(std::is_constructible_v<Last, const Value&>,
                  "corm: corm::temporary takes a value of the last member that unique names");
    if constexpr (std::is_constructible_v<Last, const Value&>)
        return std::make_shared<Last>(temporary.value);
    else
        return {};
}
template <class Last>
std::shared_ptr<const void> temporary_value(const auto&) {
    return {};
}
template <class T, class Exchange, auto... Members>
void apply(MapperBuilder& builder, const T&, const options::Unique<Exchange, Members...>& option) {
    if constexpr (sizeof...(Members) > 0) {
        using Last =
            std::tuple_element_t<sizeof...(Members) - 1, std::tuple<std::remove_const_t<member_type<Members>>...>>;
        builder.set_unique({member_name<T, Members>...}, std::is_same_v<Exchange, Deferrable>,
                           temporary_value<Last>(option.exchange));
    }
}
template <class T>
void apply(MapperBuilder& builder, const T&, const options::ConfirmRows& option) {
    builder.set_confirm_rows(option.confirmed);
}
template <class T>
void apply(MapperBuilder& builder, const T&, const options::BulkCopy& option) {
    builder.set_bulk_copy(option.min_rows);
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::Sequence<Member>& option) {
    using Options = std::remove_cvref_t<decltype(std::declval<TableOf<T>>().all_options())>;
    static_assert(is_key<Member>(static_cast<Options*>(nullptr)),
                  "corm: sequence names the one member of the primary key, whose values the sequence gives");
    builder.set_sequence(member_name<T, Member>, std::string{option.name}, std::string{option.schema});
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::Generated<Member>&) {
    builder.set_generated(member_name<T, Member>);
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::ServerDefault<Member>&) {
    builder.set_server_default(member_name<T, Member>);
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::ServerOnupdate<Member>&) {
    builder.set_server_onupdate(member_name<T, Member>);
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::Rename<Member>& option) {
    builder.rename(member_name<T, Member>, std::string{option.column});
}
template <class T, auto Member>
void apply(MapperBuilder& builder, const T&, const options::SqlType<Member>& option) {
    using Options = std::remove_cvref_t<decltype(std::declval<TableOf<T>>().all_options())>;
    static_assert(!RelationMember<std::remove_const_t<member_type<Member>>>::value &&
                      !is_unmapped<T, Member>(static_cast<Options*>(nullptr)),
                  "corm: sql_type names a member that is a column; relations and unmapped members have no type there");
    builder.set_sql_type(member_name<T, Member>, std::string{option.name});
}
template <class T, auto Member>
void apply(MapperBuilder&, const T&, const options::Unmapped<Member>&) {}

/// In the order of the mapping.
template <class T>
void apply_all(MapperBuilder&, const T&, const options::Chain<>&) {}
template <class T, class Last, class... Before>
void apply_all(MapperBuilder& builder, const T& probe, const options::Chain<Last, Before...>& options) {
    apply_all(builder, probe, options.before);
    apply<T>(builder, probe, options.last);
}

template <class T>
std::shared_ptr<const Mapper> build_mapper() {
    static_assert(!std::is_same_v<key_types<T>, std::tuple<>>,
                  "corm: the mapping names no primary key; add .primary_key<&Struct::id>()");
    using Hidden = boost::describe::describe_members<T, boost::describe::mod_private | boost::describe::mod_protected |
                                                            boost::describe::mod_inherited>;
    static_assert(count(static_cast<Hidden*>(nullptr)) == 0,
                  "corm: a mapped member must be public; corm does not map described private or protected members");
    const auto table = corm_mapping(corm::type<T>{});
    const std::string entity = entity_name<T>();
    MapperBuilder builder{entity, std::string{table.schema_name()},
                          table.name().empty() ? snake_case(entity) : std::string{table.name()}, StructObject<T>::type,
                          typeid(T)};
    const T probe{};
    add_members(builder, probe, static_cast<described_members<T>*>(nullptr));
    apply_all(builder, probe, table.all_options());
    return builder.finish();
}

} // namespace detail

template <class T>
const std::shared_ptr<const Mapper>& mapper_of() {
    require_mapped<T>();
    if constexpr (Mapped<T>)
        check_described<T>();
    static_assert(std::is_default_constructible_v<T>,
                  "corm: a mapped struct must be default-constructible; corm makes one for each row");
    static const std::shared_ptr<const Mapper> mapper = [] {
        if constexpr (Mapped<T> && Described<T> && std::is_default_constructible_v<T>)
            return detail::build_mapper<T>();
        else
            return std::shared_ptr<const Mapper>{};
    }();
    return mapper;
}

/// Index of the column that member `M` of `T` is mapped to.
template <class T, auto M>
std::size_t column_index() {
    check_member<T, M>();
    return static_cast<std::size_t>(mapper_of<T>()->column_of_member(described_position<T, M>));
}

} // namespace corm::mapping
