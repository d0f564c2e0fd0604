// The related types of the cases: users and addresses, nodes, items and keywords, parents and children.
#pragma once

#include "fixture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace graph {

using namespace conformance;
using corm::Many;
using corm::One;
using corm::Ref;

struct Address;
struct User {
    std::int64_t id = 0;
    std::string name{};
    Many<Address> addresses{};
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name, addresses))
struct Address {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
    One<User> user{};
};
BOOST_DESCRIBE_STRUCT(Address, (), (id, user_id, email, user))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::table<User>("users").primary_key<&User::id>().one_to_many<&User::addresses, &Address::user_id>();
}
constexpr auto corm_mapping(corm::type<Address>) {
    return corm::table<Address>("addresses")
        .primary_key<&Address::id>()
        .many_to_one<&Address::user, &Address::user_id>();
}

/// The same tables: an address goes with its user, or when it is taken away from it.
struct OwnedAddress;
struct Owner {
    std::int64_t id = 0;
    std::string name{};
    Many<OwnedAddress> addresses{};
};
BOOST_DESCRIBE_STRUCT(Owner, (), (id, name, addresses))
struct OwnedAddress {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
    One<Owner> user{};
};
BOOST_DESCRIBE_STRUCT(OwnedAddress, (), (id, user_id, email, user))
constexpr auto corm_mapping(corm::type<Owner>) {
    return corm::table<Owner>("users").primary_key<&Owner::id>().one_to_many<&Owner::addresses, &OwnedAddress::user_id>(
        corm::cascade_all_delete_orphan);
}
constexpr auto corm_mapping(corm::type<OwnedAddress>) {
    return corm::table<OwnedAddress>("addresses")
        .primary_key<&OwnedAddress::id>()
        .many_to_one<&OwnedAddress::user, &OwnedAddress::user_id>();
}

/// The same tables: deleted with the user, but not when taken away.
struct KeptAddress {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
};
BOOST_DESCRIBE_STRUCT(KeptAddress, (), (id, user_id, email))
struct Keeper {
    std::int64_t id = 0;
    std::string name{};
    Many<KeptAddress> addresses{};
};
BOOST_DESCRIBE_STRUCT(Keeper, (), (id, name, addresses))
constexpr auto corm_mapping(corm::type<KeptAddress>) {
    return corm::table<KeptAddress>("addresses").primary_key<&KeptAddress::id>();
}
constexpr auto corm_mapping(corm::type<Keeper>) {
    return corm::table<Keeper>("users")
        .primary_key<&Keeper::id>()
        .one_to_many<&Keeper::addresses, &KeptAddress::user_id>(corm::cascade_all);
}

/// The same tables: deletes of addresses are the database's, and an address refers to one user, as he does to it.
struct PassiveOwner {
    std::int64_t id = 0;
    std::string name{};
    Many<KeptAddress> addresses{};
};
BOOST_DESCRIBE_STRUCT(PassiveOwner, (), (id, name, addresses))
constexpr auto corm_mapping(corm::type<PassiveOwner>) {
    return corm::table<PassiveOwner>("users")
        .primary_key<&PassiveOwner::id>()
        .one_to_many<&PassiveOwner::addresses, &KeptAddress::user_id>({.delete_ = true, .passive_deletes = true});
}
struct Card;
struct Holder {
    std::int64_t id = 0;
    std::string name{};
    One<Card> card{};
};
BOOST_DESCRIBE_STRUCT(Holder, (), (id, name, card))
struct Card {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
    One<Holder> holder{};
};
BOOST_DESCRIBE_STRUCT(Card, (), (id, user_id, email, holder))
constexpr auto corm_mapping(corm::type<Holder>) {
    return corm::table<Holder>("users").primary_key<&Holder::id>().one_to_one_inverse<&Holder::card, &Card::user_id>(
        corm::cascade_all_delete_orphan);
}
constexpr auto corm_mapping(corm::type<Card>) {
    return corm::table<Card>("addresses").primary_key<&Card::id>().one_to_one<&Card::holder, &Card::user_id>();
}

struct Node {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent_id{};
    std::string data{};
    One<Node> parent{};
    Many<Node> children{};
};
BOOST_DESCRIBE_STRUCT(Node, (), (id, parent_id, data, parent, children))
constexpr auto corm_mapping(corm::type<Node>) {
    return corm::table<Node>("nodes")
        .primary_key<&Node::id>()
        .many_to_one<&Node::parent, &Node::parent_id>()
        .one_to_many<&Node::children, &Node::parent_id>();
}

