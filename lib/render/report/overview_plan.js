// Where the small maps of all heads go on the page.

/** @typedef {{size: number, left: number, top: number, width: number, height: number, perRow: number, columns: number}} Plan */

const smallest = 20;
const largest = 92;
const gap = 2;

/**
 * Where every map goes. A single layer wraps into rows of larger maps.
 * @param {number} layers
 * @param {number} columns heads and what is made of them
 * @param {number} width
 * @returns {Plan}
 */
export function overviewPlan(layers, columns, width) {
  const left = layers === 1 ? 0 : 22;
  const top = 14;
  const perRow =
    layers === 1 ? Math.min(columns, Math.max(1, Math.min(Math.floor(width / (56 + gap)), columns))) : columns;
  const size = Math.max(smallest, Math.min(largest, Math.floor((width - left) / perRow) - gap));
  const rows = layers === 1 ? Math.ceil(columns / perRow) : layers;
  const rowHeight = size + (layers === 1 ? top : 0) + gap;
  return { size, left, top, width: left + perRow * (size + gap), height: top + rows * rowHeight, perRow, columns };
}

/**
 * @param {Plan} plan
 * @param {number} layers
 * @param {number} layer
 * @param {number} column
 * @returns {{x: number, y: number}}
 */
export function spotOf(plan, layers, layer, column) {
  const row = layers === 1 ? Math.floor(column / plan.perRow) : layer;
  const step = plan.size + gap + (layers === 1 ? plan.top : 0);
  return { x: plan.left + (column % plan.perRow) * (plan.size + gap), y: plan.top + row * step };
}
