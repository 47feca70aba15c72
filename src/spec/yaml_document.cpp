#include "sweepctl/base/check.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/base/utf8.hpp"

#include "spec/yaml_node.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

// yaml-cpp splits the text into events with places; what they mean is decided here: types of
// scalars, duplicate keys, merges, and limits, none of which it has as we need them.

namespace sweepctl {

namespace {

constexpr std::size_t kBytesMax = std::size_t{4} << 20U;
constexpr std::size_t kLevelsMax = 64;
constexpr std::uint64_t kNodesMax = 1'000'000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Thrown through the parser where reading on makes no sense; the finding is already made.
struct GaveUp : std::exception {};

Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1,
            static_cast<std::uint32_t>(std::max(mark.column, 0)) + 1};
}

/// Reads a text without a copy of it.
class TextBuffer : public std::streambuf {
public:
    explicit TextBuffer(std::string_view text) {
        char* begin = const_cast<char*>(text.data());  // never written to: there is no overflow()
        setg(begin, begin, begin + text.size());
    }
};

/// Where each line of a text begins.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') starts_.push_back(i + 1);
        }
    }
    /// The text from a place on; empty past the end.
    [[nodiscard]] std::string_view from(Place place) const {
        if (place.line == 0 || place.line > starts_.size()) return {};
        const std::size_t at = starts_[place.line - 1] + place.column - 1;
        return at < text_.size() ? text_.substr(at) : std::string_view{};
    }
    [[nodiscard]] Place at(std::size_t offset) const {
        const auto line = std::upper_bound(starts_.begin(), starts_.end(), offset) - 1;
        return {static_cast<std::uint32_t>(line - starts_.begin()) + 1,
                static_cast<std::uint32_t>(offset - *line) + 1};
    }

private:
    std::string_view text_;
    std::vector<std::size_t> starts_{0};
};

/// Whether a scalar that begins with a quote here is closed before the text ends.
bool quote_is_closed(std::string_view text) {
    const char quote = text[0];
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
            ++i;
        }
    }
    return false;
}

/// What stands behind the tag and the anchor of a value.
std::string_view without_properties(std::string_view text) {
    while (!text.empty() && (text[0] == '!' || text[0] == '&')) {
        const std::size_t end = text.find_first_of(" \t\r\n");
        const std::size_t next = text.find_first_not_of(" \t\r\n", std::min(end, text.size()));
        text.remove_prefix(std::min(next, text.size()));
    }
    return text;
}

class Builder final : public YAML::EventHandler {
public:
    Builder(const Lines& lines, std::deque<YamlNode>& nodes, Findings& findings)
        : lines_(lines), nodes_(nodes), findings_(findings) {}

