// The tables that approx prints: errors and costs of methods, and the methods there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "console.hpp"
#include "results/approx_report.hpp"

namespace attn::app {

// What people choose of the table.
struct ApproxTableChoice {
    std::string columns;  // a list of measures; empty: the usual ones
    std::string sort;     // a measure, largest first; empty: as asked for
    std::size_t top = 0;  // lines; 0: all
};

// The measures that decide what the table says.
std::vector<std::string> shown_measures(const ApproxTableChoice& choice);

void print_approx(const results::ApproxReport& report, const ApproxTableChoice& choice,
                  Console& console);

// A line a head: what it needs, and the verdict.
void print_needs(const results::ApproxReport& report, Console& console);

// A line a layer and length: what it costs, and how that grows.
void print_growth(const results::ApproxReport& report, Console& console);

// A line a method: options with their defaults, whether it has a causal form, what it needs.
void print_methods(Console& console);

}  // namespace attn::app
