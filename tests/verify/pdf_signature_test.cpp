// Signatures in PDFs: made here with a key of the test's own, then left alone, damaged, added to.

#include "stages/verify/pdf_signature.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "stages/verify/property_checks.h"
#include "tests/verify/small_pdf.h"

namespace recto::verify {
namespace {

using ::testing::ElementsAre;

using State = PdfSignature::State;

/// A key and its own certificate, of the name given.
struct Signer {
    explicit Signer(const char* name) : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        X509_NAME* subject = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1, -1,
                                   0);
        X509_set_issuer_name(certificate, subject);
        X509_sign(certificate, key, EVP_sha256());
    }
    ~Signer() {
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;
    [[nodiscard]] std::string sign(const std::string& bytes, unsigned flags = 0) const {
        BIO* data = BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
        CMS_ContentInfo* cms = CMS_sign(certificate, key, nullptr, data, CMS_BINARY | CMS_DETACHED | flags);
        unsigned char* der = nullptr;
        const int length = i2d_CMS_ContentInfo(cms, &der);
        std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(std::max(0, length)));
        OPENSSL_free(der);
        CMS_ContentInfo_free(cms);
        BIO_free(data);
        return out;
    }
    EVP_PKEY* key;
    X509* certificate;
};

/// A PDF with a form field that holds a signature over all other bytes but `unsigned_bytes` behind it.
std::string signed_pdf(const Signer& signer, const std::string& sub_filter = "adbe.pkcs7.detached", unsigned flags = 0,
                       std::size_t unsigned_bytes = 0) {
    constexpr std::size_t kRoom = 8192; // hexadecimal digits
    const std::string range = "[0000000000 0000000000 0000000000 0000000000]";
    std::string pdf =
        small_pdf({"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] /SigFlags 3 >> >>",
                   "<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
                   "<< /Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 4 0 R /Rect [0 0 0 0] /P 5 0 R /F 132 >>",
                   "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /" + sub_filter + " /ByteRange " + range +
                       " /Contents <" + std::string(kRoom, '0') + "> >>",
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Annots [3 0 R] >>"});
    const std::size_t begin = pdf.find("/Contents <") + 10, end = begin + kRoom + 2 + unsigned_bytes;
    char text[64];
    std::snprintf(text, sizeof text, "[%010d %010zu %010zu %010zu]", 0, begin, end, pdf.size() - end);
    pdf.replace(pdf.find(range), range.size(), text);
    const std::string der = signer.sign(pdf.substr(0, begin) + pdf.substr(end), flags);
    EXPECT_LE(2 * der.size(), kRoom);
    std::string digits;
    for (const char byte : der) {
        std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(byte));
        digits += text;
    }
    return pdf.replace(begin + 1, digits.size(), digits);
}

class PdfSignatureTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "recto-sign-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string put(const std::string& name, const std::string& bytes) {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    std::vector<PdfSignature> look(const std::string& bytes) {
        const auto found = hidden_in_pdf(put("a.pdf", bytes));
        EXPECT_TRUE(found) << (found ? "" : found.error().reason);
        return found ? found->signatures : std::vector<PdfSignature>();
    }
    State state(const std::string& bytes) {
        const auto found = look(bytes);
        EXPECT_EQ(found.size(), 1U);
        return found.empty() ? State::Unchecked : found.front().state;
    }
    CheckOutcome outcome(const std::map<std::string, std::string>& files) {
        PropertyItem item{"0025-WS·2012-Y-0001", nullptr, {}};
        for (const auto& [name, bytes] : files) item.files["master/" + name] = put(name, bytes);
        const std::vector<PropertyItem> items{item};
        const VirusScanner none;
        return find_property_check("signatures")({items, {}, folder_, look_at_files(items, 1), none});
    }
    std::string folder_;
    Signer signer_{"柳州市档案馆"};
};

TEST_F(PdfSignatureTest, IsIntactUntilABitIsTurned) {
    const std::string good = signed_pdf(signer_);
    const auto found = look(good);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].state, State::Intact) << found[0].reason;
    EXPECT_EQ(found[0].signer, "柳州市档案馆");
    EXPECT_EQ(state(signed_pdf(signer_, "ETSI.CAdES.detached")), State::Intact);
    EXPECT_EQ(state(signed_pdf(signer_, "adbe.pkcs7.detached", CMS_NOATTR)), State::Intact);
    for (const char* place : {"MediaBox [0 0 100", "startxref"}) {
        std::string bad = good;
        char& bit = bad[bad.find(place) + std::string(place).size() - 1];
        bit = place[0] == 'M' ? '5' : 'g'; // before and behind the signature; qpdf mends the latter
        EXPECT_EQ(state(bad), State::Broken) << place;
    }
    std::string other = signed_pdf(signer_, "adbe.pkcs7.detached", CMS_NOATTR);
    other[other.find("MediaBox [0 0 100") + 14] = '5';
    EXPECT_EQ(state(other), State::Broken);
}

