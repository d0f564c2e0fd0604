// What it takes to undo one savepoint.
#pragma once

#include "uow/relation_book.hpp"

#include <corm/uow/instance.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corm::uow {

/// What a flush or an insert of the scope overwrote in one object: values and key as last sent or loaded before.
struct PreImage {
    std::weak_ptr<Instance> instance;
    std::shared_ptr<const mapping::Mapper> mapper; ///< the object may be gone before its values are
    mapping::ValueBlock values;
    std::string key;
    bool expired = false;         ///< the values must not be read
    RelationContents relations{}; ///< empty if none was changed
};

/// What happened since a savepoint. There is nothing unflushed when it begins, so pending and removed objects, and
/// edits that no flush has met, need no entry. Objects are held weakly: one that is gone has nothing to restore.
class UndoScope {
public:
    /// `inserted` and `deleted` objects of the transaction precede the savepoint, and so does what was read by `time`.
    UndoScope(std::size_t inserted, std::size_t deleted, std::uint32_t time) noexcept
        : inserted_before(inserted), deleted_before(deleted), begun(time) {}

    /// A flush is about to overwrite `instance->sent`, and perhaps the key. The first time counts.
    void remember(const std::shared_ptr<Instance>& instance) {
        PreImage& image = overwritten_[instance.get()];
        RelationBook* const book = instance->book();
        // An object that is gone may have had the memory of this one.
        if (image.instance.expired())
            replace(image,
                    {instance, instance->shared_mapper(), instance->sent(), std::string{instance->key.view()},
                     instance->freshness == Freshness::expired, book != nullptr ? book->sent : RelationContents{}});
        else if (book != nullptr && image.relations.empty())
            image.relations = book->sent; // an earlier flush wrote values alone
    }
    /// A row was read into `instance`.
    void note_read(const std::shared_ptr<Instance>& instance) {
        if (read_.size() >= sweep_at_) {
            std::erase_if(read_, [](const std::weak_ptr<Instance>& weak) { return weak.expired(); });
            sweep_at_ = read_.size() * 2 + 64;
        }
        read_.push_back(instance);
    }
    /// Deleted objects went out of relations of `holder`.
    void note_left(const std::shared_ptr<Instance>& holder) { left_.push_back(holder); }
    /// Takes over what happened in a scope within this one.
    void merge(UndoScope&& inner) {
        for (auto& [address, image] : inner.overwritten_) {
            PreImage& ours = overwritten_[address];
            if (ours.instance.expired())
                replace(ours, std::move(image));
            else if (ours.relations.empty())
                ours.relations = std::move(image.relations);
        }
        left_.insert(left_.end(), inner.left_.begin(), inner.left_.end());
        for (std::weak_ptr<Instance>& weak : inner.read_) {
            if (const std::shared_ptr<Instance> instance = weak.lock())
                note_read(instance);
        }
    }
    /// Every object has left the session.
    void clear() noexcept {
        inserted_before = deleted_before = 0;
        overwritten_.clear();
        read_.clear();
        left_.clear();
    }

    /// The living objects that were overwritten, and those that were read; the scope forgets them.
    [[nodiscard]] std::vector<std::pair<std::shared_ptr<Instance>, PreImage>> take_overwritten() {
        std::vector<std::pair<std::shared_ptr<Instance>, PreImage>> living;
        for (auto& [address, image] : overwritten_) {
            if (std::shared_ptr<Instance> instance = image.instance.lock())
                living.emplace_back(std::move(instance), std::move(image));
        }
        overwritten_.clear();
        return living;
    }
    [[nodiscard]] std::vector<std::weak_ptr<Instance>> take_read() noexcept { return std::exchange(read_, {}); }

    [[nodiscard]] std::vector<std::weak_ptr<Instance>> take_left() noexcept { return std::exchange(left_, {}); }

    std::size_t inserted_before;
    std::size_t deleted_before;
    std::uint32_t begun; ///< see `UnitOfWork::time_`

private:
    /// The old values are freed while their mapper lives.
    static void replace(PreImage& old, PreImage fresh) noexcept { std::swap(old, fresh); }

    boost::unordered_flat_map<const Instance*, PreImage> overwritten_;
    std::vector<std::weak_ptr<Instance>> read_;
    std::vector<std::weak_ptr<Instance>> left_;
    std::size_t sweep_at_ = 64;
};

} // namespace corm::uow
