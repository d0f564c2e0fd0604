// One mapped object and what the unit of work knows about it.
#pragma once

#include <corm/mapping/value_block.hpp>
#include <corm/uow/key_bytes.hpp>

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

namespace corm::uow {

class Instance;
class RelationBook;

/// Where an object stands with respect to a session and the database (SQLAlchemy's terms).
enum class ObjectState : std::uint8_t {
    transient,  ///< known to no session, no row
    pending,    ///< added, not inserted yet
    persistent, ///< has a row
    deleted,    ///< its row was deleted in the transaction under way
    detached,   ///< has a row, belongs to no session
};

[[nodiscard]] std::string_view to_string(ObjectState state) noexcept;

/// How much the loaded values can be trusted.
enum class Freshness : std::uint8_t {
    fresh,   ///< as of the transaction under way
    stale,   ///< as of an earlier transaction; readable, read anew by the next get, query or refresh that meets the row
    expired, ///< not readable until it was read anew
};

/// The session, as its objects see it.
class Scope {
public:
    virtual ~Scope() = default;
    /// `instance` is about to be edited. Throws `ConcurrentUseError` while an operation of the session is in flight.
    virtual void on_edit(const std::shared_ptr<Instance>& instance) = 0;
    /// Relations of `instance` are about to change. Throws as `on_edit`.
    virtual void on_relink(const std::shared_ptr<Instance>& /*instance*/) {}
    /// `instance` is about to leave. Throws as `on_edit`.
    virtual void on_leave(const std::shared_ptr<Instance>& instance) = 0;
    /// `instance`, of no session, was linked to an object of this one, and joins. Throws as `on_edit`.
    virtual void on_link(const std::shared_ptr<Instance>& instance) = 0;
    /// The object with this identity, or null.
    [[nodiscard]] virtual std::shared_ptr<Instance> find(const mapping::Mapper& mapper, std::string_view key) const = 0;
};

/// A mapped object with its state: one memory block, given back as soon as the last handle is gone. Held by
/// `shared_ptr`; handles may be copied and dropped on any thread, everything else belongs to the session's task.
class Instance {
public:
    /// A default-constructed object.
    [[nodiscard]] static std::shared_ptr<Instance> create(std::shared_ptr<const mapping::Mapper> mapper);
    /// An object moved out of `*object`, which is of the mapper's type.
    [[nodiscard]] static std::shared_ptr<Instance> create(std::shared_ptr<const mapping::Mapper> mapper, void* object);

    [[nodiscard]] const mapping::Mapper& mapper() const noexcept { return *mapper_; }
    [[nodiscard]] const std::shared_ptr<const mapping::Mapper>& shared_mapper() const noexcept { return mapper_; }
    [[nodiscard]] void* object() noexcept { return this + 1; }
    [[nodiscard]] void* values() noexcept { return mapper_->object().values(this + 1); }
    [[nodiscard]] const void* values() const noexcept {
        return mapper_->object().values(const_cast<Instance*>(this) + 1);
    }

    /// The object for reading; throws `NotLoadedError` when it is expired.
    [[nodiscard]] const void* readable() const {
        if (freshness == Freshness::expired) [[unlikely]]
            throw_expired();
        return this + 1;
    }
    /// The object for writing: from now on it is watched. Throws as `readable`, and what `Scope::on_edit` throws.
    [[nodiscard]] static void* editable(const std::shared_ptr<Instance>& instance);

    /// True if a column's value differs from what was last sent or loaded. A version that updates count up never does,
    /// it is the flush's own; nor does what the server computes.
    [[nodiscard]] bool is_changed(const mapping::Column& column) const {
        return sent() && !column.counted && !column.computed &&
               !column.type->same(column.in(values()), sent().at(column));
    }
    [[nodiscard]] bool is_modified() const;
    /// True if links were changed since they were last read or flushed.
    [[nodiscard]] bool is_relinked() const;

