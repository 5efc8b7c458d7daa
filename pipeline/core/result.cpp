#include "pipeline/core/result.h"

namespace recto {

std::string Error::to_string() const {
    std::string out = code;
    if (!file.empty()) out += ": " + file;
    if (page > 0) out += (file.empty() ? ": page " : ", page ") + std::to_string(page);
    if (!reason.empty()) out += ": " + reason;
    return out;
}

tl::unexpected<Error> fail(std::string_view code, std::string reason, std::string file, int page) {
    // A reason comes from many libraries; the log wants it on one line.
    for (char& c : reason)
        if (c == '\n' || c == '\r') c = ' ';
    while (!reason.empty() && reason.back() == ' ') reason.pop_back();
    return tl::unexpected(Error{std::string(code), std::move(reason), std::move(file), page, {}, false});
}

tl::unexpected<Error> fail_retry(std::string_view code, std::string reason, std::string file, int page) {
    auto out = fail(code, std::move(reason), std::move(file), page);
    out.value().retry = true;
    return out;
}

} // namespace recto
