#include "schema/relation_names.hpp"

#include "schema/inflection.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace corm::schema {
namespace {

std::string joined(const std::vector<std::string>& columns) {
    std::string text;
    for (const std::string& column : columns)
        text += (text.empty() ? "" : "_") + column;
    return text;
}

bool cut(std::string& text, std::string_view end) {
    if (text.size() <= end.size() || !text.ends_with(end))
        return false;
    text.resize(text.size() - end.size());
    return true;
}

std::string stem_of_column(std::string column, const std::string& target) {
    if (cut(column, "_" + target))
        return column;
    for (const std::string_view end : {"_id", "_uuid", "_fk", "Id"}) {
        if (cut(column, end))
            return column;
    }
    return column;
}

/// What all columns begin with, up to an underscore.
std::string common_beginning(const std::vector<std::string>& columns) {
    std::string_view common = columns.front();
    for (const std::string_view column : columns) {
        const auto [end, ignored] = std::mismatch(common.begin(), common.end(), column.begin(), column.end());
        common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
    }
    const std::size_t underscore = common.rfind('_');
    return std::string{common.substr(0, underscore == std::string_view::npos ? 0 : underscore)};
}

/// Gives names in rounds: whoever wants the same gives way together.
class Naming {
public:
    explicit Naming(const Table& table) {
        for (const Column& column : table.columns)
            taken_.insert(column.name);
    }

    void give(std::vector<Unnamed*> waiting) {
        for (std::size_t round = 0; !waiting.empty() && round < longest(waiting); ++round) {
            std::map<std::string_view, int> wanted;
            for (const Unnamed* each : waiting) {
                if (round < each->names.size())
                    ++wanted[each->names[round]];
            }
            std::vector<Unnamed*> left;
            for (Unnamed* each : waiting) {
                if (round < each->names.size() && wanted[each->names[round]] == 1 && take(*each, each->names[round]))
                    continue;
                left.push_back(each);
            }
            waiting = std::move(left);
        }
        for (Unnamed* each : waiting) {
            for (int number = 2; !take(*each, each->names.front() + "_" + std::to_string(number));)
                ++number;
        }
    }

private:
    static std::size_t longest(const std::vector<Unnamed*>& waiting) {
        std::size_t size = 0;
        for (const Unnamed* each : waiting)
            size = std::max(size, each->names.size());
        return size;
    }
    bool take(Unnamed& relation, const std::string& name) {
        if (!taken_.insert(name).second)
            return false;
        relation.relation.name = name;
        return true;
    }

    std::set<std::string> taken_;
};

} // namespace

std::string stem_of(const ForeignKey& key) {
    if (key.columns.size() == 1)
        return stem_of_column(key.columns.front(), key.target_columns.front());
    const std::string common = common_beginning(key.columns);
    return common.empty() ? joined(key.columns) : common;
}

std::vector<std::string> names_to_one(const ForeignKey& key) {
    const std::string columns = joined(key.columns);
    const std::string stem = stem_of(key);
    std::vector<std::string> names;
    if (stem != columns)
        names.push_back(stem);
    names.push_back(columns + "_ref");
    names.push_back(columns + "_" + singular(key.target.name));
    return names;
}

std::vector<std::string> names_from_other_side(const Table& table, const ForeignKey& key, bool unique, bool only) {
    const std::string stem = stem_of(key);
    const std::string plain = unique ? singular(table.name) : plural(table.name);
    const std::string with_stem = stem + "_" + plain;
    std::vector<std::string> names;
    if (key.target == table.qualified_name()) {
        if (stem == "parent")
            names.push_back(unique ? "child" : "children");
    } else if (only || stem == singular(key.target.name)) {
        names.push_back(plain);
    }
    names.push_back(with_stem);
    names.push_back(table.schema + "_" + with_stem);
    return names;
}

std::vector<std::string> names_of_pairs(const Table& pairs, const ForeignKey& own, const ForeignKey& other) {
    const std::string stem = stem_of(other);
    const std::string name = own.target == other.target ? stem + "_" + plural(other.target.name) : plural(stem);
    const std::string longer = name + "_by_" + pairs.name;
    return {name, longer, pairs.schema + "_" + longer};
}

void name_relations(const Table& table, std::vector<Unnamed>& relations) {
    std::vector<Unnamed*> own, others;
    for (Unnamed& each : relations)
        (mapping::refers(each.relation.kind) ? own : others).push_back(&each);
    Naming naming{table};
    naming.give(std::move(own));
    naming.give(std::move(others));
}

} // namespace corm::schema
