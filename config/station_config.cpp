#include "config/station_config.h"

#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace recto {

Result<StationConfig> read_station_config(FileSystem& fs, const std::string& path) {
    RECTO_ASSIGN(const std::string text, fs.read(path));
    StationConfig out;
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsNull()) return out;
        if (!root.IsMap()) return fail("config.station", "give lines such as 'operator: 李四'", path);
        std::set<std::string> seen;
        for (const auto& pair : root) {
            const std::string key = pair.first.Scalar();
            const int line = pair.first.Mark().line + 1;
            if (!seen.insert(key).second)
                return fail("config.station", fmt::format("line {}: '{}' stands twice", line, key), path, line);
            if (!pair.second.IsScalar() && !pair.second.IsNull())
                return fail("config.station", fmt::format("line {}: '{}' takes one value", line, key), path, line);
            const std::string value = pair.second.IsNull() ? "" : pair.second.Scalar();
            if (key == "station") out.name = value;
            else if (key == "operator") out.operator_name = value;
            else if (key == "device") out.device = value;
            else if (key == "profile") out.profile = value;
            else
                return fail(
                    "config.station",
                    fmt::format("line {}: '{}' is not known; there are station, operator, device, profile", line, key),
                    path, line);
        }
    } catch (const YAML::Exception& e) {
        return fail("config.station", fmt::format("line {}: {}", e.mark.line + 1, e.msg), path);
    }
    return out;
}

} // namespace recto
