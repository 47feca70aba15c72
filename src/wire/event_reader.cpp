#include "event_reader.hpp"

#include <charconv>
#include <cstdint>

namespace sweepctl {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

bool EventReader::feed(std::string_view bytes,
                       const std::function<bool(const ServerEvent&)>& on_event) {
    while (!bytes.empty() && !stopped_) {
        if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);  // CR LF is one end.
        after_cr_ = false;
        const auto end = bytes.find_first_of("\r\n");
        line_ += bytes.substr(0, end);
        if (line_.size() + data_.size() > kEventMax) return false;
        if (end == std::string_view::npos) return true;
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        read_line(on_event);
        line_.clear();
    }
    return !stopped_;
}

void EventReader::restart() {
    line_.clear();
    name_.clear();
    data_.clear();
    id_ = last_id_;
    after_cr_ = false;
    at_start_ = true;
    has_data_ = false;
}

void EventReader::read_line(const std::function<bool(const ServerEvent&)>& on_event) {
    std::string_view line = line_;
    if (at_start_) {
        at_start_ = false;
        id_ = last_id_;
        if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    }
    if (line.empty()) {
        last_id_ = id_;
        if (has_data_) {
            data_.pop_back();  // The newline behind its last line.
            const ServerEvent event{last_id_, name_.empty() ? "message" : name_, data_};
            if (!on_event(event)) stopped_ = true;
        }
        name_.clear();
        data_.clear();
        has_data_ = false;
        return;
    }
    const auto colon = line.find(':');
    if (colon == 0) return;  // A comment, which is how a quiet server shows that it lives.
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
        data_ += value;
        data_ += '\n';
        has_data_ = true;
    } else if (field == "event") {
        name_ = value;
    } else if (field == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (field == "retry") {
        std::uint32_t milliseconds = 0;
        const auto* const end = value.data() + value.size();
        const auto read = std::from_chars(value.data(), end, milliseconds);
        if (!value.empty() && read.ec == std::errc() && read.ptr == end) {
            retry_ = std::chrono::milliseconds(milliseconds);
        }
    }
}

}  // namespace sweepctl
