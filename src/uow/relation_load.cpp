#include "uow/unit_of_work.hpp"

#include "uow/flush_statements.hpp"
#include "uow/key_arrays.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>
#include <corm/type/scalar.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {
namespace {

using mapping::RelationEnds;
using mapping::RelationKind;
using Object = std::shared_ptr<Instance>;

/// The texts that read the relations of one mapper, made once.
class RelationTexts : public mapping::MapperExtension {
public:
    explicit RelationTexts(const mapping::Mapper& mapper) {
        for (const RelationEnds& ends : mapping::RelationMap::of(mapper)) {
            texts_.push_back(refers(ends.kind()) ? ends.target->extension<StatementTexts>().select_by_keys()
                                                 : std::make_shared<const std::string>(text_of(ends)));
        }
    }
    [[nodiscard]] static const Text& of(const RelationEnds& ends) {
        return ends.owner->extension<RelationTexts>()
            .texts_[static_cast<std::size_t>(ends.relation - ends.owner->relations().data())];
    }

private:
    static std::string pairs(const std::string& alias, const std::vector<std::string>& names,
                             const mapping::Mapper& keys) {
        std::string out;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const mapping::Column& key = keys.column(keys.key_columns()[i]);
            out += (i == 0 ? "" : " AND ") + alias + "." + sql::quote_identifier(names[i]) + " = x.k" +
                   std::to_string(i + 1);
            if (types::ArrayParameter::as_literals(*key.type))
                out += "::" + std::string{key.cast_type()};
        }
        return out;
    }
    static std::string text_of(const RelationEnds& ends) {
        const mapping::Mapper& target = *ends.target;
        std::string out = "SELECT ";
        for (const mapping::Column& column : target.columns())
            out += "t." + sql::quote_identifier(column.name) + (column.type->as_text ? "::text, " : ", ");
        out += "x.ord FROM " + target.extension<StatementTexts>().table() + " t JOIN ";
        std::string condition;
        if (ends.kind() == RelationKind::many_to_many) {
            const mapping::AssociationTable& table = ends.relation->association;
            if (!table.schema.empty())
                out += sql::quote_identifier(table.schema) + ".";
            out += sql::quote_identifier(table.table) + " a ON ";
            for (std::size_t i = 0; i < table.target.size(); ++i)
                out += (i == 0 ? "t." : " AND t.") +
                       sql::quote_identifier(target.column(target.key_columns()[i]).name) + " = a." +
                       sql::quote_identifier(table.target[i]);
            out += " JOIN ";
            condition = pairs("a", table.own, *ends.owner);
        } else {
            std::vector<std::string> columns;
            for (const std::uint16_t index : ends.there)
                columns.push_back(target.column(index).name);
            condition = pairs("t", columns, *ends.owner);
        }
        out += "unnest(";
        std::string names;
        const auto keys = ends.owner->key_columns();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const mapping::Column& key = ends.owner->column(keys[i]);
            const bool literals = types::ArrayParameter::as_literals(*key.type);
            out += (i == 0 ? "$" : ", $") + std::to_string(i + 1) + "::";
            out += literals ? std::string_view{"text"} : key.cast_type();
            out += "[]";
            names += "k" + std::to_string(i + 1) + ", ";
        }
        out += ") WITH ORDINALITY x(" + names + "ord) ON " + condition + " ORDER BY x.ord";
        for (const RelationEnds::OrderedBy& term : ends.order)
            out += ", t." + sql::quote_identifier(target.column(term.column).name) + (term.descending ? " DESC" : "");
        for (const std::uint16_t key : target.key_columns())
            out += ", t." + sql::quote_identifier(target.column(key).name);
        return out;
    }

    std::vector<Text> texts_;
};

