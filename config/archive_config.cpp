#include "config/archive_config.h"

#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace recto {

Result<ArchiveConfig> read_archive_config(FileSystem& fs, const std::string& path) {
    RECTO_ASSIGN(const std::string text, fs.read(path));
    ArchiveConfig out;
    try {
        const YAML::Node root = YAML::Load(text);
        if (!root.IsMap() || !root["format"])
            return fail("config.archive", "not an archive.yaml: 'format' is missing", path);
        out.format = root["format"].as<int>();
        if (out.format > 1)
            return fail("config.archive_newer",
                        fmt::format("format {} was written by a newer Recto; this one reads format 1", out.format),
                        path);
        static const std::set<std::string> known = {"format", "repository", "fonds",   "profile",
                                                    "work",   "digests",    "database"};
        std::set<std::string> seen;
        for (const auto& pair : root) {
            if (!seen.insert(pair.first.Scalar()).second)
                return fail("config.archive",
                            fmt::format("line {}: '{}' stands twice", pair.first.Mark().line + 1, pair.first.Scalar()),
                            path);
            if (!known.contains(pair.first.Scalar()))
                return fail("config.archive",
                            fmt::format("line {}: '{}' is not known", pair.first.Mark().line + 1, pair.first.Scalar()),
                            path);
        }
        // What this version cannot do is refused, not passed over: a reader would take it for done.
        if (root["digests"] && root["digests"].Scalar() != "sha512")
            return fail("config.archive", "'digests' can only be sha512 in this version of Recto", path);
        if (const auto r = root["repository"]) {
            out.code = r["code"].as<std::string>("");
            out.name = r["name"].as<std::string>("");
        }
        if (const auto f = root["fonds"]) out.fonds = f.as<std::vector<std::string>>();
        out.profile = root["profile"].as<std::string>("");
        out.work = root["work"].as<std::string>("");
        out.database = root["database"].as<std::string>("");
        // Anything else that looks like a server's address is no path somebody meant.
        if (out.database.find("://") != std::string::npos && !out.database.starts_with("postgresql://") &&
            !out.database.starts_with("postgres://"))
            return fail("config.archive", "'database' is postgresql://... or the path of an SQLite file", path);
    } catch (const YAML::Exception& e) {
        return fail("config.archive", fmt::format("line {}: {}", e.mark.line + 1, e.msg), path);
    }
    if (out.code.empty()) return fail("config.archive", "repository.code is missing", path);
    return out;
}

Result<void> write_archive_config(FileSystem& fs, const std::string& path, const ArchiveConfig& config) {
    YAML::Emitter y;
    y << YAML::BeginMap;
    y << YAML::Key << "format" << YAML::Value << config.format;
    y << YAML::Key << "repository" << YAML::Value << YAML::BeginMap << YAML::Key << "code" << YAML::Value
      << YAML::DoubleQuoted << config.code << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted << config.name
      << YAML::EndMap;
    y << YAML::Key << "fonds" << YAML::Value << YAML::BeginSeq;
    for (const auto& f : config.fonds) y << YAML::DoubleQuoted << f;
    y << YAML::EndSeq;
    y << YAML::Key << "profile" << YAML::Value << YAML::DoubleQuoted << config.profile;
    y << YAML::Key << "digests" << YAML::Value << "sha512";
    if (!config.work.empty()) y << YAML::Key << "work" << YAML::Value << YAML::DoubleQuoted << config.work;
    if (!config.database.empty()) y << YAML::Key << "database" << YAML::Value << YAML::DoubleQuoted << config.database;
    y << YAML::EndMap;
    return write_atomically(
        fs, path,
        std::string("# What this archive is. repository.code is part of every identity: never change it.\n") +
            y.c_str() + "\n");
}

} // namespace recto
