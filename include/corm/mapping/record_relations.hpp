// The relation members of a record.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/mapping/relation.hpp>

#include <cstddef>
#include <new>

namespace corm::mapping {

namespace detail {

template <class Member>
struct SlotOf {
    static_assert(sizeof(Member) == sizeof(RelationState) && alignof(Member) == alignof(RelationState));
    static void construct(void* at) { ::new (at) Member(); }
    static void copy_construct(void* at, const void* from) { ::new (at) Member(*static_cast<const Member*>(from)); }
    static void copy_assign(void* to, const void* from) {
        *static_cast<Member*>(to) = *static_cast<const Member*>(from);
    }
    static void destroy(void* at) noexcept { static_cast<Member*>(at)->~Member(); }
};

} // namespace detail

/// `Many<T>` or `One<T>`; one object per type in the program.
template <class Member>
inline constexpr RelationSlot relation_slot{&detail::SlotOf<Member>::construct, &detail::SlotOf<Member>::copy_construct,
                                            &detail::SlotOf<Member>::copy_assign, &detail::SlotOf<Member>::destroy};

/// Owns one relation member for each relation of a mapper, in one allocation; nothing if there are none. Copies are
/// detached values, as those of the members of a struct. Whoever holds it keeps the mapper alive.
class RecordRelations {
public:
    RecordRelations() noexcept = default;
    explicit RecordRelations(const Mapper& mapper);
    RecordRelations(const RecordRelations& other);
    /// Takes the memory: not to be done with members that are bound to an object.
    RecordRelations(RecordRelations&& other) noexcept;
    RecordRelations& operator=(RecordRelations other) noexcept;
    ~RecordRelations();

    /// Assigns member by member, which changes what is linked. Precondition: `other` is of the same mapper.
    void assign(const RecordRelations& other);
    [[nodiscard]] void* at(std::size_t relation) noexcept;
    [[nodiscard]] const void* at(std::size_t relation) const noexcept;

private:
    template <class Make>
    void fill(Make make);

    const Mapper* mapper_ = nullptr;
    std::byte* memory_ = nullptr;
};

} // namespace corm::mapping
