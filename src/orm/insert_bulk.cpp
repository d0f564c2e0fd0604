// Inserts of many rows that no object stands for, with the keys that they get.
#include "orm/copy_run.hpp"
#include "orm/failed_while.hpp"
#include "uow/copy_rows.hpp"
#include "uow/flush_statements.hpp"
#include "uow/row_writer.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <algorithm>

namespace corm::orm {
namespace {

/// Rows that one block of keys is taken for.
constexpr std::size_t copy_block = 50'000;
/// Rows that one INSERT takes at most.
constexpr std::size_t insert_block = 10'000;

using Rows = std::span<const void* const>;

std::int64_t integer_of(const types::FieldView& field) {
    switch (field.size) {
    case 2: return types::get_big_endian<std::int16_t>(field.data);
    case 4: return types::get_big_endian<std::int32_t>(field.data);
    default: return types::get_big_endian<std::int64_t>(field.data);
    }
}

/// One statement for each run of rows that leave their key to the server, or do not. Holds no rows.
class InsertsPart final : public Part {
public:
    InsertsPart(std::shared_ptr<const mapping::Mapper> mapper, std::vector<uow::FlushStatement> planned,
                std::source_location where)
        : Part(planned.size()), mapper_(std::move(mapper)), planned_(std::move(planned)), where_(where) {}

    void append(std::vector<wire::Statement>& request) override {
        for (uow::FlushStatement& planned : planned_) {
            wire::Statement& statement = request.emplace_back();
            statement.sql = planned.text;
            statement.parameters = std::move(planned.parameters);
            statement.lifetime = mapper_->lifetime();
        }
    }
    void digest(std::span<wire::Result> results) override {
        for (std::size_t i = 0; i < planned_.size(); ++i) {
            if (!planned_[i].generated_keys)
                continue;
            const auto& returned = planned_[i].returned;
            const auto key =
                std::find(returned.begin(), returned.end(), static_cast<uow::ColumnIndex>(mapper_->generated_key()));
            const int column = static_cast<int>(key - returned.begin()) + 1;
            for (int row = 0; row < results[i].row_count(); ++row)
                keys.push_back(integer_of(results[i].field(row, column)));
        }
    }
    [[nodiscard]] std::exception_ptr explain(std::size_t index, const std::exception_ptr& error) const override {
        try {
            std::rethrow_exception(error);
        } catch (const DatabaseError& refused) {
            if (refused.sqlstate() == sqlstate::invalid_text_representation && refused.diagnostics().context.empty()) {
                if (std::exception_ptr stale = uow::stale_rows(planned_[index], refused.diagnostics().message, where_))
                    return stale;
            }
        } catch (...) {
            // Not the server's word on a statement.
        }
        return failed_while(uow::describe(planned_[index]), error);
    }

