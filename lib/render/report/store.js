// The packed chunks of the page: waits until one has come in, unpacks one after the other, the urgent ones first, and
// keeps what was used last.
import { fromBase64, inflate } from './codes.js';

/**
 * What was used last, up to a number of bytes.
 * @template Name
 * @template T
 */
export class RecentlyUsed {
  /** @param {number} limit in bytes */
  constructor(limit) {
    this.limit = limit;
    this.size = 0;
    /** @type {Map<Name, {value: T, bytes: number}>} in the order of use */
    this.entries = new Map();
  }

  /**
   * @param {Name} name
   * @returns {T | undefined}
   */
  get(name) {
    const entry = this.entries.get(name);
    if (!entry) return undefined;
    this.entries.delete(name);
    this.entries.set(name, entry);
    return entry.value;
  }

  /**
   * @param {Name} name
   * @param {T} value
   * @param {number} bytes
   */
  put(name, value, bytes) {
    const before = this.entries.get(name);
    if (before) this.size -= before.bytes;
    this.entries.delete(name);
    this.entries.set(name, { value, bytes });
    this.size += bytes;
    for (const [oldest, entry] of this.entries) {
      if (this.size <= this.limit || oldest === name) break;
      this.entries.delete(oldest);
      this.size -= entry.bytes;
    }
  }
}

/**
 * Where packed chunks are: their text once they are complete, and a call whenever more came in.
 * @typedef {object} ChunkPlace
 * @property {(number: number) => string | null} text null as long as it is not complete
 * @property {(call: () => void) => void} whenMore
 */

/**
 * The elements of a page that is still being read. One is complete when the next exists or reading has ended.
 * @param {Document} page
 * @returns {ChunkPlace}
 */
export function pageChunks(page) {
  return {
    text(number) {
      const element = page.getElementById('c' + number);
      const complete = element && (element.nextElementSibling || page.readyState !== 'loading');
      return complete ? element.textContent : null;
    },
    whenMore(call) {
      if (page.readyState !== 'loading') return;
      // Not while the page is being read, which would take longer by all that is then unpacked.
      let due = false;
      const soon = () => {
        if (due) return;
        due = true;
        breathe().then(() => {
          due = false;
          call();
        });
      };
      const observer = new MutationObserver(soon);
      observer.observe(page.body, { childList: true });
      page.addEventListener('DOMContentLoaded', () => {
        observer.disconnect();
        soon();
      });
    },
  };
}

/**
 * @typedef {object} Task
 * @property {string} name
 * @property {boolean} urgent
 * @property {Promise<Uint8Array>} done
 * @property {(bytes: Uint8Array) => void} resolve
 * @property {(error: Error) => void} reject
 */

const unpackingSlice = 10; // milliseconds of unpacking before the rest of the page gets its turn

/** Unpacked chunks by their names. */
export class Store {
  /**
   * @param {Record<string, number>} numbers which element holds a chunk
   * @param {ChunkPlace} place
   */
  constructor(numbers, place) {
    this.numbers = numbers;
    this.place = place;
    /** @type {Map<string, Task>} */
    this.waiting = new Map();
    this.running = false;
    this.sliceEnd = 0;
    place.whenMore(() => this.run());
  }

  /**
   * @param {string} name
   * @returns {boolean}
   */
  has(name) {
    return Object.prototype.hasOwnProperty.call(this.numbers, name);
  }

  /**
   * The bytes of a chunk.
   * @param {string} name
   * @param {boolean} urgent somebody waits for it
   * @returns {Promise<Uint8Array>}
   */
  get(name, urgent = true) {
    if (!this.has(name)) return Promise.reject(new Error('the page holds no ' + name));
    let task = this.waiting.get(name);
    if (!task) {
      task = newTask(name, urgent);
      this.waiting.set(name, task);
    }
    task.urgent = task.urgent || urgent;
    this.run();
    return task.done;
  }

  /** Unpacks all that is waiting and has come in. */
  async run() {
    if (this.running) return;
    this.running = true;
    for (let next = this.next(); next; next = this.next()) {
      if (this.hadItsTurn()) {
        await breathe(next.task.urgent ? 'user-visible' : 'background');
        continue;
      }
      this.waiting.delete(next.task.name);
      try {
        next.task.resolve(await unpack(next.task.name, next.text));
      } catch (error) {
        next.task.reject(/** @type {Error} */ (error));
      }
    }
    this.running = false;
  }

  /**
   * Whether enough was done since the browser did something else. What is made of the bytes counts too: it is made
   * before the next are unpacked.
   * @returns {boolean}
   */
  hadItsTurn() {
    if (this.sliceEnd === 0) {
      this.sliceEnd = performance.now() + unpackingSlice;
      breathe().then(() => {
        this.sliceEnd = 0;
      });
    }
    return performance.now() > this.sliceEnd;
  }

  /** @returns {{task: Task, text: string} | null} */
  next() {
    for (const urgent of [true, false]) {
      for (const task of this.waiting.values()) {
        if (task.urgent !== urgent) continue;
        const text = this.place.text(this.numbers[task.name]);
        if (text !== null) return { task, text };
      }
    }
    return null;
  }
}

/**
 * @param {string} name
 * @param {boolean} urgent
 * @returns {Task}
 */
function newTask(name, urgent) {
  /** @type {Partial<Task>} */
  const task = { name, urgent };
  task.done = new Promise((resolve, reject) => {
    task.resolve = resolve;
    task.reject = reject;
  });
  return /** @type {Task} */ (task);
}

/**
 * A picture lies in the page as it is; all else is packed.
 * @param {string} name
 * @param {string} text
 * @returns {Promise<Uint8Array>}
 */
async function unpack(name, text) {
  const bytes = fromBase64(text.trim());
  return name === 'image' ? bytes : inflate(bytes, breathe);
}

/**
 * Lets the browser do what is due.
 * @param {'user-blocking' | 'user-visible' | 'background'} priority before the rest of the page is read, or after all
 *   else that comes up
 * @returns {Promise<void>}
 */
export function breathe(priority = 'user-visible') {
  const { scheduler } = /** @type {any} */ (globalThis);
  return new Promise((resolve) => {
    // Timers within timers wait longer and longer.
    if (scheduler && scheduler.postTask) scheduler.postTask(resolve, { priority });
    else setTimeout(resolve, 0);
  });
}
