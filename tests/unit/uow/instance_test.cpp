#include "instance_entities.hpp"
#include "support.hpp"
#include "support/own_new.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>

using namespace instance_test;
using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;

namespace {

constexpr bool counts_memory = CORM_TEST_OWN_NEW != 0;

/// Bytes of over-aligned allocations that were not given back: blocks that hold a Payload or a Huge.
std::size_t aligned_bytes = 0;

struct NoCopies {
    explicit NoCopies(int left) { Payload::copies_left = left; }
    ~NoCopies() { Payload::copies_left = -1; }
};

} // namespace

#if CORM_TEST_OWN_NEW
void* operator new(std::size_t size, std::align_val_t align) {
    // The size goes in front, so that unsized deletes count as well.
    const auto step = std::max(static_cast<std::size_t>(align), sizeof(std::size_t));
    char* block = static_cast<char*>(std::aligned_alloc(step, (size + 2 * step - 1) / step * step));
    if (block == nullptr)
        throw std::bad_alloc{};
    *reinterpret_cast<std::size_t*>(block) = size;
    aligned_bytes += size;
    return block + step;
}
void operator delete(void* at, std::align_val_t align) noexcept {
    if (at == nullptr)
        return;
    char* block = static_cast<char*>(at) - std::max(static_cast<std::size_t>(align), sizeof(std::size_t));
    aligned_bytes -= *reinterpret_cast<std::size_t*>(block);
    std::free(block);
}
void operator delete(void* at, std::size_t, std::align_val_t align) noexcept {
    operator delete(at, align);
}
#endif

TEST_CASE("an object's memory is given back with its last handle, weak references or not", "[uow][unit]") {
    const std::size_t before = aligned_bytes;
    Handle handle = make(Huge{.id = 7});
    CHECK((!counts_memory || aligned_bytes >= before + sizeof(Huge)));
    CHECK(reinterpret_cast<std::uintptr_t>(handle->object()) % 256 == 0);
    corm::uow::IdentityMap map;
    std::string key;
    handle->mapper().append_key(handle->values(), key);
    handle->key = key;
    map.insert(handle);
    const std::weak_ptr<Instance> weak = handle;
    Handle second = handle;
    handle.reset();
    CHECK((!counts_memory || aligned_bytes > before));
    second.reset();
    CHECK(aligned_bytes == before);
    CHECK(map.size() == 1);
    CHECK(weak.expired());
}

TEST_CASE("an object keeps its mapper alive", "[uow][unit]") {
    std::weak_ptr<const corm::mapping::Mapper> mapper;
    Handle handle;
    {
        const auto defined = corm::mapping::define("notes")
                                 .column<std::int32_t>("id")
                                 .column<std::string>("text")
                                 .primary_key({"id"})
                                 .build();
        mapper = defined;
        handle = Instance::create(defined);
    }
    CHECK_FALSE(mapper.expired());
    static_cast<corm::mapping::Record*>(handle->object())->set<std::string>("text", std::string(100, 'x'));
    handle.reset();
    CHECK(mapper.expired());
}

TEST_CASE("an edit that cannot be copied leaves the object unwatched", "[uow][unit]") {
    const int before = Payload::alive;
    {
        const auto session = Session::create();
        EncodedRows rows{{{"id", oids::int8}, {"first", oids::text}, {"second", oids::text}}};
        rows.row(std::int64_t{1}, std::string{"a"}, std::string{"b"});
        const Handle parcel = session->attach<Parcel>(rows);
        const std::size_t bytes = aligned_bytes;
        {
            const NoCopies after_one{1};
            CHECK_THROWS_AS(Instance::editable(parcel), std::runtime_error);
        }
        CHECK(aligned_bytes == bytes);
        CHECK_FALSE(parcel->watched);
        CHECK(Payload::alive == before + 2);
        edit<Parcel>(parcel).first.text = "c";
        CHECK(parcel->is_modified());
        CHECK(Payload::alive == before + 4);
    }
    CHECK(Payload::alive == before);
}

TEST_CASE("a block of values is copied, moved and assigned", "[mapping][unit]") {
    const int alive = Payload::alive;
    const std::size_t bytes = aligned_bytes;
    {
        const corm::mapping::Mapper& mapper = *corm::mapping::mapper_of<Parcel>();
        Parcel parcel;
        parcel.id = 7;
        parcel.first.text = "first";
        const auto text = [&mapper](const corm::mapping::ValueBlock& block) {
            return static_cast<const Payload*>(block.at(mapper.column(1)))->text;
        };
        corm::mapping::ValueBlock block{mapper, &parcel};
        corm::mapping::ValueBlock copy{block};
        static_cast<Payload*>(block.at(mapper.column(1)))->text = "changed";
        CHECK(text(block) == "changed");
        CHECK(text(copy) == "first");
        corm::mapping::ValueBlock moved{std::move(copy)};
        CHECK(text(moved) == "first");
        CHECK_FALSE(copy); // NOLINT: moved-from is empty, by contract
        copy = block;
        CHECK(text(copy) == "changed");
        const corm::mapping::ValueBlock& self = copy;
        copy = self;
        CHECK(text(copy) == "changed");
        moved = {};
        CHECK_FALSE(moved);
        {
            const NoCopies after_one{1};
            CHECK_THROWS_AS(corm::mapping::ValueBlock{block}, std::runtime_error);
            Payload::copies_left = 1;
            CHECK_THROWS_AS(copy = block, std::runtime_error);
        }
        CHECK(text(copy) == "changed");
    }
    CHECK(Payload::alive == alive);
    CHECK(aligned_bytes == bytes);
}

TEST_CASE("objects describe themselves for messages", "[uow][unit]") {
    const auto session = Session::create();
    CHECK(make(User{})->describe() == "User");
    CHECK(session->user(7)->describe() == "User(7)");
    CHECK(session->attach<Line>(one_line(7, 2, "nail", 10))->describe() == "Line((7, 2))");
}

TEST_CASE("an expired object is not read", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(7);
    session->uow.committed(corm::uow::ExpireOnCommit::expire);
    const auto refused = MessageMatches(Equals("User(7) was expired and has not been read since; co_await "
                                               "session.refresh(ref), or get it again"));
    CHECK_THROWS_MATCHES(read<User>(user), corm::NotLoadedError, refused);
    CHECK_THROWS_MATCHES(Instance::editable(user), corm::NotLoadedError, refused);
    CHECK_FALSE(user->watched);
}
