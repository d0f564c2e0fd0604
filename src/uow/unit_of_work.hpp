// The objects of one session and the changes to them.
#pragma once

#include "base/memory.hpp"
#include "uow/identity_map.hpp"
#include "uow/plan.hpp"
#include "uow/relation_load.hpp"
#include "uow/undo_scope.hpp"

#include <corm/type/field_view.hpp>
#include <corm/uow/expire.hpp>

#include <boost/container/small_vector.hpp>

#include <exception>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::uow {

/// What a row does to an object that is in the identity map already.
enum class Populate : std::uint8_t {
    fill,      ///< only what is stale or expired; edited attributes keep their values
    locked,    ///< every unmodified attribute; an edited object whose row changed underneath is a StaleDataError
    written,   ///< as the row was just written by this session: edits stay, as changes of the new values
    overwrite, ///< everything, unflushed edits included
};

/// Identity map, pending, edited and removed objects, and what is needed to undo a transaction. Pure: no I/O, no
/// threads. Objects are given as shared handles and must be of this session, or of none where that is said.
class UnitOfWork {
public:
    /// `scope` is the session that new objects belong to.
    void set_scope(std::weak_ptr<Scope> scope) { scope_ = std::move(scope); }
    /// Each statement is final.
    void commits_at_once() noexcept { commits_at_once_ = true; }

    /// Transient becomes pending, detached persistent; a removal that was not flushed is taken back. Throws `Error` for
    /// objects of another session and for deleted ones.
    void add(const std::shared_ptr<Instance>& instance, std::source_location where);
    /// Marks a persistent object for deletion by the next flush; a detached one joins for that, a pending one becomes
    /// transient at once. Throws `Error` for transient objects, and as `add`.
    void remove(const std::shared_ptr<Instance>& instance, std::source_location where);
    /// The object leaves the session: pending becomes transient, the rest detached. Unflushed edits stay in the object.
    void expunge(const std::shared_ptr<Instance>& instance);
    /// Every object leaves the session; the transaction goes on, and its end concerns none of them.
    void expunge_all();
    /// The object may not be read until it was read anew; unflushed edits of it are dropped. Throws `Error` unless it
    /// is persistent in this session.
    void expire(const std::shared_ptr<Instance>& instance, std::source_location where);
    /// As `expire`, for all persistent objects.
    void expire_all();
    /// Drops the edit of one attribute; the object is stale then. Throws as `expire`.
    void expire(const std::shared_ptr<Instance>& instance, const mapping::Column& column, std::source_location where);
    /// Unflushed edits and links of the object itself are taken back: it is about to be read anew.
    void revert(const std::shared_ptr<Instance>& instance);
    /// From now on the object's values are compared at every flush.
    void watch(const std::shared_ptr<Instance>& instance);

    [[nodiscard]] std::shared_ptr<Instance> find(const mapping::Mapper& mapper, std::string_view key) const {
        return map_.find(mapper, key);
    }

    /// True if there is an object of this mapper, pending or with a row.
    [[nodiscard]] bool holds(const mapping::Mapper& mapper) const;
    /// The object of this row, whose columns from `first` on are the mapper's, or null.
    [[nodiscard]] std::shared_ptr<Instance> held(const mapping::Mapper& mapper, const types::Rows& rows, int row,
                                                 int first);

    /// Copies the columns of `source`, whose identity is `key`, into an object of this session, as edits; of `linked`
    /// ones, those of the key alone. A row that the server finds by that key keeps the key that it has. Precondition:
    /// `target` is readable.
    void merge_into(const Instance& source, std::string_view key, std::span<const std::uint16_t> linked,
                    const std::shared_ptr<Instance>& target);
    /// A new object with the columns of `source`, of no session yet.
    [[nodiscard]] static std::shared_ptr<Instance> merge_new(const Instance& source);
    /// Throws `Error` unless the values of `source` can be taken for those of its row: it has one, and there are no
    /// changes in it nor in the object of its identity.
    void require_clean(const Instance& source, std::source_location where) const;
    /// The object with its identity, with its values taken for those of the row.
    [[nodiscard]] std::shared_ptr<Instance> take_clean(const Instance& source);
    /// A removal that was not flushed is taken back, with all that follows from it.
    void keep(const std::shared_ptr<Instance>& instance, std::source_location where);

    /// The relation of these objects of the session, as far as it has to be read. `again`: also where it is known.
    [[nodiscard]] RelationLoad load(const mapping::RelationEnds& ends,
                                    std::span<const std::shared_ptr<Instance>> owners, bool again = false) const;
    /// The rows of such a load have come.
    void loaded(const RelationLoad& load, const types::Rows& rows, Populate populate, std::source_location where);

