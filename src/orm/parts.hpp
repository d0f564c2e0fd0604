// The parts of session operations.
#pragma once

#include "orm/keyed_part.hpp"
#include "orm/session_core.hpp"

#include <corm/orm/detail/erased.hpp>

namespace corm::orm {

/// The changes of the session.
class FlushPart final : public Part {
public:
    /// `final`: the COMMIT is in the same request, behind everything else.
    FlushPart(SessionCore& session, uow::FlushPlan plan, bool final, std::source_location where)
        : Part(plan.statements.size()), session_(session), plan_(std::move(plan)), final_(final), where_(where) {}

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override;
    [[nodiscard]] std::exception_ptr explain(std::size_t statement, const std::exception_ptr& error) const override;

private:
    SessionCore& session_; // the operation keeps it alive
    uow::FlushPlan plan_;
    bool final_;
    std::source_location where_;
};

/// One object by its key.
class GetPart final : public Part, public KeyedPart {
public:
    GetPart(SessionCore& session, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
            const std::optional<sql::Lock>& lock, uow::Populate populate, std::source_location where)
        : session_(session), mapper_(std::move(mapper)), key_(std::move(key)), lock_(lock), populate_(populate),
          where_(where) {}

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override;
    void append_loaded(std::vector<detail::Handle>& loaded) const override {
        if (found)
            loaded.push_back(found);
    }
    [[nodiscard]] KeyedPart* keyed() noexcept override { return this; }
    [[nodiscard]] Sharing sharing() const noexcept override { return lock_ ? Sharing::never : Sharing::always; }
    [[nodiscard]] const mapping::Mapper& mapper() const noexcept override { return *mapper_; }
    [[nodiscard]] std::span<const std::string> keys() const noexcept override { return {&key_, 1}; }
    void digest_rows(const wire::Result& result, std::span<const int> rows) override;
    [[nodiscard]] std::optional<Pattern> pattern() const override {
        return Pattern{
            "get of " + mapper_->entity(),
            "read the objects at once: by a query whose condition is the key .in(keys), or as the relation of "
            "the objects that refer to them, by load() or .with<>()"};
    }
    /// For messages: entity and key.
    [[nodiscard]] std::string subject() const { return mapper_->entity() + " with key " + mapper_->key_text(key_); }

    detail::Handle found;

private:
    void missing();
    [[noreturn]] void several(const std::string& rows) const;

    SessionCore& session_;
    std::shared_ptr<const mapping::Mapper> mapper_;
    mapping::EncodedKey key_;
    std::optional<sql::Lock> lock_;
    uow::Populate populate_;
    std::source_location where_;
};

/// How relations are read.
struct LoadMode {
    /// Also what is known, but where a foreign key of the owner tells that the object is the one.
    bool again = false;
    /// Related objects take all that their rows say, unflushed edits go, and everything is read again.
    bool overwrite = false;
};

/// One query.
class QueryPart final : public Part {
public:
    /// Throws `Error` for raw SQL that would control the transaction: nothing is sent then.
    QueryPart(SessionCore& session, detail::Query query, std::source_location where);

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override;
    void append_loaded(std::vector<detail::Handle>& loaded) const override;

    [[nodiscard]] std::optional<Pattern> pattern() const override;
    /// Reads without a lock that the library wrote itself.
    [[nodiscard]] bool only_reads() const noexcept;
    [[nodiscard]] Sharing sharing() const noexcept override;
    [[nodiscard]] bool has_cap() const noexcept override { return cap().is_set(); }
    /// Is a select that locks its rows.
    [[nodiscard]] bool locks() const noexcept;
    [[nodiscard]] bool alone() const noexcept;
    /// Is text of the program.
    [[nodiscard]] bool is_raw() const noexcept { return calls_unknown_ || query_.raw() != nullptr; }
    /// Null: it is no raw SQL.
    [[nodiscard]] const query::RawStatement* raw() const noexcept { return query_.raw(); }
    /// Relations of its objects that are to be read behind it.
    [[nodiscard]] std::vector<query::RelationPath> with() const;
    [[nodiscard]] LoadMode load_mode() const noexcept;
    [[nodiscard]] std::optional<Duration> within() const noexcept;
    /// For messages: the entity, or "a statement".
    [[nodiscard]] std::string subject() const;
    [[nodiscard]] std::exception_ptr explain(std::size_t statement, const std::exception_ptr& error) const override;

    detail::Outcome outcome;

private:
    [[nodiscard]] wire::ResultCap cap() const noexcept;
    void attach_entities(const query::ComposedQuery& query, const wire::Result& result);

    SessionCore& session_;
    detail::Query query_;
    bool calls_unknown_ = false; ///< functions that may write, or leave something behind in the server's session
    std::source_location where_;
    std::vector<query::RelationPath> unfinished_; ///< joined relations that the rows did not tell all of
};

namespace detail {
/// Throws `NotFoundError` for fewer or more rows than are wanted of `subject`.
void check_rows(Wanted wanted, std::size_t rows, const std::string& subject, std::source_location where);
} // namespace detail

/// Unflushed changes as the first part of an operation: false if there are none. `mode` is but for `copies`, which
/// depends on the session; `guarded`: a locking read follows, which would find its own changes instead of those of
/// others.
bool add_flush(SessionCore& session, Parts& parts, std::source_location where, uow::PlanMode mode = {});
/// The same for an operation that ends with COMMIT.
bool add_final_flush(SessionCore& session, Parts& parts, std::source_location where);

} // namespace corm::orm
