#include "world.hpp"

#include <algorithm>

namespace model_test {

const char* to_string(Standing standing) noexcept {
    switch (standing) {
    case Standing::transient: return "transient";
    case Standing::pending: return "pending";
    case Standing::persistent: return "persistent";
    case Standing::deleted: return "deleted";
    case Standing::detached: return "detached";
    }
    return "?";
}

Number World::add(Row row) {
    standing_[next_] = Standing::pending;
    seen_[next_] = std::move(row);
    return next_++;
}

void World::add_again(Number number) {
    standing_[number] = Standing::pending;
    seen_[number] = lost_.at(number);
    lost_.erase(number);
    entangled_.erase(number);
}

// One that was never written leaves at once, and what cannot be without it.
void World::remove(Number number) {
    if (!is_pending(number)) {
        doomed_.insert(number);
        return;
    }
    const std::set<Number> along = children(number);
    const bool is_author = seen_.at(number).kind == Kind::author;
    forget(number);
    for (const Number child : along) {
        if (is_author)
            seen_.at(child).parent = 0;
        else
            remove(child);
    }
}

void World::lose(Number number) {
    lost_[number] = seen_.at(number);
    std::set<Number> linked = children(number);
    linked.merge(books_of_tag(number));
    for (const Number other : linked) {
        if (standing_.at(other) != Standing::transient)
            entangled_.insert(number);
    }
}

void World::forget(Number number) {
    standing_[number] = Standing::transient;
    lose(number);
    seen_.erase(number);
    doomed_.erase(number);
    for (auto& [other, row] : seen_)
        row.tags.erase(number);
}

void World::give_up(Number number) {
    const auto row = lost_.find(number);
    if (row == lost_.end())
        return;
    // What is linked to it takes it along all the same.
    for (const auto& [other, of] : lost_) {
        if (of.parent == number || of.tags.contains(number) || row->second.parent == other ||
            row->second.tags.contains(other))
            entangled_.insert(other);
    }
    lost_.erase(row);
}

std::set<Number> World::children(Number parent) const {
    std::set<Number> found;
    for (const auto& [number, row] : seen_) {
        if (row.parent == parent)
            found.insert(number);
    }
    return found;
}

std::set<Number> World::books_of_tag(Number tag) const {
    std::set<Number> found;
    for (const auto& [number, row] : seen_) {
        if (row.tags.contains(tag))
            found.insert(number);
    }
    return found;
}

bool World::is_below(Number shelf, Number other) const {
    while (shelf != 0 && shelf != other) {
        const auto found = seen_.find(shelf); // what was around it may have left
        shelf = found == seen_.end() ? 0 : found->second.parent;
    }
    return shelf == other;
}

bool World::only_texts_differ() const {
    if (!doomed_.empty() || seen_.size() != written_.size())
        return false;
    return std::all_of(seen_.begin(), seen_.end(), [this](const auto& entry) {
        const auto before = written_.find(entry.first);
        return before != written_.end() && before->second.parent == entry.second.parent &&
               before->second.tags == entry.second.tags;
    });
}

// Pages go with their book and shelves with the one around them; books only lose their author.
void World::doom_along() {
    std::vector<Number> next{doomed_.begin(), doomed_.end()};
    while (!next.empty()) {
        const Number number = next.back();
        next.pop_back();
        for (const Number child : children(number)) {
            if (seen_.at(number).kind == Kind::author)
                seen_.at(child).parent = 0;
            else if (is_pending(child))
                remove(child);
            else if (doomed_.insert(child).second)
                next.push_back(child);
        }
    }
    // A page that has lost its book is an orphan.
    for (const auto& [number, row] : seen_) {
        if (row.kind == Kind::page && row.parent == 0)
            doomed_.insert(number);
    }
}

void World::flush() {
    doom_along();
    for (const Number number : doomed_) {
        standing_[number] = Standing::deleted;
        seen_.erase(number);
        for (auto& [other, row] : seen_)
            row.tags.erase(number);
    }
    doomed_.clear();
    for (auto& [number, row] : seen_) {
        const auto before = written_.find(number);
        if (row.kind == Kind::author && before != written_.end() && before->second.text != row.text)
            ++row.version;
        standing_[number] = Standing::persistent;
    }
    written_ = seen_;
}

void World::commit() {
    flush();
    savepoints_.clear();
    for (auto& [number, standing] : standing_) {
        if (standing == Standing::deleted)
            standing = Standing::detached;
    }
    committed_ = {written_, standing_};
}

void World::begin() {
    flush();
    savepoints_.push_back({written_, standing_});
}

void World::restore(const Snapshot& snapshot) {
    for (auto& [number, standing] : standing_) {
        const auto before = snapshot.standing.find(number);
        const Standing old = before == snapshot.standing.end() ? Standing::transient : before->second;
        standing = old;
    }
    for (const auto& [number, row] : seen_) {
        if (standing_.at(number) == Standing::transient)
            lose(number);
    }
    for (const auto& [number, row] : snapshot.rows)
        lost_.erase(number);
    doomed_.clear();
    written_ = seen_ = snapshot.rows;
}

void World::rollback() {
    savepoints_.clear();
    restore(committed_);
}

void World::release(std::size_t index) {
    flush();
    savepoints_.erase(savepoints_.begin() + static_cast<std::ptrdiff_t>(index), savepoints_.end());
}

void World::rollback_to(std::size_t index) {
    const Snapshot snapshot = std::move(savepoints_[index]);
    savepoints_.erase(savepoints_.begin() + static_cast<std::ptrdiff_t>(index), savepoints_.end());
    restore(snapshot);
}

void World::close() {
    rollback();
    for (auto& [number, standing] : standing_) {
        if (standing == Standing::persistent)
            standing = Standing::detached;
    }
}

void World::reopen() {
    for (const auto& [number, row] : written_)
        standing_[number] = Standing::persistent;
    committed_.standing = standing_;
}

namespace {

std::string key_of(const Rows& rows, Number number) {
    return number == 0 ? "-" : std::to_string(rows.at(number).key);
}

} // namespace

std::string World::text(const Rows& rows) {
    std::map<std::pair<Kind, std::int64_t>, std::string> lines;
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> pairs;
    for (const auto& [number, row] : rows) {
        std::string& line = lines[{row.kind, row.key}];
        line = std::to_string(row.key) + ":" + row.text;
        if (row.kind == Kind::author)
            line += ":" + std::to_string(row.version);
        else if (row.kind != Kind::tag)
            line += ":" + key_of(rows, row.parent);
        for (const Number tag : row.tags)
            pairs[{row.key, rows.at(tag).key}] = std::to_string(row.key) + "-" + key_of(rows, tag);
    }
    std::string all;
    for (int kind = 0; kind < kinds; ++kind) {
        std::string table;
        for (const auto& [place, line] : lines) {
            if (place.first == static_cast<Kind>(kind))
                table += (table.empty() ? "" : ",") + line;
        }
        all += table + "|";
    }
    std::string table;
    for (const auto& [place, line] : pairs)
        table += (table.empty() ? "" : ",") + line;
    return all + table;
}

const char* const World::text_sql = R"(
    select concat(
        (select string_agg(concat(id, ':', text, ':', version), ',' order by id) from authors), '|',
        (select string_agg(concat(id, ':', text, ':', coalesce(author_id::text, '-')), ',' order by id) from books), '|',
        (select string_agg(concat(id, ':', text, ':', book_id), ',' order by id) from pages), '|',
        (select string_agg(concat(id, ':', text), ',' order by id) from tags), '|',
        (select string_agg(concat(id, ':', text, ':', coalesce(parent_id::text, '-')), ',' order by id) from shelves),
        '|', (select string_agg(concat(book_id, '-', tag_id), ',' order by book_id, tag_id) from book_tags)))";

} // namespace model_test