struct Keyword;
struct Item {
    std::int64_t id = 0;
    std::string name{};
    Many<Keyword> keywords{};
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, name, keywords))
struct Keyword {
    std::int64_t id = 0;
    std::string name{};
    Many<Item> items{};
};
BOOST_DESCRIBE_STRUCT(Keyword, (), (id, name, items))
constexpr auto corm_mapping(corm::type<Item>) {
    return corm::table<Item>("items").primary_key<&Item::id>().many_to_many<&Item::keywords>(
        corm::association("item_keywords", {"item_id"}, {"keyword_id"}));
}
constexpr auto corm_mapping(corm::type<Keyword>) {
    return corm::table<Keyword>("keywords")
        .primary_key<&Keyword::id>()
        .many_to_many<&Keyword::items>(corm::association("item_keywords", {"keyword_id"}, {"item_id"}));
}

/// The same tables: keywords go with their item.
struct OwnedKeyword {
    std::int64_t id = 0;
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(OwnedKeyword, (), (id, name))
struct OwningItem {
    std::int64_t id = 0;
    std::string name{};
    Many<OwnedKeyword> keywords{};
};
BOOST_DESCRIBE_STRUCT(OwningItem, (), (id, name, keywords))
constexpr auto corm_mapping(corm::type<OwnedKeyword>) {
    return corm::table<OwnedKeyword>("keywords").primary_key<&OwnedKeyword::id>();
}
constexpr auto corm_mapping(corm::type<OwningItem>) {
    return corm::table<OwningItem>("items").primary_key<&OwningItem::id>().many_to_many<&OwningItem::keywords>(
        corm::association("item_keywords", {"item_id"}, {"keyword_id"}), corm::cascade_all);
}

/// A person's balls, and the favourite among them: a circle of foreign keys.
struct Ball;
struct Person {
    std::int64_t id = 0;
    std::int32_t version_id = 1;
    std::string name{};
    std::optional<std::int64_t> favourite_id{};
    One<Ball> favourite{};
    Many<Ball> balls{};
};
BOOST_DESCRIBE_STRUCT(Person, (), (id, version_id, name, favourite_id, favourite, balls))
struct Ball {
    std::int64_t id = 0;
    std::int64_t person_id = 0;
    One<Person> person{};
};
BOOST_DESCRIBE_STRUCT(Ball, (), (id, person_id, person))
constexpr auto corm_mapping(corm::type<Person>) {
    return corm::table<Person>("persons")
        .primary_key<&Person::id>()
        .version<&Person::version_id>()
        .many_to_one<&Person::favourite, &Person::favourite_id>({.post_update = true})
        .one_to_many<&Person::balls, &Ball::person_id>(corm::cascade_all_delete_orphan);
}
constexpr auto corm_mapping(corm::type<Ball>) {
    return corm::table<Ball>("balls").primary_key<&Ball::id>().many_to_one<&Ball::person, &Ball::person_id>();
}

/// Nodes that are linked to any number of nodes, and like one of them best.
struct Friend {
    std::int64_t id = 0;
    std::optional<std::int64_t> favourite_id{};
    One<Friend> favourite{};
    Many<Friend> knows{};
    Many<Friend> known_by{};
};
BOOST_DESCRIBE_STRUCT(Friend, (), (id, favourite_id, favourite, knows, known_by))
constexpr auto corm_mapping(corm::type<Friend>) {
    return corm::table<Friend>("friends")
        .primary_key<&Friend::id>()
        .many_to_one<&Friend::favourite, &Friend::favourite_id>()
        .many_to_many<&Friend::knows>(corm::association("acquaintances", {"one"}, {"other"}))
        .many_to_many<&Friend::known_by>(corm::association("acquaintances", {"other"}, {"one"}));
}

inline constexpr const char* graph_schema = R"(
    create table items (id bigserial primary key, name text not null);
    create table keywords (id bigserial primary key, name text not null);
    create table item_keywords (item_id bigint references items, keyword_id bigint references keywords,
                                primary key (item_id, keyword_id));
    create table friends (id bigserial primary key, favourite_id bigint references friends);
    create table acquaintances (one bigint references friends, other bigint references friends,
                                primary key (one, other));
    create table persons (id bigserial primary key, version_id int not null, name text not null, favourite_id bigint);
    create table balls (id bigserial primary key, person_id bigint not null references persons);
    alter table persons add foreign key (favourite_id) references balls;
)";

/// A user with his addresses, read.
template <class T>
corm::Task<Ref<T>> with_addresses(const corm::AsyncSession& session, std::int64_t id) {
    Ref<T> user = co_await session.template get_one<T>(id);
    co_await session.load(user, corm::load<&T::addresses>);
    co_return user;
}

} // namespace graph
