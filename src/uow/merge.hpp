// Which object of a session each merged one goes into.
#pragma once

#include "uow/unit_of_work.hpp"

#include <corm/mapping/key.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace corm::uow {

/// One merge of some objects and of what they are related to, in two steps with reads between them: nothing changes
/// until everything is known. Pure; not thread-safe.
class Merge {
public:
    using Object = std::shared_ptr<Instance>;

    /// Rows of one table.
    struct Keys {
        std::shared_ptr<const mapping::Mapper> mapper;
        std::vector<mapping::EncodedKey> keys;
    };

    /// Follows the relations that merges go along. Throws `NotLoadedError` for an object that cannot be read, or that
    /// nobody has kept.
    Merge(UnitOfWork& uow, std::vector<Object> sources);

    /// The rows that have to be read, each once.
    [[nodiscard]] std::vector<Keys> unread() const;
    /// The object that was read by one of these keys. The row may hold it in another form, such as 1.50 for 1.5.
    void add_row(const mapping::Mapper& mapper, mapping::EncodedKey key, Object object);
    /// Collections that are to be replaced and are not known, of the objects that are.
    [[nodiscard]] std::vector<RelationLoad> unread_relations() const;
    /// Throws `StaleDataError` naming the keys where the version is not that of the row. Precondition: the rows were
    /// read and added.
    void check_versions(std::source_location where) const;

    /// The object for each of `sources`, in their order; removals that were not flushed are taken back. Throws
    /// `NotLoadedError` ahead of the first change where related objects of the session cannot be read. Preconditions:
    /// rows and collections were read; objects of the session may be edited.
    [[nodiscard]] std::vector<Object> finish(std::source_location where);
    /// The same without rows: the values are taken for those of the row. Throws `Error` unless every object has a row,
    /// and for changes in one of them or in an object of its identity; nothing was copied then.
    [[nodiscard]] std::vector<Object> take(std::source_location where);

private:
    /// What an object says about one of its relations: entries.
    struct Links {
        const mapping::RelationEnds* ends;
        std::vector<std::size_t> targets;
    };
    struct Entry {
        Object source;
        std::optional<std::string> key; ///< none while it has no identity
        bool own;                       ///< an object of this session, which is its own result
        std::size_t table = 0;
        /// The relations by which it was found. Their other sides say nothing: a parent that is found by way of a child
        /// may know that one alone.
        std::vector<const mapping::RelationEnds*> reached_by{};
        std::vector<std::uint16_t> linked{}; ///< columns whose values follow from links
        std::vector<Links> relations{};
    };
    struct Table {
        std::shared_ptr<const mapping::Mapper> mapper;
        /// What was read, by the key that it was read by.
        boost::unordered_flat_map<mapping::EncodedKey, Object> rows{};
        /// Objects without a row, by the key that they will have.
        boost::unordered_flat_map<std::string, Object> pending{};
        bool searched = false; ///< for objects of the session that are pending
    };
    /// What a relation of an object is to become.
    struct Change {
        Object owner;
        const mapping::RelationEnds* ends;
        std::vector<Object> content;
        std::vector<Object> removed{};
    };

    [[nodiscard]] std::size_t reach(const Object& source);
    void walk(std::size_t index);
    [[nodiscard]] std::size_t table_of(const Instance& source);
    void hold(const Entry& entry);
    [[nodiscard]] Object target(const Entry& entry) const;
    [[nodiscard]] std::vector<Object> roots(const std::vector<Object>& targets) const;
    /// One for each relation of each object: the last that was said.
    [[nodiscard]] std::vector<Change> changes(const std::vector<Object>& targets) const;
    static void prepare(Change& change);
    void link(const Change& change) const;
    static void unlink(const Change& change);
    static void sort(const Change& change);

    UnitOfWork& uow_;
    std::vector<std::size_t> roots_;
    std::size_t given_ = 0; ///< entries that were given; the others were found
    std::vector<Entry> entries_;
    boost::unordered_flat_map<const Instance*, std::size_t> places_;
    std::vector<Table> tables_;
    std::vector<Object> held_; ///< a flush between the steps may let objects go that were found
};

} // namespace corm::uow
