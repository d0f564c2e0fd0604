#include "wire/setting_name.hpp"

namespace corm::wire {

bool is_setting_name(std::string_view name) noexcept {
    bool inside = false;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool further = (c >= '0' && c <= '9') || c == '$';
        if (c == '.' ? !inside : !letter && !(inside && further))
            return false;
        inside = c != '.';
    }
    return inside;
}

} // namespace corm::wire
