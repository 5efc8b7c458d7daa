#pragma once

/// Errors as values. Inside the pipeline nothing is thrown across a module border: a function that can fail returns
/// Result<T>, and the caller reads which file, which page, why, and whether trying again can help.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace recto {

/// What went wrong, in the form the user reads it. Plain value, copyable, safe to pass between threads.
struct Error {
    std::string code;   ///< Stable identifier, e.g. "decode.truncated"; also a key of the message table.
    std::string reason; ///< The cause in one line, as the library or our own check put it (English, no newline).
    std::string file;   ///< The file concerned as the user named it; empty when none.
    int page = 0;       ///< Page or image within `file`, from 1; 0 when the whole file is meant.
    std::string stage;  ///< Stage that failed ("intake", "treatment", ...); filled by the engine when empty.
    bool retry = false; ///< True when the same work may succeed later (disk full, time limit, child died).

    /// One line for a log: "code: file, page n: reason".
    [[nodiscard]] std::string to_string() const;
};

template <class T> using Result = tl::expected<T, Error>;

/// Makes the failing side of a Result: `return fail("decode.truncated", "strip 3 ends early", path, 2);`
[[nodiscard]] tl::unexpected<Error> fail(std::string_view code, std::string reason, std::string file = {},
                                         int page = 0);

/// The same with `retry` set: trying again later may succeed.
[[nodiscard]] tl::unexpected<Error> fail_retry(std::string_view code, std::string reason, std::string file = {},
                                               int page = 0);

} // namespace recto

/// Returns early with the error of `expr` (a Result); otherwise goes on. For Result<void> and to check only.
#define RECTO_TRY(expr)                                                                                                \
    do {                                                                                                               \
        auto recto_try_result_ = (expr);                                                                               \
        if (!recto_try_result_) return tl::unexpected(std::move(recto_try_result_.error()));                           \
    } while (false)

#define RECTO_CONCAT2_(a, b) a##b
#define RECTO_CONCAT_(a, b) RECTO_CONCAT2_(a, b)
/// `RECTO_ASSIGN(auto x, f());` declares x from a Result or returns its error.
#define RECTO_ASSIGN(decl, expr)                                                                                       \
    auto RECTO_CONCAT_(recto_assign_, __LINE__) = (expr);                                                              \
    if (!RECTO_CONCAT_(recto_assign_, __LINE__))                                                                       \
        return tl::unexpected(std::move(RECTO_CONCAT_(recto_assign_, __LINE__).error()));                              \
    decl = std::move(*RECTO_CONCAT_(recto_assign_, __LINE__))
