// From rows to the objects of a session.
#include "uow/unit_of_work.hpp"

#include "type/value.hpp"
#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

namespace corm::uow {
namespace {

/// Decodes one cell; errors say where.
void decode(const mapping::Mapper& mapper, const mapping::Column& column, const types::FieldView& field, void* target) {
    try {
        column.type->decode(field, target);
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper.table(), column.name, error.where());
    }
}

} // namespace

void UnitOfWork::hydrate(Instance& instance, Cells cells) {
    const mapping::Mapper& mapper = instance.mapper();
    void* const values = instance.values();
    std::size_t at = 0;
    for (const mapping::Column& column : mapper.columns())
        decode(mapper, column, cells[at++], column.in(values));
}

void UnitOfWork::repopulate(Instance& instance, Cells cells, Populate populate, std::source_location where) {
    const mapping::Mapper& mapper = instance.mapper();
    if (populate == Populate::overwrite || !instance.sent()) {
        // The copy goes first: what is left of a row that was read half must not look like an edit.
        const bool compared = static_cast<bool>(instance.sent());
        instance.forget_sent();
        hydrate(instance, cells);
        if (compared)
            instance.make_sent() = mapping::ValueBlock(mapper, instance.values());
        return;
    }
    if (populate == Populate::written) {
        for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
            const mapping::Column& column = mapper.column(i);
            types::Value cell{*column.type};
            decode(mapper, column, cells[i], cell.at());
            if (!instance.is_changed(column))
                column.type->copy_assign(column.in(instance.values()), cell.at());
            column.type->copy_assign(instance.make_sent().at(column), cell.at());
        }
        return;
    }
    bool overtaken = false;
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        const mapping::Column& column = mapper.column(i);
        if (!instance.is_changed(column))
            continue;
        types::Value cell{*column.type};
        decode(mapper, column, cells[i], cell.at());
        if (column.type->same(cell.at(), instance.sent().at(column)))
            continue;
        if (populate == Populate::locked)
            throw StaleDataError(
                instance.describe() + "." + column.member +
                    " was edited here and changed by another transaction; lock before editing, or refresh "
                    "the object to take the other value",
                mapper.entity(), {mapper.key_text(instance.key)}, where);
        overtaken = true;
    }
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        const mapping::Column& column = mapper.column(i);
        // An edit that somebody else overtook keeps the version it was made on, so that the flush finds out.
        if (instance.is_changed(column) || (overtaken && column.version))
            continue;
        types::Value cell{*column.type};
        decode(mapper, column, cells[i], cell.at());
        column.type->copy_assign(column.in(instance.values()), cell.at());
        column.type->copy_assign(instance.make_sent().at(column), cell.at());
    }
}

std::string_view UnitOfWork::read_key(const mapping::Mapper& mapper, const types::Rows& rows, int row, int first) {
    cells_.resize(mapper.columns().size());
    rows.fields(row, first, cells_);
    // The bytes of a cell are the identity when the column has the very type of the member.
    const auto keys = mapper.key_columns();
    if (keys.size() == 1) {
        const types::ValueType& type = *mapper.column(keys.front()).type;
        const types::FieldView& field = cells_[keys.front()];
        if (!field.is_null() && field.oid == type.oid && field.format == type.format)
            return field.bytes();
    }
    mapping::ValueBlock values{mapper};
    for (const std::uint16_t index : keys) {
        const mapping::Column& column = mapper.column(index);
        decode(mapper, column, cells_[index], values.at(column));
    }
    scratch_.clear();
    mapper.append_packed_key(values.data(), scratch_);
    return scratch_;
}

bool UnitOfWork::row_refers_to(const mapping::RelationEnds& ends, const JoinedRow& row, std::string_view key) {
    const std::shared_ptr<Instance> probe = Instance::create(row.owner->shared_mapper());
    for (const std::uint16_t index : ends.here) {
        const mapping::Column& column = ends.owner->column(index);
        decode(*ends.owner, column, row.rows.field(row.row, row.first + index), column.in(probe->values()));
    }
    std::string found;
    return append_related_key(*probe, ends, found) && found == key;
}

std::shared_ptr<Instance> UnitOfWork::held(const mapping::Mapper& mapper, const types::Rows& rows, int row, int first) {
    return map_.find(mapper, read_key(mapper, rows, row, first));
}

std::shared_ptr<Instance> UnitOfWork::attach(const std::shared_ptr<const mapping::Mapper>& mapper,
                                             const types::Rows& rows, int row, int first, Populate populate,
                                             std::source_location where) {
    IdentityMap::Identity identity{*mapper, read_key(*mapper, rows, row, first)};
    if (std::shared_ptr<Instance> present = map_.find(identity)) {
        if (populate == Populate::fill && present->freshness == Freshness::fresh)
            return present;
        // Until it was read whole, nobody may take it for a row.
        const Freshness before = std::exchange(present->freshness, Freshness::expired);
        try {
            repopulate(*present, cells_, populate, where);
        } catch (const StaleDataError&) {
            present->freshness = before;
            throw;
        }
        present->freshness = Freshness::fresh;
        if (RelationBook* const book = present->book()) {
            if (populate == Populate::overwrite && book->is_changed())
                book->take_back();
            present->check_references();
        }
        if (!scopes_.empty())
            scopes_.back().note_read(present);
        return present;
    }
    std::shared_ptr<Instance> instance = Instance::create(mapper);
    hydrate(*instance, cells_);
    instance->forget_relations();
    instance->key = identity.key;
    instance->state = ObjectState::persistent;
    instance->scope = scope_;
    instance->unseen = true;
    map_.add(instance, identity);
    if (!scopes_.empty())
        scopes_.back().note_read(instance);
    return instance;
}

std::shared_ptr<Instance> UnitOfWork::attach_written(const std::shared_ptr<const mapping::Mapper>& mapper,
                                                     const types::Rows& rows, int row, int first, bool fresh_row,
                                                     bool final, std::source_location where) {
    const std::shared_ptr<Instance> present = map_.find(*mapper, read_key(*mapper, rows, row, first));
    if (present && !final) {
        if (!present->sent())
            present->make_sent() = mapping::ValueBlock(*mapper, present->values());
        if (!present->at_begin() && !present->inserted_now) {
            present->make_at_begin() = present->sent();
            // Key and version are those of the row yet, but nobody may read the values that a rollback gives back.
            if (present->freshness == Freshness::expired)
                revived_.push_back(present);
        }
        if (!scopes_.empty())
            scopes_.back().remember(present);
    }
    std::shared_ptr<Instance> instance = attach(mapper, rows, row, first, Populate::written, where);
    if (!present && fresh_row && !final) {
        instance->inserted_now = true;
        inserted_.push_back(instance);
    }
    return instance;
}

void UnitOfWork::vanished(const std::shared_ptr<Instance>& instance) {
    map_.erase(*instance);
    forget_removal(instance);
    instance->freshness = Freshness::expired;
    if (commits_at_once_) {
        forget_edits(instance);
        detach_deleted(*instance);
        return;
    }
    instance->state = ObjectState::deleted;
    deleted_.push_back(instance);
}

} // namespace corm::uow
