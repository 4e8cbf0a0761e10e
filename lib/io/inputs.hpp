// All the files that one command reads: each is opened once, and what was taken from it is
// remembered for the manifest.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/container.hpp"
#include "io/result_reading.hpp"

namespace attn::io {

// One array that was read, as the manifest lists it.
struct InputRecord {
    std::string name;  // FILE[:KEY]
    DType dtype;
    Shape shape;
    std::string xxh3;    // in hexadecimal
    std::string sha256;  // likewise, where it was asked for
    // Whether the digests are those of the array's own bytes, as unpacked, and not of the whole
    // file: a checkpoint may be too large to read for the sake of one tensor.
    bool digest_of_array = false;
};

// When the digests for the records are made.
enum class DigestTime {
    at_the_end,     // by records(), which reads everything again
    while_reading,  // by load(), while the bytes are still in the cache
};

class Inputs {
  public:
    explicit Inputs(DigestTime digests = DigestTime::at_the_end) : digests_(digests) {}

    // The container at `path`, opened at the first call.
    const Container& open(const std::string& path);

    // The array FILE[:KEY]. Throws Error, with the keys that the file has, when there is no such
    // key, or when the file holds several arrays and no key was given; and for an array that is not
    // read, with the reason.
    StoredArray find(const std::string& array_name);

    // The array as T; remembered as read. `non_finite` as in convert().
    template <class T>
    Array<T> load(const std::string& array_name, NonFinite non_finite);
    template <class T>
    Array<T> load(const StoredArray& stored, NonFinite non_finite);

    // Some elements along the first axis, in the order of `rows`, without reading the others.
    template <class T>
    Array<T> load_rows(const StoredArray& stored, const std::vector<std::size_t>& rows,
                       NonFinite non_finite);

    // Nobody puts other results into a folder (which `source` need not be) before release(): for
    // the time in which its files are opened, so that they belong together. Afterwards they stay
    // what they are, whatever happens to their names.
    void hold(const std::string& source);
    void release();

    // A file that is read by other means than this object: labels, a font. Empty: none.
    void also_reads(const std::string& array_name);

    // All files and folders that are read, for the guard of what is written (io/output_guard).
    std::vector<std::string> paths() const;

    // What load() gave out, in order, each array once, with digests. `sha256`: that one, too.
    std::vector<InputRecord> records(bool sha256 = false) const;

  private:
    // What a digest is made of: an array by itself, or a file.
    struct Digested {
        std::string name;
        Span<const std::byte> bytes;
        std::function<FileBytes()> fetch;  // of an array in an archive
        bool array = false;
        bool mapped = false;
    };

    // `at_hand`: the same with its bytes, which `work` reads, too, at the same time.
    void remember(const StoredArray& stored, const StoredArray& at_hand,
                  const std::function<void()>& work);
    Digested digested(const StoredArray& array) const;
    const SourceFile& file_of(const StoredArray& array) const;

    DigestTime digests_;
    std::map<std::string, std::string> known_;  // digests, by what they are of
    std::map<std::string, Container> containers_;
    std::vector<std::string> others_;
    std::map<std::string, ReadingLock> held_;
    std::vector<StoredArray> loaded_;
};

}  // namespace attn::io
