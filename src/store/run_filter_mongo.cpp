#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/json_text.hpp"

#include "store/run_filter_node.hpp"

#include <utility>

// The form that W&B clients send: {"$and": [{"state": "finished"}, {"config.lr": {"$gt": 0.1}}]}.

namespace sweepctl {

namespace {

class MongoReader {
public:
    MongoReader(std::string_view text, FilterWords words) : text_(text), words_(words) {}

    Result<FilterNode, FilterError> filter() {
        Result<ParamValue, JsonError> json = parse_json(text_);
        if (!json.ok()) return Failure{FilterError{json.error().offset, json.error().message}};
        FilterNode root;
        if (!group(root, *json, "the filter", 0)) return Failure{error_};
        return root;
    }

private:
    /// Where `word` stands, quoted; the first place will do for a message.
    [[nodiscard]] std::size_t offset_of(std::string_view word) const {
        std::string quoted;
        append_json_string(quoted, word);
        const std::size_t found = text_.find(quoted);
        return found == std::string_view::npos ? 0 : found;
    }
    bool fail(std::string_view at, std::string message) {
        if (error_.message.empty()) error_ = {offset_of(at), std::move(message)};
        return false;
    }

    /// {"key": ..., "$or": [...]}: all of them.
    bool group(FilterNode& node, const ParamValue& value, std::string_view where, int depth) {
        if (depth > kFilterDepthMax) return fail(where, "nested too deeply");
        const auto* map = value.get_if<ParamMap>();
        if (map == nullptr) return fail(where, "expected an object in '" + shown(where) + "'");
        std::vector<FilterNode> terms;
        for (const auto& [name, content] : *map) {
            if (!entry(terms.emplace_back(), name, content, depth)) return false;
        }
        node =
            terms.size() == 1 ? std::move(terms[0]) : make_group(FilterOp::all, std::move(terms));
        return true;
    }

    bool entry(FilterNode& node, const std::string& name, const ParamValue& content, int depth) {
        if (name == "$and") return groups(node, FilterOp::all, name, content, depth);
        if (name == "$or") return groups(node, FilterOp::any, name, content, depth);
        if (name == "$nor") return groups(node, FilterOp::none, name, content, depth);
        if (name == "$not") {
            if (!group(node, content, name, depth + 1)) return false;
            node = make_not(std::move(node));
            return true;
        }
        if (name.starts_with('$')) {
            return fail(name,
                        "unknown operator '" + shown(name) + "'; here: $and, $or, $nor, $not");
        }
        Result<RunKey, FilterError> key = read_run_key(name, offset_of(name), words_);
        if (!key.ok()) return fail(name, key.error().message);
        const auto* operators = content.get_if<ParamMap>();
        if (operators == nullptr || operators->empty() ||
            !operators->front().first.starts_with('$')) {
            return comparison(node, FilterOp::equal, *key, content);
        }
        return conditions(node, *key, *operators, depth);
    }

    bool groups(FilterNode& node,
                FilterOp op,
                const std::string& name,
                const ParamValue& content,
                int depth) {
        const auto* list = content.get_if<ParamList>();
        // W&B's clients write an empty group where nothing is asked for.
        const bool may_be_empty = words_ == FilterWords::wandb;
        if (list == nullptr || (list->empty() && !may_be_empty)) {
            return fail(name, "'" + name + "' needs a list of filters that is not empty");
        }
        if (list->empty()) op = FilterOp::all;
        std::vector<FilterNode> terms;
        for (const ParamValue& one : *list) {
            if (!group(terms.emplace_back(), one, name, depth + 1)) return false;
        }
        node = make_group(op, std::move(terms));
        return true;
    }

    /// {"$gt": 1, "$lt": 2}: all of them hold for `key`.
    bool conditions(FilterNode& node, const RunKey& key, const ParamMap& operators, int depth) {
        if (depth > kFilterDepthMax) return fail(key.name, "nested too deeply");
        std::vector<FilterNode> terms;
        for (const auto& [name, content] : operators) {
            if (name == "$options") continue;  // Belongs to $regex.
            if (!condition(terms.emplace_back(), key, name, content, operators, depth))
                return false;
        }
        node = make_group(FilterOp::all, std::move(terms));
        return true;
    }

