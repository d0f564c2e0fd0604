// Plays one sequence against a session and against the model, and compares them after every step.
#pragma once

#include "observer.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <corm/corm.hpp>

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace model_test {

/// What corm is made to seem to have done wrong, by statements behind its back.
enum class Planted : std::uint8_t {
    nothing,
    kept_orphan,   ///< a flush that deletes an orphan leaves its row
    lost_edit,     ///< an edit does not reach the row
    wrong_restore, ///< a link from within a savepoint survives its rollback
};

/// corm and the model disagree.
struct Mismatch : std::runtime_error {
    using runtime_error::runtime_error;
};

using library::has_children;
using library::has_pairs;
using library::has_parent;
using library::KindIs;
using library::with_kind;

/// The first collection of an object, and a book's tags.
inline constexpr int children_member = 0;
inline constexpr int tags_member = 1;

/// `Mapping`: how the tables are mapped, `library::Structs` or `library::Records`.
template <class Mapping>
class Player {
public:
    /// The tables are empty.
    Player(const Mapping& mapping, corm::Engine& engine, Observer& observer, Planted planted)
        : mapping_(mapping), engine_(engine), observer_(observer), planted_(planted), session_(engine) {}

    corm::Task<> play(Steps steps);

    /// What was done, a line for each step.
    [[nodiscard]] const std::string& log() const noexcept { return log_; }

private:
    template <Kind K>
    using Ref = typename Mapping::template Table<K>::Ref;
    template <Kind K>
    struct Handles : std::map<Number, Ref<K>> {};

    // Operations. Each tells the model what was done, and leaves out what does not make sense now.
    corm::Task<> step(const Step& step);
    void add(const Step& step);
    template <Kind K>
    void add(const Step& step);
    void edit(const Step& step, bool back);
    void move(const Step& step);
    template <Kind K>
    void move(Number child, Number to, bool by_child);
    void clear(const Step& step);
    void link(const Step& step);
    void unlink(const Step& step);
    void remove(const Step& step);
    void keep(const Step& step);
    void replace(const Step& step);
    template <Kind K>
    void replace(Number gone, bool with_child);
    void add_again(const Step& step);
    void drop(const Step& step);
    corm::Task<> refuse(const Step& step);
    corm::Task<> begin();
    corm::Task<> end_savepoint(const Step& step, bool rolls_back);
    corm::Task<> commit();
    corm::Task<> rollback();
    corm::Task<> expire(const Step& step);
    corm::Task<> get(const Step& step);
    template <Kind K>
    corm::Task<> get(Number number, bool locks);
    corm::Task<> refresh(const Step& step);
    corm::Task<> query(const Step& step);
    template <Kind K>
    corm::Task<> query(bool with_children, std::uint32_t kept);
    corm::Task<> load(const Step& step);
    template <Kind K>
    corm::Task<> load(Number number, std::uint32_t which);
    corm::Task<> close(const Step& step);
    void reopen();

    // What both know of each other.
    void flushed();
    corm::Task<> flush();
    void met();
    corm::Task<> undone(int since);
    template <Kind K>
    corm::Task<> reread(Number number);
    template <Kind K>
    void take(Number number, Ref<K> ref) {
        handles<K>()[number] = std::move(ref);
        kinds_[number] = K;
        taken_[number] = time_;
    }
    template <Kind K>
    void take_found(Number number, Ref<K> ref) {
        take<K>(number, std::move(ref));
        found_.insert(number);
    }
    template <Kind K>
    Number put(Row row, Ref<K> ref);
    void forget(Number number);
    corm::Task<> plant(Rows written, Rows seen);

    // Comparison.
    corm::Task<> compare(bool tables);
    template <Kind K>
    void compare_object(Number number, const Ref<K>& ref);
    template <Kind K>
    void compare_parent(Number number, const Ref<K>& ref, Number parent);
    template <Kind Member, class Many>
    void compare_many(Number number, int member, const Many& many, const std::set<Number>& expected);
    corm::Task<> compare_tables();

    template <Kind K>
    [[nodiscard]] const auto& table() const {
        return mapping_.template table<K>();
    }
    template <Kind K>
    [[nodiscard]] Handles<K>& handles() {
        return std::get<Handles<K>>(handles_);
    }
    template <Kind K>
    [[nodiscard]] const Ref<K>& handle(Number number) {
        return handles<K>().at(number);
    }
    template <Kind K>
    [[nodiscard]] std::int64_t key(const Ref<K>& ref) const {
        return table<K>().key(*ref);
    }
    [[nodiscard]] bool is_held(Number number) const { return kinds_.contains(number); }
    [[nodiscard]] Kind kind(Number number) const { return kinds_.at(number); }
    /// Held, and may be read and edited.
    [[nodiscard]] bool is_usable(Number number) const;
    /// True if no other row of the kind is to have this text, which is unique.
    [[nodiscard]] bool is_free(const std::string& text, Kind kind, Number but) const;
    /// One of those that are held, or 0.
    template <class Filter>
    [[nodiscard]] Number choose(std::uint32_t by, Filter filter) const {
        std::vector<Number> found;
        for (const auto& [number, kind] : kinds_) {
            if (filter(number))
                found.push_back(number);
        }
        return found.empty() ? 0 : found[by % found.size()];
    }
    [[nodiscard]] std::string name(Number number) const;
    void note(const std::string& what) { log_ += what; }
    [[nodiscard]] std::string fresh_text() { return "t" + std::to_string(++texts_); }
    static void require(bool holds, const std::string& what) {
        if (!holds)
            throw Mismatch(what);
    }

    const Mapping& mapping_;
    corm::Engine& engine_;
    Observer& observer_;
    Planted planted_;
    corm::AsyncSession session_;
    World world_;
    std::vector<std::pair<corm::Savepoint, int>> savepoints_; ///< with the time when they were begun
    library::OneOfEachKind<Handles> handles_;
    std::map<Number, Kind> kinds_; ///< of what is held
    std::map<Number, int> taken_;  ///< when its handle was
    std::set<Number> found_;       ///< whose handle the session gave
    std::map<Number, int> lost_;   ///< when it became transient
    std::set<Number> expired_;
    std::set<Number> torn_;                         ///< that were expired at some time
    std::map<std::pair<Number, int>, bool> loaded_; ///< collections that must be readable, or must not
    int time_ = 0;
    int begun_ = 0; ///< the time when the transaction began
    int texts_ = 0;
    std::string log_;
};

} // namespace model_test
