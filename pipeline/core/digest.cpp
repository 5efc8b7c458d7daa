#include "pipeline/core/digest.h"

#include <array>

#include <openssl/evp.h>

namespace recto {
namespace {
const EVP_MD* method_of(DigestAlgorithm algorithm) {
    switch (algorithm) {
    case DigestAlgorithm::Sha256: return EVP_sha256();
    case DigestAlgorithm::Sha512: return EVP_sha512();
    case DigestAlgorithm::Sm3: return EVP_sm3();
    case DigestAlgorithm::Md5: return EVP_md5();
    }
    return EVP_sha512();
}
} // namespace

std::string_view to_string(DigestAlgorithm algorithm) {
    switch (algorithm) {
    case DigestAlgorithm::Sha256: return "sha256";
    case DigestAlgorithm::Sha512: return "sha512";
    case DigestAlgorithm::Sm3: return "sm3";
    case DigestAlgorithm::Md5: return "md5";
    }
    return "sha512";
}

bool parse_digest_algorithm(std::string_view name, DigestAlgorithm& out) {
    for (auto a : {DigestAlgorithm::Sha256, DigestAlgorithm::Sha512, DigestAlgorithm::Sm3, DigestAlgorithm::Md5}) {
        if (to_string(a) != name) continue;
        out = a;
        return true;
    }
    return false;
}

struct Hasher::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const EVP_MD* method = nullptr;
    ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(DigestAlgorithm algorithm) : state_(std::make_unique<State>()) {
    state_->method = method_of(algorithm);
    EVP_DigestInit_ex(state_->context, state_->method, nullptr);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }
void Hasher::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Hasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned size = 0;
    EVP_DigestFinal_ex(state_->context, raw.data(), &size);
    EVP_DigestInit_ex(state_->context, state_->method, nullptr);
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(size * 2);
    for (unsigned i = 0; i < size; ++i) {
        out += kHex[raw[i] >> 4];
        out += kHex[raw[i] & 15];
    }
    return out;
}

std::string digest_hex(DigestAlgorithm algorithm, std::string_view bytes) {
    Hasher hasher(algorithm);
    hasher.update(bytes);
    return hasher.finish();
}

KeyBuilder& KeyBuilder::add(std::string_view field) {
    buffer_ += std::to_string(field.size());
    buffer_ += ':';
    buffer_ += field;
    return *this;
}
std::string KeyBuilder::finish() { return digest_hex(DigestAlgorithm::Sha256, buffer_); }

} // namespace recto
