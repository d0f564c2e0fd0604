// expect: corm: a hook of a session takes a const corm::SessionHandle&, and returns a corm::Task<void> or nothing

#include <corm/corm.hpp>

void listen(corm::SessionHooks& hooks) {
    hooks.before_flush([](corm::AsyncSession&) {});
}
