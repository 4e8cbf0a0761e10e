// The one door to standard output and standard error: what a file, a name or an argument holds
// cannot steer the terminal, an output that fails is an error, and an error is one line.
#pragma once

#include <functional>
#include <string>

namespace attn::app {

class Console {
  public:
    Console() = default;
    // Results and messages go to these open file descriptors.
    Console(int results, int messages) : results_(results), messages_(messages) {}

    // One line of results, made printable (core/printable).
    void line(const std::string& text);

    // Text of several lines that is safe already: JSON documents, help, pictures made of text.
    void document(const std::string& text);

    // Writes what is left; call it before saying that all went well. As line and document, throws
    // Error when standard output takes nothing more, and Interrupted with SIGPIPE when its reader
    // has left.
    void finish();

    // From now on warnings are not shown: --quiet.
    void silence_warnings() noexcept { silent_ = true; }

    // One line on standard error each. A standard error that fails is nobody's fault.
    void complain(const std::string& text) noexcept;
    void warn(const std::string& text) noexcept;
    std::function<void(const std::string&)> warnings();

    // Text that moves the cursor, for a progress bar on standard error.
    void status(const std::string& text) noexcept;

  private:
    void write_message(const char* kind, const std::string& text) noexcept;

    int results_ = 1;
    int messages_ = 2;
    bool silent_ = false;
    std::string pending_;
};

}  // namespace attn::app