    std::vector<std::int64_t> keys;

private:
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::vector<uow::FlushStatement> planned_;
    std::source_location where_;
};

uow::FlushStatement insert_of(const mapping::Mapper& mapper, bool generated,
                              const std::vector<uow::ColumnIndex>& columns, Rows rows) {
    uow::FlushStatement planned;
    planned.kind = uow::FlushStatement::Kind::insert;
    planned.mapper = &mapper;
    planned.generated_keys = generated;
    const bool many = rows.size() > 1;
    planned.text = mapper.extension<uow::StatementTexts>().insert(columns, many);
    planned.returned = uow::others(mapper, columns);
    for (const uow::ColumnIndex index : columns) {
        const mapping::Column& column = mapper.column(index);
        uow::add_column(planned.parameters, mapper, column, rows.size(), many,
                        [rows, &column](std::size_t i) { return column.in(rows[i]); });
    }
    return planned;
}

std::vector<uow::FlushStatement> inserts_of(const mapping::Mapper& mapper, Rows rows) {
    std::vector<uow::FlushStatement> planned;
    std::vector<uow::ColumnIndex> columns;
    for (std::size_t first = 0; first < rows.size();) {
        const bool generated = mapper.leaves_key(rows[first]);
        mapper.find_inserted(0, generated, columns);
        std::size_t last = first + 1;
        // Rows of defaults alone go one by one: there is no array that tells how many they are.
        while (last < rows.size() && !columns.empty() && mapper.leaves_key(rows[last]) == generated)
            ++last;
        planned.push_back(insert_of(mapper, generated, columns, rows.subspan(first, last - first)));
        first = last;
    }
    return planned;
}

/// The questions ahead of a block, and the count behind it.
class BlockCheck final : public CopyCheck {
public:
    BlockCheck(std::shared_ptr<const mapping::Mapper> mapper, std::size_t rows, bool generated,
               std::source_location where)
        : mapper_(std::move(mapper)), rows_(static_cast<std::int64_t>(rows)), generated_(generated), where_(where) {}
    void check(std::span<const wire::Result> answers) override {
        if (const auto other = uow::other_type(answers.front())) {
            const mapping::Column& column =
                mapper_->column(static_cast<std::size_t>(mapper_->find_column(other->column)));
            throw MappingError(mapper_->entity() + "." + column.member + " is " + std::string{column.type->sql_type()} +
                                   " in the mapping and " + other->declared +
                                   " in the table, and COPY converts nothing; give it the type of the column, or "
                                   "insert_bulk() BulkOptions::never_copy",
                               where_);
        }
        if (generated_ && (answers[1].row_count() == 0 || answers[1].field(0, 1).is_null()))
            throw MappingError(mapper_->entity() +
                                   ": its key has no sequence to take keys from; make it an identity column, the "
                                   "sequence OWNED BY it, name the sequence by .sequence<...>(), or give insert_bulk() "
                                   "BulkOptions::never_copy",
                               where_);
    }
    void copied(std::int64_t rows) override {
        if (rows != rows_)
            uow::throw_rows_missing(*mapper_, where_);
    }

private:
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::int64_t rows_;
    bool generated_;
    std::source_location where_;
};

/// A block of rows by COPY.
class Block {
public:
    Block(std::shared_ptr<const mapping::Mapper> mapper, Rows rows, std::source_location where)
        : mapper_(std::move(mapper)), rows_(rows), where_(where), writer_(*mapper_, columns_of(*mapper_)) {
        generated_ = static_cast<std::size_t>(
            std::count_if(rows.begin(), rows.end(), [this](const void* row) { return mapper_->leaves_key(row); }));
        for (std::size_t i = 0; i < writer_.columns().size(); ++i) {
            if (mapper_->generated_key() >= 0 &&
                writer_.columns()[i].name == mapper_->column(static_cast<std::size_t>(mapper_->generated_key())).name)
                key_ = i;
        }
    }

    [[nodiscard]] CopyCommand command() const {
        const auto& texts = mapper_->extension<uow::StatementTexts>();
        CopyCommand command;
        command.doing = "inserting " + mapper_->entity() + " by COPY";
        command.text = texts.copy(columns_of(*mapper_));
        wire::Statement types;
        types.sql = uow::StatementTexts::column_types();
        types.parameters = uow::type_question(texts.table(), writer_.columns());
        command.questions.push_back(std::move(types));
        if (generated_ != 0) {
            uow::FlushStatement planned = uow::id_block(*mapper_, generated_);
            wire::Statement keys;
            keys.sql = planned.text;
            keys.parameters = std::move(planned.parameters);
            keys.lifetime = mapper_->lifetime();
            command.questions.push_back(std::move(keys));
        }
        command.check = std::make_shared<BlockCheck>(mapper_, rows_.size(), generated_ != 0, where_);
        return command;
    }

    /// Fills a buffer, and notes the keys that it gives away; false behind the last row.
    bool fill(std::span<const wire::Result> answers, std::vector<std::int64_t>& keys, std::string& out) {
        if (next_ == 0)
            writer_.begin(out);
        while (next_ < rows_.size() && out.size() < copy_buffer) {
            const void* const row = rows_[next_++];
            if (generated_ == 0 || !mapper_->leaves_key(row)) {
                writer_.add(row, out);
                continue;
            }
            keys.push_back(integer_of(answers[1].field(static_cast<int>(taken_++), 1)));
            writer_.add(row, key_, writer_.integer_field(key_, keys.back()), out);
        }
        if (next_ < rows_.size())
            return true;
        writer_.end(out);
        return false;
    }
    [[nodiscard]] std::size_t written() const noexcept { return next_; }

private:
    /// Those that are written with a given key.
    static std::vector<uow::ColumnIndex> columns_of(const mapping::Mapper& mapper) {
        std::vector<uow::ColumnIndex> columns;
        mapper.find_inserted(0, false, columns);
        return columns;
    }

