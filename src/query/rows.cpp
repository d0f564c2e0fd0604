#include <corm/query/rows.hpp>

#include <corm/base/error.hpp>

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

std::string quoted(std::string_view name) {
    return '"' + std::string{name} + '"';
}

std::string column_list(const types::Rows& rows) {
    std::string text;
    for (int column = 0; column < rows.column_count(); ++column)
        text += (column == 0 ? "" : ", ") + quoted(rows.column_name(column));
    return text.empty() ? "no columns" : text;
}

} // namespace

RowPlan::RowPlan(const types::Rows& rows, std::span<const Target> targets, Pairing pairing, std::string (*into)())
    : targets_(targets) {
    columns_.reserve(targets.size());
    std::string problems;
    const auto problem = [&](const std::string& text) { problems += (problems.empty() ? "" : "; ") + text; };
    if (pairing == Pairing::by_position) {
        if (static_cast<std::size_t>(rows.column_count()) != targets.size())
            problem("it has " + std::to_string(rows.column_count()) + " columns where " +
                    std::to_string(targets.size()) + " are read");
        for (int column = 0; column < static_cast<int>(targets.size()); ++column)
            columns_.push_back(column);
    } else {
        for (const Target& target : targets) {
            const int column = find_column(rows, target.name);
            if (column == absent)
                problem("no column " + quoted(target.name));
            else if (column == ambiguous)
                problem("several columns " + quoted(target.name));
            columns_.push_back(column);
        }
    }
    if (!problems.empty())
        throw MappingError("a result cannot be read into " + into() + ": " + problems + "; it yields " +
                           column_list(rows));
}

void read_cell(const types::Rows& rows, int row, int column, const types::ValueType& type, void* into) {
    try {
        type.decode(rows.field(row, column), into);
    } catch (const ConversionError& error) {
        throw ConversionError(error, {}, rows.column_name(column));
    }
}

void RowPlan::read(const types::Rows& rows, int row, void* object) const {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const Target& target = targets_[i];
        read_cell(rows, row, columns_[i], *target.type, static_cast<char*>(object) + target.offset);
    }
}

std::vector<Target> mapper_targets(const mapping::Mapper& mapper) {
    std::vector<Target> targets;
    targets.reserve(mapper.columns().size());
    for (const mapping::Column& column : mapper.columns())
        targets.push_back({column.name, column.type, column.offset});
    return targets;
}

} // namespace corm::query::detail
