#include "schema/dependency_order.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace corm::schema {
namespace {

using Numbers = std::vector<std::size_t>;
/// Gives the smallest number first.
using Ready = std::priority_queue<std::size_t, Numbers, std::greater<>>;

constexpr auto none = static_cast<std::size_t>(-1);

/// The circles, by Tarjan's algorithm without recursion: chains of foreign keys may be long.
class Circles {
public:
    explicit Circles(const std::vector<Needs>& needs)
        : circle_of(needs.size(), none), needs_(needs), number_(needs.size(), none), low_(needs.size()) {
        for (std::size_t i = 0; i < needs.size(); ++i) {
            if (number_[i] == none)
                visit(i);
        }
    }

    Numbers circle_of;            ///< for each thing
    std::vector<Numbers> members; ///< of each circle, ascending

private:
    struct Step {
        std::size_t at;
        std::size_t next = 0; ///< which of its needs comes next
    };

    [[nodiscard]] std::size_t need(const Step& step) const {
        const Needs& all = needs_[step.at];
        return step.next < all.first.size() ? all.first[step.next] : all.soon[step.next - all.first.size()];
    }

    void enter(std::size_t at) {
        number_[at] = low_[at] = count_++;
        open_.push_back(at);
        steps_.push_back({at});
    }

    void visit(std::size_t start) {
        enter(start);
        while (!steps_.empty()) {
            Step& step = steps_.back();
            const Needs& all = needs_[step.at];
            if (step.next < all.first.size() + all.soon.size()) {
                const std::size_t other = need(step);
                ++step.next;
                if (number_[other] == none)
                    enter(other);
                else if (circle_of[other] == none)
                    low_[step.at] = std::min(low_[step.at], number_[other]);
                continue;
            }
            const std::size_t done = step.at;
            steps_.pop_back();
            if (!steps_.empty())
                low_[steps_.back().at] = std::min(low_[steps_.back().at], low_[done]);
            if (low_[done] == number_[done])
                close(done);
        }
    }

    void close(std::size_t first) {
        Numbers& circle = members.emplace_back();
        for (;;) {
            const std::size_t member = open_.back();
            open_.pop_back();
            circle_of[member] = members.size() - 1;
            circle.push_back(member);
            if (member == first)
                break;
        }
        std::sort(circle.begin(), circle.end());
    }

    const std::vector<Needs>& needs_;
    Numbers number_, low_, open_;
    std::vector<Step> steps_;
    std::size_t count_ = 0;
};

/// Orders the members of one circle: of those whose firm needs are met, the one with the fewest open wishes goes next.
bool order_circle(const std::vector<Needs>& needs, const Circles& circles, const Numbers& members, Numbers& order) {
    const std::size_t circle = circles.circle_of[members.front()];
    std::vector<bool> placed(members.size());
    const auto is_open = [&](std::size_t other) {
        if (circles.circle_of[other] != circle)
            return false;
        const auto at = std::lower_bound(members.begin(), members.end(), other) - members.begin();
        return !placed[static_cast<std::size_t>(at)];
    };
    for (std::size_t count = 0; count < members.size(); ++count) {
        std::size_t best = none;
        std::ptrdiff_t best_wishes = 0;
        for (std::size_t i = 0; i < members.size(); ++i) {
            const Needs& own = needs[members[i]];
            if (placed[i] || std::any_of(own.first.begin(), own.first.end(), is_open))
                continue;
            const std::ptrdiff_t wishes = std::count_if(own.soon.begin(), own.soon.end(), is_open);
            if (best == none || wishes < best_wishes) {
                best = i;
                best_wishes = wishes;
            }
        }
        if (best == none)
            return false;
        placed[best] = true;
        order.push_back(members[best]);
    }
    return true;
}

/// Things that are the prerequisite of themselves, through each other.
Numbers firm_circle(const std::vector<Needs>& needs) {
    std::vector<Needs> firm(needs.size());
    for (std::size_t i = 0; i < needs.size(); ++i)
        firm[i].first = needs[i].first;
    const Circles circles{firm};
    for (const Numbers& members : circles.members) {
        const Numbers& own = firm[members.front()].first;
        if (members.size() > 1 || std::find(own.begin(), own.end(), members.front()) != own.end())
            return members;
    }
    return {};
}

} // namespace

DependencyOrder order_by_dependency(const std::vector<Needs>& needs) {
    const Circles circles{needs};
    const std::size_t count = circles.members.size();
    // Circles wait for those that they need; of several that are ready, the one with the smallest member goes next.
    std::vector<Numbers> waiting(count);
    Numbers open(count);
    const auto wait = [&](std::size_t at, std::size_t other) {
        const std::size_t circle = circles.circle_of[at], ahead = circles.circle_of[other];
        if (circle != ahead) {
            waiting[ahead].push_back(circle);
            ++open[circle];
        }
    };
    for (std::size_t i = 0; i < needs.size(); ++i) {
        for (const std::size_t other : needs[i].first)
            wait(i, other);
        for (const std::size_t other : needs[i].soon)
            wait(i, other);
    }
    Ready ready; // smallest members
    for (std::size_t circle = 0; circle < count; ++circle) {
        if (open[circle] == 0)
            ready.push(circles.members[circle].front());
    }
    DependencyOrder result;
    while (!ready.empty()) {
        const std::size_t circle = circles.circle_of[ready.top()];
        ready.pop();
        const Numbers& members = circles.members[circle];
        if (!order_circle(needs, circles, members, result.order))
            return {{}, firm_circle(needs)};
        for (const std::size_t next : waiting[circle]) {
            if (--open[next] == 0)
                ready.push(circles.members[next].front());
        }
    }
    return result;
}

} // namespace corm::schema
