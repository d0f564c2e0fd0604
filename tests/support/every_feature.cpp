#include "support/every_feature.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace corm::test {
namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream file{path};
    if (!file)
        throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

std::string every_feature() {
    return content(CORM_EVERY_FEATURE);
}

std::string every_feature_rows() {
    const std::filesystem::path tests = std::filesystem::path{CORM_EVERY_FEATURE}.parent_path().parent_path();
    return content(tests / "integration" / "generated" / "every_feature_rows.sql");
}

} // namespace corm::test