    [[nodiscard]] const YamlNode* root() const { return root_; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ < 2) return;
        const Place place = place_of(mark);
        if (lines_.from({place.line, 1}).substr(0, 3) == "---") {
            findings_.error(place, "a second document begins here",
                            "a spec is one document: take this one out");
        } else {
            findings_.error(place, "this does not belong to what stands above",
                            "check the indentation");
        }
        throw GaveUp{};
    }
    void OnDocumentEnd() override {
        if (!last_quote_) return;
        const std::string_view text = without_properties(lines_.from(*last_quote_));
        if (!text.empty() && (text[0] == '"' || text[0] == '\'') && !quote_is_closed(text)) {
            // All that follows is inside it, so the rest would only be said to be missing.
            findings_.error(*last_quote_, "this quote is never closed",
                            std::string("add the missing ") + text[0]);
            throw GaveUp{};
        }
    }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (wants_key()) {
            findings_.error(place_of(mark), "a key is missing or null here",
                            "put it in quotes if the text is meant");
            return set_key({}, place_of(mark), true);
        }
        YamlNode& node = make(place_of(mark), YamlNode::Kind::scalar);
        // The mark of an absent value is that of whatever comes next.
        if (!frames_.empty() && frames_.back().key) node.place = frames_.back().key_place;
        keep(anchor, node);
        put(node);
    }

    void OnScalar(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  const std::string& value) override {
        const Place place = place_of(mark);
        const bool plain = tag == "?" || tag.empty();
        if (!plain) last_quote_ = place;
        const bool key = wants_key();
        YamlNode& node = make(place, YamlNode::Kind::scalar);
        node.text = value;
        if (key) {
            node.reading.value = value;
        } else {
            node.reading = plain ? read_plain_scalar(value) : tagged(place, tag, value);
        }
        keep(anchor, node);
        if (key) return set_key(value, place, !plain);
        put(node);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const Place place = place_of(mark);
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) {
            findings_.error(place, "this alias stands for nothing",
                            "an anchor '&name' has to come before its alias '*name'");
            throw GaveUp{};
        }
        const YamlNode& node = *known->second;
        for (const Frame& frame : frames_) {
            if (frame.node != &node) continue;
            findings_.error(place, "this alias stands for something that it is a part of",
                            "a value cannot contain itself");
            throw GaveUp{};
        }
        if (frames_.size() + node.height > kLevelsMax) too_deep(place);
        if (wants_key()) {
            if (node.kind != YamlNode::Kind::scalar) return key_is_no_text(place);
            return set_key(node.text, place, true);
        }
        put(node, place);
    }

    void OnSequenceStart(const YAML::Mark& mark,
                         const std::string& tag,
                         YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        begin(place_of(mark), YamlNode::Kind::list, tag, "seq", anchor);
    }
    void OnSequenceEnd() override { end(); }

    void OnMapStart(const YAML::Mark& mark,
                    const std::string& tag,
                    YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        begin(place_of(mark), YamlNode::Kind::map, tag, "map", anchor);
    }
    void OnMapEnd() override {
        merge(frames_.back());
        end();
    }

