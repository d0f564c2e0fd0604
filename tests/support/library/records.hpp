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
#include <type_traits>
#include <utility>

namespace library {

inline corm::Mappers define_library() {
    corm::Registry registry;
    using Id = std::int64_t;
    const auto table = [](const char* name) {
        return corm::define(name).column<Id>("id").column<std::string>("text").primary_key({"id"});
    };
    return registry.define({
        table("authors").unique({"text"}).column<std::int32_t>("version").version("version").one_to_many(
            "books", "books", {"author_id"}),
        table("books")
            .unique({"text"})
            .column<std::optional<Id>>("author_id")
            .many_to_one("author", "authors", {"author_id"})
            .one_to_many("pages", "pages", {"book_id"}, corm::cascade_all_delete_orphan)
            .many_to_many("tags", "tags", {.table = "book_tags", .own = {"book_id"}, .target = {"tag_id"}}),
        table("pages").column<Id>("book_id").many_to_one("book", "books", {"book_id"}),
        table("tags").unique({"text"}).many_to_many("books", "books",
                                                    {.table = "book_tags", .own = {"tag_id"}, .target = {"book_id"}}),
        table("shelves")
            .unique({"text"})
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
        static constexpr const char* parent_key_name = K == Kind::book   ? "author_id"
                                                       : K == Kind::page ? "book_id"
                                                                         : "parent_id";
        using ParentKey = std::conditional_t<K == Kind::page, std::int64_t, std::optional<std::int64_t>>;
        static constexpr const char* parent_name = K == Kind::book ? "author" : K == Kind::page ? "book" : "parent";
        static constexpr const char* children_name = K == Kind::author ? "books"
                                                     : K == Kind::book ? "pages"
                                                                       : "children";
        static constexpr const char* pairs_name = K == Kind::book ? "tags" : "books";

    public:
        using Object = corm::Record;
        using Ref = corm::Ref<Object>;
        static constexpr const char* name = table_of(K);

        explicit Table(const corm::Mappers& tables) : mapper_(tables[table_of(K)]) {}

        [[nodiscard]] Object make(std::string text, std::int64_t key = 0) const {
            Object made{mapper_};
            made.set("id", key).set("text", std::move(text));
            return made;
        }
        [[nodiscard]] std::int64_t key(const Object& object) const { return object.get<std::int64_t>("id"); }
        void set_key(Object& object, std::int64_t key) const { object.set("id", key); }
        [[nodiscard]] const std::string& text(const Object& object) const { return object.get<std::string>("text"); }
        void set_text(Object& object, std::string text) const { object.set("text", std::move(text)); }
        [[nodiscard]] std::int32_t version(const Object& object) const { return object.get<std::int32_t>("version"); }
        void set_version(Object& object, std::int32_t version) const { object.set("version", version); }
        [[nodiscard]] auto foreign_key(const Object& object) const { return object.get<ParentKey>(parent_key_name); }
        void set_foreign_key(Object& object, std::int64_t key) const { object.set(parent_key_name, ParentKey{key}); }

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
        template <corm::query::ReadOption... Options>
        [[nodiscard]] corm::Task<Ref> get_one(const corm::AsyncSession& session, std::int64_t key,
                                              Options... options) const {
            return session.get_one(mapper_, key, options...);
        }
        [[nodiscard]] auto select() const { return corm::select(mapper_).order_by(corm::column(mapper_, "id").asc()); }
        [[nodiscard]] auto select_with_children() const { return select().with(children_load()); }
        [[nodiscard]] auto select_with_parent() const { return select().with_joined(parent_load()); }
        [[nodiscard]] auto select_with_locked_parent() const {
            return select().with_inner_joined(parent_load()).for_update().lock_joined(parent_load());
        }
        [[nodiscard]] auto select_by_text(std::string text) const {
            return select().where(corm::column(mapper_, "text") == std::move(text));
        }
        [[nodiscard]] auto select_by_foreign_key(std::int64_t key) const {
            return select().where(corm::column(mapper_, parent_key_name) == key);
        }
        [[nodiscard]] auto count() const { return corm::count(mapper_); }
        [[nodiscard]] auto parent_load() const { return corm::load_named(parent_name); }
        [[nodiscard]] auto children_load() const { return corm::load_named(children_name); }
        [[nodiscard]] auto pairs_load() const { return corm::load_named(pairs_name); }

        void expire_text(const corm::AsyncSession& session, const Ref& ref) const { session.expire(ref, "text"); }
        template <class Hook>
        void on(corm::SessionHooks& hooks, corm::RowEvent event, Hook hook) const {
            hooks.on<Object>(event, mapper_, std::move(hook));
        }
        [[nodiscard]] auto text_history(const Ref& ref) const {
            return corm::inspect(ref).template history<std::string>("text");
        }
        [[nodiscard]] auto parent_history(const Ref& ref) const {
            return corm::inspect(ref).relation_history(parent_name);
        }
        [[nodiscard]] auto children_history(const Ref& ref) const {
            return corm::inspect(ref).relation_history(children_name);
        }

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
