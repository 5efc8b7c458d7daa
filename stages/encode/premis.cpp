#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "pipeline/files/xml_writer.h"
#include "stages/encode/formats.h"
#include "stages/encode/records.h"

namespace recto::encode {
namespace {

using Json = nlohmann::json;

/// A term of the Library of Congress preservation vocabularies with its code.
struct Term {
    const char* label;
    const char* code;
};
constexpr Term kCapture{"capture", "cap"}, kIngestion{"ingestion", "ing"}, kCreation{"creation", "cre"},
    kDigest{"message digest calculation", "mes"}, kModification{"modification", "mod"},
    kPolicy{"policy assignment", "poa"};

/// TIFF and EXIF write "2026:03:17 10:00:00"; PREMIS wants ISO 8601.
std::string iso_time(std::string t) {
    if (t.size() >= 19 && t[4] == ':' && t[7] == ':' && t[10] == ' ') {
        t[4] = t[7] = '-';
        t[10] = 'T';
    }
    return t;
}

class PremisWriter {
  public:
    PremisWriter(const Json& item, const std::vector<StagedFile>& records) : item_(item), records_(records) {
        created_ = item.at("created");
        urn_ = "urn:uuid:" + item.at("id").get<std::string>();
        const Json& provenance = item.at("provenance");
        agent_ = provenance.value("agent", "recto");
        const std::size_t space = agent_.find(' ');
        name_ = agent_.substr(0, space);
        version_ = space == std::string::npos ? "" : agent_.substr(space + 1);
    }

    std::string write() {
        x_.start("premis").attribute("xmlns", "http://www.loc.gov/premis/v3");
        x_.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        x_.attribute("xsi:schemaLocation",
                     "http://www.loc.gov/premis/v3 http://www.loc.gov/standards/premis/premis.xsd");
        x_.attribute("version", "3.0");
        entity();
        for (const Json& s : item_.at("sources")) master(s);
        for (const Json& f : item_.at("files")) file(f);
        for (const StagedFile& r : records_) record(r);
        events();
        agents();
        x_.end();
        return x_.finish();
    }

  private:
    void pair(const char* element, const std::string& type, std::string_view value) {
        const std::string e = element;
        x_.start(element).element((e + "Type").c_str(), type).element((e + "Value").c_str(), value).end();
    }

    void entity() {
        x_.start("object").attribute("xsi:type", "intellectualEntity");
        pair("objectIdentifier", "UUID", item_.at("id").get<std::string>());
        if (const std::string code = item_.at("reference_code"); !code.empty())
            pair("objectIdentifier", "reference code", code);
        for (const Json& h : item_.at("former_codes"))
            pair("objectIdentifier", "former reference code", h.at("code").get<std::string>());
        auto property = [&](const char* type, const std::string& value) {
            x_.start("significantProperties").element("significantPropertiesType", type);
            x_.element("significantPropertiesValue", value).end();
        };
        property("page images", std::to_string(item_.at("pages").size()));
        property("counted pages", std::to_string(item_.at("counted_pages").get<int>()));
        x_.element("originalName", item_.at("provisional_name").get<std::string>());
        x_.end();
    }

    void characteristics(const std::string& sha512, std::uint64_t size, const FileFormat& format, bool ours,
                         const std::string& software, const std::string& created) {
        x_.start("objectCharacteristics").element("compositionLevel", "0");
        x_.start("fixity").element("messageDigestAlgorithm", "SHA-512").element("messageDigest", sha512);
        x_.element("messageDigestOriginator", agent_).end();
        x_.element("size", std::to_string(size));
        x_.start("format").start("formatDesignation").element("formatName", format.name);
        if (!format.version.empty()) x_.element("formatVersion", format.version);
        x_.end();
        if (!format.pronom.empty())
            x_.start("formatRegistry")
                .element("formatRegistryName", "PRONOM")
                .element("formatRegistryKey", format.pronom)
                .end();
        x_.end();
        if (ours || !software.empty() || !created.empty()) {
            x_.start("creatingApplication");
            if (ours) x_.element("creatingApplicationName", name_);
            else if (!software.empty()) x_.element("creatingApplicationName", software);
            if (ours && !version_.empty()) x_.element("creatingApplicationVersion", version_);
            if (!created.empty()) x_.element("dateCreatedByApplication", created);
            x_.end();
        }
        x_.end();
    }

