#include "uow/unique_order.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace corm::uow {
namespace {

using mapping::UniqueSet;

/// Encodes the values of a set; false if they are in nobody's way, because one is NULL or is not known yet.
template <class Read>
bool encode_values(const mapping::Mapper& mapper, const UniqueSet& set, std::string& out, Read read) {
    out.clear();
    for (const ColumnIndex index : set.columns) {
        const mapping::Column& column = mapper.column(index);
        const void* const value = read(column);
        if (value == nullptr || column.type->is_null(value))
            return false;
        const std::size_t length_at = out.size();
        types::put_int32(out, 0);
        column.type->encode(value, out);
        types::patch_int32(out, length_at, static_cast<std::int32_t>(out.size() - length_at - 4));
    }
    return true;
}

/// What the server will put there is not known; null stands for that.
const void* known_if_inserted(const Instance& instance, const mapping::Column& column) {
    if (!column.inserted(instance.given()) || (column.generated && leaves_key_to_server(instance)))
        return nullptr;
    return current(instance, column);
}

/// What the row will hold; null if the server gives it.
const void* value_taken(const RowChange& row, const mapping::Column& column) {
    return row.old == row.fresh || column.key ? current(**row.fresh, column) : known_if_inserted(**row.fresh, column);
}

class Order {
public:
    Order(const mapping::Mapper& mapper, std::span<const RowChange> rows, std::span<const Handle> removed,
          std::span<const Handle> inserted)
        : mapper_(mapper), rows_(rows), nodes_(rows.size()) {
        for (const UniqueSet& set : mapper.unique_sets())
            connect(set, removed, inserted);
    }

    [[nodiscard]] std::vector<RowStep> run() && {
        for (const UniqueSet& set : mapper_.unique_sets()) {
            if (set.deferrable)
                write_together(set);
        }
        for (std::size_t row = 0; row < nodes_.size(); ++row)
            make_ready(row);
        while (done_ < nodes_.size()) {
            if (!ready_.empty())
                write_ready();
            else if (remove_first_ && !removed_)
                remove();
            else
                break_circle();
        }
        if (remove_first_ && !removed_)
            remove();
        return std::move(steps_);
    }

private:
    struct Link {
        std::size_t row;
        const UniqueSet* set;
    };
    struct Node {
        std::vector<Link> takers;    ///< of what this row leaves
        std::vector<Link> waits_for; ///< rows that leave what this one takes
        bool after_removal = false;
        bool done = false;
        std::size_t walk = 0; ///< the last one that came by
    };
    static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

    void connect(const UniqueSet& set, std::span<const Handle> removed, std::span<const Handle> inserted) {
        const bool computed = std::any_of(set.columns.begin(), set.columns.end(),
                                          [this](ColumnIndex index) { return mapper_.column(index).computed; });
        if (computed)
            return;
        // Rows that leave the same value, which a constraint of the server's own may allow, are a chain.
        boost::unordered_flat_map<std::string, std::size_t> leaves;
        std::vector<std::size_t> next_leaver(rows_.size(), nobody);
        boost::unordered_flat_set<std::string> freed; // by the removal
        std::vector<std::pair<std::size_t, std::string>> takes;
        std::string before;
        std::string after;
        const auto old_values = [&](Handle handle) {
            return encode_values(mapper_, set, before,
                                 [handle](const mapping::Column& column) { return loaded(**handle, column); });
        };
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            const bool leaving = old_values(rows_[row].old);
            const bool taking = encode_values(
                mapper_, set, after, [&](const mapping::Column& column) { return value_taken(rows_[row], column); });
            if (leaving && taking && before == after)
                continue;
            if (leaving) {
                const auto [known, first] = leaves.emplace(before, row);
                if (!first)
                    next_leaver[row] = std::exchange(known->second, row);
            }
            if (taking)
                takes.emplace_back(row, after);
        }
        for (const Handle handle : removed) {
            if (old_values(handle))
                freed.insert(before);
        }
        for (const auto& [row, value] : takes) {
            if (!freed.empty() && freed.contains(value))
                nodes_[row].after_removal = remove_first_ = true;
            const auto known = leaves.find(value);
            for (std::size_t leaver = known != leaves.end() ? known->second : nobody; leaver != nobody;
                 leaver = next_leaver[leaver]) {
                if (leaver == row)
                    continue;
                nodes_[leaver].takers.push_back({row, &set});
                nodes_[row].waits_for.push_back({leaver, &set});
            }
        }
        for (const Handle handle : removed.empty() ? std::span<const Handle>{} : inserted) {
            const bool taking = encode_values(mapper_, set, after, [handle](const mapping::Column& column) {
                return known_if_inserted(**handle, column);
            });
            remove_first_ = remove_first_ || (taking && freed.contains(after));
        }
    }

