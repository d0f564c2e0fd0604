#include "uow/unique_order.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

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
    if (!column.inserted(instance.given) || (column.generated && leaves_key_to_server(instance)))
        return nullptr;
    return current(instance, column);
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
    static constexpr std::size_t removed_row = std::numeric_limits<std::size_t>::max();

    void connect(const UniqueSet& set, std::span<const Handle> removed, std::span<const Handle> inserted) {
        const bool computed = std::any_of(set.columns.begin(), set.columns.end(),
                                          [this](ColumnIndex index) { return mapper_.column(index).computed; });
        if (computed)
            return;
        boost::unordered_flat_map<std::string, std::size_t> leaves;
        std::vector<std::pair<std::size_t, std::string>> takes;
        std::string before;
        std::string after;
        const auto old_values = [&](Handle handle) {
            return encode_values(mapper_, set, before,
                                 [handle](const mapping::Column& column) { return loaded(**handle, column); });
        };
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            const auto [old, fresh, group] = rows_[row];
            const bool leaving = old_values(old);
            const bool taking = encode_values(mapper_, set, after, [&](const mapping::Column& column) {
                return old == fresh || column.key ? current(**fresh, column) : known_if_inserted(**fresh, column);
            });
            if (leaving && taking && before == after)
                continue;
            if (leaving)
                leaves.emplace(before, row);
            if (taking)
                takes.emplace_back(row, after);
        }
        for (const Handle handle : removed) {
            if (old_values(handle))
                leaves.emplace(before, removed_row);
        }
        for (const auto& [row, value] : takes) {
            const auto leaver = leaves.find(value);
            if (leaver == leaves.end() || leaver->second == row)
                continue;
            if (leaver->second == removed_row) {
                nodes_[row].after_removal = remove_first_ = true;
            } else {
                nodes_[leaver->second].takers.push_back({row, &set});
                nodes_[row].waits_for.push_back({leaver->second, &set});
            }
        }
        for (const Handle handle : removed.empty() ? std::span<const Handle>{} : inserted) {
            const bool taking = encode_values(mapper_, set, after, [handle](const mapping::Column& column) {
                return known_if_inserted(**handle, column);
            });
            const auto leaver = taking ? leaves.find(after) : leaves.end();
            remove_first_ = remove_first_ || (leaver != leaves.end() && leaver->second == removed_row);
        }
    }

    // Inside of one statement a deferrable set needs no order. Rows that will not share one get their values in a
    // statement ahead.
    void write_together(const UniqueSet& set) {
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
        if (wait && !removed_)
            remove();
        steps_.push_back({RowStep::Kind::claim, std::move(rows), &set});
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

    // Whoever is left waits for another, so that a walk from one to the other comes to a circle.
    void break_circle() {
        while (nodes_[first_left_].done)
            ++first_left_;
        ++walks_;
        std::vector<std::size_t> walk;
        std::size_t row = first_left_;
        while (std::exchange(nodes_[row].walk, walks_) != walks_) {
            walk.push_back(row);
            row = nodes_[row].waits_for.front().row;
        }
        walk.erase(walk.begin(), std::find(walk.begin(), walk.end(), row));
        for (const std::size_t taker : walk) {
            const Link link = nodes_[taker].waits_for.front();
            if (!link.set->temporary)
                continue;
            const std::vector<Link> takers = nodes_[link.row].takers;
            release(link.row, link.set);
            for (const Link& released : takers)
                make_ready(released.row);
            steps_.push_back({RowStep::Kind::park, {link.row}, link.set});
            return;
        }
        throw_circle(walk);
    }

    [[noreturn]] void throw_circle(const std::vector<std::size_t>& walk) const {
        constexpr std::size_t most = 4;
        std::string list;
        for (std::size_t i = 0; i < walk.size() && i < most; ++i)
            list += (i == 0 ? "" : i + 1 == walk.size() ? " and " : ", ") + (*rows_[walk[i]].old)->describe();
        if (walk.size() > most)
            list += " and " + std::to_string(walk.size() - most) + " more";
        std::string members;
        for (const ColumnIndex index : nodes_[walk.front()].waits_for.front().set->columns)
            members += (members.empty() ? "" : ", ") + mapper_.column(index).member;
        throw MappingError(
            list + " exchange their values of (" + members +
            "), which are unique and checked row by row; where the constraint is DEFERRABLE, say so with "
            ".unique<...>(corm::deferrable), or declare a value that they can pass through, "
            ".unique<...>(corm::temporary(value)), or flush in between");
    }

    const mapping::Mapper& mapper_;
    std::span<const RowChange> rows_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> ready_; ///< wait for nothing any more
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
