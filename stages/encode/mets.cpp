#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "pipeline/files/xml_writer.h"
#include "stages/encode/records.h"

namespace recto::encode {
namespace {

using Json = nlohmann::json;

class MetsWriter {
  public:
    MetsWriter(const Json& item, const std::vector<StagedFile>& records)
        : item_(item), records_(records), created_(item.at("created")),
          urn_("urn:uuid:" + item.at("id").get<std::string>()) {}

    std::string write() {
        x_.start("mets").attribute("xmlns", "http://www.loc.gov/METS/");
        x_.attribute("xmlns:xlink", "http://www.w3.org/1999/xlink");
        x_.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        x_.attribute("xsi:schemaLocation",
                     "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/version1121/mets.xsd");
        x_.attribute("OBJID", urn_).attribute("LABEL", item_title(item_)).attribute("TYPE", "item");
        header();
        for (const StagedFile& r : records_)
            if (r.logical_path == "metadata/dc.xml") {
                x_.start("dmdSec").attribute("ID", "dc");
                reference(r, "DC", nullptr);
                x_.end();
            }
        x_.start("amdSec").attribute("ID", "amd");
        for (const StagedFile& r : records_) {
            const bool premis = r.logical_path == "metadata/premis.xml";
            if (!premis && r.logical_path != "metadata/item.json") continue;
            x_.start("digiprovMD").attribute("ID", premis ? "premis" : "item");
            reference(r, premis ? "PREMIS" : "OTHER", premis ? nullptr : "RECTO-ITEM");
            x_.end();
        }
        x_.end();
        files();
        physical();
        logical();
        x_.end();
        return x_.finish();
    }

  private:
    void header() {
        x_.start("metsHdr").attribute("CREATEDATE", created_);
        x_.attribute("RECORDSTATUS", item_.at("held").get<bool>() ? "held" : "complete");
        auto agent = [&](const char* role, const char* type, const char* other, const std::string& name) {
            if (name.empty()) return;
            x_.start("agent").attribute("ROLE", role).attribute("TYPE", type);
            if (other) x_.attribute("OTHERTYPE", other);
            x_.element("name", name).end();
        };
        agent("CREATOR", "OTHER", "SOFTWARE", item_.at("provenance").value("agent", "recto"));
        if (const Json& repository = item_.at("repository"); repository.is_object())
            agent("CUSTODIAN", "ORGANIZATION", nullptr, repository.value("name", repository.value("code", "")));
        if (const std::string code = item_.at("reference_code"); !code.empty())
            x_.start("altRecordID").attribute("TYPE", "reference code").text(code).end();
        for (const Json& h : item_.at("former_codes"))
            x_.start("altRecordID")
                .attribute("TYPE", "former reference code")
                .text(h.at("code").get<std::string>())
                .end();
        x_.end();
    }

    void location(const std::string& path) {
        x_.attribute("LOCTYPE", "URL").attribute("xlink:type", "simple").attribute("xlink:href", percent_encode(path));
    }
    void fixity(const std::string& media_type, std::uint64_t size, const std::string& sha512) {
        x_.attribute("MIMETYPE", media_type).attribute("SIZE", std::to_string(size));
        x_.attribute("CHECKSUM", sha512).attribute("CHECKSUMTYPE", "SHA-512");
    }

    void reference(const StagedFile& r, const char* type, const char* other) {
        x_.start("mdRef");
        location(r.logical_path);
        x_.attribute("MDTYPE", type);
        if (other) x_.attribute("OTHERMDTYPE", other);
        fixity(r.media_type, r.size, r.sha512);
        x_.end();
    }

