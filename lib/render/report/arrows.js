// Arrow keys: how far each moves, and pictures that use them while they have the focus.

/** @type {Record<string, [number, number]>} rows down, columns to the right */
const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * @param {KeyboardEvent} event
 * @returns {[number, number] | undefined} rows down, columns to the right; undefined for other keys
 */
export function arrowStep(event) {
  return event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key];
}

/**
 * Lets a picture have the focus, and tells of arrows that are meant for it.
 * @param {HTMLElement} picture
 * @param {(down: number, right: number) => void} move
 */
export function useArrows(picture, move) {
  picture.tabIndex = 0;
  picture.addEventListener('keydown', (event) => {
    const step = arrowStep(event);
    if (!step) return;
    move(step[0], step[1]);
    event.preventDefault();
    event.stopPropagation();
  });
}

/**
 * The point that comes next in a direction: near, and not far off the straight way.
 * @template {{x: number, y: number}} T  x to the right, y up
 * @param {T[]} points
 * @param {{x: number, y: number}} from
 * @param {number} down
 * @param {number} right
 * @returns {T | null} null where there is none in this direction
 */
export function nextPoint(points, from, down, right) {
  let best = null;
  let least = Infinity;
  for (const point of points) {
    const ahead = (point.x - from.x) * right - (point.y - from.y) * down;
    const aside = Math.abs((point.x - from.x) * down) + Math.abs((point.y - from.y) * right);
    const cost = ahead + 2 * aside;
    if (ahead <= 0 || aside > 2 * ahead || cost >= least) continue;
    [best, least] = [point, cost];
  }
  return best;
}