    bool condition(FilterNode& node,
                   const RunKey& key,
                   const std::string& name,
                   const ParamValue& content,
                   const ParamMap& siblings,
                   int depth) {
        if (name == "$eq") return comparison(node, FilterOp::equal, key, content);
        if (name == "$gt") return comparison(node, FilterOp::greater, key, content);
        if (name == "$gte") return comparison(node, FilterOp::greater_equal, key, content);
        if (name == "$lt") return comparison(node, FilterOp::less, key, content);
        if (name == "$lte") return comparison(node, FilterOp::less_equal, key, content);
        if (name == "$in") return choices(node, key, name, content);
        if (name == "$regex") return pattern(node, key, content, siblings);
        if (name == "$exists") {
            const auto* wanted = content.get_if<bool>();
            if (wanted == nullptr) return fail(name, "'$exists' needs true or false");
            node = make_comparison(FilterOp::exists, key);
            if (!*wanted) node = make_not(std::move(node));
            return true;
        }
        if (name != "$ne" && name != "$nin" && name != "$not") {
            return fail(name, "unknown operator '" + shown(name) +
                                  "'; here: $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $regex, "
                                  "$exists, $not");
        }
        if (name == "$ne" && !comparison(node, FilterOp::equal, key, content)) return false;
        if (name == "$nin" && !choices(node, key, name, content)) return false;
        if (name == "$not") {
            const auto* inner = content.get_if<ParamMap>();
            if (inner == nullptr || inner->empty()) {
                return fail(name, "'$not' needs operators: {\"$not\": {\"$gt\": 1}}");
            }
            if (!conditions(node, key, *inner, depth + 1)) return false;
        }
        node = make_not(std::move(node));
        return true;
    }

    bool comparison(FilterNode& node, FilterOp op, const RunKey& key, const ParamValue& content) {
        std::size_t offset = key.offset;
        if (const auto* text = content.get_if<std::string>()) offset = offset_of(*text);
        Result<FilterNode, FilterError> made =
            make_checked_comparison(op, key, FilterLiteral{content, std::nullopt}, offset);
        if (!made.ok()) {
            if (error_.message.empty()) error_ = made.error();
            return false;
        }
        node = std::move(*made);
        return true;
    }

    bool choices(FilterNode& node,
                 const RunKey& key,
                 const std::string& name,
                 const ParamValue& content) {
        const auto* list = content.get_if<ParamList>();
        if (list == nullptr) return fail(name, "'" + name + "' needs a list");
        std::vector<FilterNode> any;
        for (const ParamValue& one : *list) {
            if (!comparison(any.emplace_back(), FilterOp::equal, key, one)) return false;
        }
        node = make_group(FilterOp::any, std::move(any));
        return true;
    }

    bool pattern(FilterNode& node,
                 const RunKey& key,
                 const ParamValue& content,
                 const ParamMap& siblings) {
        const auto* text = content.get_if<std::string>();
        if (text == nullptr) return fail("$regex", "'$regex' needs a text");
        bool ignore_case = false;
        if (const ParamValue* options = find(siblings, "$options")) {
            const auto* letters = options->get_if<std::string>();
            if (letters == nullptr || (!letters->empty() && *letters != "i")) {
                return fail("$options", "'$options' may only be \"i\"");
            }
            ignore_case = !letters->empty();
        }
        Result<TextPattern, std::string> compiled = TextPattern::compile(*text, ignore_case);
        if (!compiled.ok()) return fail(*text, compiled.error());
        node = make_comparison(FilterOp::matches, key);
        node->pattern = std::move(*compiled);
        return true;
    }

    std::string_view text_;
    FilterWords words_;
    FilterError error_;
};

}  // namespace

Result<FilterNode, FilterError> parse_filter_mongo(std::string_view text, FilterWords words) {
    return MongoReader(text, words).filter();
}

}  // namespace sweepctl