    std::shared_ptr<const mapping::Mapper> mapper_;
    Rows rows_;
    std::source_location where_;
    uow::RowWriter writer_;
    std::size_t generated_ = 0;
    std::size_t key_ = 0;
    std::size_t next_ = 0;
    std::size_t taken_ = 0;
};

void check_keys(const mapping::Mapper& mapper, Rows rows, std::source_location where) {
    const int key = mapper.generated_key();
    if (key < 0 || mapper.column(static_cast<std::size_t>(key)).type->integer)
        return;
    if (std::any_of(rows.begin(), rows.end(), [&](const void* row) { return mapper.leaves_key(row); }))
        throw MappingError("insert_bulk() returns keys that the server generates in the order of the rows if they are "
                           "integers of a sequence, and " +
                               mapper.entity() + "." + mapper.column(static_cast<std::size_t>(key)).member +
                               " is none; give the keys by the program, or add() the objects",
                           where);
}

} // namespace

namespace detail {
namespace {

Task<void> insert_by_arrays(CopyRun& run, const std::shared_ptr<const mapping::Mapper>& mapper, Rows rows,
                            const ProgressCallback& progress, std::vector<std::int64_t>& keys,
                            std::source_location where) {
    BulkProgress done;
    while (!rows.empty()) {
        const Rows block = rows.first(std::min(rows.size(), insert_block));
        std::vector<uow::FlushStatement> planned = inserts_of(*mapper, block);
        for (const uow::FlushStatement& each : planned)
            done.bytes += each.parameters.total_bytes();
        auto part = std::make_shared<InsertsPart>(mapper, std::move(planned), where);
        co_await run.run(part);
        keys.insert(keys.end(), part->keys.begin(), part->keys.end());
        rows = rows.subspan(block.size());
        done.rows += static_cast<std::int64_t>(block.size());
        if (progress)
            co_await progress(done);
    }
}

Task<void> insert_by_copy(CopyRun& run, const std::shared_ptr<const mapping::Mapper>& mapper, Rows rows,
                          const ProgressCallback& progress, std::vector<std::int64_t>& keys,
                          std::source_location where) {
    BulkProgress done;
    while (!rows.empty()) {
        const Rows part = rows.first(std::min(rows.size(), copy_block));
        Block block{mapper, part, where};
        const std::int64_t before = done.rows;
        run.first_row = before;
        co_await run.open(block.command());
        for (bool more = true; more;) {
            std::exception_ptr failure;
            try {
                run.bytes().clear();
                more = block.fill(run.answers, keys, run.bytes());
                done.rows = before + static_cast<std::int64_t>(block.written());
                done.bytes += run.bytes().size();
                if (progress)
                    co_await progress(done);
            } catch (...) {
                failure = std::current_exception();
            }
            if (failure)
                co_await run.fail(failure);
            co_await run.put();
        }
        co_await run.end();
        rows = rows.subspan(part.size());
    }
}

} // namespace

Task<void> insert_bulk(Core core, std::shared_ptr<const mapping::Mapper> mapper, std::shared_ptr<RowSource> source,
                       KeyTaker taker, BulkOptions options, ProgressCallback progress, std::source_location where) {
    CopyRun run{std::move(core), "insert_bulk()", options.within, where};
    mapper->require_usable("insert_bulk()");
    std::vector<const void*> rows;
    while (const void* row = source->next())
        rows.push_back(row);
    check_keys(*mapper, rows, where);
    if (rows.empty())
        co_return;
    std::vector<std::int64_t> keys;
    keys.reserve(rows.size());
    co_await run.flush_ahead();
    if (rows.size() < options.copy_from)
        co_await insert_by_arrays(run, mapper, rows, progress, keys, where);
    else
        co_await insert_by_copy(run, mapper, rows, progress, keys, where);
    auto generated = keys.begin();
    for (const void* row : rows)
        taker.take(taker.keys, *mapper, row, mapper->leaves_key(row) ? &*generated++ : nullptr);
}

} // namespace detail
} // namespace corm::orm
