// Mapped types that say which of their members are in their JSON.
#pragma once

#include <corm/json.hpp>
#include <corm/mapping/describe.hpp>
#include <corm/orm/ref.hpp> // for relation members; nothing of it is called
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace json_test {

using corm::mapping::Many;
using corm::mapping::One;

struct Account {
    std::int64_t id = 0;
    std::string login{};
    std::string password_hash{};
    std::string session_token{}; // no column
    std::optional<std::int64_t> recovery_id{};
    One<Account> recovery{};
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, login, password_hash, session_token, recovery_id, recovery))
constexpr auto corm_mapping(corm::type<Account>) {
    return corm::mapping::table<Account>("accounts")
        .primary_key<&Account::id>()
        .unmapped<&Account::session_token>()
        .many_to_one<&Account::recovery, &Account::recovery_id>();
}
constexpr auto corm_json(corm::type<Account>) {
    return corm::json_without<&Account::password_hash, &Account::recovery_id, &Account::recovery>;
}

struct Base {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))
/// Shows one member of its base, one that is no column, and a relation.
struct Card : Base {
    std::string pin{};
    std::string shown{};
    std::optional<std::int64_t> next_id{};
    One<Card> next{};
};
BOOST_DESCRIBE_STRUCT(Card, (Base), (pin, shown, next_id, next))
constexpr auto corm_mapping(corm::type<Card>) {
    return corm::mapping::table<Card>("cards")
        .primary_key<&Card::id>()
        .unmapped<&Card::shown>()
        .many_to_one<&Card::next, &Card::next_id>();
}
constexpr auto corm_json(corm::type<Card>) {
    return corm::json_only<&Card::shown, &Card::id, &Card::next>;
}

/// The key is a secret.
struct Secret {
    std::int64_t id = 0;
    std::optional<std::int64_t> twin_id{};
    One<Secret> twin{};
};
BOOST_DESCRIBE_STRUCT(Secret, (), (id, twin_id, twin))
constexpr auto corm_mapping(corm::type<Secret>) {
    return corm::mapping::table<Secret>("secrets")
        .primary_key<&Secret::id>()
        .many_to_one<&Secret::twin, &Secret::twin_id>();
}
constexpr auto corm_json(corm::type<Secret>) {
    return corm::json_only<&Secret::twin>;
}

/// A composite key and a way back.
struct Row;
struct Grid {
    std::int32_t year = 0;
    std::string name{};
    Many<Row> rows{};
};
BOOST_DESCRIBE_STRUCT(Grid, (), (year, name, rows))
struct Row {
    std::int64_t id = 0;
    std::int32_t year = 0;
    std::string name{};
    One<Grid> grid{};
};
BOOST_DESCRIBE_STRUCT(Row, (), (id, year, name, grid))
constexpr auto corm_mapping(corm::type<Grid>) {
    return corm::mapping::table<Grid>("grids")
        .primary_key<&Grid::year, &Grid::name>()
        .one_to_many<&Grid::rows, &Row::year, &Row::name>();
}
constexpr auto corm_mapping(corm::type<Row>) {
    return corm::mapping::table<Row>("rows").primary_key<&Row::id>().many_to_one<&Row::grid, &Row::year, &Row::name>();
}

} // namespace json_test
