// What a user writes to map a described struct: corm::table<User>("users").primary_key<&User::id>()...
#pragma once

#include <corm/mapping/collection_order.hpp>
#include <corm/mapping/mapper.hpp>
#include <corm/mapping/member.hpp>
#include <corm/mapping/table_options.hpp>
#include <corm/mapping/unique.hpp>
#include <corm/type/codec.hpp>

namespace corm::mapping {

/// Asks that a key is always written, also when it holds 0 or a nil UUID: nothing is left to the server. Of a version,
/// that only the program counts it.
struct Assigned {
    explicit Assigned() = default;
};
inline constexpr Assigned assigned{};

template <class T>
consteval void check_described() {
    static_assert(Described<T>,
                  "corm: this struct is not described; write BOOST_DESCRIBE_STRUCT(Struct, (), (members...)) "
                  "beside it, before its corm_mapping");
}

template <class T, auto M>
consteval void check_member() {
    check_described<T>();
    if constexpr (Described<T>) {
        static_assert(DescribedMember<T, M>,
                      "corm: this member is not described; add it to the BOOST_DESCRIBE_STRUCT of the "
                      "struct (a member of a base class needs the base in it)");
        static_assert(!std::is_const_v<member_type<M>>,
                      "corm: a mapped member must not be const; corm writes it when a row is loaded");
    }
}

/// The mapping of `T`, built by chained calls in a `constexpr` function that argument-dependent lookup finds:
///
/// ```cpp
/// constexpr auto corm_mapping(corm::type<User>) {
///     return corm::table<User>("users").primary_key<&User::id>().version<&User::version>();
/// }
/// ```
///
/// Every described public member that is not a relation becomes a column of the same name. `Options`: the last one
/// first.
template <class T, class... Options>
class Table {
public:
    constexpr explicit Table(std::string_view name, std::string_view schema = {},
                             options::Chain<Options...> options = {})
        : name_(name), schema_(schema), options_(options) {}

    /// The schema of the table; without one the server's search_path decides.
    [[nodiscard]] constexpr Table schema(std::string_view schema) const { return Table{name_, schema, options_}; }

    /// The members that identify a row, in the order of the key. A single integer or UUID member that still holds its
    /// default-constructed value (0, nil) when the object is inserted is left to the server, which must generate it.
    template <auto... Members>
    [[nodiscard]] constexpr auto primary_key() const {
        (check_member<T, Members>(), ...);
        return with(options::PrimaryKey<Members...>{false});
    }
    template <auto... Members>
    [[nodiscard]] constexpr auto primary_key(Assigned) const {
        (check_member<T, Members>(), ...);
        return with(options::PrimaryKey<Members...>{true});
    }

    /// An integer that each UPDATE increments and checks: a row changed by somebody else is a `StaleDataError`.
    template <auto Member>
    [[nodiscard]] constexpr auto version() const {
        check_member<T, Member>();
        return with(options::Version<Member>{false});
    }
    /// As `version()`, of any type that compares: an update checks the value that was read and writes the one that the
    /// program has set. One that sets none is checked as well, but nobody else can tell that the row has changed.
    template <auto Member>
    [[nodiscard]] constexpr auto version(Assigned) const {
        check_member<T, Member>();
        return with(options::Version<Member>{true});
    }
    /// The table has a UNIQUE constraint over these members: a flush writes its rows in an order in which each value is
    /// free before it is taken. The key needs no mark, unless its constraint is deferrable.
    template <auto... Members>
    [[nodiscard]] constexpr auto unique() const {
        return unique<Members...>(Immediate{});
    }
    /// As `unique()`; objects may exchange their values in one flush, because the constraint is deferrable
    /// (`corm::deferrable`) or by a value that they pass through (`corm::temporary(value)`, of the last member).
    template <auto... Members, class Exchange>
    [[nodiscard]] constexpr auto unique(Exchange exchange) const {
        static_assert(sizeof...(Members) > 0, "corm: unique names no member; write .unique<&Struct::member>()");
        static_assert(IsExchange<Exchange>::value,
                      "corm: unique takes corm::deferrable or corm::temporary(value), or nothing");
        (check_member<T, Members>(), ...);
        return with(options::Unique<Exchange, Members...>{exchange});
    }
    /// `false`: a row that a statement of a flush does not hit is no error. For tables with triggers or row security
    /// that keep rows away, and for rows that others may delete at any time. What a generated key or a version depends
    /// on is confirmed all the same: inserts that leave the key to the server, and updates of versioned rows.
    [[nodiscard]] constexpr auto confirm_rows(bool confirmed) const { return with(options::ConfirmRows{confirmed}); }
    /// A flush inserts `min_rows` objects and more by COPY, with keys that it takes from the key's sequence beforehand.
    /// That is faster, and up to the program to know: the table has no row security for this role (COPY is refused
    /// then) and no rules (COPY passes them by), its columns have exactly the types of the members, and the role may
    /// use the sequence. Not in autocommit sessions. Costs two round trips for the keys and the command beside those of
    /// the rows and of what follows: four with the commit.
    [[nodiscard]] constexpr auto bulk_copy(std::size_t min_rows = default_bulk_copy_rows) const {
        return with(options::BulkCopy{min_rows});
    }
    /// The sequence behind the DEFAULT of a generated key, for `bulk_copy`, where the column does not own it: made by
    /// hand, or shared by several tables. Without `schema` it is looked for in that of the table.
    template <auto Member>
    [[nodiscard]] constexpr auto sequence(std::string_view name, std::string_view schema = {}) const {
        check_member<T, Member>();
        return with(options::Sequence<Member>{name, schema});
    }
    /// The server computes the column (`GENERATED ALWAYS AS`): it is never written, and every insert and update returns
    /// it. Changes of the member are ignored.
    template <auto Member>
    [[nodiscard]] constexpr auto generated() const {
        check_member<T, Member>();
        return with(options::Generated<Member>{});
    }
    /// The column has a DEFAULT: inserts leave it to the server and return it, unless `add` names it as given.
    template <auto Member>
    [[nodiscard]] constexpr auto server_default() const {
        check_member<T, Member>();
        return with(options::ServerDefault<Member>{});
    }
    /// The server sets the column with every update (a trigger), which returns it.
    template <auto Member>
    [[nodiscard]] constexpr auto server_onupdate() const {
        check_member<T, Member>();
        return with(options::ServerOnupdate<Member>{});
    }
    /// The column has another name than the member.
    template <auto Member>
    [[nodiscard]] constexpr auto column(std::string_view column) const {
        check_member<T, Member>();
        return with(options::Rename<Member>{column});
    }
    /// What the server calls the type of the column, quoted and with its schema where needed, if the member's type does
    /// not say it: `.sql_type<&Host::address>("inet")`, for a `corm::TextForm`.
    template <auto Member>
    [[nodiscard]] constexpr auto sql_type(std::string_view name) const {
        check_member<T, Member>();
        return with(options::SqlType<Member>{name});
    }
    /// A described member that is no column.
    template <auto Member>
    [[nodiscard]] constexpr auto unmapped() const {
        check_member<T, Member>();
        return with(options::Unmapped<Member>{});
    }

