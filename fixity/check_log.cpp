#include "fixity/check_log.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "pipeline/core/digest.h"

namespace recto::fixity {

namespace {

constexpr std::string_view kHead = "recto-fixity 1\n";

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> out;
    while (true) {
        const std::size_t tab = line.find('\t');
        out.push_back(line.substr(0, tab));
        if (tab == std::string_view::npos) return out;
        line.remove_prefix(tab + 1);
    }
}

std::int64_t number_of(std::string_view text) { return std::strtoll(std::string(text).c_str(), nullptr, 10); }

std::string sum_of(std::string_view text) { return digest_hex(DigestAlgorithm::Sha256, text).substr(0, 8); }

/// A line with the beginning of its digest: what a death or a failing disk made of it is no line, and no object that is missed.
std::string sealed(const std::string& text) { return text + "\t" + sum_of(text) + "\n"; }

std::string line_of(const std::string& object, const LastCheck& c) {
    return sealed((c.good ? "good\t" : "bad\t") + std::to_string(c.time) + "\t" + std::to_string(c.round) + "\t" +
                  object);
}

} // namespace

CheckLog::CheckLog(std::shared_ptr<FileSystem> fs, std::string path) : fs_(std::move(fs)), path_(std::move(path)) {
    read();
}

void CheckLog::read() {
    const auto text = fs_->read(path_);
    if (!text || !text->starts_with(kHead)) return;
    torn_ = text->back() != '\n';
    std::size_t at = kHead.size();
    while (at < text->size()) {
        const std::size_t end = text->find('\n', at);
        if (end == std::string::npos) break; // torn by a death: as if it were not there
        std::string_view line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        ++lines_;
        const std::size_t seal = line.rfind('\t');
        if (seal == std::string_view::npos || sum_of(line.substr(0, seal)) != line.substr(seal + 1)) continue;
        line = line.substr(0, seal);
        const auto f = fields_of(line);
        if (f.size() == 3 && f[0] == "round") {
            round_ = static_cast<int>(number_of(f[1]));
            selection_ = f[2];
            open_ = true;
        } else if (f.size() == 2 && f[0] == "end") {
            open_ = false;
        } else if (f.size() == 4 && (f[0] == "good" || f[0] == "bad") && !f[3].empty()) {
            last_[std::string(f[3])] = {number_of(f[1]), f[0] == "good", static_cast<int>(number_of(f[2]))};
        }
    }
}

Result<bool> CheckLog::begin(const std::string& selection) {
    const bool again = open_ && selection == selection_;
    if (!again) {
        ++round_;
        selection_ = selection;
    }
    open_ = true;
    const std::string round = sealed("round\t" + std::to_string(round_) + "\t" + selection_);
    const auto s = fs_->stat(path_);
    if (!s || s->size == 0 || lines_ == 0 || lines_ > 2 * last_.size() + 100) {
        std::string text(kHead);
        for (const auto& [object, check] : last_) text += line_of(object, check);
        RECTO_TRY(fs_->make_folders(parent_path(path_)));
        RECTO_TRY(write_atomically(*fs_, path_, text + round));
        lines_ = last_.size() + 1;
        torn_ = false;
    } else if (!again) {
        RECTO_TRY(append(round));
    }
    return again;
}

Result<void> CheckLog::append(const std::string& line) {
    const std::string text = (torn_ ? "\n" : "") + line;
    const auto done = fs_->append(path_, text, false);
    torn_ = !done;
    if (done) ++lines_;
    return done;
}

Result<void> CheckLog::add(const std::string& object, std::int64_t time, bool good) {
    last_[object] = {time, good, round_};
    return append(line_of(object, last_[object]));
}

Result<void> CheckLog::end() {
    open_ = false;
    return append(sealed("end\t" + std::to_string(round_)));
}

bool CheckLog::done_in_this_round(const std::string& object) const {
    const auto at = last_.find(object);
    return at != last_.end() && at->second.round == round_;
}

std::size_t CheckLog::done_in_this_round() const {
    return static_cast<std::size_t>(
        std::count_if(last_.begin(), last_.end(), [&](const auto& c) { return c.second.round == round_; }));
}

} // namespace recto::fixity
