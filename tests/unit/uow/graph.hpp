// Mapped types that are related in every way.
#pragma once

#include "support.hpp"

#include <corm/orm/inspect.hpp>

namespace graph_test {

using corm::mapping::Many;
using corm::mapping::One;
using corm::orm::Ref;

struct Book;
struct Tag;
struct Profile;

struct Author {
    std::int64_t id = 0;
    std::string name{};
    Many<Book> books{};
    One<Profile> profile{};
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, name, books, profile))

struct Book {
    std::int64_t id = 0;
    std::optional<std::int64_t> author_id{};
    std::string title{};
    One<Author> author{};
    Many<Tag> tags{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, author_id, title, author, tags))

struct Tag {
    std::int64_t id = 0;
    std::string label{};
    Many<Book> books{};
};
BOOST_DESCRIBE_STRUCT(Tag, (), (id, label, books))

/// The other end of a one-to-one.
struct Profile {
    std::int64_t id = 0;
    std::int64_t author_id = 0;
    One<Author> author{};
};
BOOST_DESCRIBE_STRUCT(Profile, (), (id, author_id, author))

constexpr auto corm_mapping(corm::type<Author>) {
    return corm::mapping::table<Author>("authors")
        .primary_key<&Author::id>()
        .one_to_many<&Author::books, &Book::author_id>()
        .one_to_one_inverse<&Author::profile, &Profile::author_id>(corm::mapping::cascade_all_delete_orphan);
}
constexpr auto corm_mapping(corm::type<Book>) {
    return corm::mapping::table<Book>("books")
        .primary_key<&Book::id>()
        .many_to_one<&Book::author, &Book::author_id>()
        .many_to_many<&Book::tags>(corm::mapping::association("book_tags", {"book_id"}, {"tag_id"}));
}
constexpr auto corm_mapping(corm::type<Tag>) {
    return corm::mapping::table<Tag>("tags").primary_key<&Tag::id>().many_to_many<&Tag::books>(
        corm::mapping::association("book_tags", {"tag_id"}, {"book_id"}));
}
constexpr auto corm_mapping(corm::type<Profile>) {
    return corm::mapping::table<Profile>("profiles")
        .primary_key<&Profile::id>()
        .one_to_one<&Profile::author, &Profile::author_id>();
}

/// A tree; children cannot be without their parent.
struct Node {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent_id{};
    std::string name{};
    One<Node> parent{};
    Many<Node> children{};
};
BOOST_DESCRIBE_STRUCT(Node, (), (id, parent_id, name, parent, children))
constexpr auto corm_mapping(corm::type<Node>) {
    return corm::mapping::table<Node>("nodes")
        .primary_key<&Node::id>()
        .many_to_one<&Node::parent, &Node::parent_id>()
        .one_to_many<&Node::children, &Node::parent_id>(corm::mapping::cascade_all_delete_orphan);
}

/// Children that do not know their parent, by a composite key.
struct Cell;
struct Sheet {
    std::int32_t year = 0;
    std::int32_t number = 0;
    Many<Cell> cells{};
};
BOOST_DESCRIBE_STRUCT(Sheet, (), (year, number, cells))
struct Cell {
    std::int64_t id = 0;
    std::optional<std::int32_t> sheet_year{};
    std::optional<std::int32_t> sheet_number{};
};
BOOST_DESCRIBE_STRUCT(Cell, (), (id, sheet_year, sheet_number))
constexpr auto corm_mapping(corm::type<Sheet>) {
    return corm::mapping::table<Sheet>("sheets")
        .primary_key<&Sheet::year, &Sheet::number>()
        .one_to_many<&Sheet::cells, &Cell::sheet_year, &Cell::sheet_number>();
}
constexpr auto corm_mapping(corm::type<Cell>) {
    return corm::mapping::table<Cell>("cells").primary_key<&Cell::id>();
}

using uow_test::Session;

/// An object of `session` with a row, whose relations are not loaded.
inline Ref<Author> author(const std::shared_ptr<Session>& session, std::int64_t id) {
    corm::test::EncodedRows rows{{{"id", uow_test::oids::int8}, {"name", uow_test::oids::text}}};
    rows.row(id, "author " + std::to_string(id));
    return Ref<Author>{session->attach<Author>(rows)};
}
inline Ref<Book> book(const std::shared_ptr<Session>& session, std::int64_t id,
                      std::optional<std::int64_t> author_id = {}) {
    corm::test::EncodedRows rows{
        {{"id", uow_test::oids::int8}, {"author_id", uow_test::oids::int8}, {"title", uow_test::oids::text}}};
    rows.row(id, author_id, "book " + std::to_string(id));
    return Ref<Book>{session->attach<Book>(rows)};
}
inline Ref<Tag> tag(const std::shared_ptr<Session>& session, std::int64_t id) {
    corm::test::EncodedRows rows{{{"id", uow_test::oids::int8}, {"label", uow_test::oids::text}}};
    rows.row(id, "tag " + std::to_string(id));
    return Ref<Tag>{session->attach<Tag>(rows)};
}

/// The relation is read: `fill` adds the rows of the target, each with 1 behind its columns.
template <auto Member, class T, class Fill>
void load(const std::shared_ptr<Session>& session, const Ref<T>& owner, Fill fill) {
    const auto& mapper = *corm::mapping::mapper_of<T>();
    const auto all = corm::mapping::RelationMap::of(mapper);
    const auto found = std::find_if(all.begin(), all.end(), [](const corm::mapping::RelationEnds& ends) {
        return ends.relation->name == corm::mapping::member_name<T, Member>;
    });
    const corm::uow::RelationLoad wanted = session->uow.load(*found, std::span{&owner.instance(), 1}, true);
    std::vector<std::pair<std::string, corm::types::Oid>> columns;
    for (const corm::mapping::Column& column : found->target->columns())
        columns.emplace_back(column.name, column.type->oid);
    columns.emplace_back("ord", uow_test::oids::int8);
    corm::test::EncodedRows rows{std::move(columns)};
    fill(rows);
    session->uow.loaded(wanted, rows, corm::uow::Populate::fill, {});
}
/// Reads the books of an author.
inline void load_books(const std::shared_ptr<Session>& session, const Ref<Author>& author,
                       std::initializer_list<std::int64_t> ids) {
    load<&Author::books>(session, author, [&](corm::test::EncodedRows& rows) {
        for (const std::int64_t id : ids)
            rows.row(id, author->id, "book " + std::to_string(id), std::int64_t{1});
    });
}
inline void load_tags(const std::shared_ptr<Session>& session, const Ref<Book>& book,
                      std::initializer_list<std::int64_t> ids) {
    load<&Book::tags>(session, book, [&](corm::test::EncodedRows& rows) {
        for (const std::int64_t id : ids)
            rows.row(id, "tag " + std::to_string(id), std::int64_t{1});
    });
}
template <class T>
Ref<T> find(const std::shared_ptr<Session>& session, std::int64_t id) {
    return Ref<T>{session->find<T>(id)};
}
template <class T>
Ref<T> added(const std::shared_ptr<Session>& session, T value) {
    return Ref<T>{session->add(std::move(value))};
}

} // namespace graph_test
