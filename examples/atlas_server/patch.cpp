#include "patch.hpp"

#include <boost/json/parse.hpp>

namespace atlas {

boost::json::object parse_object(const std::string& body) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(body, error);
    if (error)
        throw examples::HttpError{400, "the body is not JSON"};
    if (!value.is_object())
        throw examples::HttpError{422, "the body has to be a JSON object"};
    return value.get_object();
}

} // namespace atlas
