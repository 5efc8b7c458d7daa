#include "cli/manual.h"

#include <cstdio>

#include <fmt/format.h>

#include "cli/cli.h"
#include "pipeline/files/file_system.h"

namespace recto::cli {
namespace {

/// Text for groff: nothing in it is a command or an escape.
std::string roff(std::string_view text) {
    std::string out;
    bool begin = true;
    for (const char c : text) {
        if (begin && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') out += "\\e";
        else if (c == '-') out += "\\-";
        else out += c;
        begin = c == '\n';
    }
    return out;
}

/// Lines of a footer stand as they are written.
std::string roff_block(std::string_view text) { return ".nf\n" + roff(text) + "\n.fi\n"; }

std::vector<const CLI::App*> commands(const CLI::App& app) {
    auto list = app.get_subcommands([](const CLI::App*) { return true; });
    return {list.begin(), list.end()};
}

std::vector<const CLI::Option*> options(const CLI::App& app) {
    std::vector<const CLI::Option*> out;
    for (const CLI::Option* o : app.get_options()) out.push_back(o);
    return out;
}

std::vector<std::string> flags_of(const CLI::Option& o) {
    std::vector<std::string> out;
    for (const auto& s : o.get_snames()) out.push_back("-" + s);
    for (const auto& l : o.get_lnames()) out.push_back("--" + l);
    return out;
}

bool takes_value(const CLI::Option& o) { return o.get_items_expected_max() > 0; }

/// The choices of an option that has a closed list: CLI11 keeps them as "{a,b}" or "TEXT:{a,b}" in the type's name.
std::vector<std::string> choices_of(const CLI::Option& o) {
    const std::string type = o.get_type_name();
    const auto open = type.find('{'), close = type.rfind('}');
    std::vector<std::string> out;
    if (open == std::string::npos || close == std::string::npos || close < open) return out;
    std::string word;
    for (const char c : type.substr(open + 1, close - open - 1)) {
        if (c != ',') {
            word += c;
            continue;
        }
        out.push_back(word);
        word.clear();
    }
    out.push_back(word);
    return out;
}

/// `common`: the options that every command has, on the page of one: its own help is there already.
std::string option_rows(const CLI::App& app, bool common = false) {
    std::string out;
    for (const CLI::Option* o : options(app)) {
        if (common && (o == app.get_help_ptr() || o == app.get_version_ptr())) continue;
        if (o->get_positional() && flags_of(*o).empty()) {
            out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(o->get_name(true)), roff(o->get_description()));
            continue;
        }
        std::string names;
        for (const auto& f : flags_of(*o)) names += (names.empty() ? "" : ", ") + fmt::format("\\fB{}\\fR", roff(f));
        if (takes_value(*o)) {
            const auto choices = choices_of(*o);
            names += choices.empty() ? fmt::format(" \\fI{}\\fR", roff(o->get_type_name()))
                                     : fmt::format(" \\fI{}\\fR", roff(fmt::format("{}", fmt::join(choices, "|"))));
        }
        out += fmt::format(".TP\n{}\n{}", names, roff(o->get_description()));
        if (!o->get_default_str().empty() && takes_value(*o)) out += fmt::format(" [{}]", roff(o->get_default_str()));
        out += "\n";
    }
    return out;
}

std::string head(std::string_view name, const std::string& version, std::string_view about) {
    // No date: the same program gives the same page.
    return fmt::format(".TH {} 1 \"\" \"{}\" \"Recto\"\n.SH NAME\n{} \\- {}\n", roff(name), roff(version), roff(name),
                       roff(about));
}

std::string synopsis(const CLI::App& command) {
    std::string out = fmt::format(".SH SYNOPSIS\n\\fBrecto {}\\fR", roff(command.get_name()));
    for (const CLI::Option* o : options(command))
        if (o->get_positional())
            out += fmt::format(" {}\\fI{}\\fR{}{}", o->get_required() ? "" : "[", roff(o->get_name(true)),
                               o->get_items_expected_max() > 1 ? "..." : "", o->get_required() ? "" : "]");
    return out + " [\\fIOPTIONS\\fR]\n";
}

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// A description inside zsh's [...].
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, text.find('\n'))) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        if (c == '\'') out += "'\\''";
        else out += c;
    }
    return out;
}

} // namespace

