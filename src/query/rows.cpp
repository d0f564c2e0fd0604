#include <corm/query/rows.hpp>

#include "query/problems.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::query::detail {
namespace {

constexpr int absent = -1;
constexpr int ambiguous = -2;

int find_column(const types::Rows& rows, std::string_view name) {
    int found = absent;
    for (int column = 0; column < rows.column_count(); ++column) {
        if (rows.column_name(column) != name)
            continue;
        if (found != absent)
            return ambiguous;
        found = column;
    }
    return found;
}

std::string column_list(const types::Rows& rows) {
    std::string text;
    for (int column = 0; column < rows.column_count(); ++column)
        text += (column == 0 ? "" : ", ") + in_quotes(rows.column_name(column));
    return text.empty() ? "no columns" : text;
}

} // namespace

void RowShape::pair_by_name(const types::Rows& rows, std::vector<int>& columns, std::string& problems) const {
    for (const Target& target : targets_) {
        const int column = find_column(rows, target.name);
        if (column == absent)
            add_problem(problems, "no column " + in_quotes(target.name));
        else if (column == ambiguous)
            add_problem(problems, "several columns " + in_quotes(target.name));
        columns.push_back(column);
    }
}

std::string RowShape::pair(const types::Rows& rows, std::vector<int>& columns) const {
    std::string problems;
    columns.clear();
    columns.reserve(targets_.size());
    if (pairing_ == Pairing::by_name) {
        pair_by_name(rows, columns, problems);
    } else {
        const int count = rows.column_count();
        if (static_cast<std::size_t>(count) != targets_.size())
            add_problem(problems, "it has " + std::to_string(count) + " columns where " +
                                      std::to_string(targets_.size()) + " are read");
        for (int column = 0; column < static_cast<int>(targets_.size()); ++column)
            columns.push_back(column < count ? column : absent);
    }
    std::uint64_t hash = 1;
    for (const int column : columns)
        hash = (hash ^ (column < 0 ? 0 : rows.column_oid(column))) * 0x9E3779B97F4A7C15ULL;
    const auto known = [hash](const std::atomic<std::uint64_t>& each) {
        return each.load(std::memory_order_relaxed) == hash;
    };
    if (std::any_of(accepted_.begin(), accepted_.end(), known))
        return problems;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        if (columns[i] < 0)
            continue;
        if (const auto refused = types::refused_type(*targets_[i].type, rows.column_oid(columns[i])))
            add_problem(problems, in_quotes(rows.column_name(columns[i])) + ": " + *refused);
    }
    if (problems.empty())
        accepted_[hash % accepted_.size()].store(hash, std::memory_order_relaxed);
    return problems;
}

RowPlan::RowPlan(const types::Rows& rows, const RowShape& shape) : shape_(shape) {
    if (const std::string problems = shape.pair(rows, columns_); !problems.empty())
        throw MappingError("a result cannot be read into " + shape.into() + ": " + problems + "; it yields " +
                           column_list(rows));
    side_by_side_ = std::adjacent_find(columns_.begin(), columns_.end(),
                                       [](int left, int right) { return right != left + 1; }) == columns_.end();
}

void read_cell(const types::Rows& rows, int row, int column, const types::ValueType& type, void* into) {
    try {
        type.decode(rows.field(row, column), into);
    } catch (const ConversionError& error) {
        throw ConversionError(error, {}, rows.column_name(column));
    }
}

void RowPlan::read(const types::Rows& rows, int row, void* object) const {
    try {
        if (side_by_side_) {
            read_side_by_side(rows, row, object);
            return;
        }
        for (std::size_t i = 0; i < columns_.size(); ++i)
            read(rows, row, i, object);
    } catch (const ConversionError&) {
        refuse(rows, row, object);
    }
}

// As most rows are: one call for all cells instead of one for each. `refuse` says which one is wrong.
void RowPlan::read_side_by_side(const types::Rows& rows, int row, void* object) const {
    std::array<types::FieldView, 8> cells;
    for (std::size_t done = 0; done < columns_.size(); done += cells.size()) {
        const std::size_t count = std::min(cells.size(), columns_.size() - done);
        rows.fields(row, columns_[done], {cells.data(), count});
        for (std::size_t i = 0; i < count; ++i) {
            const Target& target = shape_.targets()[done + i];
            target.type->decode(cells[i], static_cast<char*>(object) + target.offset);
        }
    }
}

void RowPlan::read(const types::Rows& rows, int row, std::size_t index, void* object) const {
    const Target& target = shape_.targets()[index];
    read_cell(rows, row, columns_[index], *target.type, static_cast<char*>(object) + target.offset);
}

// Once more, for all that is wrong with the row.
void RowPlan::refuse(const types::Rows& rows, int row, void* object) const {
    std::string problems, column;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        try {
            read(rows, row, i, object);
        } catch (const ConversionError& error) {
            if (problems.empty())
                column = error.column();
            add_problem(problems, problems.empty() ? error.problem() : error.what());
        }
    }
    throw ConversionError(ConversionError(problems), {}, column);
}

std::vector<Target> mapper_targets(const mapping::Mapper& mapper) {
    std::vector<Target> targets;
    targets.reserve(mapper.columns().size());
    for (const mapping::Column& column : mapper.columns())
        targets.push_back({column.name, column.type, column.offset});
    return targets;
}

} // namespace corm::query::detail
