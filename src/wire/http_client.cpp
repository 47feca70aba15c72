#include "sweepctl/wire/http_client.hpp"

#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "client_socket.hpp"
#include "event_reader.hpp"
#include "reply_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace sweepctl {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{100};
constexpr std::chrono::milliseconds kLastRetry{2'000};

bool may_be_repeated(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

/// Line breaks would let a value pass for another header.
void append_field(std::string& text, std::string_view name, std::string_view value) {
    const auto begin = text.size();
    text.append(name).append(": ").append(value);
    std::replace_if(
        text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    text += "\r\n";
}

HttpError broken(const ServerAddress& address, const std::string& what) {
    return {HttpError::Kind::broken, address.describe() + ": " + what};
}

}  // namespace

const std::string* HttpReply::header(std::string_view name) const {
    for (const auto& [field, value] : headers) {
        if (equal_ignoring_case(field, name)) return &value;
    }
    return nullptr;
}

/// One connection at a time, and the request that is under way on it.
struct HttpClient::Impl {
    using Step = Result<std::string_view, HttpError>;

    ServerAddress address;
    HttpClientOptions options;
    UniqueFd socket;
    std::string unsent;  // These four of the request under way.
    std::size_t sent = 0;
    bool unheard = false;  // The server took not one byte of it.
    bool surplus = false;  // It said more than the answer.
    std::array<char, std::size_t{64} << 10> buffer{};

    [[nodiscard]] Patience patience(std::chrono::milliseconds time) const {
        return {ClientClock::now() + time, options.cancel_fd};
    }

    [[nodiscard]] std::string request_text(const HttpCall& call) const;
    /// Whether the kept connection is still good, as far as one can see from here.
    [[nodiscard]] bool is_fresh() const;
    Outcome<HttpError> connect(const Patience& patience);
    /// Sends what is unsent and returns the next bytes of the answer; none: the server has closed.
    Step receive(const Patience& patience);
    /// Connects if need be, sends, and reads the reply's head; body bytes that came with it go to
    /// `body`.
    Outcome<HttpError> begin(const HttpCall& call,
                             const Patience& patience,
                             ReplyReader& reader,
                             std::string& body);
    Outcome<HttpError> try_begin(const Patience& patience, ReplyReader& reader, std::string& body);
    Outcome<HttpError> read_body(const Patience& patience, ReplyReader& reader, std::string& body);
    Outcome<HttpError> feed(ReplyReader& reader, std::string_view bytes, std::string& body);
    void finish(const ReplyReader& reader);

    /// Hands a 200 answer's body over piece by piece. `silence` empty: it may be silent for ever.
    Result<StreamEnd, HttpError> follow(const HttpCall& call,
                                        std::optional<std::chrono::milliseconds> silence,
                                        const std::function<bool(std::string_view)>& on_bytes);
};

std::string HttpClient::Impl::request_text(const HttpCall& call) const {
    std::string text;
    text.reserve(256 + call.body.size());
    text.append(call.method).append(" ").append(call.target).append(" HTTP/1.1\r\n");
    append_field(text, "Host", address.host_header());
    append_field(text, "User-Agent", "sweepctl");
    if (!address.token.empty()) append_field(text, "Authorization", "Bearer " + address.token);
    if (!call.body.empty() || !may_be_repeated(call.method)) {
        append_field(text, "Content-Length", std::to_string(call.body.size()));
    }
    if (!call.body.empty() && !call.content_type.empty()) {
        append_field(text, "Content-Type", call.content_type);
    }
    for (const auto& [name, value] : call.headers)
        append_field(text, name, value);
    text.append("\r\n").append(call.body);
    return text;
}

bool HttpClient::Impl::is_fresh() const {
    // Between two answers a server has nothing to say but goodbye.
    pollfd watched{socket.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 0;
}

Outcome<HttpError> HttpClient::Impl::connect(const Patience& patience) {
    auto connected = connect_to(
        address, {std::min(patience.deadline, ClientClock::now() + options.connect_timeout),
                  patience.cancel_fd});
    if (!connected) return Failure{connected.error()};
    socket = std::move(*connected);
    return {};
}

HttpClient::Impl::Step HttpClient::Impl::receive(const Patience& patience) {
    for (;;) {
        if (sent < unsent.size()) {
            const auto count = ::send(socket.get(), unsent.data() + sent, unsent.size() - sent,
                                      MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count > 0) {
                sent += static_cast<std::size_t>(count);
            } else if (errno != EAGAIN && errno != EINTR) {
                // The server hears no more, but may have said why.
                unheard = sent == 0;
                sent = unsent.size();
            }
        }
        const short events = sent < unsent.size() ? POLLIN | POLLOUT : POLLIN;
        if (const auto ready = wait_for(socket.get(), events, patience);
            ready != Readiness::ready) {
            return Failure{gave_up(ready, address)};
        }
        const auto count = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count >= 0)
            return Step(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
        if (errno != EAGAIN && errno != EINTR) {
            return Failure{broken(address, std::generic_category().message(errno))};
        }
    }
}

Outcome<HttpError> HttpClient::Impl::feed(ReplyReader& reader,
                                          std::string_view bytes,
                                          std::string& body) {
    const bool ended = bytes.empty();
    if (ended) reader.end();
    while (!bytes.empty() && reader.state() != ReplyReader::State::done &&
           reader.state() != ReplyReader::State::failed) {
        bytes.remove_prefix(reader.feed(bytes, body));
    }
    surplus = !bytes.empty();
    if (reader.state() == ReplyReader::State::failed) {
        const auto kind = ended ? HttpError::Kind::broken : HttpError::Kind::bad_reply;
        return Failure{HttpError{kind, address.describe() + ": " + reader.error()}};
    }
    if (body.size() > options.reply_limit) {
        return Failure{HttpError{HttpError::Kind::bad_reply,
                                 address.describe() + ": the answer is longer than " +
                                     std::to_string(options.reply_limit) + " bytes"}};
    }
    return {};
}

Outcome<HttpError> HttpClient::Impl::try_begin(const Patience& patience,
                                               ReplyReader& reader,
                                               std::string& body) {
    sent = 0;
    unheard = false;
    while (reader.state() == ReplyReader::State::head) {
        auto bytes = receive(patience);
        if (!bytes) return Failure{bytes.error()};
        if (auto fed = feed(reader, *bytes, body); !fed) return fed;
    }
    return {};
}

Outcome<HttpError> HttpClient::Impl::begin(const HttpCall& call,
                                           const Patience& patience,
                                           ReplyReader& reader,
                                           std::string& body) {
    // Anything else would pass for another header or another request.
    for (const std::string_view word :
         {std::string_view(call.method), std::string_view(call.target)}) {
        if (word.empty() || std::any_of(word.begin(), word.end(), [](char c) {
                return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
            })) {
            return Failure{HttpError{HttpError::Kind::broken,
                                     "cannot ask for " + quoted(word) + ": not percent-encoded"}};
        }
    }
    unsent = request_text(call);
    bool kept = socket.valid() && is_fresh();
    for (;;) {
        if (!kept) {
            if (auto connected = connect(patience); !connected) return connected;
        }
        auto begun = try_begin(patience, reader, body);
        if (begun) return begun;
        socket.reset();
        // The server closed the kept connection while our request was on its way. Nothing of it was
        // taken, or it does no harm twice: else only the caller can know what to do.
        const bool unanswered = reader.untouched() && begun.error().kind == HttpError::Kind::broken;
        if (!kept || !unanswered || !(unheard || may_be_repeated(call.method))) return begun;
        kept = false;
        reader = ReplyReader(call.method == "HEAD");
        body.clear();
    }
}

Outcome<HttpError> HttpClient::Impl::read_body(const Patience& patience,
                                               ReplyReader& reader,
                                               std::string& body) {
    while (reader.state() == ReplyReader::State::body) {
        auto bytes = receive(patience);
        Outcome<HttpError> fed =
            bytes ? feed(reader, *bytes, body) : Outcome<HttpError>(Failure{bytes.error()});
        if (!fed) {
            socket.reset();
            return fed;
        }
    }
    return {};
}

void HttpClient::Impl::finish(const ReplyReader& reader) {
    if (!reader.keeps_alive() || sent < unsent.size() || surplus) socket.reset();
    unsent = {};
    sent = 0;
}

Result<StreamEnd, HttpError> HttpClient::Impl::follow(
    const HttpCall& call,
    std::optional<std::chrono::milliseconds> silence,
    const std::function<bool(std::string_view)>& on_bytes) {
    ReplyReader reader;
    std::string body;
    if (auto begun = begin(call, patience(options.timeout), reader, body); !begun) {
        return Failure{begun.error()};
    }
    StreamEnd end;
    if (reader.reply().status != 200) {
        if (auto read = read_body(patience(options.timeout), reader, body); !read) {
            return Failure{read.error()};
        }
        finish(reader);
        end.why = StreamEnd::Why::refused;
        end.reply = std::move(reader.reply());
        end.reply.body = std::move(body);
        return end;
    }
    for (;;) {
        if (!body.empty() && !on_bytes(body)) {
            socket.reset();
            end.why = StreamEnd::Why::stopped;
            return end;
        }
        body.clear();
        if (reader.state() == ReplyReader::State::done) break;
        auto bytes = receive(patience(silence.value_or(std::chrono::hours(24 * 365))));
        const Outcome<HttpError> fed =
            bytes ? feed(reader, *bytes, body) : Outcome<HttpError>(Failure{bytes.error()});
        if (!fed) {
            socket.reset();
            return Failure{fed.error()};
        }
    }
    finish(reader);
    return end;
}

HttpClient::HttpClient(ServerAddress address, HttpClientOptions options)
    : impl_(std::make_unique<Impl>()) {
    impl_->address = std::move(address);
    impl_->options = options;
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

const ServerAddress& HttpClient::address() const {
    return impl_->address;
}

Result<HttpReply, HttpError> HttpClient::request(const HttpCall& call) {
    const auto patience = impl_->patience(call.timeout.value_or(impl_->options.timeout));
    ReplyReader reader(call.method == "HEAD");
    std::string body;
    if (auto begun = impl_->begin(call, patience, reader, body); !begun) {
        return Failure{begun.error()};
    }
    if (auto read = impl_->read_body(patience, reader, body); !read) return Failure{read.error()};
    impl_->finish(reader);
    auto reply = std::move(reader.reply());
    reply.body = std::move(body);
    return reply;
}

Result<StreamEnd, HttpError> HttpClient::stream(
    const StreamCall& call, const std::function<bool(std::string_view)>& on_bytes) {
    HttpCall http;
    http.target = call.target;
    return impl_->follow(http, std::nullopt, on_bytes);
}

Result<StreamEnd, HttpError> HttpClient::events(
    const StreamCall& call, const std::function<bool(const ServerEvent&)>& on_event) {
    EventReader reader;
    reader.set_last_event_id(call.last_event_id);
    auto delay = kFirstRetry;
    bool was_there = false;
    std::optional<ClientClock::time_point> give_up_at;  // Set while the connection is lost.
    for (;;) {
        HttpCall http;
        http.target = call.target;
        http.headers.emplace_back("Accept", "text/event-stream");
        if (!reader.last_event_id().empty()) {
            http.headers.emplace_back("Last-Event-ID", reader.last_event_id());
        }
        bool too_large = false;
        auto end = impl_->follow(http, call.silence_timeout, [&](std::string_view bytes) {
            was_there = true;
            delay = kFirstRetry;
            give_up_at.reset();
            if (reader.feed(bytes, on_event)) return true;
            too_large = !reader.stopped();
            return false;
        });
        if (too_large) {
            return Failure{HttpError{HttpError::Kind::bad_reply,
                                     impl_->address.describe() + ": an event without an end"}};
        }
        const auto now = ClientClock::now();
        if (!give_up_at) give_up_at = now + call.reconnect_for;
        const bool lost = end ? end->why == StreamEnd::Why::refused && end->reply.status >= 500
                              : end.error().kind != HttpError::Kind::cancelled &&
                                    end.error().kind != HttpError::Kind::bad_reply;
        if (!was_there || !lost || now >= *give_up_at) {
            if (end) end->last_event_id = reader.last_event_id();
            return end;
        }
        reader.restart();
        const auto wait = std::max(delay, reader.retry().value_or(std::chrono::milliseconds(0)));
        const Patience patience{std::min(now + wait, *give_up_at), impl_->options.cancel_fd};
        if (wait_for(-1, 0, patience) == Readiness::cancelled) {
            return Failure{gave_up(Readiness::cancelled, impl_->address)};
        }
        delay = std::min(delay * 2, kLastRetry);
    }
}

}  // namespace sweepctl
