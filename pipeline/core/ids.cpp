#include "pipeline/core/ids.h"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace recto {
namespace {
int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
bool is_dash(std::size_t position) { return position == 8 || position == 13 || position == 18 || position == 23; }
} // namespace

Uuid Uuid::from_name(const Uuid& space, std::string_view name) {
    std::array<unsigned char, 20> sha1{};
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha1(), nullptr); // UUID version 5 is defined on SHA-1.
    EVP_DigestUpdate(context, space.bytes_.data(), space.bytes_.size());
    EVP_DigestUpdate(context, name.data(), name.size());
    EVP_DigestFinal_ex(context, sha1.data(), nullptr);
    EVP_MD_CTX_free(context);
    Uuid out;
    std::copy_n(sha1.begin(), 16, out.bytes_.begin());
    out.bytes_[6] = static_cast<std::uint8_t>((out.bytes_[6] & 0x0f) | 0x50);
    out.bytes_[8] = static_cast<std::uint8_t>((out.bytes_[8] & 0x3f) | 0x80);
    return out;
}

Uuid Uuid::random() {
    Uuid out;
    RAND_bytes(out.bytes_.data(), static_cast<int>(out.bytes_.size()));
    out.bytes_[6] = static_cast<std::uint8_t>((out.bytes_[6] & 0x0f) | 0x40);
    out.bytes_[8] = static_cast<std::uint8_t>((out.bytes_[8] & 0x3f) | 0x80);
    return out;
}

bool Uuid::parse(std::string_view text, Uuid& out) {
    if (text.size() != 36) return false;
    Uuid parsed;
    std::size_t byte = 0;
    for (std::size_t i = 0; i < 36;) {
        if (is_dash(i)) {
            if (text[i++] != '-') return false;
            continue;
        }
        const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return false;
        parsed.bytes_[byte++] = static_cast<std::uint8_t>(high * 16 + low);
        i += 2;
    }
    out = parsed;
    return true;
}

const Uuid& Uuid::recto_space() {
    static const Uuid space = [] {
        Uuid u;
        parse("7d1c7d2e-5b0e-4c6f-9a59-0c1f6d5a2b41", u);
        return u;
    }();
    return space;
}

std::string Uuid::to_string() const {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(36);
    for (std::uint8_t b : bytes_) {
        if (is_dash(out.size())) out += '-';
        out += kHex[b >> 4];
        out += kHex[b & 15];
    }
    return out;
}

bool Uuid::is_nil() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
}

} // namespace recto
