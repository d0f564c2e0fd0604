// The library as described structs.
#pragma once

#include "support/library/tables.hpp"

#include <corm/corm.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace library {

struct Book;
struct Page;
struct Tag;

struct Author {
    std::int64_t id = 0;
    std::string text{};
    std::int32_t version = 0;
    corm::Many<Book> books{};
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, text, version, books))

struct Book {
    std::int64_t id = 0;
    std::optional<std::int64_t> author_id{};
    std::string text{};
    corm::One<Author> author{};
    corm::Many<Page> pages{};
    corm::Many<Tag> tags{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, author_id, text, author, pages, tags))

struct Page {
    std::int64_t id = 0;
    std::int64_t book_id = 0;
    std::string text{};
    corm::One<Book> book{};
};
BOOST_DESCRIBE_STRUCT(Page, (), (id, book_id, text, book))

struct Tag {
    std::int64_t id = 0;
    std::string text{};
    corm::Many<Book> books{};
};
BOOST_DESCRIBE_STRUCT(Tag, (), (id, text, books))

struct Shelf {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent_id{};
    std::string text{};
    corm::One<Shelf> parent{};
    corm::Many<Shelf> children{};
};
BOOST_DESCRIBE_STRUCT(Shelf, (), (id, parent_id, text, parent, children))

constexpr auto corm_mapping(corm::type<Author>) {
    return corm::table<Author>("authors")
        .primary_key<&Author::id>()
        .unique<&Author::text>()
        .version<&Author::version>()
        .one_to_many<&Author::books, &Book::author_id>();
}
constexpr auto corm_mapping(corm::type<Book>) {
    return corm::table<Book>("books")
        .primary_key<&Book::id>()
        .unique<&Book::text>()
        .many_to_one<&Book::author, &Book::author_id>()
        .one_to_many<&Book::pages, &Page::book_id>(corm::cascade_all_delete_orphan)
        .many_to_many<&Book::tags>(corm::association("book_tags", {"book_id"}, {"tag_id"}));
}
constexpr auto corm_mapping(corm::type<Page>) {
    return corm::table<Page>("pages").primary_key<&Page::id>().many_to_one<&Page::book, &Page::book_id>();
}
constexpr auto corm_mapping(corm::type<Tag>) {
    return corm::table<Tag>("tags").primary_key<&Tag::id>().unique<&Tag::text>().many_to_many<&Tag::books>(
        corm::association("book_tags", {"tag_id"}, {"book_id"}));
}
constexpr auto corm_mapping(corm::type<Shelf>) {
    return corm::table<Shelf>("shelves")
        .primary_key<&Shelf::id>()
        .unique<&Shelf::text>()
        .many_to_one<&Shelf::parent, &Shelf::parent_id>()
        .one_to_many<&Shelf::children, &Shelf::parent_id>({.delete_ = true});
}

/// Which struct a kind is, and which members are its relations.
template <Kind K>
struct StructOf;
template <>
struct StructOf<Kind::author> {
    using type = Author;
    static constexpr const char* name = "Author";
    static constexpr auto children = &Author::books;
};
template <>
struct StructOf<Kind::book> {
    using type = Book;
    static constexpr const char* name = "Book";
    static constexpr auto foreign_key = &Book::author_id;
    static constexpr auto parent = &Book::author;
    static constexpr auto children = &Book::pages;
    static constexpr auto pairs = &Book::tags;
};
template <>
struct StructOf<Kind::page> {
    using type = Page;
    static constexpr const char* name = "Page";
    static constexpr auto foreign_key = &Page::book_id;
    static constexpr auto parent = &Page::book;
};
template <>
struct StructOf<Kind::tag> {
    using type = Tag;
    static constexpr const char* name = "Tag";
    static constexpr auto pairs = &Tag::books;
};
template <>
struct StructOf<Kind::shelf> {
    using type = Shelf;
    static constexpr const char* name = "Shelf";
    static constexpr auto foreign_key = &Shelf::parent_id;
    static constexpr auto parent = &Shelf::parent;
    static constexpr auto children = &Shelf::children;
};