    /// The table has a foreign key to the table of `Target` that no relation member stands for: a flush writes rows of
    /// `Target` first and deletes them last.
    template <class Target>
    [[nodiscard]] constexpr auto references() const {
        return with(options::References<Target>{});
    }

    /// `Member` is a `Many<Target>`; `ForeignKey` are the members of `Target` that refer to this key, in its order.
    /// What happens to the objects when this one is removed, and the like: see `RelationOptions`.
    template <auto Member, auto... ForeignKey>
    [[nodiscard]] constexpr auto one_to_many(RelationOptions options = {}) const {
        check_member<T, Member>();
        return with(options::ToMany<Member, ForeignKey...>{options});
    }
    /// `Member` is a `One<Target>`; `ForeignKey` are the members of this struct that refer to the target's key. No
    /// `delete_orphan`, which is of the other side.
    template <auto Member, auto... ForeignKey>
    [[nodiscard]] constexpr auto many_to_one(RelationOptions options = {}) const {
        check_member<T, Member>();
        (check_member<T, ForeignKey>(), ...);
        return with(options::ToOne<Member, ForeignKey...>{RelationKind::many_to_one, options});
    }
    /// As `many_to_one`, for a foreign key that is unique.
    template <auto Member, auto... ForeignKey>
    [[nodiscard]] constexpr auto one_to_one(RelationOptions options = {}) const {
        check_member<T, Member>();
        (check_member<T, ForeignKey>(), ...);
        return with(options::ToOne<Member, ForeignKey...>{RelationKind::one_to_one, options});
    }
    /// The other end of a `one_to_one`: `ForeignKey` are the members of the target that refer to this key.
    template <auto Member, auto... ForeignKey>
    [[nodiscard]] constexpr auto one_to_one_inverse(RelationOptions options = {}) const {
        check_member<T, Member>();
        return with(options::OneInverse<Member, ForeignKey...>{options});
    }
    /// `Member` is a `Many<Target>`; the pairs are rows of a table of their own: see `association`. No `delete_orphan`,
    /// because objects have several owners; `post_update` means nothing here.
    template <auto Member, std::size_t Own, std::size_t Target>
    [[nodiscard]] constexpr auto many_to_many(const Association<Own, Target>& association,
                                              RelationOptions options = {}) const {
        check_member<T, Member>();
        return with(options::Through<Member, Own, Target>{association, options});
    }

    /// The order in which `Member`, a `Many<Target>` of a call before, is loaded: by these members of the target, or
    /// `corm::descending` of one, and then by the key. Objects that the program adds are not sorted in.
    template <auto Member, auto... Terms>
    [[nodiscard]] constexpr auto order_by() const {
        check_member<T, Member>();
        return with(options::OrderBy<Member, Terms...>{});
    }

    [[nodiscard]] constexpr std::string_view name() const noexcept { return name_; }
    [[nodiscard]] constexpr std::string_view schema_name() const noexcept { return schema_; }
    [[nodiscard]] constexpr const options::Chain<Options...>& all_options() const noexcept { return options_; }

private:
    template <class Option>
    [[nodiscard]] constexpr auto with(Option option) const {
        return Table<T, Option, Options...>{name_, schema_, {option, options_}};
    }

    std::string_view name_;
    std::string_view schema_;
    options::Chain<Options...> options_;
};

/// Maps `T` to the table `name`.
template <class T>
[[nodiscard]] constexpr Table<T> table(std::string_view name) {
    return Table<T>{name};
}

/// Maps `T` to the table whose name is the struct's in snake_case.
template <class T>
[[nodiscard]] constexpr Table<T> table() {
    return Table<T>{std::string_view{}};
}

} // namespace corm::mapping
