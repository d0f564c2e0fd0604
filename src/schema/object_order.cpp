#include "schema/object_order.hpp"

#include "schema/ddl_text.hpp"
#include "schema/dependency_order.hpp"

#include <corm/base/error.hpp>

#include <string>

namespace corm::schema::ddl {
namespace {

class Orderer {
public:
    explicit Orderer(const Database& database) {
        add_all(database.enums);
        add_all(database.domains);
        add_all(database.composites);
        add_all(database.ranges);
        for (const Table& table : database.tables) {
            if (!table.is_view())
                add(table);
        }
        for (const Table& table : database.tables) {
            if (table.is_view())
                add(table);
        }
        for (const Range& range : database.ranges) {
            if (!range.multirange.empty())
                types_.emplace(range.multirange, types_.at({range.schema, range.name}));
        }
        needs_.resize(objects_.size());
        for (at_ = 0; at_ < objects_.size(); ++at_)
            std::visit([this](const auto* object) { find_needs(*object); }, objects_[at_]);
        follow_foreign_keys();
    }

    ObjectOrder order() const {
        const DependencyOrder found = order_by_dependency(needs_);
        if (!found.circle.empty())
            refuse(found.circle);
        ObjectOrder result;
        for (const std::size_t at : found.order) {
            if (const Table* const* table = std::get_if<const Table*>(&objects_[at]))
                result.tables.emplace((*table)->qualified_name(), result.objects.size());
            result.objects.push_back(objects_[at]);
        }
        return result;
    }

private:
    template <class Any>
    void add(const Any& object) {
        const QualifiedName name{object.schema, object.name};
        types_.emplace(name, objects_.size()); // a table is a type of rows
        if constexpr (std::is_same_v<Any, Table>)
            tables_.emplace(name, objects_.size());
        objects_.emplace_back(&object);
    }
    void add_all(const auto& objects) {
        for (const auto& object : objects)
            add(object);
    }

    void need(const std::map<QualifiedName, std::size_t>& known, const QualifiedName& name) {
        if (const auto found = known.find(name); found != known.end() && found->second != at_)
            needs_[at_].first.push_back(found->second);
    }

    void find_needs(const Enum& /*type*/) {}
    void find_needs(const Domain& domain) { need(types_, domain.type.name); }
    void find_needs(const Composite& composite) {
        for (const Attribute& attribute : composite.attributes)
            need(types_, attribute.type.name);
    }
    void find_needs(const Range& range) { need(types_, range.subtype.name); }
    void find_needs(const Table& table) {
        if (table.is_view()) {
            for (const QualifiedName& read : table.reads)
                need(tables_, read);
            return;
        }
        for (const Column& column : table.columns)
            need(types_, column.type.name);
        for (const QualifiedName& parent : table.parents) {
            need(tables_, parent);
            if (const auto found = tables_.find(parent); table.is_partition() && found != tables_.end())
                partitions_[found->second].push_back(at_);
        }
        for (const ForeignKey& key : table.foreign_keys) {
            if (const auto found = tables_.find(key.target); found != tables_.end())
                targets_.emplace_back(at_, found->second);
        }
    }

    /// To what foreign keys lead, and to its partitions, which could not be dropped ahead of the foreign key.
    void follow_foreign_keys() {
        for (const auto& [from, to] : targets_) {
            std::vector<std::size_t> all{to};
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (all[i] != from)
                    needs_[from].soon.push_back(all[i]);
                if (const auto found = partitions_.find(all[i]); found != partitions_.end())
                    all.insert(all.end(), found->second.begin(), found->second.end());
            }
        }
    }

    [[noreturn]] void refuse(const std::vector<std::size_t>& circle) const {
        constexpr std::size_t shown = 5;
        std::string names;
        for (std::size_t i = 0; i < circle.size() && i < shown; ++i) {
            names += i == 0 ? "" : i + 1 == circle.size() ? " and " : ", ";
            names += std::visit([](const auto* object) { return plain_name(*object); }, objects_[circle[i]]);
        }
        if (circle.size() > shown)
            names += " and others";
        throw MappingError("cannot order the objects of the model: " + names +
                           " need each other to be created first; take one of the types, parents or views out of the "
                           "circle");
    }

    std::vector<Object> objects_;
    std::map<QualifiedName, std::size_t> types_, tables_;
    std::vector<std::pair<std::size_t, std::size_t>> targets_; // of foreign keys: from, to
    std::map<std::size_t, std::vector<std::size_t>> partitions_;
    std::vector<Needs> needs_;
    std::size_t at_ = 0;
};

} // namespace

bool ObjectOrder::is_later(const QualifiedName& target, const Table& table) const {
    const auto found = tables.find(target);
    return found != tables.end() && found->second > tables.at(table.qualified_name());
}

ObjectOrder order_objects(const Database& database) {
    return Orderer{database}.order();
}

} // namespace corm::schema::ddl
