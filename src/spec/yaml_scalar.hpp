#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <string_view>

namespace sweepctl {

/// What is worth a word about how a plain scalar was read.
enum class Oddity : std::uint8_t {
    none,
    newer_float,        ///< 1e-5, -.5: a float here and in YAML 1.2, a text in YAML 1.1
    word_bool,          ///< yes, no, on, off
    sexagesimal,        ///< 1:30 is 90
    leading_zero,       ///< 010 is 8
    leading_zero_text,  ///< 08 is a text
    date,               ///< 2024-01-01: a text here, a date in YAML 1.1
    out_of_range,       ///< 1e999: a number that no double holds, and no value
};

struct ScalarReading {
    ParamValue value;
    Oddity oddity = Oddity::none;
};

/// What a scalar without quotes and without a tag means: YAML 1.1 as W&B reads it, but for floats,
/// where YAML 1.2's forms count too (sweep-semantics 4.1).
[[nodiscard]] ScalarReading read_plain_scalar(std::string_view text);

enum class ScalarTag : std::uint8_t { null, boolean, integer, real };

/// Reads `text` as the type that a tag asks for; out_of_range where it cannot be one.
[[nodiscard]] ScalarReading read_tagged_scalar(std::string_view text, ScalarTag tag);

}  // namespace sweepctl
