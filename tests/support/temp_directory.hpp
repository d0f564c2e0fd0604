// A directory that nobody else has.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace corm::test {

/// `name` tells whose it is. The caller removes it.
inline std::filesystem::path make_temp_directory(const std::string& name) {
    std::string pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
    if (mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("mkdtemp");
    return pattern;
}

} // namespace corm::test
