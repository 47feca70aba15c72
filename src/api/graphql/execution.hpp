#pragma once

#include "api/graphql/graphql.hpp"
#include "api/graphql/plan.hpp"
#include "api/graphql/type.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::graphql {

/// A place in the response. It does not move once its parent has all of its children.
struct Slot {
    enum class Kind : std::uint8_t { null, leaf, list, object };
    Kind kind = Kind::null;
    bool answered = false;  ///< Of a field that takes a Later.
    Slot* parent = nullptr;
    const PlannedField* field = nullptr;  ///< Null in the root.
    const Plan* plan = nullptr;           ///< Set exactly in objects.
    std::string text;                     ///< JSON, in leaves.
    std::vector<Slot> children;           ///< One for each item, or each field of the plan.
};

/// Fills the slots, from the root down; fields that answer later fill theirs when they do. When
/// none is awaited any more, writes the response: only then nulls travel up to where null may be.
/// Kept alive by the Laters that are out.
class Execution : public std::enable_shared_from_this<Execution> {
public:
    Execution(Prepared request, Context context, Done done);

    /// Begins the root's next fields, as many as may run by now, and ends when there are none.
    void go_on();
    void answer(Slot& slot, Resolved value);
    void cancel();
    [[nodiscard]] bool wanted() const { return done_ != nullptr; }

private:
    void begin_field(Slot& slot, const PlannedField& field, const Node& parent);
    void complete(Slot& slot, const Type& type, Resolved value);
    void complete_value(Slot& slot, const Type& type, const ParamValue& value);
    void complete_node(Slot& slot, const Type& type, const Node& node);
    void complete_object(Slot& slot, const Plan& plan, const Node& node);
    void complete_null(Slot& slot, const Type& type);
    /// False when there would be too many.
    bool add_children(Slot& slot, std::size_t count);
    void fail(const Slot& slot, const Error& error);
    void finish();

    const Prepared request_;
    const Context context_;
    Done done_;  // Empty once it was called, or nobody waits.
    Slot root_;
    std::size_t next_ = 0;     // Of the root's fields.
    std::size_t awaited_ = 0;  // Fields that will be answered.
    std::size_t values_ = 0;
    bool too_large_ = false;
    bool going_on_ = false;
    std::string errors_;
    std::size_t error_count_ = 0;
    int status_ = 0;  // Of the first error that has one.
};

}  // namespace sweepctl::graphql
