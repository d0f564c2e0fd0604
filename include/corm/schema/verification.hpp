// Mappings against the database that they are for.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/schema/model.hpp>
#include <corm/schema/reflect_options.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace corm::schema {

enum class Severity : std::uint8_t {
    difference, ///< reading or writing would fail, or lose something
    hint,       ///< it works, and may be slow or not as it was meant
};

/// Something in which a mapping and its table differ.
struct Finding {
    Severity severity = Severity::difference;
    std::string entity{};
    std::string member{};   ///< of the entity; empty if it is about the table
    std::string sentence{}; ///< names both, and says what to do

    friend bool operator==(const Finding&, const Finding&) = default;
};

/// All that was found, by entity in the order in which they were given.
struct Verification {
    std::vector<Finding> findings{};

    /// There are no differences.
    [[nodiscard]] bool ok() const noexcept;
    /// The sentences, a line each; hints say so.
    [[nodiscard]] std::string text() const;
    /// Throws `MappingError` with all differences, unless there are none.
    void require() const;
};

/// Compares mappings with a model of the database; pure. The model needs the tables of `tables_of`, and its
/// `search_path` where mappings name no schema.
///
/// Differences: a table, column or association table that is missing; a type that does not hold what the other does;
/// NULL where the member cannot be, and a version that may be NULL; a key that nothing keeps unique; a UNIQUE
/// constraint that is missing, or deferrable on one side alone; a generated key, `server_default`, `generated` or
/// `sequence` that the server knows nothing of, and the reverse; columns that an insert would have to fill and the
/// mapping lacks; labels of enums.
///
/// Hints: foreign keys without an index; relations without a foreign key; members that may be NULL and columns that
/// cannot; text that the table compares as citext or char(n).
[[nodiscard]] Verification verify(std::span<const std::shared_ptr<const mapping::Mapper>> mappers,
                                  const Database& database);

/// What has to be read of a database for `verify`.
[[nodiscard]] ReflectOptions tables_of(std::span<const std::shared_ptr<const mapping::Mapper>> mappers);

} // namespace corm::schema