/// What a change that is not flushed yet says of `target`: 1 it is linked to `owner`, -1 it is not, 0 nothing.
int unflushed(const Object& target, const RelationEnds& ends, const Object& owner) {
    const RelationEnds* const other = ends.other();
    if (other == nullptr)
        return 0;
    const Member member{*target, *other->relation};
    if (!member.changed())
        return 0;
    if (member.holds(owner))
        return 1;
    return member.loaded() ? -1 : 0; // one that is not loaded knows what was added alone
}

/// True if the relation need not be read. Objects that nobody has kept are read again. Of changes, the other side
/// knows: without one, nothing may be read over them.
bool is_known(const Member& member, const RelationEnds& ends, bool again, std::uint32_t begun) {
    const bool anew = again || member.living().size() != member.links().size();
    return member.loaded() &&
           (member.changed() ? !anew || ends.other() == nullptr : !anew && member.read_at() >= begun);
}

/// Lays changes that are not flushed yet over the objects that were read; `unsent` are those whose links are changed.
/// For relations of which the target refers.
void lay_changes_over(std::vector<Object>& targets, const RelationEnds& ends, const Object& owner,
                      const std::vector<Object>& unsent) {
    RelationBook& book = *owner->book();
    if (!book.sent.empty()) {
        RelationContent& base = book.sent[static_cast<std::size_t>(ends.relation - ends.owner->relations().data())];
        base = {true, {targets.begin(), targets.end()}};
    }
    std::erase_if(targets, [&](const Object& target) { return unflushed(target, ends, owner) < 0; });
    const auto add = [&](const Object& target) {
        if (std::find(targets.begin(), targets.end(), target) == targets.end())
            targets.push_back(target);
    };
    for (const Object& target : unsent) {
        if (unflushed(target, ends, owner) > 0)
            add(target);
    }
    if (const Member member{*owner, *ends.relation}; !member.loaded()) {
        for (const Object& target : member.living())
            add(target);
    }
}

/// `owner` has these objects from now on; links of the other side that are not changed follow.
void set_links(const Object& owner, const RelationEnds& ends, std::vector<Object> targets, std::uint32_t time) {
    const Member member{*owner, *ends.relation};
    const RelationEnds* const other = ends.other();
    const bool children = owns_targets(ends.kind());
    std::vector<Link> links;
    links.reserve(targets.size());
    for (Object& target : targets) {
        if (children && other != nullptr) {
            // The child is owned by its parent, so it does not own that.
            const Member back{*target, *other->relation};
            if (!back.changed()) {
                back.links().assign(1, Link{owner});
                back.links().front().disown();
                back.loaded() = true;
                back.read_at() = time;
            } else if (back.holds(owner)) {
                back.links().front().disown();
            }
        }
        Link& link = links.emplace_back(target);
        if (leads_to(*target, *owner))
            link.disown();
    }
    member.links() = std::move(links);
    member.loaded() = true;
    member.read_at() = time;
}

} // namespace

Text RelationLoad::text() const {
    return RelationTexts::of(*ends);
}

void RelationLoad::append(types::Parameters& parameters) const {
    if (refers(ends->kind())) {
        append_keys(parameters, *ends->target, keys);
        return;
    }
    for (const std::uint16_t index : ends->here) {
        const mapping::Column& column = ends->owner->column(index);
        add_column(parameters, *ends->owner, column, owners.size(), true,
                   [&](std::size_t row) { return uow::loaded(*owners[row].front(), column); });
    }
}

RelationLoad UnitOfWork::load(const RelationEnds& ends, std::span<const Object> given, bool again) const {
    RelationLoad load;
    load.ends = &ends;
    boost::unordered_flat_map<std::string, std::size_t> places;
    for (const Object& owner : given) {
        // A new object has what the program gave it.
        if (!owns(*owner) || owner->state != ObjectState::persistent)
            continue;
        if (is_known(Member{*owner, *ends.relation}, ends, again, begun_))
            continue;
        std::string key;
        if (!refers(ends.kind())) {
            if (places.emplace(owner->key, 0).second)
                load.owners.push_back({owner});
            continue;
        }
        static_cast<void>(owner->readable());
        if (!append_related_key(*owner, ends, key)) {
            set_links(owner, ends, {}, time_);
            continue;
        }
        if (const Object known = find(*ends.target, key); known && known->freshness == Freshness::fresh && !again) {
            set_links(owner, ends, {known}, time_);
            continue;
        }
        const auto [place, added] = places.emplace(std::move(key), load.owners.size());
        if (added) {
            load.owners.emplace_back();
            load.keys.push_back(place->first);
        }
        load.owners[place->second].push_back(owner);
    }
    return load;
}

