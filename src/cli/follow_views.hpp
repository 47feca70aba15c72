#pragma once

#include "cli/follow.hpp"
#include "cli/progress.hpp"
#include "cli/sweep_view.hpp"
#include "cli/terminal.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl::cli {

/// Says nothing but what happens to the following itself.
class SilentView : public FollowView {
public:
    explicit SilentView(Session& session) : session_(session) {}

    void sweep(const ParamValue&) override {}
    void event(const ParamValue&) override {}
    void note(const std::string& text) override;
    void draw(bool) override {}
    [[nodiscard]] std::optional<std::chrono::milliseconds> period() const override {
        return std::nullopt;
    }

private:
    Session& session_;
};

/// One line for each end of a run and each change of the sweep; a summary where they come faster
/// than anybody reads.
class LinesView : public FollowView {
public:
    explicit LinesView(int fd) : fd_(fd) {}

    void sweep(const ParamValue& sweep) override;
    void event(const ParamValue& event) override;
    void note(const std::string& text) override;
    void draw(bool last) override;
    [[nodiscard]] std::optional<std::chrono::milliseconds> period() const override;

private:
    void line(const std::string& text);

    int fd_;
    std::string status_;
    std::string best_;
    std::string best_shown_;
    bool warned_ = false;                               ///< that nobody logs the metric
    std::vector<std::string> ends_;                     ///< not yet shown
    Counts ended_;                                      ///< of those not yet shown, by state
    std::chrono::steady_clock::time_point first_at_{};  ///< when the first of `ends_` came
};

/// A few lines at the bottom of a terminal that are drawn over and over.
class ScreenView : public FollowView {
public:
    ScreenView(Session& session, int fd, Terminal terminal)
        : session_(session), fd_(fd), terminal_(std::move(terminal)) {}

    void sweep(const ParamValue& sweep) override;
    void event(const ParamValue& event) override;
    void note(const std::string& text) override;
    void draw(bool last) override;
    [[nodiscard]] std::optional<std::chrono::milliseconds> period() const override;

private:
    void look_up_latest();

    Session& session_;
    int fd_;
    Terminal terminal_;
    Progress progress_;
    bool news_ = false;      ///< since it was drawn
    std::size_t drawn_ = 0;  ///< lines on the screen that are ours
    std::chrono::steady_clock::time_point drawn_at_{};
};

/// The display for `fd`: live on a terminal, lines elsewhere.
[[nodiscard]] std::unique_ptr<FollowView> make_view(Session& session, int fd);

}  // namespace sweepctl::cli
