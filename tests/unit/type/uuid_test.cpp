#include <corm/type/uuid.hpp>

#include "unit/type/support.hpp"

#include <chrono>
#include <thread>
#include <unordered_set>
#include <vector>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {
constexpr std::string_view sample = "0188a5eb-7c2f-7abc-9def-0123456789ab";
}

TEST_CASE("a UUID reads its text forms and writes the usual one", "[type][unit]") {
    const Uuid id = Uuid::from_string(sample);
    CHECK(id.to_string() == sample);
    CHECK(id.octets()[0] == 0x01);
    CHECK(id.octets()[15] == 0xab);
    CHECK(Uuid::from_string("0188A5EB-7C2F-7ABC-9DEF-0123456789AB") == id);
    CHECK(Uuid::from_string("0188a5eb7c2f7abc9def0123456789ab") == id);
    CHECK(Uuid{}.is_nil());
    CHECK(Uuid{}.to_string() == "00000000-0000-0000-0000-000000000000");
    CHECK_FALSE(id.is_nil());
}

TEST_CASE("what is no UUID is refused", "[type][unit]") {
    const std::string good{sample};
    std::vector<std::string> bad = {"",
                                    "0",
                                    good.substr(1),
                                    good + "0",
                                    "{" + good + "}",
                                    "0188a5eb-7c2f7abc-9def-0123456789ab-",
                                    std::string(36, '-'),
                                    std::string(32, 'g')};
    for (std::size_t i = 0; i < good.size(); ++i) {
        bad.push_back(good);
        bad.back()[i] = 'x';
    }
    for (const std::string& text : bad) {
        CAPTURE(text);
        CHECK(problem_of([&] { static_cast<void>(Uuid::from_string(text)); }) ==
              "not a UUID: 32 hexadecimal digits are needed, as 8-4-4-4-12 or without hyphens");
    }
}

TEST_CASE("UUIDs travel as sixteen bytes", "[type][unit]") {
    const Uuid id = Uuid::from_string(sample);
    CHECK(encoded(id).size() == 16);
    CHECK(survives(id));
    CHECK(survives(Uuid{}));
    CHECK(literal(id) == sample);
    CHECK(decoded<Uuid>(sample, oids::uuid, Format::text) == id);
    CHECK(contains(decode_problem<Uuid>(std::string(15, 'a'), oids::uuid), "malformed uuid"));
    CHECK(contains(decode_problem<Uuid>(std::string(17, 'a'), oids::uuid), "malformed uuid"));
    CHECK(contains(decode_problem<Uuid>(std::string(16, 'a'), oids::text), "OID 25"));
}

TEST_CASE("UUIDs compare by their bytes and hash by all of them", "[type][unit]") {
    CHECK(Uuid::from_string("00000000-0000-0000-0000-000000000001") < Uuid::from_string(sample));
    CHECK(Uuid::from_string("80000000-0000-0000-0000-000000000000") > Uuid::from_string(sample));
    std::unordered_set<std::size_t> hashes;
    for (std::size_t bit = 0; bit < 128; ++bit) {
        Uuid::Octets octets{};
        octets[bit / 8] = static_cast<std::uint8_t>(1U << bit % 8);
        hashes.insert(std::hash<Uuid>{}(Uuid{octets}));
    }
    CHECK(hashes.size() > 60); // the fold to one word may join a bit of either half, no more
}

TEST_CASE("random UUIDs are of version 4 and differ", "[type][unit]") {
    std::unordered_set<Uuid> seen;
    for (int i = 0; i < 10'000; ++i) {
        const Uuid id = Uuid::random();
        REQUIRE(id.version() == 4);
        REQUIRE(id.octets()[8] >> 6 == 2);
        seen.insert(id);
    }
    CHECK(seen.size() == 10'000);
}

TEST_CASE("time-ordered UUIDs ascend, across threads as well", "[type][unit]") {
    using namespace std::chrono;
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    const Uuid first = Uuid::time_ordered();
    std::uint64_t stamp = 0;
    for (std::size_t i = 0; i < 6; ++i)
        stamp = stamp << 8 | first.octets()[i];
    CHECK(first.version() == 7);
    CHECK(first.octets()[8] >> 6 == 2);
    CHECK(static_cast<std::int64_t>(stamp) >= now);
    CHECK(static_cast<std::int64_t>(stamp) < now + 60'000);

    std::vector<std::vector<Uuid>> made(4);
    std::vector<std::thread> threads;
    for (auto& ids : made)
        threads.emplace_back([&ids] {
            for (int i = 0; i < 5000; ++i)
                ids.push_back(Uuid::time_ordered());
        });
    for (std::thread& thread : threads)
        thread.join();
    std::unordered_set<std::string> ticks; // the first eight bytes alone are unique
    for (const auto& ids : made) {
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (i != 0)
                REQUIRE(ids[i - 1] < ids[i]);
            ticks.insert(ids[i].to_string().substr(0, 18));
        }
    }
    CHECK(ticks.size() == 20'000);
    CHECK(first < Uuid::time_ordered());
}
