#pragma once

#include "sweepctl/core/events.hpp"
#include "sweepctl/core/time.hpp"
#include "sweepctl/core/value.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sweepctl {

/// Reads the fields of a message. `error` becomes the first thing that was not as it must be; the
/// rest is read with defaults then.
class MessageFields {
public:
    MessageFields(const ParamMap& map, std::string& error) : map_(map), error_(error) {}

    [[nodiscard]] bool has(std::string_view name) const { return find(map_, name) != nullptr; }
    std::string text(std::string_view name) {
        const ParamValue* value = find(map_, name);
        if (value == nullptr) return {};
        if (const auto* found = value->get_if<std::string>()) return *found;
        wrong(name, "a string");
        return {};
    }
    std::optional<std::string> maybe_text(std::string_view name) {
        if (!has(name)) return std::nullopt;
        return text(name);
    }
    template <typename Number>
    Number number(std::string_view name, Number otherwise = 0) {
        const ParamValue* value = find(map_, name);
        if (value == nullptr) return otherwise;
        if (const auto* found = value->get_if<std::int64_t>();
            found != nullptr && std::in_range<Number>(*found)) {
            return static_cast<Number>(*found);
        }
        if constexpr (std::is_same_v<Number, std::uint64_t>) {
            if (const auto* big = value->get_if<BigInt>()) {
                Number parsed = 0;
                const char* const end = big->digits.data() + big->digits.size();
                if (std::from_chars(big->digits.data(), end, parsed).ptr == end) return parsed;
            }
        }
        wrong(name, "a number in range");
        return otherwise;
    }
    bool flag(std::string_view name, bool otherwise = false) {
        const ParamValue* value = find(map_, name);
        if (value == nullptr) return otherwise;
        if (const auto* found = value->get_if<bool>()) return *found;
        wrong(name, "true or false");
        return otherwise;
    }
    std::optional<WallTime> time(std::string_view name) {
        if (!has(name)) return std::nullopt;
        return WallTime{Duration{number<std::int64_t>(name)}};
    }
    const ParamList& list(std::string_view name) {
        static const ParamList kNone;
        const ParamValue* value = find(map_, name);
        if (value == nullptr) return kNone;
        if (const auto* found = value->get_if<ParamList>()) return *found;
        wrong(name, "a list");
        return kNone;
    }
    ExecutionRef execution(std::string_view name) {
        const ParamValue* value = find(map_, name);
        if (value == nullptr) {
            wrong(name, "an execution");
            return {};
        }
        return execution_from(*value);
    }
    ExecutionRef execution_from(const ParamValue& value) {
        const auto* list = value.get_if<ParamList>();
        if (list != nullptr && list->size() == 3) {
            const auto* run = (*list)[0].get_if<std::string>();
            const auto* attempt = (*list)[1].get_if<std::int64_t>();
            const auto* fence = (*list)[2].get_if<std::int64_t>();
            if (run != nullptr && attempt != nullptr && fence != nullptr && *fence >= 0 &&
                std::in_range<std::uint32_t>(*attempt)) {
                return {RunId{*run}, static_cast<std::uint32_t>(*attempt),
                        static_cast<Fence>(*fence)};
            }
        }
        wrong("execution", "[run, attempt, fence]");
        return {};
    }
    std::vector<ExecutionRef> executions(std::string_view name) {
        std::vector<ExecutionRef> refs;
        for (const ParamValue& item : list(name))
            refs.push_back(execution_from(item));
        return refs;
    }
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view name) {
        std::vector<std::pair<std::string, std::string>> found;
        for (const ParamValue& item : list(name)) {
            const auto* pair = item.get_if<ParamList>();
            const auto* key =
                pair == nullptr || pair->size() != 2 ? nullptr : (*pair)[0].get_if<std::string>();
            const auto* value = key == nullptr ? nullptr : (*pair)[1].get_if<std::string>();
            if (value == nullptr) {
                wrong(name, "pairs of strings");
                return {};
            }
            found.emplace_back(*key, *value);
        }
        return found;
    }
    /// Calls `read(MessageFields&)` for each object of the list.
    template <typename Read>
    void objects(std::string_view name, Read read) {
        for (const ParamValue& item : list(name)) {
            const auto* map = item.get_if<ParamMap>();
            if (map == nullptr) {
                wrong(name, "a list of objects");
                return;
            }
            MessageFields fields(*map, error_);
            read(fields);
        }
    }
    void wrong(std::string_view name, std::string_view expected) {
        if (error_.empty()) error_ = "'" + std::string(name) + "' must be " + std::string(expected);
    }

private:
    const ParamMap& map_;
    std::string& error_;
};

}  // namespace sweepctl
