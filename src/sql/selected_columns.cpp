#include <corm/sql/identifier.hpp>
#include <corm/sql/select.hpp>

#include <algorithm>

namespace corm::sql {

struct SelectedColumns::Written {
    std::vector<SelectedColumn> columns;
    std::string text;
    bool casts = false;
};

SelectedColumns::SelectedColumns(std::initializer_list<SelectedColumn> columns)
    : SelectedColumns(std::vector<SelectedColumn>{columns}) {}

SelectedColumns::SelectedColumns(std::vector<SelectedColumn> columns) {
    auto written = std::make_shared<Written>();
    for (const SelectedColumn& column : columns) {
        if (!written->text.empty())
            written->text += ", ";
        append_identifier(written->text, column.name);
    }
    written->casts =
        std::any_of(columns.begin(), columns.end(), [](const SelectedColumn& column) { return column.as_text; });
    written->columns = std::move(columns);
    written_ = std::move(written);
}

std::span<const SelectedColumn> SelectedColumns::list() const noexcept {
    return written_ ? std::span<const SelectedColumn>{written_->columns} : std::span<const SelectedColumn>{};
}

bool SelectedColumns::casts() const noexcept {
    return written_ && written_->casts;
}

std::string_view SelectedColumns::text() const noexcept {
    return written_ ? std::string_view{written_->text} : std::string_view{};
}

} // namespace corm::sql
