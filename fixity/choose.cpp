#include "fixity/choose.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <tuple>

namespace recto::fixity {

namespace {

/// Where an object stands among all, from 0 to 1: the first digits of its path are those of a digest.
double position(const std::string& object) {
    unsigned value = 0;
    int digits = 0;
    for (const char c : object) {
        if (c == '/') continue;
        const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (v < 0 || digits == 6) break;
        value = value * 16 + static_cast<unsigned>(v);
        ++digits;
    }
    for (; digits < 6; ++digits) value *= 16;
    return value / 16777216.0;
}

int month_number(std::chrono::system_clock::time_point now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm local{};
    localtime_r(&seconds, &local);
    return local.tm_year * 12 + local.tm_mon;
}

} // namespace

std::string Selection::text() const {
    return std::to_string(share) + "/" + std::to_string(of) + " older " + std::to_string(older_than_days);
}

Result<Selection> parse_share(std::string_view text) {
    Selection out;
    const std::size_t slash = text.find('/');
    const auto number = [](std::string_view t, int& value) {
        const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
        return error == std::errc() && end == t.data() + t.size() && value > 0;
    };
    if (slash == std::string_view::npos || !number(text.substr(0, slash), out.share) ||
        !number(text.substr(slash + 1), out.of) || out.share > out.of)
        return fail("fixity.share", std::string(text));
    return out;
}

std::vector<std::string> choose(const std::vector<std::string>& objects, const Selection& selection,
                                const CheckLog& log, std::chrono::system_clock::time_point now) {
    const double begin = std::fmod(static_cast<double>(month_number(now)) * selection.share / selection.of, 1.0);
    const std::int64_t limit =
        std::chrono::system_clock::to_time_t(now) - std::int64_t{86400} * selection.older_than_days;
    struct Candidate {
        bool good;
        std::int64_t time;
        double place;
        const std::string* object;
    };
    std::vector<Candidate> list;
    std::size_t done = 0;
    for (const std::string& object : objects) {
        const auto last = log.last().find(object);
        const bool never = last == log.last().end();
        if (log.done_in_this_round(object) && last->second.good) {
            ++done;
            continue;
        }
        Candidate c{never || last->second.good, never ? INT64_MIN : last->second.time, 0, &object};
        if (c.good && selection.older_than_days > 0 && !never && c.time > limit) continue;
        c.place = position(object) - begin;
        if (c.place < 0) c.place += 1;
        list.push_back(c);
    }
    std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(a.good, a.time, a.place, *a.object) < std::tie(b.good, b.time, b.place, *b.object);
    });
    // A share of all that there is, whatever the age; what this round has done already counts.
    const std::size_t share =
        (objects.size() * static_cast<std::size_t>(selection.share) + static_cast<std::size_t>(selection.of) - 1) /
        static_cast<std::size_t>(selection.of);
    const std::size_t left = share > done ? share - done : 0;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < std::min(left, list.size()); ++i) out.push_back(*list[i].object);
    return out;
}

} // namespace recto::fixity