/// The way to what is mapped as structs. `Records` has the same members.
class Structs {
public:
    template <Kind K>
    class Table {
        using Of = StructOf<K>;

    public:
        using Object = typename Of::type;
        using Ref = corm::Ref<Object>;
        static constexpr const char* name = Of::name; ///< in messages

        [[nodiscard]] Object make(std::string text, std::int64_t key = 0) const {
            Object made{};
            made.id = key;
            made.text = std::move(text);
            return made;
        }
        [[nodiscard]] std::int64_t key(const Object& object) const { return object.id; }
        void set_key(Object& object, std::int64_t key) const { object.id = key; }
        [[nodiscard]] const std::string& text(const Object& object) const { return object.text; }
        void set_text(Object& object, std::string text) const { object.text = std::move(text); }
        [[nodiscard]] std::int32_t version(const Object& object) const { return object.version; }
        void set_version(Object& object, std::int32_t version) const { object.version = version; }
        /// The key of its parent.
        [[nodiscard]] auto foreign_key(const Object& object) const { return object.*Of::foreign_key; }
        void set_foreign_key(Object& object, std::int64_t key) const { object.*Of::foreign_key = key; }

        /// The relations, for reading or writing as the object is.
        template <class Any>
        [[nodiscard]] auto& parent(Any& object) const {
            return object.*Of::parent;
        }
        template <class Any>
        [[nodiscard]] auto& children(Any& object) const {
            return object.*Of::children;
        }
        template <class Any>
        [[nodiscard]] auto& pairs(Any& object) const {
            return object.*Of::pairs;
        }

        template <corm::query::ReadOption... Options>
        [[nodiscard]] corm::Task<Ref> get(const corm::AsyncSession& session, std::int64_t key,
                                          Options... options) const {
            return session.get<Object>(key, options...);
        }
        /// It has to be there.
        template <corm::query::ReadOption... Options>
        [[nodiscard]] corm::Task<Ref> get_one(const corm::AsyncSession& session, std::int64_t key,
                                              Options... options) const {
            return session.get_one<Object>(key, options...);
        }
        /// In the order of their keys.
        [[nodiscard]] auto select() const { return corm::select<Object>().order_by(corm::asc<&Object::id>); }
        [[nodiscard]] auto select_with_children() const { return select().template with<Of::children>(); }
        [[nodiscard]] auto select_with_parent() const { return select().template with_joined<Of::parent>(); }
        /// Those that have one.
        [[nodiscard]] auto select_with_locked_parent() const {
            return select().template with_inner_joined<Of::parent>().for_update().template lock_joined<Of::parent>();
        }
        [[nodiscard]] auto select_by_text(std::string text) const {
            return select().where(corm::col<&Object::text> == std::move(text));
        }
        [[nodiscard]] auto select_by_foreign_key(std::int64_t key) const {
            return select().where(corm::col<Of::foreign_key> == key);
        }
        [[nodiscard]] auto count() const { return corm::count<Object>(); }
        /// For `load`, and `refresh`.
        [[nodiscard]] auto parent_load() const { return corm::load<Of::parent>; }
        [[nodiscard]] auto children_load() const { return corm::load<Of::children>; }
        [[nodiscard]] auto pairs_load() const { return corm::load<Of::pairs>; }

        void expire_text(const corm::AsyncSession& session, const Ref& ref) const {
            session.expire<&Object::text>(ref);
        }
        template <class Hook>
        void on(corm::SessionHooks& hooks, corm::RowEvent event, Hook hook) const {
            hooks.on<Object>(event, std::move(hook));
        }
        [[nodiscard]] auto text_history(const Ref& ref) const {
            return corm::inspect(ref).template history<&Object::text>();
        }
        [[nodiscard]] auto parent_history(const Ref& ref) const {
            return corm::inspect(ref).template history<Of::parent>();
        }
        [[nodiscard]] auto children_history(const Ref& ref) const {
            return corm::inspect(ref).template history<Of::children>();
        }
    };

    template <Kind K>
    [[nodiscard]] const Table<K>& table() const noexcept {
        return std::get<Table<K>>(tables);
    }

    OneOfEachKind<Table> tables;
};

} // namespace library