    void derived_from(const std::set<std::string>& paths) {
        if (paths.empty()) return;
        x_.start("relationship").element("relationshipType", "derivation").element("relationshipSubType", "has source");
        for (const std::string& p : paths) pair("relatedObjectIdentifier", "local", p);
        x_.end();
    }

    void master(const Json& s) {
        x_.start("object").attribute("xsi:type", "file");
        pair("objectIdentifier", "local", s.at("master").get<std::string>());
        const Json& capture = s.at("capture");
        FileFormat format = identify_format(s.at("media_type").get<std::string>(), {});
        if (s.contains("format"))
            format = {s["format"].at("name"), s["format"].at("version"), s["format"].at("pronom")};
        characteristics(s.at("sha512"), s.at("size"), format, false, capture.at("software"),
                        iso_time(capture.at("time").get<std::string>()));
        x_.element("originalName", s.at("original_name").get<std::string>());
        x_.end();
    }

    /// Masters that a file was made from: its page's, or all for files of the whole item.
    std::set<std::string> masters_of(const Json& f) const {
        std::set<std::string> out;
        const int order = f.value("page", 0);
        for (const Json& p : item_.at("pages"))
            if (order == 0 || p.at("order") == order)
                out.insert(item_.at("sources")
                               .at(p.at("image").at("source").get<std::size_t>())
                               .at("master")
                               .get<std::string>());
        return out;
    }

    /// When a file was made: with this version, or with the earlier one that has it already.
    std::string made(const Json& f) const { return f.value("created", created_); }

    void file(const Json& f) {
        x_.start("object").attribute("xsi:type", "file");
        pair("objectIdentifier", "local", f.at("path").get<std::string>());
        const Json& format = f.at("format");
        characteristics(f.at("sha512"), f.at("size"), {format.at("name"), format.at("version"), format.at("pronom")},
                        true, "", made(f));
        derived_from(masters_of(f));
        x_.end();
    }

    void record(const StagedFile& r) {
        x_.start("object").attribute("xsi:type", "file");
        pair("objectIdentifier", "local", r.logical_path);
        characteristics(r.sha512, r.size, identify_format(r.media_type, {}), true, "", created_);
        x_.end();
    }

    // ---- Events --------------------------------------------------------------------------------------------------

    void begin_event(const Term& type, const std::string& id, const std::string& time, const std::string& detail) {
        x_.start("event");
        pair("eventIdentifier", "local", id);
        x_.start("eventType").attribute("authority", "eventType");
        x_.attribute("authorityURI", "http://id.loc.gov/vocabulary/preservation/eventType");
        x_.attribute("valueURI", fmt::format("http://id.loc.gov/vocabulary/preservation/eventType/{}", type.code));
        x_.text(type.label).end();
        x_.element("eventDateTime", time);
        if (!detail.empty()) x_.start("eventDetailInformation").element("eventDetail", detail).end();
    }
    void outcome(const char* value, const std::string& note = {}) {
        x_.start("eventOutcomeInformation").element("eventOutcome", value);
        if (!note.empty()) x_.start("eventOutcomeDetail").element("eventOutcomeDetailNote", note).end();
        x_.end();
    }
    void by(const std::string& agent, const char* role) {
        x_.start("linkingAgentIdentifier").element("linkingAgentIdentifierType", "local");
        x_.element("linkingAgentIdentifierValue", agent).element("linkingAgentRole", role).end();
        used_agents_.insert(agent);
    }
    void of(const std::string& object, const char* role) {
        x_.start("linkingObjectIdentifier")
            .element("linkingObjectIdentifierType", object == urn_.substr(9) ? "UUID" : "local");
        x_.element("linkingObjectIdentifierValue", object).element("linkingObjectRole", role).end();
    }