std::map<std::string, std::string> manual_pages(const CLI::App& app, const std::string& version, Language language) {
    const bool zh = language == Language::Chinese;
    const char* const kOptions = zh ? "选项" : "OPTIONS";
    const char* const kCommands = zh ? "命令" : "COMMANDS";
    const char* const kDescription = zh ? "说明" : "DESCRIPTION";
    const char* const kExamples = zh ? "示例" : "EXAMPLES";
    const char* const kSee = zh ? "另见" : "SEE ALSO";
    std::map<std::string, std::string> out;
    std::string page = head("recto", version, app.get_description());
    page += ".SH SYNOPSIS\n\\fBrecto\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n";
    page += fmt::format(".SH {}\n", kCommands);
    for (const CLI::App* c : commands(app))
        page += fmt::format(".TP\n\\fBrecto {}\\fR\n{}\n", roff(c->get_name()), roff(c->get_description()));
    page += fmt::format(".SH {}\n", kOptions) + option_rows(app);
    page += fmt::format(".SH {}\n", kExamples) + roff_block(app.get_footer());
    page += fmt::format(".SH {}\n", kSee);
    std::string names;
    for (const CLI::App* c : commands(app))
        names += (names.empty() ? "" : ", ") + fmt::format("\\fBrecto\\-{}\\fR(1)", roff(c->get_name()));
    page += names + "\n";
    out["recto.1"] = page;
    for (const CLI::App* c : commands(app)) {
        std::string sub = head("recto-" + c->get_name(), version, c->get_description());
        sub += synopsis(*c);
        sub += fmt::format(".SH {}\n{}\n", kDescription, roff(c->get_description()));
        sub += fmt::format(".SH {}\n", kOptions) + option_rows(*c) + option_rows(app, true);
        if (!c->get_footer().empty()) sub += fmt::format(".SH {}\n", kExamples) + roff_block(c->get_footer());
        sub += fmt::format(".SH {}\n\\fBrecto\\fR(1)\n", kSee);
        out["recto-" + c->get_name() + ".1"] = sub;
    }
    return out;
}

std::string bash_completion(const CLI::App& app) {
    std::string names, cases, values;
    for (const CLI::App* c : commands(app)) names += (names.empty() ? "" : " ") + c->get_name();
    std::string global;
    for (const CLI::Option* o : options(app))
        for (const auto& f : flags_of(*o)) global += (global.empty() ? "" : " ") + f;
    const auto add_values = [&](const std::string& command, const CLI::App& of) {
        for (const CLI::Option* o : options(of)) {
            const auto choices = choices_of(*o);
            if (choices.empty()) continue;
            for (const auto& f : flags_of(*o))
                values += fmt::format("    {}:{}) COMPREPLY=($(compgen -W {} -- \"$cur\")); return ;;\n", command, f,
                                      shell_quoted(fmt::format("{}", fmt::join(choices, " "))));
        }
    };
    add_values("*", app);
    for (const CLI::App* c : commands(app)) {
        std::string flags = global;
        for (const CLI::Option* o : options(*c))
            if (o != c->get_help_ptr())
                for (const auto& f : flags_of(*o)) flags += " " + f;
        cases += fmt::format("    {}) flags={} ;;\n", c->get_name(), shell_quoted(flags));
        add_values(c->get_name(), *c);
    }
    return "# bash completion for recto; made from the program's own declarations\n"
           "_recto() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= flags= i\n"
           "  COMPREPLY=()\n"
           "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "    case ${COMP_WORDS[i]} in\n      -*) ;;\n      *) command=${COMP_WORDS[i]}; break ;;\n    esac\n"
           "  done\n"
           "  case $command:$prev in\n" +
           values +
           "  esac\n"
           "  case $command in\n" +
           fmt::format("    '') COMPREPLY=($(compgen -W {} -- \"$cur\")); return ;;\n",
                       shell_quoted(names + " " + global)) +
           cases +
           "  esac\n"
           "  case $cur in\n"
           "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;\n"
           "    *) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
           "  esac\n"
           "}\n"
           "complete -F _recto recto\n";
}

std::string zsh_completion(const CLI::App& app) {
    std::string describe, cases;
    const auto arguments = [](const CLI::App& of) {
        std::string out;
        for (const CLI::Option* o : options(of)) {
            if (of.get_parent() && o == of.get_help_ptr()) continue; // among the common ones
            const auto choices = choices_of(*o);
            const std::string value = !takes_value(*o)  ? ""
                                      : choices.empty() ? ":value:_files"
                                                        : fmt::format(":value:({})", fmt::join(choices, " "));
            for (const auto& f : flags_of(*o))
                out += fmt::format(" \\\n        '{}[{}]{}'", f, zsh_text(o->get_description()), value);
        }
        return out;
    };
    for (const CLI::App* c : commands(app)) {
        describe += fmt::format("    '{}:{}'\n", c->get_name(), zsh_text(c->get_description()));
        cases += fmt::format("      {})\n      _arguments{}{} \\\n        '*:file:_files' ;;\n", c->get_name(),
                             arguments(*c), arguments(app));
    }
    return "#compdef recto\n# zsh completion for recto; made from the program's own declarations\n"
           "_recto() {\n  local -a commands\n  commands=(\n" +
           describe +
           "  )\n"
           "  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
           "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
           "  case $command in\n" +
           cases + "  esac\n}\n_recto \"$@\"\n";
}

int manual_main(const CLI::App& app, const std::string& folder) {
    auto fs = posix_file_system();
    const auto put = [&](const std::string& name, const std::string& text) -> Result<void> {
        const std::string path = join_path(folder, name);
        RECTO_TRY(fs->make_folders(parent_path(path)));
        return fs->write(path, text);
    };
    for (const auto& [name, text] : manual_pages(app, agent(), ui_language()))
        if (const auto done = put("man/" + name, text); !done) return report_error(done.error());
    if (const auto done = put("completions/recto.bash", bash_completion(app)); !done) return report_error(done.error());
    if (const auto done = put("completions/_recto", zsh_completion(app)); !done) return report_error(done.error());
    return kDone;
}

} // namespace recto::cli
