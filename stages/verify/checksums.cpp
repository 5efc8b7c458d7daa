#include "stages/verify/checksums.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/evp.h>

#include "stages/verify/each_index.h"

namespace recto::verify {

namespace {

struct KnownDigest {
    std::string_view name;
    const EVP_MD* (*method)();
    std::size_t bytes;
};

constexpr std::array<KnownDigest, 9> kKnown{{{"md5", EVP_md5, 16},
                                             {"sha1", EVP_sha1, 20},
                                             {"sha224", EVP_sha224, 28},
                                             {"sha256", EVP_sha256, 32},
                                             {"sha384", EVP_sha384, 48},
                                             {"sha512", EVP_sha512, 64},
                                             {"sha512/256", EVP_sha512_256, 32},
                                             {"blake2b-512", EVP_blake2b512, 64},
                                             {"sm3", EVP_sm3, 32}}};

const KnownDigest* find(std::string_view name) {
    const auto at = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownDigest& k) { return k.name == name; });
    return at == kKnown.end() ? nullptr : &*at;
}

struct Context {
    explicit Context(const EVP_MD* method) : handle(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        good = handle && EVP_DigestInit_ex(handle.get(), method, nullptr) == 1;
    }
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> handle;
    bool good = false;
};

Result<std::vector<std::string>> hash_file(FileSystem& fs, ChecksumJob& job) {
    std::vector<Context> contexts;
    for (const std::string& name : job.names) {
        const KnownDigest* known = find(name);
        contexts.emplace_back(known != nullptr ? known->method() : EVP_sha256()); // the latter for "size", unused
        if (!contexts.back().good) return fail("io.read", "the crypto library refuses " + name, job.path);
    }
    job.bytes = 0;
    RECTO_TRY(fs.read_blocks(job.path, [&](std::string_view block) {
        job.bytes += block.size();
        for (std::size_t i = 0; i < contexts.size(); ++i) {
            if (job.names[i] != "size") EVP_DigestUpdate(contexts[i].handle.get(), block.data(), block.size());
        }
    }));
    std::vector<std::string> values;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
        if (job.names[i] == "size") {
            values.push_back(std::to_string(job.bytes));
            continue;
        }
        std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
        unsigned length = 0;
        EVP_DigestFinal_ex(contexts[i].handle.get(), raw.data(), &length);
        constexpr std::string_view hex = "0123456789abcdef";
        std::string text;
        for (unsigned k = 0; k < length; ++k) {
            text += hex[raw[k] >> 4];
            text += hex[raw[k] & 15];
        }
        values.push_back(std::move(text));
    }
    return values;
}

} // namespace

bool known_checksum(std::string_view name) { return name == "size" || find(name) != nullptr; }

std::size_t checksum_length(std::string_view name) {
    const KnownDigest* known = find(name);
    return known == nullptr ? 0 : known->bytes * 2;
}

void run_checksums(FileSystem& fs, std::vector<ChecksumJob>& jobs, int threads) {
    for_each_index(jobs.size(), threads, [&](std::size_t i) { jobs[i].values = hash_file(fs, jobs[i]); });
}

} // namespace recto::verify
