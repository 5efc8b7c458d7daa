#pragma once

/// Digests, always kept with the name of their algorithm.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace recto {

enum class DigestAlgorithm { Sha256, Sha512, Sm3, Md5 };

/// "sha256", "sha512", "sm3", "md5": the spelling OCFL and BagIt use.
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm);
/// False when `name` (lower case) is no algorithm we know.
[[nodiscard]] bool parse_digest_algorithm(std::string_view name, DigestAlgorithm& out);

/// Incremental hash. One object serves one thread; after finish() it starts anew.
class Hasher {
  public:
    explicit Hasher(DigestAlgorithm algorithm);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes);
    /// Lower-case hexadecimal digest of all bytes given since construction or the last finish().
    [[nodiscard]] std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

[[nodiscard]] std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes);

/// Builds the key of a cached result: fields are length-prefixed, so ("ab","c") and ("a","bc") differ. SHA-256.
class KeyBuilder {
  public:
    KeyBuilder& add(std::string_view field);
    [[nodiscard]] std::string finish();

  private:
    std::string buffer_;
};

} // namespace recto
