// Calls of diagnose on the sample model with four heads, and what it is to look at.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

inline const Arguments kFourHeads = join(kSampleModel, {"--heads", "4"});

// However slow the machine is, unless the limit is what is tested.
inline ProgramResult run_diagnose(Arguments arguments) {
    if (std::find(arguments.begin(), arguments.end(), "--time-limit") == arguments.end())
        arguments.insert(arguments.end(), {"--time-limit", "0"});
    return run_program(join({"diagnose"}, arguments));
}

// What our own run gives with some flags, as if another program had made it.
inline std::string observed(const TempFolder& folder, const Arguments& flags,
                            const std::string& file) {
    Arguments all{"run", "--save", "scores,weights,output", "-o", folder / "other"};
    all.insert(all.end(), flags.begin(), flags.end());
    REQUIRE(run_program(all).err.empty());
    return folder / ("other/layer00/" + file);
}

// What our own run gives of all layers, in a folder of that name.
inline void save_attentions(const TempFolder& folder, const Arguments& flags,
                            const std::string& name) {
    Arguments all{"run", "--save", "scores,weights,output", "-o", folder / name};
    all.insert(all.end(), flags.begin(), flags.end());
    REQUIRE(run_program(all).exit_code == 0);
}

}  // namespace attn::test