    /// The relation of `owner` is known to hold these objects, as if it had been read.
    void know_links(const std::shared_ptr<Instance>& owner, const mapping::RelationEnds& ends,
                    std::vector<std::shared_ptr<Instance>> targets) const;
    /// Objects whose unflushed changes concern who has them by this relation: of these the database knows nothing. None
    /// for a relation that goes by a foreign key of its owner.
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> unsent_targets(const mapping::RelationEnds& ends) const;
    /// Both objects of the row were attached. False if the row says nothing of the object that the owner refers to,
    /// which has to be read then. `again`: as for `load`.
    [[nodiscard]] bool joined(const mapping::RelationEnds& ends, const JoinedRow& row, bool again);

    /// Room for so many more objects.
    void expect(std::size_t rows) { map_.reserve(rows); }
    /// Hydrates one row, whose columns from `first` on are the mapper's in their order, into the one object of its
    /// identity. Throws `ConversionError` with table and column; an object that was half read is expired then.
    [[nodiscard]] std::shared_ptr<Instance> attach(const std::shared_ptr<const mapping::Mapper>& mapper,
                                                   const types::Rows& rows, int row, int first, Populate populate,
                                                   std::source_location where);
    /// As `attach`, of a row that a statement has just written. `fresh_row`: it was inserted, and a rollback takes it
    /// away; otherwise a rollback gives an object that was here its values back, and expires one that was expired.
    /// `final`: nothing can be undone.
    std::shared_ptr<Instance> attach_written(const std::shared_ptr<const mapping::Mapper>& mapper,
                                             const types::Rows& rows, int row, int first, bool fresh_row, bool final,
                                             std::source_location where);
    /// The row of this object is gone: it leaves the identity map, as if deleted in this transaction, or for good if
    /// the session commits at once.
    void vanished(const std::shared_ptr<Instance>& instance);

    [[nodiscard]] bool owns(const Instance& instance) const noexcept;
    [[nodiscard]] std::span<const std::shared_ptr<Instance>> added() const noexcept { return pending_; }
    [[nodiscard]] std::span<const std::shared_ptr<Instance>> removed() const noexcept { return doomed_; }
    /// Persistent objects that were edited since they were last flushed.
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> dirty() const;
    /// Persistent objects of which a flush would write a row, as far as it is known: what `has_relations` says is left
    /// to the plan.
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> modified(const PlanMode& mode) const;
    [[nodiscard]] bool has_changes() const;
    /// Objects of relations that have to be known before removed objects are deleted: to be read and given to
    /// `loaded`. Called again until there are none; what the removals mean for other objects is done by then.
    [[nodiscard]] std::vector<RelationLoad> cascade_removals();
    /// True if the changes concern objects with relations, so that a flush may take several round trips.
    [[nodiscard]] bool has_relations() const;
    /// Everything that is to be written, or a first stage of it.
    [[nodiscard]] FlushPlan plan(const PlanMode& mode = {});
    /// The plan was carried out. `results[i]` are the rows of statement i, for generated keys. `final`: so was the
    /// COMMIT behind it, so nothing can be undone; `committed` follows.
    void flushed(FlushPlan& plan, const std::vector<const types::Rows*>& results, bool final);

    void committed(ExpireOnCommit policy);
    void rolled_back();

    /// A savepoint begins. Precondition: everything is flushed. Scopes are counted from 0; the end of the transaction
    /// ends them all.
    void begin_scope() { scopes_.emplace_back(inserted_.size(), deleted_.size(), time_); }
    /// The scope and those within it end; what happened in them can be undone by the scope around it.
    void release_scope(std::size_t index);
    /// Undoes what happened since the scope began, flushed or not, and ends those within it; the scope itself goes on.
    /// Edited attributes get their values back, objects added in it become transient, deleted ones return. Objects that
    /// were flushed, edited or read in it are stale then; all others stay as they are.
    void rollback_scope(std::size_t index);
    [[nodiscard]] std::size_t open_scopes() const noexcept { return scopes_.size(); }
    /// Every object leaves the session.
    void clear();

    [[nodiscard]] const IdentityMap& identity_map() const noexcept { return map_; }