private:
    struct Frame {
        YamlNode* node = nullptr;
        bool is_key = false;             ///< a list or map where a key should be: left out
        std::optional<std::string> key;  ///< read, its value not yet
        Place key_place;
        bool key_quoted = false;
        std::unordered_map<std::string, Place> keys;
        const YamlNode* merge = nullptr;  ///< what `<<` stands for
        Place merge_place;
    };

    [[nodiscard]] bool wants_key() const {
        return !frames_.empty() && frames_.back().node->kind == YamlNode::Kind::map &&
               !frames_.back().key;
    }

    YamlNode& make(Place place, YamlNode::Kind kind) {
        // Counted as they are made too, so that no text makes more than can be kept.
        if (nodes_.size() >= kNodesMax) too_many(place);
        YamlNode& node = nodes_.emplace_back();
        node.place = place;
        node.kind = kind;
        return node;
    }
    void keep(YAML::anchor_t anchor, const YamlNode& node) {
        if (anchor != 0) anchors_[anchor] = &node;
    }

    ScalarReading tagged(Place place, const std::string& tag, const std::string& value) {
        constexpr std::string_view standard = "tag:yaml.org,2002:";
        if (tag == "!") return {value, Oddity::none};
        if (tag.compare(0, standard.size(), standard) == 0) {
            const std::string_view name = std::string_view(tag).substr(standard.size());
            if (name == "str") return {value, Oddity::none};
            constexpr std::array<std::pair<std::string_view, ScalarTag>, 4> tags{{
                {"null", ScalarTag::null},
                {"bool", ScalarTag::boolean},
                {"int", ScalarTag::integer},
                {"float", ScalarTag::real},
            }};
            for (const auto& [known, type] : tags) {
                if (name != known) continue;
                ScalarReading reading = read_tagged_scalar(value, type);
                if (reading.oddity != Oddity::out_of_range) return reading;
                findings_.error(place, "'" + shown(value) + "' is not what its tag '!!" +
                                           std::string(name) + "' says");
                return {value, Oddity::none};
            }
        }
        unknown_tag(place, tag);
        return {value, Oddity::none};
    }
    void unknown_tag(Place place, const std::string& tag) {
        findings_.error(place, "tag '" + shown(tag) + "' does not fit here",
                        "known: !!str, !!int, !!float, !!bool, !!null, !!seq, !!map");
    }

    void begin(Place place,
               YamlNode::Kind kind,
               const std::string& tag,
               std::string_view standard_tag,
               YAML::anchor_t anchor) {
        if (frames_.size() >= kLevelsMax) too_deep(place);
        if (tag != "?" && tag != "!" && !tag.empty() &&
            tag != "tag:yaml.org,2002:" + std::string(standard_tag)) {
            unknown_tag(place, tag);
        }
        YamlNode& node = make(place, kind);
        const bool is_key = wants_key();
        if (is_key) key_is_no_text(place);
        keep(anchor, node);
        Frame& frame = frames_.emplace_back();
        frame.node = &node;
        frame.is_key = is_key;
    }
    void end() {
        const Frame frame = std::move(frames_.back());
        frames_.pop_back();
        if (frame.is_key) {
            set_key({}, frame.node->place, true);
        } else {
            put(*frame.node);
        }
    }

    void key_is_no_text(Place place) {
        findings_.error(place, "a key must be a text, not a list or a map",
                        "put it in quotes if the text is meant, as in \"{x}\"");
    }
    void set_key(std::string key, Place place, bool quoted) {
        Frame& frame = frames_.back();
        frame.key = std::move(key);
        frame.key_place = place;
        frame.key_quoted = quoted;
    }

    /// Puts a finished node where it belongs.
    void put(const YamlNode& node) { put(node, node.place); }
    void put(const YamlNode& node, Place place) {
        if (frames_.empty()) {
            root_ = &node;
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node->kind == YamlNode::Kind::list) {
            frame.node->items.push_back(&node);
            return grow(*frame.node, node, place);
        }
        std::string key = std::move(*frame.key);
        frame.key.reset();
        if (key == "<<" && !frame.key_quoted) {
            if (!frame.keys.try_emplace(key, frame.key_place).second) return duplicate(frame, key);
            frame.merge = &node;
            frame.merge_place = place;
            return;
        }
        if (!frame.keys.try_emplace(key, frame.key_place).second) return duplicate(frame, key);
        frame.node->entries.push_back({frame.key_place, std::move(key), &node, frame.key_quoted});
        grow(*frame.node, node, place);
    }
    void grow(YamlNode& parent, const YamlNode& child, Place place) {
        parent.nodes += child.nodes;
        parent.height = std::max(parent.height, child.height + 1);
        if (parent.nodes > kNodesMax) too_many(place);
    }

    void duplicate(const Frame& frame, const std::string& key) {
        if (key.empty()) return;  // a key that was no text, already said
        const Place first = frame.keys.at(key);
        findings_.error(frame.key_place,
                        "'" + shown(key) + "' is already a key of this map, from line " +
                            std::to_string(first.line),
                        "keep one of the two");
    }

    /// Puts in what `<<` brings, in the order in which W&B's reader does: of a list of maps the
    /// last first, each one overriding those before it, and then the entries of the map itself.
    void merge(Frame& frame) {
        if (frame.merge == nullptr) return;
        const YamlNode& merged = *frame.merge;
        std::vector<const YamlNode*> maps{&merged};
        if (merged.kind == YamlNode::Kind::list)
            maps.assign(merged.items.rbegin(), merged.items.rend());

        std::vector<YamlNode::Entry> entries;
        std::unordered_map<std::string_view, std::size_t> positions;
        const auto set = [&](const YamlNode::Entry& entry) {
            const auto [position, fresh] = positions.try_emplace(entry.key, entries.size());
            if (fresh) {
                entries.push_back(entry);
            } else {
                entries[position->second] = entry;
            }
        };
        for (const YamlNode* map : maps) {
            if (map->kind != YamlNode::Kind::map) {
                findings_.error(
                    frame.merge_place,
                    "'<<' must stand for a map or a list of maps, not " + map->described(),
                    "put it in quotes if a key of that name is meant");
                return;
            }
            // What is looked at counts, also where nothing new comes of it.
            merged_ += map->entries.size();
            if (merged_ > kNodesMax) too_many(frame.merge_place);
            std::for_each(map->entries.begin(), map->entries.end(), set);
        }
        std::for_each(frame.node->entries.begin(), frame.node->entries.end(), set);

        YamlNode& node = *frame.node;
        node.entries = std::move(entries);
        node.nodes = 1;
        node.height = 0;
        for (const YamlNode::Entry& entry : node.entries)
            grow(node, *entry.value, frame.merge_place);
    }

    [[noreturn]] void too_deep(Place place) {
        findings_.error(place, "nested deeper than " + std::to_string(kLevelsMax) + " levels",
                        "a spec needs fewer");
        throw GaveUp{};
    }
    [[noreturn]] void too_many(Place place) {
        findings_.error(place,
                        "the spec has more than " + std::to_string(kNodesMax) +
                            " values, counting those that aliases stand for",
                        "describe large ranges by min and max");
        throw GaveUp{};
    }

    const Lines& lines_;
    std::deque<YamlNode>& nodes_;
    Findings& findings_;
    const YamlNode* root_ = nullptr;
    std::vector<Frame> frames_;
    std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
    std::optional<Place> last_quote_;
    std::uint64_t merged_ = 0;
    int documents_ = 0;
};

