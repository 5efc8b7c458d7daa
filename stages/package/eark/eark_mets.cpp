#include "stages/package/eark/eark_mets.h"

#include <string_view>

#include "pipeline/files/names.h"
#include "pipeline/files/xml_writer.h"

namespace recto {

namespace {

/// METS elements as CSIP has them. IDs count up within one METS file.
class EarkMets {
  public:
    explicit EarkMets(const EarkPackage& package) : package_(package) {}

    void open(const std::string& id, const std::string& label) {
        x_.start("mets").attribute("xmlns", "http://www.loc.gov/METS/");
        x_.attribute("xmlns:csip", "https://DILCIS.eu/XML/METS/CSIPExtensionMETS");
        x_.attribute("xmlns:sip", "https://DILCIS.eu/XML/METS/SIPExtensionMETS");
        x_.attribute("xmlns:xlink", "http://www.w3.org/1999/xlink");
        x_.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        x_.attribute(
            "xsi:schemaLocation",
            "http://www.loc.gov/METS/ http://www.loc.gov/standards/mets/version1121/mets.xsd "
            "https://DILCIS.eu/XML/METS/CSIPExtensionMETS https://earkcsip.dilcis.eu/schema/DILCISExtensionMETS.xsd "
            "https://DILCIS.eu/XML/METS/SIPExtensionMETS https://earksip.dilcis.eu/schema/DILCISExtensionSIPMETS.xsd");
        x_.attribute("OBJID", id).attribute("LABEL", label).attribute("TYPE", "Mixed");
        x_.attribute("csip:CONTENTINFORMATIONTYPE", "MIXED");
        x_.attribute("PROFILE", "https://earksip.dilcis.eu/profile/E-ARK-SIP-v2-2-0.xml");
        x_.start("metsHdr").attribute("CREATEDATE", package_.created).attribute("LASTMODDATE", package_.created);
        x_.attribute("RECORDSTATUS", "NEW").attribute("csip:OAISPACKAGETYPE", "SIP");
        agent("OTHER", "SOFTWARE", package_.agent, "SOFTWARE VERSION", package_.agent_version);
        agent("ORGANIZATION", nullptr, package_.submitter, "IDENTIFICATIONCODE", package_.submitter_code);
        x_.end();
    }

    std::string close() {
        x_.end();
        return x_.finish();
    }

    std::string next(const char* kind) { return std::string(kind) + "-" + std::to_string(++count_); }

    void metadata(const char* section, const EarkFile& file, const char* type, const char* other,
                  std::vector<std::string>& ids) {
        ids.push_back(next("md"));
        x_.start(section).attribute("ID", ids.back());
        if (std::string_view(section) == "dmdSec") x_.attribute("CREATED", package_.created);
        x_.attribute("STATUS", "CURRENT");
        x_.start("mdRef").attribute("ID", next("ref"));
        locate(file.path);
        x_.attribute("MDTYPE", type);
        if (other != nullptr) x_.attribute("OTHERMDTYPE", other);
        facts(file);
        x_.end().end();
    }

    /// A group of files; its ID.
    std::string group(const std::string& use, const std::vector<EarkFile>& files) {
        const std::string id = next("group");
        x_.start("fileGrp").attribute("ID", id).attribute("USE", use);
        if (use.starts_with("Representations")) x_.attribute("csip:CONTENTINFORMATIONTYPE", "MIXED");
        for (const EarkFile& file : files) {
            x_.start("file").attribute("ID", next("file"));
            facts(file);
            x_.start("FLocat");
            locate(file.path);
            x_.end().end();
        }
        x_.end();
        return id;
    }

    void open_structure(const std::string& label, const std::string& type) {
        x_.start("structMap").attribute("ID", next("map")).attribute("TYPE", "PHYSICAL").attribute("LABEL", "CSIP");
        x_.start("div").attribute("ID", next("div")).attribute("LABEL", label);
        if (!type.empty()) x_.attribute("TYPE", type);
    }

    XmlWriter& x() { return x_; }

    void locate(const std::string& path) {
        x_.attribute("LOCTYPE", "URL").attribute("xlink:type", "simple").attribute("xlink:href", percent_encode(path));
    }

