// expect: corm: a hook after a flush takes a const corm::SessionHandle& and a const corm::FlushedObjects&, and returns
// a

#include <corm/corm.hpp>

void listen(corm::SessionHooks& hooks) {
    hooks.after_flush([](const corm::SessionHandle&) {});
}
