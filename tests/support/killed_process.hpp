// Kills a process at a system call of one's choice, so that a test can walk over every moment at
// which a kill is different from the one before.
#pragma once

#include <cstddef>
#include <functional>

namespace attn::test {

// Does the work in a child process that is killed before its system call number `call`, from 0.
// False when the work made fewer calls: then it is done. Throws when processes cannot be traced.
bool killed_at_call(std::size_t call, const std::function<void()>& work);

// Does the work in a child process, which is not waited for. Returns its id.
int start_process(const std::function<void()>& work);

// Its exit code; 1 when the work threw.
int wait_for_process(int id);

}  // namespace attn::test
