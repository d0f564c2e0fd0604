// Members with groups and posts.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/orm/ref.hpp> // for relation members; nothing of it is called
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace related_test {

using corm::mapping::Many;
using corm::mapping::One;

enum class Kind { small, large };
BOOST_DESCRIBE_ENUM(Kind, small, large)
constexpr auto corm_enum(corm::type<Kind>) {
    return corm::types::pg_enum("kind");
}

struct Group;
struct Post;
struct Member {
    std::int64_t id = 0;
    std::optional<std::int64_t> boss_id{};
    One<Member> boss{};
    Many<Member> team{};
    Many<Group> groups{};
    Many<Post> posts{};
};
BOOST_DESCRIBE_STRUCT(Member, (), (id, boss_id, boss, team, groups, posts))
/// A key of two parts, one of which travels as text.
struct Group {
    Kind kind = Kind::small;
    std::string name;
    Many<Member> members{};
};
BOOST_DESCRIBE_STRUCT(Group, (), (kind, name, members))
struct Post {
    std::int32_t id = 0;
    std::int64_t author_id = 0;
    One<Member> author{};
};
BOOST_DESCRIBE_STRUCT(Post, (), (id, author_id, author))

constexpr auto corm_mapping(corm::type<Member>) {
    return corm::mapping::table<Member>("members")
        .schema("app")
        .primary_key<&Member::id>()
        .many_to_one<&Member::boss, &Member::boss_id>()
        .one_to_many<&Member::team, &Member::boss_id>()
        .one_to_many<&Member::posts, &Post::author_id>()
        .many_to_many<&Member::groups>(
            corm::mapping::association("seats", {"member_id"}, {"group_kind", "group_name"}));
}
constexpr auto corm_mapping(corm::type<Group>) {
    return corm::mapping::table<Group>("groups")
        .primary_key<&Group::kind, &Group::name>()
        .many_to_many<&Group::members>(
            corm::mapping::association("seats", {"group_kind", "group_name"}, {"member_id"}));
}
constexpr auto corm_mapping(corm::type<Post>) {
    return corm::mapping::table<Post>("posts").primary_key<&Post::id>().many_to_one<&Post::author, &Post::author_id>();
}

} // namespace related_test
