// What a session should do, as plain maps of rows: the model that corm is compared with.
#pragma once

#include "support/library/tables.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace model_test {

using library::Kind;
using library::kinds;

/// The number of a row of the model, whatever its key. 0 is none.
using Number = int;

/// A row with its links. Of all kinds: what a kind has not, stays empty.
struct Row {
    Kind kind{};
    std::int64_t key = 0; ///< 0 until it was written
    std::string text{};
    int version = 0;         ///< of authors
    Number parent = 0;       ///< author of a book, book of a page, shelf around a shelf
    std::set<Number> tags{}; ///< of a book
    friend bool operator==(const Row&, const Row&) = default;
};
using Rows = std::map<Number, Row>;

enum class Standing : std::uint8_t { transient, pending, persistent, deleted, detached };
[[nodiscard]] const char* to_string(Standing standing) noexcept;

/// One session and its database.
class World {
public:
    /// A new row, not written yet.
    Number add(Row row);
    /// A row that was taken back is new again.
    void add_again(Number number);
    void remove(Number number);
    void keep(Number number) { doomed_.erase(number); }
    /// A new row is not wanted any more.
    void forget(Number number);
    /// A row that was taken back is of no interest any more.
    void give_up(Number number);
    /// Everything is written, with what follows from it.
    void flush();
    void commit();
    void rollback();
    void begin();
    /// `index` of savepoints, the outermost is 0.
    void release(std::size_t index);
    void rollback_to(std::size_t index);
    /// Every object leaves the session, and a new session takes those with a row.
    void close();
    void reopen();

    /// As the program sees it: with what is not written yet.
    [[nodiscard]] Rows& seen() noexcept { return seen_; }
    [[nodiscard]] const Rows& seen() const noexcept { return seen_; }
    [[nodiscard]] const Rows& written() const noexcept { return written_; }
    [[nodiscard]] const Rows& committed() const noexcept { return committed_.rows; }
    /// Rows that were taken back, as they were seen last.
    [[nodiscard]] Rows& lost() noexcept { return lost_; }
    [[nodiscard]] const Rows& lost() const noexcept { return lost_; }
    /// True if a row that was not taken back was linked to this one, so that adding it again says more than its row.
    [[nodiscard]] bool is_entangled(Number number) const { return entangled_.contains(number); }
    [[nodiscard]] Standing standing(Number number) const { return standing_.at(number); }
    [[nodiscard]] bool is_doomed(Number number) const { return doomed_.contains(number); }
    [[nodiscard]] bool has_doomed() const noexcept { return !doomed_.empty(); }
    [[nodiscard]] bool is_pending(Number number) const { return standing(number) == Standing::pending; }
    [[nodiscard]] std::size_t depth() const noexcept { return savepoints_.size(); }
    /// True if nothing but texts differs from what is written.
    [[nodiscard]] bool only_texts_differ() const;
    [[nodiscard]] std::set<Number> children(Number parent) const;
    [[nodiscard]] std::set<Number> books_of_tag(Number tag) const;
    /// True if `shelf` is `other`, or stands somewhere below it.
    [[nodiscard]] bool is_below(Number shelf, Number other) const;

    /// All tables as one text, rows by their keys.
    [[nodiscard]] static std::string text(const Rows& rows);
    /// The same of the database's tables.
    static const char* const text_sql;

private:
    struct Snapshot {
        Rows rows;
        std::map<Number, Standing> standing;
    };

    void doom_along();
    void lose(Number number);
    void restore(const Snapshot& snapshot);

    Number next_ = 1;
    Snapshot committed_;
    Rows written_;
    Rows seen_;
    Rows lost_;
    std::map<Number, Standing> standing_;
    std::set<Number> doomed_;
    std::set<Number> entangled_;
    std::vector<Snapshot> savepoints_;
};

} // namespace model_test
