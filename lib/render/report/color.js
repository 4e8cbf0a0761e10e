// Colours of numbers: the maps that came with the page (the same as in the pictures of the command line), as tables
// for canvases, and inks that can be read on them.
import { fromBase64 } from './codes.js';

/**
 * @typedef {object} ColorMap
 * @property {string} name
 * @property {boolean} diverging
 * @property {Uint32Array} pixels 256 colours as a canvas keeps them: alpha, blue, green, red from the highest byte
 */

/**
 * @param {{name: string, colors: string, diverging: boolean}[]} packed
 * @returns {Map<string, ColorMap>}
 */
export function readColorMaps(packed) {
  const maps = new Map();
  for (const { name, colors, diverging } of packed) {
    const bytes = fromBase64(colors);
    const pixels = new Uint32Array(256);
    for (let i = 0; i < 256; ++i) {
      pixels[i] = (0xff000000 | (bytes[3 * i + 2] << 16) | (bytes[3 * i + 1] << 8) | bytes[3 * i]) >>> 0;
    }
    maps.set(name, { name, diverging, pixels });
  }
  return maps;
}

/**
 * @param {number} part 0 to 1
 * @returns {number} place in a table of 256
 */
export function tableIndex(part) {
  return part <= 0 ? 0 : part >= 1 ? 255 : Math.round(part * 255);
}

/**
 * @param {ColorMap} map
 * @param {number} part 0 to 1; NaN is grey
 * @returns {string} for CSS
 */
export function cssColor(map, part) {
  if (Number.isNaN(part)) return 'rgb(128,128,128)';
  return pixelText(map.pixels[tableIndex(part)]);
}

/**
 * @param {number} pixel
 * @returns {string}
 */
export function pixelText(pixel) {
  return 'rgb(' + (pixel & 255) + ',' + ((pixel >> 8) & 255) + ',' + ((pixel >> 16) & 255) + ')';
}

/**
 * Black or white, whichever is read better on the colour.
 * @param {ColorMap} map
 * @param {number} part
 * @returns {string}
 */
export function inkOn(map, part) {
  const pixel = map.pixels[tableIndex(Number.isNaN(part) ? 0.5 : part)];
  return luminance(pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255) > 0.179 ? '#000000' : '#ffffff';
}

/**
 * Relative luminance, 0 to 1, as WCAG defines it.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 * @returns {number}
 */
export function luminance(red, green, blue) {
  const linear = [red, green, blue].map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