    /// The object belongs to no session from now on.
    static void detach(Instance& instance, ObjectState state);
    static void forget_doom(Instance& instance);

private:
    /// One row, a cell for each column of the mapper.
    using Cells = std::span<const types::FieldView>;
    /// The identity of a row, whose cells are in `cells_` then. Valid until the next call, and as long as the row.
    [[nodiscard]] std::string_view read_key(const mapping::Mapper& mapper, const types::Rows& rows, int row, int first);
    static void hydrate(Instance& instance, Cells cells);
    /// True if the foreign key in the row of the owner is this key of the target.
    [[nodiscard]] static bool row_refers_to(const mapping::RelationEnds& ends, const JoinedRow& row,
                                            std::string_view key);
    static void repopulate(Instance& instance, Cells cells, Populate populate, std::source_location where);
    void deleted(const std::shared_ptr<Instance>& instance);
    void require_persistent(const Instance& instance, const char* what, std::source_location where) const;
    void inserted(FlushStatement& statement, std::size_t row, const types::Rows* returned, int at);
    void updated(const FlushStatement& statement, std::size_t row, const types::Rows* returned, bool final);
    /// The values that the server filled in, from row `at` of the result.
    [[nodiscard]] bool take_returned(const FlushStatement& statement, Instance& instance, mapping::ValueBlock& sent,
                                     const types::Rows& rows, int at);
    [[nodiscard]] std::vector<int> match_by_key(FlushStatement& statement, const types::Rows& rows) const;
    void restore(Instance& instance) const;
    static void assign_values(Instance& instance, const mapping::ValueBlock& from);
    static void forget_values(Instance& instance);
    static void detach_deleted(Instance& instance);
    /// The object is neither compared by flushes nor kept for its edits.
    void forget_edits(const std::shared_ptr<Instance>& instance);
    void abandon(Instance& instance) const;
    void settle_edits(const Instance* except = nullptr);
    /// Everything was written. `final`: it cannot be undone.
    void settle(bool final, const Instance* except = nullptr);
    [[nodiscard]] std::vector<const std::shared_ptr<Instance>*>
    changed(const PlanMode& mode, std::vector<std::shared_ptr<Instance>>& living) const;
    [[nodiscard]] FlushPlan plan_relations(ChangeSet&& changes);
    void settle_relations(bool final);
    /// Deleted objects go out of the relations that they are in.
    void leave_relations(std::span<const std::shared_ptr<Instance>> deleted, bool final);
    /// Collections that were read behind a change which is undone are not known any more.
    static void forget_read_behind(Instance& instance, std::uint32_t time);
    /// Deleted objects that a savepoint brings back: collections without them may not be whole.
    void rejoin_relations(std::span<const std::shared_ptr<Instance>> restored) const;
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> release_circles();
    [[nodiscard]] bool cascade_removal(const std::shared_ptr<Instance>& instance, const mapping::RelationEnds& ends);
    void doom(const std::shared_ptr<Instance>& instance);
    /// The row is not to be deleted, or is gone.
    void forget_removal(const std::shared_ptr<Instance>& instance);
    /// `expunge` of one object.
    void leave(const std::shared_ptr<Instance>& instance);
    /// Related objects join with one that was added; it leaves again if they cannot.
    void take_along(const std::shared_ptr<Instance>& instance);
    /// True if every watched object is an edited one, and therefore alive: each edited object is watched.
    [[nodiscard]] bool watched_are_edited() const noexcept { return watched_.size() == edited_.size(); }
    static void age(Instance& instance) noexcept;
    void take_back_identities(std::size_t inserted_before);
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> take_deleted(std::size_t first);
    void reclaim(const std::shared_ptr<Instance>& instance);

    std::weak_ptr<Scope> scope_;
    bool commits_at_once_ = false;
    IdentityMap map_;
    /// A stage of a flush was written, and not the last one: what it has inserted or deleted is on the lists yet.
    bool is_staged_ = false;
    std::vector<std::shared_ptr<Instance>> pending_;
    std::vector<std::shared_ptr<Instance>> doomed_;
    std::vector<std::weak_ptr<Instance>> watched_;
    std::vector<std::shared_ptr<Instance>> edited_; ///< keeps objects with unflushed edits alive
    std::vector<std::weak_ptr<Instance>> inserted_; ///< by this transaction
    std::vector<std::weak_ptr<Instance>> deleted_;  ///< by this transaction
    std::vector<std::weak_ptr<Instance>> revived_;  ///< that were expired when this transaction wrote their rows
    std::exception_ptr returned_error_;             ///< the first of a flush
    /// Counted at the end of a transaction and at every flush that writes, so that relations know when they were read.
    std::uint32_t time_ = 1;
    std::uint32_t begun_ = 1;       ///< the time when the transaction began
    std::vector<UndoScope> scopes_; ///< of savepoints, the innermost last
    std::string scratch_;
    std::vector<types::FieldView, corm::detail::Recycling<types::FieldView>> cells_;
};

} // namespace corm::uow
