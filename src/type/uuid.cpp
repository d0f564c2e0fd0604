#include <corm/type/uuid.hpp>

#include "type/hex.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>

#include <atomic>
#include <chrono>

#include <unistd.h>

namespace corm::types {
namespace {

Uuid::Octets random_octets() {
    Uuid::Octets octets{};
    if (::getentropy(octets.data(), octets.size()) != 0)
        throw Error("Uuid: the system gives no random bytes (getentropy failed)");
    return octets;
}

void mark(Uuid::Octets& octets, unsigned version) noexcept {
    octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0f) | (version << 4));
    octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3f) | 0x80); // the variant of RFC 9562
}

// Milliseconds since 1970 in the upper bits, 4096ths of a millisecond in the lower 12: strictly ascending.
std::uint64_t next_tick() noexcept {
    using namespace std::chrono;
    static std::atomic<std::uint64_t> last{0};
    const auto now =
        static_cast<std::uint64_t>(duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count());
    const std::uint64_t clock = ((now / 1'000'000) << 12) | ((now % 1'000'000) * 4096 / 1'000'000);
    std::uint64_t previous = last.load(std::memory_order_relaxed);
    std::uint64_t tick = 0;
    do
        tick = clock > previous ? clock : previous + 1;
    while (!last.compare_exchange_weak(previous, tick, std::memory_order_relaxed));
    return tick;
}

} // namespace

Uuid Uuid::random() {
    Octets octets = random_octets();
    mark(octets, 4);
    return Uuid{octets};
}

Uuid Uuid::time_ordered() {
    Octets octets = random_octets();
    const std::uint64_t tick = next_tick();
    for (std::size_t i = 0; i < 6; ++i)
        octets[i] = static_cast<std::uint8_t>(tick >> (52 - 8 * i));
    octets[6] = static_cast<std::uint8_t>((tick >> 8) & 0x0f);
    octets[7] = static_cast<std::uint8_t>(tick & 0xff);
    mark(octets, 7);
    return Uuid{octets};
}

Uuid Uuid::from_string(std::string_view text) {
    const bool hyphens = text.size() == 36;
    Octets octets{};
    std::size_t at = 0;
    bool good = hyphens || text.size() == 32;
    for (std::size_t i = 0; good && i < octets.size(); ++i) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10))
            good = text[at++] == '-';
        const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
        good = good && high >= 0 && low >= 0;
        octets[i] = static_cast<std::uint8_t>(good ? high * 16 + low : 0);
        at += 2;
    }
    if (!good)
        throw ConversionError("not a UUID: 32 hexadecimal digits are needed, as 8-4-4-4-12 or without hyphens");
    return Uuid{octets};
}

std::string Uuid::to_string() const {
    std::string text;
    text.reserve(36);
    Codec<Uuid>::literal(*this, text);
    return text;
}

void Codec<Uuid>::encode(const Uuid& value, std::string& out) {
    out.append(reinterpret_cast<const char*>(value.octets().data()), value.octets().size());
}

void Codec<Uuid>::decode(const FieldView& field, Uuid& target) {
    if (field.oid != oids::uuid)
        throw_unreadable(field, "corm::types::Uuid");
    if (field.format == Format::text) {
        target = Uuid::from_string(field.bytes());
        return;
    }
    Uuid::Octets octets;
    if (field.bytes().size() != octets.size())
        throw_malformed("uuid");
    std::memcpy(octets.data(), field.data, octets.size());
    target = Uuid{octets};
}

void Codec<Uuid>::literal(const Uuid& value, std::string& out) {
    for (std::size_t i = 0; i < value.octets().size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out.push_back('-');
        put_hex(out, value.octets()[i]);
    }
}

} // namespace corm::types
