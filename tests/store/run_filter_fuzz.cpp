#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/run_filter.hpp"

#include "store/json_members.hpp"
#include "store/run_order.hpp"
#include "store/text_pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace sweepctl;

namespace {

/// A run whose every value is looked for in the same object.
class AnyRun final : public RunValues {
public:
    explicit AnyRun(std::string_view object) : object_(object) {}
    const ParamValue* value(const RunKey& key) const override {
        const auto text = json_path(object_, key.name, true);
        if (!text) return nullptr;
        Result<ParamValue, JsonError> parsed = parse_json(*text);
        if (!parsed.ok()) return nullptr;
        value_ = std::move(*parsed);
        return &value_;
    }

private:
    std::string_view object_;
    mutable ParamValue value_;
};

void check_members(std::string_view object) {
    const Result<ParamValue, JsonError> parsed = parse_json(object);
    const auto* map = parsed.ok() ? parsed->get_if<ParamMap>() : nullptr;
    std::size_t members = 0;
    for (JsonMembers one(object); one.next(); ++members) {
        SWEEPCTL_CHECK(one.value().size() <= object.size());
        // Of a whole object they are what reading all of it gives; of equal names the last counts.
        SWEEPCTL_CHECK(map == nullptr || find(*map, one.name()) != nullptr);
    }
    if (map == nullptr || members != map->size()) return;
    for (const auto& [name, value] : *map) {
        const auto text = json_member(object, name);
        SWEEPCTL_CHECK(text && parse_json(*text).ok());
        SWEEPCTL_CHECK(*parse_json(*text) == value);
    }
}

}  // namespace

// A line with a filter, one with a sort key, and an object: whatever they are, there is an answer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string_view filter = text.substr(0, text.find('\n'));
    const std::string_view rest = text.substr(std::min(filter.size() + 1, size));
    const std::string_view order = rest.substr(0, rest.find('\n'));
    const std::string_view object = rest.substr(std::min(order.size() + 1, rest.size()));
    check_members(object);
    (void)wrapped_path(object, order);
    const AnyRun run(object);
    for (const FilterWords words : {FilterWords::ours, FilterWords::wandb}) {
        (void)parse_sort(order, words);
        Result<RunFilter, FilterError> parsed = parse_run_filter(filter, words);
        if (!parsed.ok()) {
            SWEEPCTL_CHECK(!parsed.error().message.empty());
            continue;
        }
        try {
            const bool all = parsed->matches(run);
            const bool sweeps = !parsed->take_sweeps().empty();
            // What is left asks for less.
            SWEEPCTL_CHECK(sweeps || parsed->matches(run) == all);
            SWEEPCTL_CHECK(!all || parsed->matches(run));
        } catch (const PatternTooHard&) {
        }
    }
    return 0;
}
