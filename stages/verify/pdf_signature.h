#pragma once

/// Signatures in PDFs (ISO 32000-1, 12.8): whether the bytes are still those that were signed. Any thread.

#include <string>
#include <string_view>

namespace recto::verify {

struct PdfSignature {
    enum class State {
        Intact,    ///< The signed bytes and the signature go together.
        Extended,  ///< Likewise, but the file goes on behind what was signed: nothing vouches for that.
        Broken,    ///< They do not.
        Unchecked, ///< Of a kind that is not known here, such as time stamps and SM2 on some machines.
    };
    State state = State::Unchecked;
    std::string
        signer; ///< Common name in the certificate; may be empty. Whether the certificate is to be trusted is not judged.
    std::string reason; ///< Why it is broken or was not checked, for those who know; may be empty.
};

/// What a signature dictionary says.
struct SignatureWords {
    std::string_view sub_filter; ///< "adbe.pkcs7.detached", "ETSI.CAdES.detached"; others are not checked.
    std::string_view contents;   ///< The signature: CMS in DER (RFC 5652), zeros behind it.
    long long range[4];          ///< ByteRange: offset and length, twice.
};
/// Reads the signed bytes of `file` piece by piece.
[[nodiscard]] PdfSignature check_signature(const SignatureWords& words, const std::string& file);

} // namespace recto::verify