    void files() {
        // One group a role, in the order in which the roles first appear.
        std::vector<std::string> roles;
        for (const Json& f : item_.at("files"))
            if (const std::string role = f.at("role"); std::find(roles.begin(), roles.end(), role) == roles.end())
                roles.push_back(role);
        x_.start("fileSec").start("fileGrp").attribute("USE", "master");
        int n = 0;
        for (const Json& s : item_.at("sources")) {
            const std::string id = fmt::format("master-{:04}", ++n), path = s.at("master");
            add(id, path, s.at("media_type"), s.at("size"), s.at("sha512"), 0);
        }
        x_.end();
        for (const std::string& role : roles) {
            x_.start("fileGrp").attribute("USE", role);
            int k = 0;
            for (const Json& f : item_.at("files")) {
                if (f.at("role") != role) continue;
                const int page = f.value("page", 0);
                const std::string id = fmt::format("{}-{:04}", role, page ? page : ++k);
                add(id, f.at("path"), f.at("media_type"), f.at("size"), f.at("sha512"), page);
                (page ? of_page_[page] : of_item_).push_back(id);
            }
            x_.end();
        }
        x_.end();
    }

    void add(const std::string& id, const std::string& path, const std::string& media_type, std::uint64_t size,
             const std::string& sha512, int page) {
        x_.start("file").attribute("ID", id).attribute("ADMID", "premis item");
        fixity(media_type, size, sha512);
        if (page) x_.attribute("GROUPID", fmt::format("page-{:04}", page));
        x_.start("FLocat");
        location(path);
        x_.end().end();
    }

    void pointer(const std::string& id) { x_.start("fptr").attribute("FILEID", id).end(); }

    void physical() {
        x_.start("structMap")
            .attribute("TYPE", "PHYSICAL")
            .start("div")
            .attribute("ID", "physical")
            .attribute("TYPE", "item");
        for (const Json& p : item_.at("pages")) {
            const int order = p.at("order");
            x_.start("div").attribute("ID", fmt::format("page-{:04}", order)).attribute("TYPE", "page");
            x_.attribute("ORDER", std::to_string(order)).attribute("LABEL", p.at("class").get<std::string>());
            if (const std::string printed = p.at("printed_number"); !printed.empty())
                x_.attribute("ORDERLABEL", printed);
            x_.attribute("CONTENTIDS", "urn:uuid:" + p.at("id").get<std::string>());
            pointer(fmt::format("master-{:04}", p.at("image").at("source").get<int>() + 1));
            for (const std::string& id : of_page_[order]) pointer(id);
            x_.end();
        }
        x_.end().end();
    }

    /// Neighbouring pages of one class are one part of the item: cover, contents, body, back note.
    void logical() {
        struct Part {
            std::string kind;
            std::vector<int> pages;
        };
        std::vector<Part> parts;
        for (const Json& p : item_.at("pages")) {
            std::string kind = p.at("class");
            if (kind == "blank" || kind == "blank-verso") kind = parts.empty() ? "body" : parts.back().kind;
            if (parts.empty() || parts.back().kind != kind) parts.push_back({kind, {}});
            parts.back().pages.push_back(p.at("order"));
        }
        x_.start("structMap")
            .attribute("TYPE", "LOGICAL")
            .start("div")
            .attribute("ID", "logical")
            .attribute("TYPE", "item");
        x_.attribute("LABEL", item_title(item_));
        if (std::any_of(records_.begin(), records_.end(),
                        [](const auto& r) { return r.logical_path == "metadata/dc.xml"; }))
            x_.attribute("DMDID", "dc");
        for (const std::string& id : of_item_) pointer(id);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            x_.start("div").attribute("ID", fmt::format("part-{}", i + 1)).attribute("TYPE", parts[i].kind);
            x_.attribute("ORDER", std::to_string(i + 1)).end();
        }
        x_.end().end();
        if (parts.empty()) return;
        x_.start("structLink");
        link("logical", "physical");
        for (std::size_t i = 0; i < parts.size(); ++i)
            for (const int page : parts[i].pages) link(fmt::format("part-{}", i + 1), fmt::format("page-{:04}", page));
        x_.end();
    }
    void link(const std::string& from, const std::string& to) {
        x_.start("smLink").attribute("xlink:from", from).attribute("xlink:to", to).end();
    }

    const Json& item_;
    const std::vector<StagedFile>& records_;
    std::string created_, urn_;
    std::map<int, std::vector<std::string>> of_page_;
    std::vector<std::string> of_item_;
    XmlWriter x_;
};

} // namespace

std::string write_mets(const nlohmann::json& item, const std::vector<StagedFile>& records) {
    return MetsWriter(item, records).write();
}

} // namespace recto::encode
