#pragma once

/// Permanent identities. They are derived (UUID version 5, RFC 9562) from what the thing was at its first intake, so the
/// same delivery into the same archive gets the same identities in every run; once written they are read, never derived.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace recto {

class Uuid {
  public:
    Uuid() = default; ///< The nil UUID.
    /// Name-based UUID of `name` within `space`.
    static Uuid from_name(const Uuid& space, std::string_view name);
    /// Parses the 36-character form; returns false and leaves `out` alone when malformed.
    static bool parse(std::string_view text, Uuid& out);
    /// Random (version 4), for things that have no content of their own, such as a run.
    static Uuid random();
    /// The name space of all identities Recto derives; frozen.
    static const Uuid& recto_space();

    [[nodiscard]] std::string to_string() const; ///< 36 characters, lower case.
    [[nodiscard]] bool is_nil() const;
    auto operator<=>(const Uuid&) const = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
};

} // namespace recto