/// YAML's text must be UTF-8 without control characters; yaml-cpp would guess and replace.
bool is_clean(std::string_view text, const Lines& lines, Findings& findings) {
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decode_utf8(text, i);
        if (!point.valid) {
            findings.error(lines.at(i), "not UTF-8: the byte '" + shown(text.substr(i, 1)) + "'",
                           "save the file as UTF-8");
            return false;
        }
        const std::uint32_t code = point.value;
        const bool line_break = code == '\n' || (code == '\r' && text.substr(i, 2) == "\r\n");
        const bool control = (code < 0x20 && code != '\t' && !line_break) || code == 0x7f ||
                             (code >= 0x80 && code < 0xa0 && code != 0x85) || code == 0xfffe ||
                             code == 0xffff;
        if (control) {
            findings.error(lines.at(i),
                           "the control character '" + shown(text.substr(i, point.length)) + "'",
                           code == '\r' ? "end lines with a line feed"
                                        : "write it as an escape in double quotes");
            return false;
        }
        i += point.length;
    }
    return true;
}

/// What to do about a message of yaml-cpp; `line` is the one that it points at.
std::string_view hint_for(std::string_view message, std::string_view line) {
    const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
    if (indentation.find('\t') != std::string_view::npos) {
        return "this line is indented with a tab: YAML takes spaces only";
    }
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> hints{{
        {"bad file", "it is nested too deeply"},
        {"illegal map value", "check the indentation, and put a text with ': ' in it in quotes"},
        {"illegal map key", "check the indentation"},
        {"illegal block entry", "a list begins on a line of its own"},
        {"end of map not found", "check the indentation, and what stands after a closing quote"},
        {"end of map flow not found", "a '{' is never closed"},
        {"end of sequence not found", "check the indentation"},
        {"end of sequence flow not found", "a '[' is never closed"},
        {"illegal flow end", "there is nothing open to close here"},
        {"unknown token", "put a text that begins with '@', '`' or '%' in quotes"},
        {"illegal EOF in scalar", "a quote is never closed"},
        {"illegal document indicator in scalar", "a quote is never closed"},
        {"the referenced anchor is not defined",
         "put a text that begins with '*' in quotes; an alias needs its '&name' before it"},
        {"unknown escape character",
         "write '\\\\' for a backslash, or use single quotes, which have no escapes"},
    }};
    for (const auto& [known, hint] : hints) {
        if (message.substr(0, known.size()) == known) return hint;
    }
    return {};
}

}  // namespace

YamlDocument parse_yaml(std::string_view text, Findings& findings) {
    YamlDocument document;
    if (text.size() > kBytesMax) {
        findings.error({}, "the spec is larger than 4 MiB", "describe large ranges by min and max");
        return document;
    }
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        text.remove_prefix(kByteOrderMark.size());
    }
    const Lines lines(text);
    if (!is_clean(text, lines, findings)) return document;

    Builder builder(lines, document.nodes_, findings);
    try {
        TextBuffer buffer(text);
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        document.root_ = builder.root();
    } catch (const GaveUp&) {
        SWEEPCTL_CHECK(findings.has_errors());
    } catch (const YAML::Exception& error) {
        const Place place = place_of(error.mark);
        findings.error(place, "not YAML: " + shown(error.msg),
                       std::string(hint_for(error.msg, lines.from({place.line, 1}))));
    }
    return document;
}

}  // namespace sweepctl
