// A file read as one family behind one prefix: which of its arrays are there, and what is left
// over.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/layout_match.hpp"
#include "model/layout_place.hpp"

namespace attn::model {

class LayoutReading {
  public:
    // Keeps references to the container, its names and the layout.
    LayoutReading(const io::Container& container, const std::set<std::string>& names,
                  const Layout& layout, const Place& place);

    // Whether the matrices of the attention are in the first layer, and what tells the family from
    // its kin.
    bool fits() const;

    // Whether all layers have all that the attention needs.
    bool is_whole() const;

    // Throws Error when a layer is missing or lacks its matrices, or an array is not to be read.
    LayoutMatch match() const;

    // How much of what the family requires of its first layer is there, what is missing, and what
    // else is there, by their names inside the layer.
    struct Gap {
        std::size_t present = 0;
        std::vector<std::string> missing;
        std::vector<std::string> besides;
    };
    Gap gap() const;

  private:
    using Keys = std::map<std::string, std::string>;  // name inside of a layer -> key

    bool has_attention(const Keys& keys) const;
    void require_readable(const std::string& ours, const std::string& key) const;
    void refuse_unknown_parts(std::size_t layer, const Keys& keys) const;
    NamedArrays take(const std::vector<TensorName>& wanted, const Keys& keys, std::size_t layer,
                     std::set<std::string>& used) const;
    Keys keys_of_model() const;
    void find_missing(LayoutMatch& match) const;
    void find_missing_in_model(LayoutMatch& match) const;
    bool lacks_bias_of_norm(const TensorName& tensor, const NamedArrays& layer) const;
    bool makes_logits(const std::string& key) const;
    void sort_the_rest(const std::set<std::string>& used, LayoutMatch& match) const;

    const io::Container& container_;
    const Layout& layout_;
    const std::set<std::string>& names_;
    Place place_;
    std::map<std::size_t, Keys> layers_;
};

}  // namespace attn::model