    void events() {
        const std::string id = item_.at("id");
        std::set<std::string> people;
        int n = 0;
        for (const Json& s : item_.at("sources")) {
            const Json& c = s.at("capture");
            ++n;
            const std::string operator_name = c.at("operator"), device = c.at("device"), station = c.at("station");
            if (!operator_name.empty()) people.insert(operator_name);
            if (!operator_name.empty()) person(operator_name);
            if (!device.empty()) this->device(device);
            const std::string time = iso_time(c.at("time").get<std::string>());
            if (time.empty()) continue; // An event without a time is not an event: what is known stays in item.json.
            begin_event(kCapture, fmt::format("capture-{:04}", n), time, station.empty() ? "" : "station: " + station);
            if (!device.empty()) by("device: " + device, "executing program");
            if (!operator_name.empty()) by("person: " + operator_name, "implementer");
            of(s.at("master"), "outcome");
            x_.end();
        }
        begin_event(kIngestion, "ingestion", item_.at("provenance").value("ingested", created_),
                    "files taken in byte for byte from the delivery " + item_.at("delivery").get<std::string>());
        outcome("success");
        by(agent_, "executing program");
        for (const std::string& p : people) by("person: " + p, "implementer");
        of(id, "outcome");
        x_.end();
        if (!item_.at("sources").empty()) {
            begin_event(kDigest, "digests", item_.at("provenance").value("ingested", created_),
                        "SHA-512 of the files as delivered; equal after they were read and stored");
            outcome("success");
            by(agent_, "executing program");
            for (const Json& s : item_.at("sources")) of(s.at("master"), "source");
            x_.end();
        }
        n = 0;
        for (const Json& f : item_.at("files")) {
            begin_event(kCreation, fmt::format("creation-{:04}", ++n), made(f), chain(f));
            outcome("success");
            by(agent_, "executing program");
            for (const std::string& m : masters_of(f)) of(m, "source");
            of(f.at("path"), "outcome");
            x_.end();
        }
        n = 0;
        for (const Json& e : item_.value("edits", Json::array())) edit(e, ++n);
    }

    /// What a person changed: one event an edit, naming the pages and, for a correction, each line.
    void edit(const Json& e, int number) {
        const std::string kind = e.value("edit", ""), who = e.value("who", "");
        std::string detail, note;
        if (kind == "replace")
            detail = fmt::format(
                "page urn:uuid:{} scanned again: {} (SHA-512 {}) stands for {} (SHA-512 {}), which is kept in "
                "earlier versions",
                e.value("page", ""), e.value("name", ""), e.value("sha512", ""), e.value("old_name", ""),
                e.value("old_sha512", ""));
        else if (kind == "insert")
            detail = fmt::format("page urn:uuid:{} added: {} (SHA-512 {})", e.value("page", ""), e.value("name", ""),
                                 e.value("sha512", ""));
        else if (kind == "release") detail = "released although incomplete; " + e.value("reason", "");
        else if (kind == "correct") {
            detail = "text corrected:";
            for (const Json& l : e.value("lines", Json::array()))
                detail += fmt::format(" page urn:uuid:{} line {};", l.value("page", ""), l.value("line", ""));
            detail.pop_back();
        } else if (kind == "treat") {
            detail = "treatment set by hand:";
            for (const Json& p : e.value("pages", Json::array()))
                detail +=
                    fmt::format(" page urn:uuid:{} {};", p.value("page", ""),
                                p.value("automatic", false) ? "automatic again" : p.value("values", Json()).dump());
            detail.pop_back();
        } else if (kind == "ocr") {
            detail = "text read again by " + e.value("engine", "") + "; language: " + e.value("language", "");
            detail += "; settings: " + e.value("settings", Json::object()).dump();
            if (const std::string models = e.value("models", ""); !models.empty()) detail += "; models: " + models;
            note = readings(e.value("pages", Json::array()));
        } else detail = kind;
        if (kind != "release" && !e.value("reason", "").empty()) detail += "; reason: " + e.value("reason", "");
        begin_event(kind == "release" ? kPolicy : kModification, fmt::format("{}-{:04}", kind, number),
                    e.value("time", created_), detail);
        outcome("success", note);
        by(agent_, "executing program");
        if (!who.empty()) {
            person(who);
            by("person: " + who, "implementer");
        }
        of(item_.at("id"), "outcome");
        x_.end();
    }

