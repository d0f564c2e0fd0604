// COPY FROM STDIN of rows that no object stands for.
#include "orm/copy_run.hpp"
#include "uow/copy_rows.hpp"
#include "uow/row_writer.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>
#include <corm/sql/identifier.hpp>

#include <optional>

namespace corm::orm {
namespace detail {

Task<bool> RowSource::more() {
    co_return false;
}

} // namespace detail

namespace {

/// Rows of one table, as they are written.
class Destination {
public:
    Destination(const detail::CopyTarget& target, const void* first, bool with_defaults, std::source_location where);

    [[nodiscard]] CopyCommand command() const;
    /// Throws what cannot be sent.
    void add(const void* row, std::string& out);
    [[nodiscard]] uow::RowWriter& writer() noexcept { return *writer_; }

private:
    void use_mapper(bool with_defaults);
    void use_members(const detail::CopyTarget& target);
    [[nodiscard]] const void* values_of(const void* row) const;

    std::shared_ptr<const mapping::Mapper> mapper_;
    bool records_;
    bool leaves_key_ = false;
    std::string name_; // for messages
    std::string table_;
    std::optional<uow::RowWriter> writer_;
    std::source_location where_;
};

/// Throws `MappingError` for columns of other types: the server would take the bytes of one for those of another.
class TypeCheck final : public CopyCheck {
public:
    TypeCheck(std::string table, std::source_location where) : table_(std::move(table)), where_(where) {}
    void check(std::span<const wire::Result> answers) override {
        if (const auto other = uow::other_type(answers.front()))
            throw MappingError("the column " + other->column + " of " + table_ + " is " + other->declared +
                                   ", another type than that of the rows, and COPY converts nothing; give the member "
                                   "the type of the column",
                               where_);
    }

private:
    std::string table_;
    std::source_location where_;
};

Destination::Destination(const detail::CopyTarget& target, const void* first, bool with_defaults,
                         std::source_location where)
    : mapper_(target.mapper), records_(target.records), where_(where) {
    if (records_) {
        mapper_ = static_cast<const mapping::Record*>(first)->mapper();
        mapping::require_records(mapper_.get(), "copy_in()");
    }
    if (mapper_ == nullptr) {
        use_members(target);
        return;
    }
    mapper_->require_usable("copy_in()");
    leaves_key_ = mapper_->leaves_key(values_of(first));
    use_mapper(with_defaults);
}

void Destination::use_mapper(bool with_defaults) {
    std::vector<std::uint16_t> columns;
    mapper_->find_inserted(with_defaults ? ~std::uint64_t{0} : 0, leaves_key_, columns);
    if (columns.empty())
        throw MappingError("copy_in() has no column of " + mapper_->entity() + " to write; add() such objects instead",
                           where_);
    name_ = mapper_->table();
    table_ = mapper_->extension<uow::StatementTexts>().table();
    writer_.emplace(*mapper_, columns);
}

void Destination::use_members(const detail::CopyTarget& target) {
    name_ = target.table.name();
    if (!target.table.schema().empty()) {
        sql::append_identifier(table_, target.table.schema());
        table_ += '.';
    }
    sql::append_identifier(table_, name_);
    std::vector<uow::CopyColumn> columns;
    for (const query::detail::Target& member : target.members)
        columns.push_back({member.name, member.type, member.offset});
    writer_.emplace(name_, std::move(columns));
}

CopyCommand Destination::command() const {
    CopyCommand command;
    command.doing = "copying rows into " + name_;
    command.text =
        std::make_shared<const std::string>(uow::copy_from_stdin(table_, writer_->columns(), writer_->format()));
    wire::Statement& question = command.questions.emplace_back();
    question.sql = uow::StatementTexts::column_types();
    question.parameters = uow::type_question(table_, writer_->columns());
    command.check = std::make_shared<TypeCheck>(name_, where_);
    return command;
}

const void* Destination::values_of(const void* row) const {
    return mapper_ ? mapper_->object().values(const_cast<void*>(row)) : row; // NOLINT: only read
}

void Destination::add(const void* row, std::string& out) {
    if (records_ && static_cast<const mapping::Record*>(row)->mapper() != mapper_)
        throw MappingError("copy_in() was given records of different mappers; copy those of one at a time", where_);
    const void* const values = values_of(row);
    if (mapper_ && mapper_->leaves_key(values) != leaves_key_)
        throw MappingError("copy_in() was given rows of " + mapper_->entity() +
                               " with a key and rows without one, which cannot be one COPY; copy them by two",
                           where_);
    writer_->add(values, out);
}

/// The rows of a source on their way.
struct Filling {
    std::shared_ptr<detail::RowSource> source;
    Destination destination;
    const void* row; // the next one
    BulkProgress done{};

    /// Fills a buffer; false behind the last row.
    Task<bool> fill(std::string& out) {
        while (row != nullptr) {
            while (row != nullptr && out.size() < copy_buffer) {
                destination.add(row, out);
                ++done.rows;
                row = source->next();
            }
            if (row != nullptr)
                break;
            bool more = true;
            while (row == nullptr && more) {
                more = co_await source->more();
                row = more ? source->next() : nullptr;
            }
        }
        if (row == nullptr)
            destination.writer().end(out);
        done.bytes += out.size();
        co_return row != nullptr;
    }
};

} // namespace

namespace detail {

Task<std::int64_t> copy_in(Core core, CopyTarget target, std::shared_ptr<RowSource> rows, CopyOptions options,
                           ProgressCallback progress, std::source_location where) {
    CopyRun run{std::move(core), "copy_in()", options.within, where};
    const void* first = rows->next();
    for (bool more = first == nullptr; more && first == nullptr;) {
        more = co_await rows->more();
        if (more)
            first = rows->next();
    }
    if (first == nullptr)
        co_return 0;
    Filling filling{rows, Destination{target, first, options.with_defaults, where}, first};
    co_await run.flush_ahead();
    co_await run.open(filling.destination.command());
    filling.destination.writer().begin(run.bytes());
    for (bool more = true; more;) {
        std::exception_ptr failure;
        try {
            more = co_await filling.fill(run.bytes());
            if (progress)
                co_await progress(filling.done);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure)
            co_await run.fail(failure);
        co_await run.put();
        run.bytes().clear();
    }
    co_await run.end();
    co_return run.rows();
}

} // namespace detail
} // namespace corm::orm
