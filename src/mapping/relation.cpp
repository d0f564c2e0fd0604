#include <corm/mapping/relation.hpp>

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace corm::mapping {

std::string RelationState::name() const {
    return relation_ != nullptr ? relation_->entity + "." + relation_->name : std::string{"this relation"};
}

void RelationState::throw_not_loaded() const {
    if (relation_ == nullptr)
        throw NotLoadedError("this relation is a copy of one that was not loaded; load the relation of the object: "
                             "co_await session.load(ref, corm::load<&Struct::member>)");
    const bool by_name = relation_->slot != nullptr;
    const std::string member = "&" + relation_->entity + "::" + relation_->name;
    const std::string named = "corm::load_named(\"" + relation_->name + "\")";
    throw NotLoadedError(name() +
                         " was not loaded, and corm never reads from the database behind an operator; co_await "
                         "session.load(ref, " +
                         (by_name ? named : "corm::load<" + member + ">") + "), or ask for it with the query: " +
                         (by_name ? ".with(" + named + ")" : ".with<" + member + ">()"));
}

std::shared_ptr<uow::Instance> RelationState::follow(const Link& link) const {
    if (std::shared_ptr<uow::Instance> target = link.lock())
        return target;
    throw NotLoadedError(name() + " refers to an object that nobody has kept; keep a handle to the parent as long as "
                                  "its children are used, or load the relation again");
}

std::shared_ptr<uow::Instance> RelationState::single() const {
    const std::vector<Link>& links = read();
    return links.empty() ? nullptr : follow(links.front());
}

bool RelationState::holds(const std::shared_ptr<uow::Instance>& target) const {
    const std::vector<Link>& links = read();
    if (std::any_of(links.begin(), links.end(), [&](const Link& link) { return link.refers_to(target); }))
        return true;
    // One that is gone may have been the same row.
    for (const Link& link : links)
        static_cast<void>(follow(link));
    return false;
}

void RelationState::insert(const std::shared_ptr<uow::Instance>& target) {
    if (owner_ != nullptr) {
        owner_->link(*relation_, target);
        return;
    }
    // Where it is bound, each object counts once.
    given_ = true;
    links_.emplace_back(target);
}

bool RelationState::erase(const std::shared_ptr<uow::Instance>& target) {
    if (target == nullptr || !holds(target))
        return false;
    if (owner_ != nullptr)
        owner_->unlink(*relation_, target);
    else
        std::erase_if(links_, [&](const Link& link) { return link.refers_to(target); });
    return true;
}

void RelationState::clear() {
    static_cast<void>(read());
    given_ = true;
    replace({});
}

RelationState::RelationState() noexcept = default;

RelationState::RelationState(const RelationState& other)
    : links_(other.links_), read_at_(other.read_at_ != 0), loaded_(other.loaded_), given_(other.given_) {}

RelationState::~RelationState() = default;

RelationState& RelationState::operator=(const RelationState& other) {
    if (this == &other)
        return *this;
    if (owner_ == nullptr) {
        links_ = other.links_;
        loaded_ = other.loaded_;
        given_ = other.given_;
        read_at_ = other.read_at_ != 0;
    } else if (other.loaded_ && (other.given_ || other.read_at_ != 0 || other.owner_ != nullptr)) {
        // A copy: linking may change the other member as well, which may be the other side.
        replace(std::vector<Link>{other.links_});
    }
    return *this;
}

std::shared_ptr<uow::Instance> RelationState::at(std::size_t index) const {
    return follow(read().at(index));
}

void RelationState::replace(const std::vector<Link>& with) {
    if (owner_ == nullptr) {
        links_ = with;
        return;
    }
    boost::unordered_flat_map<const uow::Instance*, std::size_t> places;
    for (const Link& link : with)
        places.emplace(follow(link).get(), places.size());
    const auto place = [&](const Link& link) {
        const auto found = places.find(link.lock().get());
        return found == places.end() ? places.size() : found->second;
    };
    if (is_to_many(relation_->kind)) {
        // What was there is not known of one that is not loaded, so neither is what is taken out. Nor of an object that
        // is gone; all are asked for ahead of the first change.
        std::vector<std::shared_ptr<uow::Instance>> taken_out;
        for (const Link& link : read()) {
            std::shared_ptr<uow::Instance> target = follow(link);
            if (!places.contains(target.get()))
                taken_out.push_back(std::move(target));
        }
        for (const auto& target : taken_out)
            owner_->unlink(*relation_, target);
    } else if (with.empty()) {
        owner_->unlink(*relation_, nullptr);
    }
    for (const Link& link : with)
        owner_->link(*relation_, link.lock());
    std::sort(links_.begin(), links_.end(), [&](const Link& a, const Link& b) { return place(a) < place(b); });
}

} // namespace corm::mapping