    // Inside of one statement a deferrable set needs no order. Rows that will not share one get their values in a
    // statement ahead.
    void write_together(const UniqueSet& set) {
        if (!write_unknown(set))
            return;
        const auto of_set = [&set](const Link& link) { return link.set == &set; };
        std::vector<std::size_t> rows;
        bool share = true;
        bool wait = false;
        for (std::size_t row = 0; row < nodes_.size(); ++row) {
            const Node& node = nodes_[row];
            const auto linked = std::count_if(node.takers.begin(), node.takers.end(), of_set) +
                                std::count_if(node.waits_for.begin(), node.waits_for.end(), of_set);
            if (linked == 0)
                continue;
            rows.push_back(row);
            share = share && rows_[row].group == rows_[rows.front()].group && !node.after_removal &&
                    static_cast<std::size_t>(linked) == node.takers.size() + node.waits_for.size();
            wait = wait || node.after_removal;
        }
        for (const std::size_t row : rows)
            release(row, &set);
        if (rows.empty() || share)
            return;
        for (const std::size_t row : rows)
            check_claim(row, set);
        if (wait && !removed_)
            remove();
        steps_.push_back({RowStep::Kind::claim, std::move(rows), &set});
    }

    // Rows that only leave values of the set, because the server gives them new ones: these cannot be written ahead, so
    // the rows themselves are. False if one of them has to wait: the set keeps its order then.
    bool write_unknown(const UniqueSet& set) {
        std::vector<std::size_t> rows;
        bool wait = false;
        for (std::size_t row = 0; row < nodes_.size(); ++row) {
            const Node& node = nodes_[row];
            const auto leaves = [&set](const Link& link) { return link.set == &set; };
            if (node.done || std::none_of(node.takers.begin(), node.takers.end(), leaves) || knows_values(row, set))
                continue;
            if (!node.waits_for.empty())
                return false;
            rows.push_back(row);
            wait = wait || node.after_removal;
        }
        if (rows.empty())
            return true;
        if (wait && !removed_)
            remove();
        ready_ = std::move(rows);
        write_ready();
        return true;
    }

    [[nodiscard]] bool knows_values(std::size_t row, const UniqueSet& set) const {
        return std::all_of(set.columns.begin(), set.columns.end(), [&](ColumnIndex index) {
            return value_taken(rows_[row], mapper_.column(index)) != nullptr;
        });
    }

    // A column of two sets: the value of the other one must not be taken before it is free.
    void check_claim(std::size_t row, const UniqueSet& set) const {
        for (const Link& link : nodes_[row].waits_for) {
            const auto& others = link.set->columns;
            if (std::find_first_of(set.columns.begin(), set.columns.end(), others.begin(), others.end()) !=
                set.columns.end())
                throw MappingError(describe(row) + " takes (" + members(*link.set) + ") from " + describe(link.row) +
                                   " and values of (" + members(set) +
                                   ") are exchanged, which have a column in common; flush in between");
        }
    }

    void make_ready(std::size_t row) {
        const Node& node = nodes_[row];
        if (!node.done && node.waits_for.empty() && (!node.after_removal || removed_))
            ready_.push_back(row);
    }

    /// The row has left its values of the set, or of all sets (null).
    void release(std::size_t row, const UniqueSet* set) {
        std::vector<Link>& takers = nodes_[row].takers;
        for (const Link& link : takers) {
            if (set == nullptr || link.set == set)
                std::erase_if(nodes_[link.row].waits_for,
                              [&](const Link& other) { return other.row == row && other.set == link.set; });
        }
        std::erase_if(takers, [set](const Link& link) { return set == nullptr || link.set == set; });
    }

    void write_ready() {
        std::sort(ready_.begin(), ready_.end());
        ready_.erase(std::unique(ready_.begin(), ready_.end()), ready_.end());
        const std::vector<std::size_t> rows = std::exchange(ready_, {});
        for (const std::size_t row : rows) {
            nodes_[row].done = true;
            const std::vector<Link> takers = nodes_[row].takers;
            release(row, nullptr);
            for (const Link& link : takers)
                make_ready(link.row);
        }
        done_ += rows.size();
        steps_.push_back({RowStep::Kind::write, rows});
    }

    void remove() {
        removed_ = true;
        steps_.push_back({RowStep::Kind::remove});
        for (std::size_t row = 0; row < nodes_.size(); ++row) {
            if (nodes_[row].after_removal)
                make_ready(row);
        }
    }