  private:
    void agent(const char* type, const char* other, const std::string& name, const char* note_type,
               const std::string& note) {
        if (name.empty()) return;
        x_.start("agent").attribute("ROLE", "CREATOR").attribute("TYPE", type);
        if (other != nullptr) x_.attribute("OTHERTYPE", other);
        x_.element("name", name);
        x_.start("note").attribute("csip:NOTETYPE", note_type).text(note).end();
        x_.end();
    }

    void facts(const EarkFile& file) {
        x_.attribute("MIMETYPE", file.media_type).attribute("SIZE", std::to_string(file.bytes));
        x_.attribute("CREATED", package_.created);
        x_.attribute("CHECKSUM", file.sha512).attribute("CHECKSUMTYPE", "SHA-512");
    }

    const EarkPackage& package_;
    XmlWriter x_;
    int count_ = 0;
};

std::string joined(const std::vector<std::string>& ids) {
    std::string out;
    for (const std::string& id : ids) out += (out.empty() ? "" : " ") + id;
    return out;
}

} // namespace

std::string eark_root_mets(const EarkPackage& package) {
    EarkMets mets(package);
    mets.open(package.id, package.title);
    std::vector<std::string> described, managed;
    for (const EarkFile& file : package.descriptive)
        mets.metadata("dmdSec", file, file.path.ends_with("ead3.xml") ? "EAD" : "DC", nullptr, described);
    mets.x().start("amdSec").attribute("ID", mets.next("amd"));
    for (const EarkFile& file : package.preservation) mets.metadata("digiprovMD", file, "PREMIS", nullptr, managed);
    for (const EarkFile& file : package.other) mets.metadata("digiprovMD", file, "OTHER", "RECTO-ITEM", managed);
    mets.x().end();
    mets.x().start("fileSec").attribute("ID", mets.next("files"));
    std::vector<std::string> groups;
    for (const EarkRepresentation& r : package.representations)
        groups.push_back(mets.group("Representations/" + r.name, {r.mets}));
    mets.x().end();
    mets.open_structure(package.id, "");
    mets.x().start("div").attribute("ID", mets.next("div")).attribute("LABEL", "Metadata");
    mets.x().attribute("DMDID", joined(described)).attribute("ADMID", joined(managed)).end();
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const EarkRepresentation& r = package.representations[i];
        mets.x().start("div").attribute("ID", mets.next("div")).attribute("LABEL", "Representations/" + r.name);
        mets.x().start("mptr");
        mets.locate(r.mets.path);
        mets.x().attribute("xlink:title", groups[i]).end().end();
    }
    mets.x().end().end();
    return mets.close();
}

std::string eark_representation_mets(const EarkPackage& package, const EarkRepresentation& representation,
                                     const std::vector<EarkFile>& files) {
    EarkMets mets(package);
    mets.open(representation.name, package.title);
    mets.x().start("fileSec").attribute("ID", mets.next("files"));
    const std::string group = mets.group("Data", files);
    mets.x().end();
    mets.open_structure(representation.name, representation.content);
    mets.x().start("div").attribute("ID", mets.next("div")).attribute("LABEL", "Data");
    mets.x().start("fptr").attribute("FILEID", group).end().end();
    mets.x().end().end();
    return mets.close();
}

std::string eark_ead(const EadFacts& facts) {
    XmlWriter x;
    x.start("ead").attribute("xmlns", "http://ead3.archivists.org/schema/");
    x.start("control").element("recordid", "urn:uuid:" + facts.id);
    x.start("filedesc").start("titlestmt").element("titleproper", facts.title).end().end();
    x.start("maintenancestatus").attribute("value", "new").end();
    x.start("maintenanceagency").element("agencyname", facts.repository).end();
    x.start("maintenancehistory").start("maintenanceevent");
    x.start("eventtype").attribute("value", "created").end();
    x.element("eventdatetime", facts.created);
    x.start("agenttype").attribute("value", "machine").end();
    x.element("agent", facts.agent).end().end().end();
    x.start("archdesc").attribute("level", "item").start("did");
    x.element("unitid", facts.code).element("unittitle", facts.title);
    if (!facts.date.empty()) x.element("unitdate", facts.date);
    if (!facts.creator.empty()) x.start("origination").start("name").element("part", facts.creator).end().end();
    x.element("physdesc", facts.extent);
    if (!facts.repository.empty())
        x.start("repository").start("corpname").element("part", facts.repository).end().end();
    x.end().end().end();
    return x.finish();
}

} // namespace recto
