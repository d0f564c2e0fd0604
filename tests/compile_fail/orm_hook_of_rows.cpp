// expect: corm: a hook of rows takes a corm::Ref of their type, and returns a corm::Task<void> or nothing
#include "query_entities.hpp"

#include <corm/corm.hpp>

void listen(corm::SessionHooks& hooks) {
    hooks.before_insert<User>([](User&) {});
}