    /// What it remembers of its relations; null if the mapping has none.
    [[nodiscard]] RelationBook* book() const noexcept { return more_ ? more_->book.get() : nullptr; }
    /// The object came from a row: no related objects are known, except that a NULL refers to none.
    void forget_relations();
    /// The foreign keys may have changed: what does not fit them any more is not known any more.
    void check_references();

    /// "User(7)" for messages; the entity alone while it has no key.
    [[nodiscard]] std::string describe() const;

    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    ObjectState state = ObjectState::transient;
    Freshness freshness = Freshness::fresh;
    /// Listed by the session as one whose values are compared at a flush.
    bool watched = false;
    /// Edited since the last flush, and therefore kept alive by the session.
    bool edited = false;
    /// Marked by `remove`, until the flush that deletes it is through.
    bool doomed = false;
    /// Inserted by the transaction under way.
    bool inserted_now = false;
    /// Made from a row, and shown to no hook yet.
    bool unseen = false;
    /// Detached because its row was deleted: only as a new object may it be added again.
    bool row_deleted = false;
    std::weak_ptr<Scope> scope;
    /// Its place in the identity map; without a value while it has none.
    KeyBytes key;

    /// Values as last sent or loaded; empty unless watched.
    [[nodiscard]] const mapping::ValueBlock& sent() const noexcept { return more().sent; }
    /// Values at the start of the transaction; empty unless a flush of this transaction wrote the object.
    [[nodiscard]] const mapping::ValueBlock& at_begin() const noexcept { return more().at_begin; }
    /// The key at the start of the transaction, if a flush changed it.
    [[nodiscard]] const KeyBytes& key_at_begin() const noexcept { return more().key_at_begin; }
    /// Columns marked `server_default` that the insert is to write, one bit for each (`Column::server_default`).
    [[nodiscard]] std::uint64_t given() const noexcept { return more().given; }

    // For the same, to be written: takes memory.
    [[nodiscard]] mapping::ValueBlock& make_sent() { return make_more().sent; }
    [[nodiscard]] mapping::ValueBlock& make_at_begin() { return make_more().at_begin; }
    [[nodiscard]] KeyBytes& make_key_at_begin() { return make_more().key_at_begin; }
    [[nodiscard]] std::uint64_t& make_given() { return make_more().given; }
    void forget_sent() noexcept {
        if (more_)
            more_->sent = {};
    }
    /// The transaction has ended: with its values, or with those at its start.
    void forget_begin() noexcept {
        if (more_) {
            more_->at_begin = {};
            more_->key_at_begin.reset();
        }
    }

private:
    /// What few objects have: those that only read have none of it.
    struct More {
        More();
        ~More();
        mapping::ValueBlock sent;
        mapping::ValueBlock at_begin;
        KeyBytes key_at_begin;
        std::uint64_t given = 0;
        std::unique_ptr<RelationBook> book;
    };
    struct Deleter;
    explicit Instance(std::shared_ptr<const mapping::Mapper> mapper) noexcept;
    ~Instance();
    template <class Make>
    [[nodiscard]] static std::shared_ptr<Instance> allocate(std::shared_ptr<const mapping::Mapper> mapper, Make make);
    [[noreturn]] void throw_expired() const;
    [[nodiscard]] const More& more() const noexcept { return more_ ? *more_ : none_; }
    [[nodiscard]] More& make_more();

    static const More none_;
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::unique_ptr<More> more_;
};

/// The object forgets its session and its row: adding it inserts it. Its values stay, generated keys included. Throws
/// `NotLoadedError` if it is expired, `ConcurrentUseError` while an operation of its session is in flight.
void make_transient(const std::shared_ptr<Instance>& instance, std::source_location where);

/// A transient object is taken for one whose row exists under the key that it holds: detached and expired, so that a
/// session which it is added to reads it. Throws `Error` unless it is transient, `MappingError` for a NULL in the key.
void make_transient_to_detached(const std::shared_ptr<Instance>& instance, std::source_location where);

} // namespace corm::uow
