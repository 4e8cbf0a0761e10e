#include "manual.hpp"

#include <cctype>
#include <sstream>

#include "core/version.hpp"
#include "help.hpp"
#include "json_keys.hpp"

namespace attn::app {
namespace {

const std::string kEllipsis = "…";

// Text that roff takes as it is: no escapes, no requests at the start of a line, no soft hyphens.
std::string plain(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (text.compare(i, kEllipsis.size(), kEllipsis) == 0) {
            result += "...";
            i += kEllipsis.size() - 1;
        } else if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if (c == '\'')
            result += "\\(aq";
        else if (c == '.' && (result.empty() || result.back() == '\n'))
            result += "\\&.";
        else
            result += c;
    }
    return result;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::string title(const std::string& name) {
    return ".TH " + upper(plain(name)) + " 1 \"\" \"attn\\-inspect " + plain(version()) +
           "\" \"User Commands\"\n.nh\n.ad l\n";
}

// "-o, --output DIR", names bold and the value in italics.
std::string tag(const FlagEntry& flag) {
    std::string text;
    if (!flag.is_argument()) {
        for (const std::string& name : flag.names)
            text += (text.empty() ? "" : ", ") + ("\\fB" + plain(name) + "\\fR");
    }
    if (!flag.takes.empty())
        text += (text.empty() ? "" : " ") + ("\\fI" + plain(flag.takes) + "\\fR");
    return text;
}

std::string paragraph(const std::string& what, const std::string& help) {
    return ".TP\n" + what + "\n" + plain(help) + "\n";
}

// The flags of a command under their headings, arguments first.
std::string flag_sections(const CommandEntry& command) {
    std::string text, heading;
    for (const FlagEntry& flag : command.flags) {
        if (flag.is_argument()) text += paragraph(tag(flag), flag.help);
    }
    if (!text.empty()) text = ".SH ARGUMENTS\n" + text;
    for (const FlagEntry& flag : command.flags) {
        if (flag.is_argument()) continue;
        if (flag.heading != heading) {
            heading = flag.heading;
            text += ".SH " + upper(plain(heading)) + "\n";
        }
        text += paragraph(tag(flag), flag.help);
    }
    return text;
}

// A list whose lines stay as they are.
std::string verbatim(const std::string& text) {
    std::string lines;
    std::istringstream all(text);
    for (std::string line; std::getline(all, line);) lines += plain(line) + "\n";
    return ".nf\n" + lines + ".fi\n";
}

// The keys between backticks are bold.
std::string json_section(const std::string& command) {
    std::string text;
    for (const JsonKey& key : json_keys(command)) {
        bool inside = false;
        std::string meaning;
        for (const char c : plain(key.meaning)) {
            if (c != '`')
                meaning += c;
            else
                meaning += (inside = !inside) ? "\\fB" : "\\fR";
        }
        text += ".TP\n\\fB" + plain(key.name) + "\\fR\n" + meaning + "\n";
    }
    if (text.empty()) return "";
    return ".SH JSON\n" +
           plain(
               "What --json prints. These keys stay what they are; new ones may come. What does "
               "not exist is null.") +
           "\n" + text;
}

std::string exit_status() {
    return ".SH EXIT STATUS\n" + paragraph("0", "All is well.") +
           paragraph("1", "A check failed, or results differ.") +
           paragraph("2", "Wrong usage, bad input, or a failure to read or write.");
}

std::string environment(const Catalogue& catalogue) {
    std::string text = ".SH ENVIRONMENT\n";
    for (const VariableEntry& variable : catalogue.environment)
        text += paragraph("\\fB" + plain(variable.name) + "\\fR", variable.help + ".");
    return text;
}

}  // namespace

std::string program_manual(const Catalogue& catalogue) {
    std::string text = title("attn-inspect") + ".SH NAME\nattn\\-inspect \\- " +
                       plain(catalogue.program.description) +
                       "\n.SH SYNOPSIS\n\\fBattn\\-inspect\\fR \\fICOMMAND\\fR [flags]\n"
                       ".SH DESCRIPTION\n" +
                       plain(catalogue.program.footer) + "\n.SH COMMANDS\n";
    for (const CommandEntry& command : catalogue.commands)
        text += paragraph("\\fB" + plain(command.name) + "\\fR", command.description + ".");
    text += flag_sections(catalogue.program) + exit_status() + environment(catalogue) +
            ".SH SEE ALSO\n";
    std::string others;
    for (const CommandEntry& command : catalogue.commands)
        others += ".BR attn\\-inspect\\-" + plain(command.name) + " (1)\n";
    return text + others;
}

std::string ranks_manual() {
    return title("attn-inspect-mpi") +
           ".SH NAME\nattn\\-inspect\\-mpi \\- attn\\-inspect on many machines\n.SH SYNOPSIS\n"
           "\\fBmpirun \\-n\\fR \\fIRANKS\\fR \\fBattn\\-inspect\\-mpi\\fR \\fICOMMAND\\fR "
           "[flags]\n"
           ".SH DESCRIPTION\n" +
           plain(
               "The commands and flags of attn-inspect, carried out by all ranks that an MPI "
               "launcher (mpirun, srun) started, with the same bytes as one process writes. run, "
               "stats, check, heatmap, compare, monitor and approx divide the heads and sequences "
               "of each layer so that all ranks have as many cells that are not masked; rollout "
               "divides sequences; grad, monitor --grad and approx --upstream divide key/value "
               "heads and sequences. What several heads or sequences add to the gradient of a "
               "sink, a table of relative positions or a bias is a sum in one order: the sequences "
               "of a head stay together, a bias that all heads share keeps the heads of a sequence "
               "together, and one that all heads and sequences share lets every rank compute all, "
               "which is said. Where there are more ranks than heads, run (without heatmaps "
               "and --verify), stats and check divide the rows of each head. Every other command, "
               "approx --time and rollout --save layers "
               "are carried out by rank 0, which says so. Without a launcher there is one rank.") +
           "\n.PP\n" +
           plain(
               "run --ring is for keys and values (--query, --key, --value) that are larger than "
               "the memory of a machine: each rank has a slice of them and passes it on, while "
               "its queries keep the highest score, the sum and the context of the keys that they "
               "met so far (Liu, Zaharia and Abbeel 2023). Contexts and logsumexp are within 1e-6 "
               "of the largest of one process, which the manifest says; where it makes keys and "
               "values from embeddings, rounding grows from layer to layer. Nothing else has other "
               "last bits.") +
           "\n.PP\n" +
           plain(
               "All ranks must see the same input files, and the output folder must lie on a file "
               "system that they share; both are found out before anything is computed. Rank 0 "
               "writes to standard output and standard error, and puts the results in place when "
               "all are done; its standard input is that of all ranks. What one rank cannot do "
               "ends all, with a line that names it and exit code 2, and nothing is written. So "
               "does a rank that is killed: each works as the child of the process that the "
               "launcher started, which tells of its end. Open MPI's launcher adds lines of its "
               "own.") +
           "\n.SH THREADS\n" +
           plain(
               "The ranks of a machine together use no more threads than it has cores. "
               "OMP_NUM_THREADS and SLURM_CPUS_PER_TASK lower the number of each rank; --threads "
               "sets it.") +
           "\n.SH EXAMPLES\n" +
           verbatim(
               "mpirun -n 4 --bind-to none attn-inspect-mpi run -x x.npy -w weights --heads 8 "
               "--causal -o out\n"
               "srun -N 4 -n 8 -c 16 attn-inspect-mpi stats weights.npy --json") +
           ".SH SEE ALSO\n.BR attn\\-inspect (1)\n";
}

std::string command_manual(const Catalogue& catalogue, const CommandEntry& command) {
    const std::string name = "attn-inspect-" + command.name;
    std::string text = title(name) + ".SH NAME\n" + plain(name) + " \\- " +
                       plain(command.description) + "\n.SH SYNOPSIS\n\\fB" +
                       plain(usage_line(command)) + "\\fR\n" + flag_sections(command) +
                       flag_sections(catalogue.program);
    if (!command.footer.empty()) text += ".SH NAMES\n" + verbatim(command.footer);
    text += json_section(command.name);
    if (!command.example.empty()) text += ".SH EXAMPLES\n" + verbatim(command.example);
    return text + exit_status() + environment(catalogue) + ".SH SEE ALSO\n.BR attn\\-inspect (1)\n";
}

}  // namespace attn::app
