// What the people who look after machines see: log lines, metrics, summaries, manual pages.

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalogue/store.h"
#include "cli/doctor.h"
#include "cli/manual.h"
#include "cli/metrics.h"
#include "cli/run_log.h"
#include "cli/summary.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/reading/settings.h"

namespace recto::cli {
namespace {

// ---- log -----------------------------------------------------------------------------------------------------------

RunEvent failed_page() {
    RunEvent e;
    e.level = RunEvent::Level::Error;
    e.what = "page.failed";
    e.file = "/scans/box 7/盒\"7\".tif";
    e.image = 3;
    e.item = "i";
    e.page = "p";
    e.stage = "reading";
    e.code = "decode.damaged";
    e.reason = "strip 3 ends early";
    e.seconds = 0.1239;
    return e;
}

TEST(RunLog, TextLinesQuoteWhatHasBlanks) {
    EXPECT_EQ(log_line(false, "T", RunEvent::Level::Error, "20261122-200000", "page.failed", log_values(failed_page())),
              "T error   batch=20261122-200000 page.failed item=i page=p file=\"/scans/box 7/盒\\\"7\\\".tif\" image=3 "
              "stage=reading code=decode.damaged reason=\"strip 3 ends early\" seconds=0.123");
}

TEST(RunLog, JsonLinesAreOneObjectEach) {
    auto e = failed_page();
    e.reason = "two\nlines \xFF"; // of a library; not even UTF-8
    const std::string line = log_line(true, "T", e.level, "r", "page.failed", log_values(e));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto j = nlohmann::json::parse(line);
    EXPECT_EQ(j["schema"], 1);
    EXPECT_EQ(j["batch"], "r");
    EXPECT_EQ(j["event"], "page.failed");
    EXPECT_EQ(j["code"], "decode.damaged");
    EXPECT_EQ(j["image"], 3);
}

TEST(RunLog, ReasonsThatMayQuoteAPageAreLeftOut) {
    auto e = failed_page();
    e.code = "read.engine";
    e.reason = "could not make sense of 关于柳州市的通知";
    EXPECT_FALSE(log_values(e).contains("reason"));
    e.code = "run.exception";
    EXPECT_FALSE(log_values(e).contains("reason"));
    e.code = "io.no_space";
    EXPECT_TRUE(log_values(e).contains("reason"));
}

// ---- metrics -------------------------------------------------------------------------------------------------------

TEST(Metrics, HistogramIsCumulativeAndLabelsAreEscaped) {
    MetricsInput in;
    in.archive = "/a \"b\" \\c\nd";
    in.status.confidence = {1, 0, 2, 0, 0, 0, 3, 0, 0, 4};
    in.status.confidence_sum = 8.5;
    in.status.errors["decode.damaged"] = 2;
    in.ended = 1790000000;
    in.exit_code = 75;
    in.last_success = 1780000000;
    const std::string text = metrics_text(in);
    using testing::HasSubstr;
    EXPECT_THAT(text, HasSubstr("archive=\"/a \\\"b\\\" \\\\c\\nd\""));
    EXPECT_THAT(text, HasSubstr("recto_run_page_confidence_bucket{le=\"0.5\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_page_confidence_bucket{le=\"0.7\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_page_confidence_bucket{le=\"0.99\"} 6\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_page_confidence_bucket{le=\"+Inf\"} 10\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_page_confidence_count 10\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_errors{code=\"decode.damaged\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("recto_run_exit_code 75\n"));
}

TEST(Metrics, OfTheWatcherSayHowSoonFindingsCame) {
    WatchMetricsInput in;
    in.active = true;
    in.status.pages = 4;
    in.status.look = {1, 1, 1, 0, 0, 0, 1};
    in.status.look_seconds = 70.5;
    in.status.items_stuck = 2;
    const std::string text = metrics_text(in);
    using testing::HasSubstr;
    EXPECT_THAT(text, HasSubstr("recto_watch_look_seconds_bucket{le=\"2\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("recto_watch_look_seconds_bucket{le=\"+Inf\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("recto_watch_look_seconds_sum 70.5\n"));
    EXPECT_THAT(text, HasSubstr("recto_watch_items{state=\"stuck\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE recto_watch_pages_total counter\nrecto_watch_pages_total 4\n"));
}

TEST(Metrics, TheLastSuccessIsCarriedOn) {
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/m"));
    EXPECT_FALSE(last_success_in(fs, "/m/recto.prom"));
    MetricsInput in;
    in.last_success = 1780000000;
    ASSERT_TRUE(write_metrics(fs, "/m/recto.prom", in));
    ASSERT_TRUE(last_success_in(fs, "/m/recto.prom"));
    EXPECT_EQ(*last_success_in(fs, "/m/recto.prom"), 1780000000);
    ASSERT_TRUE(fs.write("/m/recto.prom", "rubbish"));
    EXPECT_FALSE(last_success_in(fs, "/m/recto.prom"));
}

TEST(Metrics, AFullDiskLeavesTheOldFileWhole) {
    MetricsInput in;
    in.started = 1;
    auto inner = std::make_shared<MemoryFileSystem>();
    ASSERT_TRUE(inner->make_folders("/m"));
    ASSERT_TRUE(write_metrics(*inner, "/m/f", in));
    const std::string before = *inner->read("/m/f");
    in.started = 2;
    for (int n = 1; n <= 4; ++n) {
        FaultyFileSystem fs(inner, FaultyFileSystem::Mode::Once, n, "io.no_space");
        const auto written = write_metrics(fs, "/m/f", in);
        if (!fs.failed()) break;
        if (!written) { EXPECT_THAT(*inner->read("/m/f"), testing::AnyOf(before, metrics_text(in))); }
        ASSERT_TRUE(inner->write("/m/f", before));
    }
}

// ---- summary -------------------------------------------------------------------------------------------------------

class SummaryTest : public testing::Test {
  protected:
    void SetUp() override {
        setenv("TZ", "Asia/Shanghai", 1);
        tzset();
        for (const char* f : {"/a/storage", "/a/events", "/a/work", "/a/reports", "/a/rescan"})
            ASSERT_TRUE(fs.make_folders(f));
    }
    void TearDown() override {
        unsetenv("TZ");
        tzset();
    }
    void report(const std::string& name, const nlohmann::json& j) {
        ASSERT_TRUE(fs.make_folders("/a/reports/" + name));
        ASSERT_TRUE(fs.write("/a/reports/" + name + "/run.json", j.dump()));
    }
    Summary summary(int hours = 24, bool last = false) {
        auto s = summarise(fs, ArchivePaths("/a"), "柳州市档案馆", now, hours, last);
        EXPECT_TRUE(s);
        return s ? *s : Summary{};
    }
    MemoryFileSystem fs;
    /// 2026-11-23 07:00 in Shanghai.
    std::chrono::system_clock::time_point now{std::chrono::seconds(1795388400)};
};

TEST_F(SummaryTest, SaysWhatRanInTheNight) {
    report("20261120-200000",
           {{"started", "2026-11-20T20:00:00+08:00"}, {"ended", "2026-11-21T06:00:00+08:00"}, {"pages", 9}});
    nlohmann::json items = {
        {{"id", "u1"},
         {"state", "stored"},
         {"pages", {{{"findings", {{{"code", "treat.blurred"}, {"severity", "rescan"}}}}}}}},
        {{"id", "u2"}, {"state", "held"}, {"reason", "2 pages are missing"}, {"pages", nlohmann::json::array()}}};
    report("20261122-200000",
           {{"started", "2026-11-22T20:00:00+08:00"},
            {"ended", "2026-11-23T06:00:00+08:00"},
            {"stopped", "window"},
            {"exit_code", 75},
            {"pages", 1000},
            {"pages_reused", 200},
            {"pages_failed", 3},
            {"wall_seconds", 36000.0},
            {"left", {{"files", 5}, {"images", 6}, {"pages", 100}, {"items", 8}}},
            {"errors", {{{"code", "decode.damaged"}}, {{"code", "decode.damaged"}}, {{"code", "io.read"}}}},
            {"items", items}});
    ASSERT_TRUE(fs.make_folders("/a/reports/20261123-010101")); // died, or goes on
    ASSERT_TRUE(update_index(fs, ArchivePaths("/a"),
                             {{"X-1", "u1", "storage/x", "stored", 10}, {"X-2", "u2", "storage/y", "held", 5}}));
    const Summary s = summary();
    ASSERT_EQ(s.runs.size(), 2U) << "the run of two nights ago is left out";
    EXPECT_TRUE(s.runs[0].readable);
    EXPECT_FALSE(s.runs[1].readable);
    EXPECT_EQ(s.runs[0].rescan, 1);
    EXPECT_EQ(s.worked(), 700) << "neither what was there already nor what is left";
    EXPECT_NEAR(s.pages_per_minute(), 700 / 600.0, 1e-9);
    EXPECT_EQ(s.errors.at("decode.damaged"), 2);
    ASSERT_EQ(s.held.size(), 1U);
    EXPECT_EQ(s.held[0].reason, "2 pages are missing");

    const auto before = ui_language();
    set_ui_language(Language::English);
    const std::string text = to_text(s);
    for (const char* part :
         {"1000 pages (200 there already, 3 failed)", "5 files, 6 images to treat, 100 pages to read, 8 items",
          "decode.damaged", "X-2: 2 pages are missing", "20261123-010101", "Free: "})
        EXPECT_THAT(text, testing::HasSubstr(part));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("{")));
    set_ui_language(Language::Chinese);
    EXPECT_THAT(to_text(s), testing::HasSubstr("时段已结束"));
    set_ui_language(before);
    const auto j = to_json(s);
    EXPECT_EQ(j["schema"], 1);
    EXPECT_EQ(j["runs"][0]["left"]["pages"], 100);
}

TEST_F(SummaryTest, LastIsOneRunWheneverItWasAndDamageIsSaid) {
    report("20250101-000000", {{"ended", "2025-01-01T06:00:00+08:00"}, {"pages", 7}});
    report("20250102-000000", {{"ended", "2025-01-02T06:00:00+08:00"}, {"pages", "many"}});
    ASSERT_TRUE(fs.make_folders("/a/reports/lost+found"));
    EXPECT_TRUE(summary().runs.empty());
    const Summary s = summary(24, true);
    ASSERT_EQ(s.runs.size(), 1U);
    EXPECT_EQ(s.runs[0].run, "20250102-000000");
    EXPECT_FALSE(s.runs[0].readable);
}

TEST_F(SummaryTest, AMailHasAHeaderOfAsciiOnly) {
    const auto before = ui_language();
    set_ui_language(Language::Chinese);
    const std::string mail = to_mail(summary(), "it@example.org");
    set_ui_language(before);
    const auto end = mail.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos);
    for (const char c : mail.substr(0, end)) EXPECT_LT(static_cast<unsigned char>(c), 128);
    EXPECT_THAT(mail, testing::HasSubstr("To: it@example.org\r\nSubject: =?UTF-8?B?UmVjdG8g")); // "Recto "
    for (std::size_t i = 0; i < mail.size(); ++i)
        if (mail[i] == '\n') { EXPECT_TRUE(i > 0 && mail[i - 1] == '\r'); }
}

// ---- manual --------------------------------------------------------------------------------------------------------

TEST(Manual, EveryOptionStandsInPagesAndCompletions) {
    CLI::App app("About", "recto");
    app.footer("Examples:\n  .begins with a dot\n  back\\slash");
    auto* run = app.add_subcommand("run", "Runs - it's [fast]: yes");
    std::string value, mode = "a";
    bool flag = false;
    run->add_option("INPUT", value, "The input.")->required();
    run->add_option("-o,--out", value, "Where to.");
    run->add_option("--mode", mode, "A mode.")->check(CLI::IsMember({"a", "b"}))->capture_default_str();
    run->add_flag("--fast", flag, "Quick.");
    const auto pages = manual_pages(app, "recto 1", Language::English);
    ASSERT_EQ(pages.size(), 2U);
    const std::string& page = pages.at("recto-run.1");
    for (const char* part : {"\\fIINPUT\\fR", "\\fB\\-o\\fR, \\fB\\-\\-out\\fR", "a|b", "\\-\\-fast", "it's"})
        EXPECT_THAT(page, testing::HasSubstr(part));
    EXPECT_THAT(pages.at("recto.1"), testing::HasSubstr("back\\eslash"));
    for (const auto& [name, text] : pages) { // a line that begins with a dot is a request of ours, never text
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);)
            if (line.starts_with(".")) { EXPECT_THAT(line, testing::ContainsRegex("^\\.(TH|SH|TP|nf|fi)")) << name; }
    }
    const std::string bash = bash_completion(app), zsh = zsh_completion(app);
    for (const auto* script : {&bash, &zsh})
        for (const char* part : {"run", "--out", "--mode", "--fast", "a b"})
            EXPECT_THAT(*script, testing::HasSubstr(part));
    EXPECT_THAT(zsh, testing::HasSubstr("'run:Runs - it'\\''s \\[fast\\]\\: yes'"));
}

} // namespace
} // namespace recto::cli
