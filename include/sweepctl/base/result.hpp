#pragma once

#include "sweepctl/base/check.hpp"

#include <optional>
#include <utility>
#include <variant>

// An expected failure is a value. Shaped like std::expected (which g++ 12 lacks), to be replaced by
// it.

namespace sweepctl {

template <typename E>
struct Failure {
    E error;
};

template <typename E>
Failure(E) -> Failure<E>;

/// Either a T or an E that says why there is none.
template <typename T, typename E>
class [[nodiscard]] Result {
public:
    Result(T value)
        : content_(std::in_place_index<0>, std::move(value)) {
    }  // NOLINT(google-explicit-constructor)
    template <typename F>
    Result(Failure<F> failure)  // NOLINT(google-explicit-constructor)
        : content_(std::in_place_index<1>, std::move(failure.error)) {}

    [[nodiscard]] bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& value() & {
        SWEEPCTL_CHECK(ok());
        return *std::get_if<0>(&content_);
    }
    [[nodiscard]] const T& value() const& {
        SWEEPCTL_CHECK(ok());
        return *std::get_if<0>(&content_);
    }
    [[nodiscard]] T&& value() && {
        SWEEPCTL_CHECK(ok());
        return std::move(*std::get_if<0>(&content_));
    }
    [[nodiscard]] const E& error() const& {
        SWEEPCTL_CHECK(!ok());
        return *std::get_if<1>(&content_);
    }
    [[nodiscard]] E&& error() && {
        SWEEPCTL_CHECK(!ok());
        return std::move(*std::get_if<1>(&content_));
    }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

private:
    std::variant<T, E> content_;
};

/// Done, or an E that says why not.
template <typename E>
class [[nodiscard]] Outcome {
public:
    Outcome() = default;
    template <typename F>
    Outcome(Failure<F> failure)
        : error_(std::move(failure.error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return !error_; }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const E& error() const {
        SWEEPCTL_CHECK(error_.has_value());
        return *error_;
    }

private:
    std::optional<E> error_;
};

}  // namespace sweepctl
