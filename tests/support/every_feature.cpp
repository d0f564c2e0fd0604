#include "support/every_feature.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace corm::test {

std::string every_feature() {
    std::ifstream file{CORM_EVERY_FEATURE};
    if (!file)
        throw std::runtime_error("cannot read " CORM_EVERY_FEATURE);
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace corm::test
