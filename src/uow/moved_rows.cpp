#include "uow/moved_rows.hpp"

#include <algorithm>

namespace corm::uow {

std::vector<ColumnIndex> MovedRows::written(std::size_t row, std::vector<ColumnIndex> columns) const {
    for (const RowStep* step : steps_[row]) {
        const ColumnIndex last = step->set->columns.back();
        const auto at = std::lower_bound(columns.begin(), columns.end(), last);
        if (step->kind == RowStep::Kind::park && (at == columns.end() || *at != last))
            columns.insert(at, last);
    }
    return columns;
}

const void* MovedRows::value(std::size_t row, const mapping::Column& column) const {
    const auto index = static_cast<ColumnIndex>(&column - mapper_.columns().data());
    const std::vector<const RowStep*>& steps = steps_[row];
    for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
        const std::vector<ColumnIndex>& columns = (*at)->set->columns;
        if ((*at)->kind == RowStep::Kind::park && columns.back() == index)
            return (*at)->set->temporary.get();
        if ((*at)->kind == RowStep::Kind::claim && std::find(columns.begin(), columns.end(), index) != columns.end())
            return current(**rows_[row].fresh, column);
    }
    return loaded(**rows_[row].old, column);
}

std::optional<types::Parameters> MovedRows::keys(Part part) const {
    if (std::all_of(part.begin(), part.end(), [this](std::size_t row) { return steps_[row].empty(); }))
        return {};
    types::Parameters keys;
    for (const ColumnIndex index : mapper_.key_columns()) {
        const mapping::Column& column = mapper_.column(index);
        add_column(keys, mapper_, column, part.size(), part.size() > 1,
                   [&](std::size_t i) { return value(part[i], column); });
    }
    return keys;
}

std::pair<Handles, Handles> MovedRows::objects(Part part) const {
    std::pair<Handles, Handles> found;
    for (const std::size_t row : part) {
        found.first.push_back(rows_[row].old);
        found.second.push_back(rows_[row].fresh);
    }
    return found;
}

} // namespace corm::uow
