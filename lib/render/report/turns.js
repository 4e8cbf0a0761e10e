// Work that takes longer than a frame, in turns with all else that the browser has to do.
import { breathe } from './store.js';

/** Steps that are done one a task. One that waits already is not done twice. */
export class Turns {
  constructor() {
    /** @type {Set<() => void>} */
    this.waiting = new Set();
    this.running = false;
  }

  /** @param {...(() => void)} steps */
  ask(...steps) {
    for (const step of steps) this.waiting.add(step);
    if (!this.running) this.run();
  }

  async run() {
    this.running = true;
    try {
      for (const step of this.waiting) {
        await breathe();
        this.waiting.delete(step);
        step();
      }
    } finally {
      this.running = false;
    }
  }
}
