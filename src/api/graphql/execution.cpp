#include "api/graphql/execution.hpp"

#include "sweepctl/core/json_text.hpp"

#include "api/graphql/coerce.hpp"
#include "api/graphql/response_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sweepctl::graphql {

namespace {

/// A list of a thousand objects, each with the same trouble, need not say it a thousand times.
constexpr std::size_t kErrorsMax = 100;

/// ["runs",3,"name"]
std::string path_of(const Slot& slot) {
    std::vector<std::string> steps;
    for (const Slot* each = &slot; each->parent != nullptr; each = each->parent) {
        const Slot& parent = *each->parent;
        const auto index = static_cast<std::size_t>(each - parent.children.data());
        std::string& step = steps.emplace_back();
        if (parent.kind == Slot::Kind::list) {
            step = std::to_string(index);
        } else {
            append_json_string(step, parent.plan->fields[index].key);
        }
    }
    std::string path = "[";
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        if (step != steps.rbegin()) path.push_back(',');
        path += *step;
    }
    return path + "]";
}

/// "Project.run"
std::string name_of(const Slot& slot) {
    const Slot* object = slot.parent;
    while (object->plan == nullptr)
        object = object->parent;
    return object->plan->object->name + "." +
           (slot.field->type == nullptr ? "__typename" : slot.field->type->name);
}

/// Appends the slot's JSON. False, with nothing appended: it is null where null may not be.
bool write(std::string& out, const Slot& slot, const Type& type);

bool write_children(std::string& out, const Slot& slot, const Type& type) {
    const bool is_list = slot.kind == Slot::Kind::list;
    out.push_back(is_list ? '[' : '{');
    for (std::size_t i = 0; i < slot.children.size(); ++i) {
        if (i > 0) out.push_back(',');
        if (is_list) {
            if (!write(out, slot.children[i], type.item())) return false;
            continue;
        }
        const PlannedField& field = slot.plan->fields[i];
        append_json_string(out, field.key);
        out.push_back(':');
        if (!write(out, slot.children[i], field.type == nullptr ? Type{} : field.type->type))
            return false;
    }
    out.push_back(is_list ? ']' : '}');
    return true;
}

bool write(std::string& out, const Slot& slot, const Type& type) {
    switch (slot.kind) {
        case Slot::Kind::null: break;
        case Slot::Kind::leaf: out += slot.text; return true;
        case Slot::Kind::list:
        case Slot::Kind::object: {
            const std::size_t start = out.size();
            if (write_children(out, slot, type)) return true;
            out.resize(start);
            break;
        }
    }
    if (type.required()) return false;
    out += "null";
    return true;
}

}  // namespace

Execution::Execution(Prepared request, Context context, Done done)
    : request_(std::move(request)), context_(std::move(context)), done_(std::move(done)) {
    root_.kind = Slot::Kind::object;
    root_.plan = &request_->root;
    add_children(root_, request_->root.fields.size());
}

void Execution::go_on() {
    if (going_on_ || !wanted()) return;
    const auto self = shared_from_this();  // A field's Later may be the last to hold it.
    const std::vector<PlannedField>& fields = request_->root.fields;
    const Node root = Node::of(Root{});
    going_on_ = true;
    while (next_ < root_.children.size() && wanted() && (awaited_ == 0 || !request_->mutation)) {
        const std::size_t index = next_++;
        begin_field(root_.children[index], fields[index], root);
    }
    going_on_ = false;
    if (wanted() && awaited_ == 0) finish();
}

void Execution::answer(Slot& slot, Resolved value) {
    if (!wanted() || slot.answered) return;
    slot.answered = true;
    // Still awaited while it is completed: fields below it may answer at once.
    complete(slot, slot.field->type->type, std::move(value));
    --awaited_;
    if (awaited_ == 0) go_on();
}

void Execution::cancel() {
    const Done dropped = std::exchange(done_, nullptr);
}

void Execution::begin_field(Slot& slot, const PlannedField& field, const Node& parent) {
    slot.field = &field;
    if (too_large_ || !wanted()) return;
    if (field.type == nullptr) {
        slot.kind = Slot::Kind::leaf;
        append_json_string(slot.text, slot.parent->plan->object->name);
        return;
    }
    const Resolver& resolver = field.type->resolver;
    const Field asked(field, parent, context_);
    if (resolver.now) {
        complete(slot, field.type->type, resolver.now(asked));
    } else {
        ++awaited_;
        resolver.later(asked, Later(shared_from_this(), slot));
    }
}

