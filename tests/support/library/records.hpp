// The library as records.
#pragma once

#include "support/library/tables.hpp"

#include <corm/corm.hpp>
#include <corm/orm/registry.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace library {

inline corm::Mappers define_library() {
    corm::Registry registry;
    using Id = std::int64_t;
    const auto table = [](const char* name) {
        return corm::define(name).column<Id>("id").column<std::string>("text").primary_key({"id"});
    };
    return registry.define({
        table("authors").column<std::int32_t>("version").version("version").one_to_many("books", "books",
                                                                                        {"author_id"}),
        table("books")
            .column<std::optional<Id>>("author_id")
            .many_to_one("author", "authors", {"author_id"})
            .one_to_many("pages", "pages", {"book_id"}, corm::cascade_all_delete_orphan)
            .many_to_many("tags", "tags", {.table = "book_tags", .own = {"book_id"}, .target = {"tag_id"}}),
        table("pages").column<Id>("book_id").many_to_one("book", "books", {"book_id"}),
        table("tags").many_to_many("books", "books", {.table = "book_tags", .own = {"tag_id"}, .target = {"book_id"}}),
        table("shelves")
            .column<std::optional<Id>>("parent_id")
            .many_to_one("parent", "shelves", {"parent_id"})
            .one_to_many("children", "shelves", {"parent_id"}, {.delete_ = true}),
    });
}

/// The way to what is mapped as records. `Structs` has the same members.
class Records {
public:
    template <Kind K>
    class Table {
        static constexpr const char* parent_name = K == Kind::book ? "author" : K == Kind::page ? "book" : "parent";
        static constexpr const char* children_name = K == Kind::author ? "books"
                                                     : K == Kind::book ? "pages"
                                                                       : "children";
        static constexpr const char* pairs_name = K == Kind::book ? "tags" : "books";

    public:
        using Object = corm::Record;
        using Ref = corm::Ref<Object>;

        explicit Table(const corm::Mappers& tables) : mapper_(tables[table_of(K)]) {}

        [[nodiscard]] Object make(std::string text) const {
            Object made{mapper_};
            made.set("text", std::move(text));
            return made;
        }
        [[nodiscard]] std::int64_t key(const Object& object) const { return object.get<std::int64_t>("id"); }
        [[nodiscard]] std::int32_t version(const Object& object) const { return object.get<std::int32_t>("version"); }
        [[nodiscard]] const std::string& text(const Object& object) const { return object.get<std::string>("text"); }
        void set_text(Object& object, std::string text) const { object.set("text", std::move(text)); }

        template <class Any>
        [[nodiscard]] auto& parent(Any& object) const {
            return object.one(parent_name);
        }
        template <class Any>
        [[nodiscard]] auto& children(Any& object) const {
            return object.many(children_name);
        }
        template <class Any>
        [[nodiscard]] auto& pairs(Any& object) const {
            return object.many(pairs_name);
        }

        template <corm::query::ReadOption... Options>
        [[nodiscard]] corm::Task<Ref> get(const corm::AsyncSession& session, std::int64_t key,
                                          Options... options) const {
            return session.get(mapper_, key, options...);
        }
        [[nodiscard]] auto select() const { return corm::select(mapper_).order_by(corm::column(mapper_, "id").asc()); }
        [[nodiscard]] auto select_with_children() const { return select().with(children_load()); }
        [[nodiscard]] auto parent_load() const { return corm::load_named(parent_name); }
        [[nodiscard]] auto children_load() const { return corm::load_named(children_name); }
        [[nodiscard]] auto pairs_load() const { return corm::load_named(pairs_name); }

    private:
        std::shared_ptr<const corm::Mapper> mapper_;
    };

    Records() : Records(define_library()) {}
    explicit Records(const corm::Mappers& mappers) : tables(mappers, mappers, mappers, mappers, mappers) {}

    template <Kind K>
    [[nodiscard]] const Table<K>& table() const noexcept {
        return std::get<Table<K>>(tables);
    }

    OneOfEachKind<Table> tables;
};

} // namespace library
