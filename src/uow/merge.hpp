// Which object of a session each merged one goes into.
#pragma once

#include "uow/unit_of_work.hpp"

#include <corm/mapping/key.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace corm::uow {

/// One merge of several objects of one mapper, in two steps with a read between them. Pure; not thread-safe.
class Merge {
public:
    /// Throws `NotLoadedError` for a source that cannot be read.
    Merge(UnitOfWork& uow, std::vector<std::shared_ptr<Instance>> sources);

    /// Keys of the rows that have to be read first, each once.
    [[nodiscard]] std::vector<mapping::EncodedKey> unread() const;
    /// The object that was read by one of these keys. The row may hold it in another form, such as 1.50 for 1.5.
    void add_row(mapping::EncodedKey key, std::shared_ptr<Instance> object);
    /// The object for each source, in their order; removals that were not flushed are taken back. Copies nothing if it
    /// throws: `StaleDataError` naming the keys where the version is not that of the row. Precondition: the rows were
    /// read and added.
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> finish(bool check_version, std::source_location where);

private:
    struct Entry {
        std::shared_ptr<Instance> source;
        std::string key; ///< empty while it has none
        bool own;        ///< an object of this session, which is its own result
    };

    [[nodiscard]] std::shared_ptr<Instance> target(const Entry& entry) const;
    void check_versions(std::source_location where) const;

    UnitOfWork& uow_;
    std::vector<Entry> entries_;
    /// What was read, by the key that it was read by.
    boost::unordered_flat_map<mapping::EncodedKey, std::shared_ptr<Instance>> rows_;
    /// Objects without a row, by the key that they will have.
    boost::unordered_flat_map<std::string, std::shared_ptr<Instance>> pending_;
};

} // namespace corm::uow
