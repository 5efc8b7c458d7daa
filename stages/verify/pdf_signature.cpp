#include "stages/verify/pdf_signature.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/cmserr.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

namespace recto::verify {

namespace {

template <class T, void (*Free)(T*)> struct Freed {
    void operator()(T* p) const { Free(p); }
};
using Cms = std::unique_ptr<CMS_ContentInfo, Freed<CMS_ContentInfo, CMS_ContentInfo_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

std::string common_name(CMS_ContentInfo* cms) {
    STACK_OF(X509)* signers = CMS_get0_signers(cms); // known once the signature was looked at
    std::string out;
    if (sk_X509_num(signers) > 0) {
        std::array<char, 256> name{};
        const X509_NAME* subject = X509_get_subject_name(sk_X509_value(signers, 0));
        const int length = X509_NAME_get_text_by_NID(subject, NID_commonName, name.data(), name.size());
        if (length > 0) out.assign(name.data(), static_cast<std::size_t>(length));
    }
    sk_X509_free(signers);
    return out;
}

/// What CMS_verify found wrong, and whether that is a fault of the signature or of what is known here.
struct Complaint {
    bool broken = false;
    std::string words;
};
Complaint complaint() {
    Complaint out;
    while (const unsigned long code = ERR_get_error()) {
        if (ERR_GET_LIB(code) == ERR_LIB_CMS) {
            const int reason = ERR_GET_REASON(code);
            out.broken = out.broken || reason == CMS_R_VERIFICATION_FAILURE || reason == CMS_R_CONTENT_VERIFY_ERROR;
        }
        if (const char* text = ERR_reason_error_string(code); text != nullptr)
            out.words += (out.words.empty() ? "" : "; ") + std::string(text);
    }
    return out;
}

/// Whether the gap in what is signed holds the signature and nothing else: anything else there nobody vouches for.
bool holds_only(std::string_view gap, std::string_view contents) {
    if (gap.size() < 2 || gap.front() != '<' || gap.back() != '>') return false;
    std::string bytes;
    int high = -1;
    for (const char c : gap.substr(1, gap.size() - 2)) {
        const int digit = OPENSSL_hexchar2int(static_cast<unsigned char>(c));
        if (digit < 0) {
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\0') return false;
        } else if (high < 0) {
            high = digit;
        } else {
            bytes += static_cast<char>(high * 16 + digit);
            high = -1;
        }
    }
    if (high >= 0) bytes += static_cast<char>(high * 16);
    return bytes == contents;
}

/// The bytes of `file` from `from` on into `to`; false when it has fewer.
bool copy_bytes(std::ifstream& file, long long from, long long count, BIO* to) {
    std::array<char, 1 << 16> block{};
    file.seekg(from);
    while (count > 0) {
        const auto some = std::min<long long>(count, block.size());
        if (!file.read(block.data(), some) || BIO_write(to, block.data(), static_cast<int>(some)) != some) return false;
        count -= some;
    }
    return true;
}

} // namespace

PdfSignature check_signature(const SignatureWords& words, const std::string& path) {
    PdfSignature out;
    if (words.sub_filter != "adbe.pkcs7.detached" && words.sub_filter != "ETSI.CAdES.detached") {
        out.reason = words.sub_filter;
        return out;
    }
    const auto broken = [&](std::string reason) {
        out.state = PdfSignature::State::Broken;
        out.reason = std::move(reason);
        return out;
    };
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const auto size = static_cast<long long>(file.tellg());
    const auto& [first, length, second, rest] = words.range;
    // All but the signature's own place is signed: two runs from the first byte on, one gap.
    if (first != 0 || length <= 0 || second <= length || second > size || rest < 0 || rest > size - second)
        return broken("ByteRange");
    if (second - length > 4 * static_cast<long long>(words.contents.size()) + 1024) return broken("ByteRange");
    std::string gap(static_cast<std::size_t>(second - length), '\0');
    file.seekg(length);
    if (!file.read(gap.data(), second - length) || !holds_only(gap, words.contents)) return broken("ByteRange");
    ERR_clear_error();
    const auto* der = reinterpret_cast<const unsigned char*>(words.contents.data());
    const Cms cms(d2i_CMS_ContentInfo(nullptr, &der, static_cast<long>(words.contents.size())));
    if (!cms) return broken(complaint().words);
    if (OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) return broken("no SignedData");
    const auto judged = [&] {
        const Complaint told = complaint();
        out.state = told.broken ? PdfSignature::State::Broken : PdfSignature::State::Unchecked;
        out.reason = told.words;
        return out;
    };
    if (CMS_set1_signers_certs(cms.get(), nullptr, 0) <= 0) return judged(); // the signer's certificate is not enclosed
    out.signer = common_name(cms.get());
    // The bytes are digested while they are read, so that a file of gigabytes takes no memory.
    Bio sink(BIO_new(BIO_s_null()));
    const Bio chain(CMS_dataInit(cms.get(), sink.get()));
    if (!chain) return judged();
    (void)sink.release(); // now at the chain's end
    if (!copy_bytes(file, first, length, chain.get()) || !copy_bytes(file, second, rest, chain.get()))
        return broken("ByteRange");
    STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
    for (int i = 0; i < sk_CMS_SignerInfo_num(signers); ++i) {
        CMS_SignerInfo* one = sk_CMS_SignerInfo_value(signers, i);
        if (CMS_signed_get_attr_count(one) >= 0 && CMS_SignerInfo_verify(one) <= 0) return judged();
        if (CMS_SignerInfo_verify_content(one, chain.get()) <= 0) return judged();
    }
    out.state = second + rest == size ? PdfSignature::State::Intact : PdfSignature::State::Extended;
    return out;
}

} // namespace recto::verify
