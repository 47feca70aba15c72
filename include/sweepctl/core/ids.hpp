#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Names of things, not interchangeable and never reused.

namespace sweepctl {

/// A text id of one kind of thing. Ours are eight characters [0-9a-z] that begin with a letter;
/// W&B clients may bring others.
template <typename Tag>
struct Id {
    std::string text;

    Id() = default;
    explicit Id(std::string value) : text(std::move(value)) {}
    [[nodiscard]] bool empty() const { return text.empty(); }
    auto operator<=>(const Id&) const = default;
};

using SweepId = Id<struct SweepTag>;
using RunId = Id<struct RunTag>;
using AgentId = Id<struct AgentTag>;

/// Numbers a claim: each time a run is given to an agent it gets a higher one. A report that
/// carries an older fence than the run's changes nothing.
using Fence = std::uint64_t;

/// The id of serial number `serial` in a state directory with secret `key`: a bijection, so ids of
/// one kind never collide, however many there are (26 * 36^7 = 2.0e12), and neighbours look
/// unrelated.
[[nodiscard]] std::string id_text(std::uint64_t serial, std::uint64_t key);

/// The serial number whose id `text` is; nullopt: it looks like none of ours.
[[nodiscard]] std::optional<std::uint64_t> serial_of(std::string_view text, std::uint64_t key);

}  // namespace sweepctl

template <typename Tag>
struct std::hash<sweepctl::Id<Tag>> {
    std::size_t operator()(const sweepctl::Id<Tag>& id) const noexcept {
        return std::hash<std::string>{}(id.text);
    }
};
