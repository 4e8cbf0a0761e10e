// Frames over a picture, which show what is chosen in it: elements, so that moving one draws nothing again.
import { make } from './parts.js';

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** Frames by their names, which are classes of the style too. */
export class Frames {
  /** @param {HTMLElement} panel as large as the picture in it */
  constructor(panel) {
    this.sheet = make('div', { class: 'frames', 'aria-hidden': 'true' });
    panel.append(this.sheet);
    this.area = { x: 0, y: 0, width: 1, height: 1 };
    /** @type {Map<string, HTMLElement>} */
    this.frames = new Map();
  }

  /**
   * @param {Box} area where frames end
   * @param {{width: number, height: number}} picture
   */
  within(area, picture) {
    this.area = area;
    place(this.sheet, area, picture);
  }

  /**
   * @param {string} name
   * @param {Box | null} box in pixels of the picture; null hides the frame
   */
  show(name, box) {
    let frame = this.frames.get(name);
    if (!frame && box) {
      frame = make('div', { class: name });
      this.frames.set(name, frame);
      this.sheet.append(frame);
    }
    if (!frame) return;
    frame.hidden = box === null;
    if (box) place(frame, { ...box, x: box.x - this.area.x, y: box.y - this.area.y }, this.area);
  }
}

/**
 * In parts of the whole, as a picture is smaller on paper.
 * @param {HTMLElement} element
 * @param {Box} box
 * @param {{width: number, height: number}} whole
 */
function place({ style }, box, whole) {
  style.left = (100 * box.x) / whole.width + '%';
  style.top = (100 * box.y) / whole.height + '%';
  style.width = (100 * box.width) / whole.width + '%';
  style.height = (100 * box.height) / whole.height + '%';
}
