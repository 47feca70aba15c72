#pragma once

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"

#include "store/rows.hpp"
#include "store/run_text.hpp"
#include "store/sqlite.hpp"

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace sweepctl {

/// Appends one JSON object, member by member. Columns that are NULL become null.
class JsonObject {
public:
    explicit JsonObject(std::string& out) : out_(out) { out_.push_back('{'); }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;

    /// The last thing to be called.
    void close() { out_.push_back('}'); }

    /// A member whose value the caller appends.
    std::string& value(std::string_view name) {
        if (!first_) out_.push_back(',');
        first_ = false;
        out_.push_back('"');
        out_ += name;
        out_ += "\":";
        return out_;
    }
    void text(std::string_view name, std::string_view text) {
        append_json_string(value(name), text);
    }
    /// Empty: null.
    void text_or_null(std::string_view name, std::string_view content) {
        if (content.empty()) return null(name);
        text(name, content);
    }
    void null(std::string_view name) { value(name) += "null"; }
    void flag(std::string_view name, bool truth) { value(name) += truth ? "true" : "false"; }
    void raw(std::string_view name, std::string_view json) { value(name) += json; }
    template <std::integral T>
    void number(std::string_view name, T number) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        value(name).append(digits, end);
    }
    void real(std::string_view name, double number) {
        append_plain_json(value(name), ParamValue(number));
    }
    void time(std::string_view name, WallTime time) {
        value(name).push_back('"');
        append_rfc3339(out_, time);
        out_.push_back('"');
    }

    void text(std::string_view name, const sqlite::Rows& row, int column) {
        if (row.is_null(column)) return null(name);
        text(name, row.text(column));
    }
    template <std::integral T>
    void number(std::string_view name, const sqlite::Rows& row, int column) {
        if (row.is_null(column)) return null(name);
        number(name, row.get<T>(column));
    }
    void time(std::string_view name, const sqlite::Rows& row, int column) {
        if (row.is_null(column)) return null(name);
        time(name, stored_time(row.integer(column)));
    }

private:
    std::string& out_;
    bool first_ = true;
};

/// Appends {"items": [...], "next_cursor": ...}, item by item.
class JsonPage {
public:
    JsonPage() : text_("{\"items\":[") {}
    [[nodiscard]] std::size_t size() const { return text_.size(); }  ///< bytes so far
    /// Where the next item is to be appended.
    std::string& item() {
        if (!first_) text_.push_back(',');
        first_ = false;
        return text_;
    }
    /// An empty cursor: this was the last page.
    [[nodiscard]] std::string close(std::string_view next_cursor) {
        text_ += "],\"next_cursor\":";
        if (next_cursor.empty()) {
            text_ += "null}";
        } else {
            append_json_string(text_, next_cursor);
            text_.push_back('}');
        }
        return std::move(text_);
    }

private:
    std::string text_;
    bool first_ = true;
};

}  // namespace sweepctl