void UnitOfWork::know_links(const Object& owner, const RelationEnds& ends, std::vector<Object> targets) const {
    set_links(owner, ends, std::move(targets), time_);
}

std::vector<Object> UnitOfWork::unsent_targets(const RelationEnds& ends) const {
    std::vector<Object> unsent;
    const RelationEnds* const other = ends.other();
    if (other == nullptr || refers(ends.kind()))
        return unsent;
    for (const auto* const list : {&pending_, &edited_}) {
        for (const Object& instance : *list) {
            if (&instance->mapper() == ends.target && Member{*instance, *other->relation}.changed())
                unsent.push_back(instance);
        }
    }
    return unsent;
}

bool UnitOfWork::joined(const RelationEnds& ends, const JoinedRow& row, bool again) {
    const Object& owner = row.owner;
    const Object& target = row.target;
    if (is_known(Member{*owner, *ends.relation}, ends, again, begun_))
        return true;
    std::vector<Object> targets;
    if (target)
        targets.push_back(target);
    if (!refers(ends.kind())) {
        lay_changes_over(targets, ends, owner, row.unsent);
        set_links(owner, ends, std::move(targets), time_);
        return true;
    }
    std::string key;
    if (!append_related_key(*owner, ends, key)) {
        targets.clear();
    } else if (!target || target->key != key) {
        // The owner may have been here before, with another foreign key than the row's.
        const Object known = find(*ends.target, key);
        if (!target && row.conclusive && row_refers_to(ends, row, key)) {
            if (known)
                vanished(known);
            targets.clear();
        } else if (known && known->freshness == Freshness::fresh) {
            targets.assign(1, known);
        } else {
            return false;
        }
    }
    set_links(owner, ends, std::move(targets), time_);
    return true;
}

void UnitOfWork::loaded(const RelationLoad& load, const types::Rows& rows, Populate populate,
                        std::source_location where) {
    const RelationEnds& ends = *load.ends;
    const std::shared_ptr<const mapping::Mapper> mapper = ends.relation->target();
    std::vector<std::vector<Object>> found(load.owners.size());
    expect(static_cast<std::size_t>(rows.row_count()));
    for (int row = 0; row < rows.row_count(); ++row) {
        std::int64_t ordinal = 0;
        types::Codec<std::int64_t>::decode(rows.field(row, static_cast<int>(mapper->columns().size())), ordinal);
        found.at(static_cast<std::size_t>(ordinal - 1)).push_back(attach(mapper, rows, row, 0, populate, where));
    }
    const std::vector<Object> unsent = unsent_targets(ends);
    for (std::size_t i = 0; i < load.owners.size(); ++i) {
        if (!is_to_many(ends.kind()) && found[i].size() > 1)
            throw MappingError(load.owners[i].front()->describe() + "." + ends.relation->name + " has " +
                                   std::to_string(found[i].size()) +
                                   " rows; map it as one_to_many, or make the foreign "
                                   "key unique",
                               where);
        if (refers(ends.kind()) && found[i].empty()) {
            if (const Object gone = find(*ends.target, load.keys[i]))
                vanished(gone);
        }
        for (const Object& owner : load.owners[i]) {
            std::vector<Object> targets = found[i];
            if (!refers(ends.kind()))
                lay_changes_over(targets, ends, owner, unsent);
            set_links(owner, ends, std::move(targets), time_);
        }
    }
}

} // namespace corm::uow
