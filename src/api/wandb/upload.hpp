#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include "api/problem.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace sweepctl::api {

/// A file on its way in: without its place until it is whole. Only the user can read it.
class Upload final : public BodySink {
public:
    explicit Upload(const std::string& home);
    ~Upload() override;
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    bool take(std::string_view bytes) override;
    [[nodiscard]] Refusal refusal() const override;
    /// Why it is not what was sent.
    [[nodiscard]] std::optional<Problem> problem() const;

    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Of all that was taken; asked once.
    [[nodiscard]] std::string md5_base64();
    /// Gives it its place, durably: it outlives a loss of power. Whoever opens the file has the old
    /// one or this one, whole. Waits for the disk.
    [[nodiscard]] std::optional<Problem> move_to(int directory, const std::string& name);

private:
    std::string path_;  ///< empty: there is none, or no longer
    UniqueFd file_;
    int error_ = 0;
    std::uint64_t size_ = 0;
    std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> digest_;
};

/// Removes what never became whole, for a controller that begins.
void clear_uploads(const std::string& home);

/// What went wrong with a file that was to be written.
[[nodiscard]] Problem write_problem(int error);

}  // namespace sweepctl::api