TEST_F(PdfSignatureTest, ASignatureMovedToAnotherFileIsBroken) {
    const std::string a = signed_pdf(signer_), begin = "/Contents <";
    std::string b = signed_pdf(Signer("another"));
    b.replace(b.find(begin), 8192, a.substr(a.find(begin), 8192));
    EXPECT_EQ(state(b), State::Intact) << "the same bytes, signed by the first";
    b[b.find("MediaBox [0 0 100") + 14] = '5';
    EXPECT_EQ(state(b), State::Broken);
}

TEST_F(PdfSignatureTest, WhatIsAddedBehindIsSeen) {
    EXPECT_EQ(state(signed_pdf(signer_) + "% more\n%%EOF\n"), State::Extended);
}

TEST_F(PdfSignatureTest, OddRangesAndContentsAreBrokenAndOthersUnchecked) {
    const std::string good = signed_pdf(signer_);
    const auto with_range = [&](const std::string& range) {
        std::string out = good;
        const std::size_t at = out.find("[0000000000");
        return out.replace(at, out.find(']', at) + 1 - at, range);
    };
    for (const char* range : {"[0 10 20 99999999999]", "[0 -1 20 30]", "[5 10 20 30]", "[0 100 50 30]", "[0 10]",
                              "[/A 1 2 3]", "[0 1 9223372036854775807 9223372036854775807]"})
        EXPECT_EQ(state(with_range(range)), State::Broken) << range;
    EXPECT_EQ(state(signed_pdf(signer_, "adbe.pkcs7.detached", 0, 40)), State::Broken)
        << "the signature is right, but nobody signed what stands beside it";
    std::string garbage = good;
    garbage.replace(garbage.find("/Contents <") + 11, 8, "ffffffff");
    EXPECT_EQ(state(garbage), State::Broken);
    EXPECT_EQ(state(signed_pdf(signer_, "ETSI.RFC3161")), State::Unchecked);
    EXPECT_EQ(state(signed_pdf(signer_, "adbe.pkcs7.detached", CMS_NOCERTS)), State::Unchecked) << "signed by whom?";
}

TEST_F(PdfSignatureTest, TheRuleSaysWhichFileAndWhy) {
    const std::string good = signed_pdf(signer_);
    std::string bad = good;
    bad[bad.find("MediaBox [0 0 100") + 14] = '5';
    const auto said = [](const CheckOutcome& outcome) {
        std::vector<std::string> out;
        for (const PropertyReason& r : outcome.reasons) {
            out.push_back(r.place + " " + r.code);
            EXPECT_NE(r.message(Language::Chinese), r.message(Language::English));
        }
        return out;
    };
    const CheckOutcome passed = outcome({{"a.pdf", good}});
    EXPECT_EQ(passed.verdict, Verdict::Passed);
    EXPECT_EQ(passed.checked, 1U);
    EXPECT_EQ(passed.evidence, "柳州市档案馆");
    const CheckOutcome failed = outcome({{"a.pdf", good}, {"b.pdf", bad}, {"c.pdf", good + "%"}});
    EXPECT_EQ(failed.verdict, Verdict::Failed);
    EXPECT_THAT(said(failed), ElementsAre("0025-WS·2012-Y-0001/master/b.pdf properties.signature",
                                          "0025-WS·2012-Y-0001/master/c.pdf properties.extended"));
    const std::vector<FileFacts> twice{
        {"d.pdf", "pdf", FileKind::Pdf,
         HiddenInPdf{false, false, {}, {{State::Extended, "A", ""}, {State::Intact, "B", ""}}}}};
    const CheckOutcome both = find_property_check("signatures")({{}, {}, folder_, twice, VirusScanner()});
    EXPECT_EQ(both.verdict, Verdict::Passed);
    EXPECT_EQ(both.evidence, "A, B");
    const CheckOutcome unknown = outcome({{"a.pdf", signed_pdf(signer_, "adbe.x509.rsa_sha1")}});
    EXPECT_EQ(unknown.verdict, Verdict::NotChecked);
    EXPECT_THAT(said(unknown), ElementsAre("0025-WS·2012-Y-0001/master/a.pdf properties.signature_kind"));
}

} // namespace
} // namespace recto::verify