    // Whoever is left waits for another. Of those who wait for nobody outside of their circles, because a parked row is
    // to get its value before another one is parked.
    void break_circle() {
        ++walks_;
        std::vector<std::size_t> walk;
        std::size_t row = find_innermost();
        while (std::exchange(nodes_[row].walk, walks_) != walks_) {
            walk.push_back(row);
            row = nodes_[row].waits_for.front().row;
        }
        walk.erase(walk.begin(), std::find(walk.begin(), walk.end(), row));
        const UniqueSet* in_use = nullptr;
        for (const std::size_t taker : walk) {
            const Link link = nodes_[taker].waits_for.front();
            if (!link.set->temporary)
                continue;
            if (meets_parked(link)) {
                in_use = link.set;
                continue;
            }
            const std::vector<Link> takers = nodes_[link.row].takers;
            release(link.row, link.set);
            for (const Link& released : takers)
                make_ready(released.row);
            parked_.push_back(link);
            steps_.push_back({RowStep::Kind::park, {link.row}, link.set});
            return;
        }
        if (in_use != nullptr)
            throw MappingError(list(walk) + " exchange their values while another row holds the temporary value of (" +
                               members(*in_use) + "); flush in between, or use NULL for it, where that may be");
        throw_circle(walk);
    }

    /// True if a row that is parked still holds what this one would get. NULL never meets NULL.
    [[nodiscard]] bool meets_parked(const Link& link) {
        std::erase_if(parked_, [this](const Link& parked) { return nodes_[parked.row].done; });
        const auto& columns = link.set->columns;
        if (mapper_.column(columns.back()).type->is_null(link.set->temporary.get()))
            return false;
        return std::any_of(parked_.begin(), parked_.end(), [&](const Link& parked) {
            return parked.set == link.set && std::all_of(columns.begin(), columns.end() - 1, [&](ColumnIndex index) {
                       const mapping::Column& column = mapper_.column(index);
                       return column.type->same(loaded(**rows_[parked.row].old, column),
                                                loaded(**rows_[link.row].old, column));
                   });
        });
    }

    /// A row of a strongly connected component that waits for none outside: the first one that Tarjan's algorithm
    /// completes. Rows are looked at until then, not all.
    [[nodiscard]] std::size_t find_innermost() {
        while (nodes_[first_left_].done)
            ++first_left_;
        struct Visit {
            std::size_t row;
            std::size_t next = 0; ///< of `waits_for`
            std::size_t lowest;   ///< that is reached: an index of the order in which rows were met
        };
        boost::unordered_flat_map<std::size_t, std::size_t> met{{first_left_, 0}};
        std::vector<Visit> path{{first_left_, 0, 0}};
        for (;;) {
            Visit& visit = path.back();
            const std::vector<Link>& waits_for = nodes_[visit.row].waits_for;
            if (visit.next < waits_for.size()) {
                const std::size_t row = waits_for[visit.next++].row;
                const auto [known, first] = met.emplace(row, met.size());
                visit.lowest = std::min(visit.lowest, known->second);
                if (first)
                    path.push_back({row, 0, known->second});
                continue;
            }
            if (visit.lowest == met.at(visit.row))
                return visit.row;
            const std::size_t lowest = visit.lowest;
            path.pop_back();
            path.back().lowest = std::min(path.back().lowest, lowest);
        }
    }

    [[nodiscard]] std::string describe(std::size_t row) const { return (*rows_[row].old)->describe(); }

    [[nodiscard]] std::string list(const std::vector<std::size_t>& walk) const {
        constexpr std::size_t most = 4;
        std::string list;
        for (std::size_t i = 0; i < walk.size() && i < most; ++i)
            list += (i == 0 ? "" : i + 1 == walk.size() ? " and " : ", ") + describe(walk[i]);
        if (walk.size() > most)
            list += " and " + std::to_string(walk.size() - most) + " more";
        return list;
    }

    [[nodiscard]] std::string members(const UniqueSet& set) const {
        std::string members;
        for (const ColumnIndex index : set.columns)
            members += (members.empty() ? "" : ", ") + mapper_.column(index).member;
        return members;
    }

    [[noreturn]] void throw_circle(const std::vector<std::size_t>& walk) const {
        throw MappingError(
            list(walk) + " exchange their values of (" + members(*nodes_[walk.front()].waits_for.front().set) +
            "), which are unique and checked row by row; where the constraint is DEFERRABLE, say so with "
            ".unique<...>(corm::deferrable), or declare a value that they can pass through, "
            ".unique<...>(corm::temporary(value)), or flush in between");
    }

    const mapping::Mapper& mapper_;
    std::span<const RowChange> rows_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> ready_; ///< wait for nothing any more
    std::vector<Link> parked_;       ///< rows that hold the temporary value of a set
    std::vector<RowStep> steps_;
    std::size_t done_ = 0;
    std::size_t first_left_ = 0;
    std::size_t walks_ = 0;
    bool remove_first_ = false; ///< somebody takes what a deleted row leaves
    bool removed_ = false;
};

} // namespace

std::vector<RowStep> order_rows(const mapping::Mapper& mapper, std::span<const RowChange> rows,
                                std::span<const Handle> removed, std::span<const Handle> inserted) {
    return Order{mapper, rows, removed, inserted}.run();
}

} // namespace corm::uow
