// Hooks that say when they run.
#pragma once

#include "graph.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace graph_test {

using List = std::vector<std::string>;

struct Hooked {
    std::shared_ptr<corm::SessionHooks> hooks = std::make_shared<corm::SessionHooks>();
    List words{};

    [[nodiscard]] corm::EngineOptions options() const {
        corm::EngineOptions made;
        made.hooks = hooks;
        return made;
    }
    void say(std::string word) { words.push_back(std::move(word)); }
    /// What was said since the last call.
    [[nodiscard]] List said() { return std::exchange(words, {}); }
    [[nodiscard]] List sorted() {
        std::sort(words.begin(), words.end());
        return said();
    }
    /// One for each point of a session, that says its name.
    void all_of_sessions() {
        for (const auto event : {corm::SessionEvent::before_flush, corm::SessionEvent::before_commit,
                                 corm::SessionEvent::after_commit, corm::SessionEvent::after_rollback})
            hooks->on(event, [this, event](const corm::SessionHandle&) { say(std::string{to_string(event)}); });
        hooks->after_flush([this](const corm::SessionHandle&, const corm::FlushedObjects&) { say("after_flush"); });
    }
};

} // namespace graph_test