void Execution::complete(Slot& slot, const Type& type, Resolved resolved) {
    auto& content = resolved.content();
    if (const auto* const error = std::get_if<Error>(&content)) return fail(slot, *error);
    if (const auto* const value = std::get_if<ParamValue>(&content))
        return complete_value(slot, type, *value);
    if (const auto* const node = std::get_if<Node>(&content)) {
        if (type.is_list()) return fail(slot, {name_of(slot) + " gave one object for a list"});
        return complete_node(slot, type, *node);
    }
    if (const auto* const nodes = std::get_if<std::vector<Node>>(&content)) {
        if (type.lists != 1) return fail(slot, {name_of(slot) + " gave a list of objects"});
        if (!add_children(slot, nodes->size())) return;
        slot.kind = Slot::Kind::list;
        for (std::size_t i = 0; i < nodes->size(); ++i) {
            slot.children[i].field = slot.field;
            complete_node(slot.children[i], type.item(), (*nodes)[i]);
        }
        return;
    }
    if (type.is_list() || !type.named->is_leaf())
        return fail(slot, {name_of(slot) + " gave JSON text for " + type.text()});
    if (auto why = append_leaf(slot.text, std::get<JsonText>(content), *type.named))
        return fail(slot, {std::move(*why)});
    slot.kind = Slot::Kind::leaf;
}

void Execution::complete_value(Slot& slot, const Type& type, const ParamValue& value) {
    if (value.is_null()) return complete_null(slot, type);
    if (type.is_list()) {
        const auto* const list = value.get_if<ParamList>();
        if (list == nullptr)
            return fail(slot, {"Expected a list, but did not find one for field \"" +
                               name_of(slot) + "\"."});
        if (!add_children(slot, list->size())) return;
        slot.kind = Slot::Kind::list;
        for (std::size_t i = 0; i < list->size(); ++i) {
            slot.children[i].field = slot.field;
            complete_value(slot.children[i], type.item(), (*list)[i]);
        }
        return;
    }
    if (!type.named->is_leaf())
        return fail(slot, {name_of(slot) + " gave a value for the object " + type.named->name});
    if (auto why = append_leaf(slot.text, value, *type.named)) return fail(slot, {std::move(*why)});
    slot.kind = Slot::Kind::leaf;
}

void Execution::complete_node(Slot& slot, const Type& type, const Node& node) {
    if (!node) return complete_null(slot, type);
    // Below a field there is a plan for each type of object that it may be.
    for (const auto& plan : slot.field->below) {
        if (*plan->object->node == node.type()) return complete_object(slot, *plan, node);
    }
    fail(slot, {name_of(slot) + " gave a node that is no " + type.named->name});
}

void Execution::complete_object(Slot& slot, const Plan& plan, const Node& node) {
    if (!add_children(slot, plan.fields.size())) return;
    slot.kind = Slot::Kind::object;
    slot.plan = &plan;
    for (std::size_t i = 0; i < plan.fields.size(); ++i)
        begin_field(slot.children[i], plan.fields[i], node);
}

void Execution::complete_null(Slot& slot, const Type& type) {
    if (type.required())
        fail(slot, {"Cannot return null for non-nullable field " + name_of(slot) + "."});
}

bool Execution::add_children(Slot& slot, std::size_t count) {
    if (too_large_ || count > request_->values_max - values_) {
        too_large_ = true;
        return false;
    }
    values_ += count;
    slot.children.resize(count);
    for (Slot& child : slot.children)
        child.parent = &slot;
    return true;
}

void Execution::fail(const Slot& slot, const Error& error) {
    if (status_ == 0) status_ = error.status;
    if (++error_count_ > kErrorsMax) return;
    if (!errors_.empty()) errors_.push_back(',');
    append_error(errors_, error.message, {slot.field->place}, path_of(slot));
}

void Execution::finish() {
    const Done done = std::exchange(done_, nullptr);
    if (too_large_) {
        return done(refusal({{"The response would have more than " +
                                  std::to_string(request_->values_max) + " values.",
                              {}}}));
    }
    Response response{status_ == 0 ? 200 : status_, "{\"data\":"};
    write(response.body, root_, Type{request_->root.object, 0, 0});
    if (!errors_.empty()) {
        response.body += ",\"errors\":[";
        response.body += errors_;
        response.body.push_back(']');
    }
    response.body.push_back('}');
    done(std::move(response));
}

// --- What resolvers see.

std::optional<double> Arguments::number(std::string_view name) const {
    double scratch = 0;
    const ParamValue* const value = find(name);
    const double* const found = value == nullptr ? nullptr : value->number(scratch);
    return copy(found);
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
    std::vector<std::string> found;
    if (const ParamList* const items = list(name)) {
        for (const ParamValue& item : *items) {
            if (const auto* const text = item.get_if<std::string>()) found.push_back(*text);
        }
    }
    return found;
}

const ParamMap& Arguments::map() const {
    static const ParamMap empty;
    return map_ == nullptr ? empty : *map_;
}

const std::string& Field::name() const {
    return plan_->type->name;
}

Arguments Field::arguments() const {
    return Arguments(plan_->arguments);
}

bool Field::selects(std::string_view path) const {
    return !fields_at(*plan_, path).empty();
}

std::vector<Arguments> Field::arguments_of(std::string_view path) const {
    std::vector<Arguments> found;
    for (const PlannedField* const field : fields_at(*plan_, path))
        found.emplace_back(field->arguments);
    return found;
}

void Later::answer(Resolved value) const {
    const auto execution = execution_;  // What is done may end what holds this.
    execution->answer(*slot_, std::move(value));
}

bool Later::wanted() const {
    return execution_->wanted();
}

}  // namespace sweepctl::graphql
