#!/usr/bin/env python3
"""Writes lib/render/color_map_tables.cpp: the published colour maps as 256 colours each.

viridis, magma, inferno and plasma (van der Walt and Smith, CC0), cividis (Nuñez et al. 2018), Blues
(ColorBrewer) and coolwarm (Moreland 2009), sampled as matplotlib samples them, so that a picture here
has the colours that the same picture would have there.

usage: make_color_maps.py > lib/render/color_map_tables.cpp      needs python3-matplotlib
"""
from matplotlib import colormaps

MAPS = [('viridis', 'viridis'), ('magma', 'magma'), ('inferno', 'inferno'), ('plasma', 'plasma'),
        ('cividis', 'cividis'), ('gray', 'gray'), ('blues', 'Blues'), ('coolwarm', 'coolwarm')]

print('''// Made by scripts/make_color_maps.py; do not edit.
#include "render/color_map_tables.hpp"

namespace attn::render {

// clang-format off
const std::array<ColorMapTable, 8> kColorMapTables{{''')
for name, source in MAPS:
    codes = ['0x%02x%02x%02x' % colormaps[source](i, bytes=True)[:3] for i in range(256)]
    print('{"%s", {' % name)
    for row in range(0, 256, 10):
        print('  ' + ', '.join(codes[row:row + 10]) + ',')
    print('}},')
print('''}};
// clang-format on

}  // namespace attn::render''')