    /// What pages said before and after they were read again, and which engine had read them before.
    static std::string readings(const Json& pages) {
        std::string out;
        const auto words = [](const Json& r) {
            return fmt::format("{}, {} characters, mean confidence {:.2f}", r.value("state", ""),
                               r.value("characters", 0), r.value("confidence", 0.0));
        };
        for (const Json& p : pages) {
            const Json before = p.value("before", Json::object()), after = p.value("after", Json::object());
            const std::string engine = before.value("engine", "");
            out += fmt::format("{}page urn:uuid:{}: before by {} ({}): {}; now: {}; lines of a person kept: {}",
                               out.empty() ? "" : "; ", p.value("page", ""), engine.empty() ? "no engine" : engine,
                               before.value("language", ""), words(before), words(after), p.value("lines_kept", 0));
        }
        return out;
    }

    static bool cleaned(const Json& page) {
        return page.contains("access_clean") && !page.at("access_clean").value("vetoed", false);
    }

    /// Where the chain of treatment that led to a file is recorded, and its software in words.
    std::string chain(const Json& f) const {
        const int order = f.value("page", 0);
        const std::string role = f.at("role");
        std::string detail = role;
        for (const Json& p : item_.at("pages")) {
            if (order == 0 || p.at("order") != order) continue;
            detail +=
                fmt::format(" of page {} (urn:uuid:{}); treatment: metadata/item.json, pages, order {}, treatment",
                            order, p.at("id").get<std::string>(), order);
            if (role == "alto" || role == "hocr" || role == "tsv")
                detail += "; reading: " + p.at("reading").at("engine").get<std::string>();
            if (role == "access-image" && cleaned(p)) detail += "; cleaned for people: " + p.at("access_clean").dump();
        }
        if (role == "access") {
            std::string pages;
            for (const Json& p : item_.at("pages"))
                if (cleaned(p)) pages += fmt::format("{}{}", pages.empty() ? "" : ", ", p.at("order").get<int>());
            if (!pages.empty())
                return detail + " of all pages; cleaned for people: pages " + pages +
                       "; treatment and access_clean of each: metadata/item.json, pages";
        }
        // A table's file is of the page that its name begins with.
        if (order == 0 && role != "table") detail += " of all pages; treatment of each: metadata/item.json, pages";
        return detail;
    }

    // ---- Agents --------------------------------------------------------------------------------------------------

    void person(const std::string& name) { agents_.try_emplace("person: " + name, name, "person"); }
    void device(const std::string& name) { agents_.try_emplace("device: " + name, name, "hardware"); }

    void agents() {
        x_.start("agent");
        pair("agentIdentifier", "local", agent_);
        x_.element("agentName", name_).element("agentType", "software");
        if (!version_.empty()) x_.element("agentVersion", version_);
        const Json& provenance = item_.at("provenance");
        for (const char* key : {"build", "cpu"})
            if (provenance.contains(key) && provenance[key].is_string())
                x_.element("agentNote", fmt::format("{}: {}", key, provenance[key].get<std::string>()));
        if (provenance.contains("models") && provenance["models"].is_object())
            for (const auto& [key, value] : provenance["models"].items())
                x_.element("agentNote",
                           fmt::format("model {}: {}", key,
                                       value.is_string() ? value.get<std::string>()
                                                         : value.dump(-1, ' ', false, Json::error_handler_t::replace)));
        x_.end();
        for (const auto& [id, agent] : agents_) {
            if (!used_agents_.contains(id)) continue;
            x_.start("agent");
            pair("agentIdentifier", "local", id);
            x_.element("agentName", agent.first).element("agentType", agent.second).end();
        }
    }

    const Json& item_;
    const std::vector<StagedFile>& records_;
    std::string created_, urn_, agent_, name_, version_;
    std::map<std::string, std::pair<std::string, const char*>> agents_;
    std::set<std::string> used_agents_;
    XmlWriter x_;
};

} // namespace

std::string write_premis(const nlohmann::json& item, const std::vector<StagedFile>& records) {
    return PremisWriter(item, records).write();
}

} // namespace recto::encode
