// Fills the atlas from the files of Debian's package iso-codes.
#pragma once

#include <corm/corm.hpp>

#include <cstddef>
#include <filesystem>

namespace atlas {

struct Loaded {
    std::size_t countries = 0;
    std::size_t subdivisions = 0;
    std::size_t with_parent = 0; ///< of the subdivisions
    std::size_t languages = 0;
    std::size_t currencies = 0;
};

/// Makes the schema `corm_atlas` anew and loads everything, in one transaction. Throws `std::runtime_error` naming the
/// file that is missing or is not what it should be.
corm::Task<Loaded> load(corm::Engine& engine, std::filesystem::path directory);

} // namespace atlas
