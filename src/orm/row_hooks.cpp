#include "orm/row_hooks.hpp"

#include "base/lifetimes.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace corm::orm {

SessionHooks::RowHooks::RowHooks() : list_(std::make_shared<const List>()), ended_(corm::detail::ended_lifetimes()) {}

std::shared_ptr<SessionHooks::RowHooks::List> SessionHooks::RowHooks::living(const List& list) {
    auto kept = std::make_shared<List>();
    std::copy_if(list.begin(), list.end(), std::back_inserter(*kept),
                 [](const Hook& hook) { return !corm::detail::has_ended(hook.lifetime); });
    return kept;
}

void SessionHooks::RowHooks::add(RowEvent event, const mapping::Mapper& mapper, RowHook hook) {
    std::shared_ptr<const List> old; // let go behind the lock: a hook may hold anything
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<List> longer = living(*list_);
    longer->push_back({event, &mapper, mapper.lifetime(), std::move(hook)});
    old = std::exchange(list_, std::move(longer));
}

std::shared_ptr<const SessionHooks::RowHooks::List> SessionHooks::RowHooks::list() {
    std::shared_ptr<const List> old;
    const std::scoped_lock lock{mutex_};
    if (const std::uint64_t ended = corm::detail::ended_lifetimes(); ended != ended_) {
        old = std::exchange(list_, living(*list_));
        ended_ = ended;
    }
    return list_;
}

SessionHooks::SessionHooks() : of_rows_(std::make_unique<RowHooks>()) {}
SessionHooks::~SessionHooks() = default;

void SessionHooks::add(RowEvent event, const std::shared_ptr<const mapping::Mapper>& mapper, RowHook hook) {
    mapper->require_usable(to_string(event));
    of_rows_->add(event, *mapper, std::move(hook));
}

void SessionHooks::refuse(RowEvent event, const mapping::Mapper* mapper) {
    throw MappingError("a hook of " + std::string{to_string(event)} + " was given " +
                       (mapper == nullptr ? std::string{"no mapper"} : "the mapper of " + mapper->entity()) +
                       ", whose objects are of another type than its own; name the type that the mapper is for");
}

std::size_t SessionHooks::row_hooks() const {
    return of_rows_->list()->size();
}

} // namespace corm::orm
