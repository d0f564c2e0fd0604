// A request and its answer, without the library that carries them.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples {

/// Names and values, decoded, in their order.
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::vector<std::string> path; ///< decoded segments: {"countries", "FR"}
    Fields query;
    std::optional<std::string> if_match{};
    std::string host{};
    std::optional<std::string> origin{};
    std::string body;
};

struct Response {
    unsigned status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::string etag{};
    std::string allow{};
    std::string location{};
    std::string security_policy{}; ///< Content-Security-Policy, of pages
    unsigned retry_after = 0;      ///< seconds; 0: no such header
};

/// Ends a request with this status; the text goes to the client.
class HttpError : public std::runtime_error {
public:
    HttpError(unsigned status, const std::string& message) : std::runtime_error(message), status_(status) {}
    [[nodiscard]] unsigned status() const noexcept { return status_; }

private:
    unsigned status_;
};

/// Fills path and query from a request target, percent-decoded. Throws `HttpError` 400 for a malformed one.
void parse_target(std::string_view target, Request& request);
/// The fields of a query, or of a form (application/x-www-form-urlencoded). Throws as `parse_target`.
[[nodiscard]] Fields parse_fields(std::string_view text);
/// Percent-encodes what is not a letter, a digit or one of `-._~`.
[[nodiscard]] std::string encode(std::string_view text);

/// The value of the first field of this name, or none.
[[nodiscard]] const std::string* find_field(const Fields& fields, std::string_view name);

/// The value of a query parameter, or none.
[[nodiscard]] inline const std::string* query_value(const Request& request, std::string_view name) {
    return find_field(request.query, name);
}
/// A query parameter as a number. Throws `HttpError` 400 unless it is one between `least` and `most`.
[[nodiscard]] std::int64_t query_number(const Request& request, std::string_view name, std::int64_t otherwise,
                                        std::int64_t least, std::int64_t most);
/// Throws `HttpError` 400 for a query parameter that is not one of these: a typing error must not list everything.
void allow_query(const Request& request, std::initializer_list<std::string_view> names);

/// Throws `HttpError` 428 when the request has no If-Match.
void require_if_match(const Request& request);
/// True if If-Match is `*` or lists this tag. Weak tags match nothing (RFC 9110, 13.1.1).
[[nodiscard]] bool matches(const Request& request, std::string_view tag);

} // namespace examples
