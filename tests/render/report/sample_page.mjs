// A small page's facts, for tests.
export function meta(change = {}) {
  return {
    format: 1,
    program: 'attn-inspect',
    title: 't',
    command: '',
    sources: [{ label: 'A', name: 'a', digest: null }],
    layers: [0, 2, 5],
    heads: [0, 1, 2, 3],
    sequences: [0],
    batch: false,
    queries: 6,
    keys: 6,
    offset: [0],
    tokens: [['<s>', 'a', 'b', 'a', 'b', 'c']],
    key_tokens: [['<s>', 'a', 'b', 'a', 'b', 'c']],
    values: 'exact',
    pool: 1,
    rows: 6,
    columns: 6,
    top: 0,
    narrowed: false,
    thumb: { rows: 6, columns: 6 },
    measures: [
      { name: 'entropy', meaning: 'e' },
      { name: 'induction', meaning: 'i' },
    ],
    stats: { a: Array.from({ length: 12 }, (_, slot) => [slot / 10, slot === 5 ? 0.9 : 0.1]) },
    checks: [],
    maps: [
      { name: 'viridis', colors: '', diverging: false },
      { name: 'gray', colors: '', diverging: false },
    ],
    start: { map: 'viridis', scale: 'sqrt', dropFirst: false, seq: 0, layer: 0, head: 0 },
    rollout: null,
    difference: null,
    embedding: null,
    grid: null,
    image: null,
    chunks: {},
    ...change,
  };
}

export const folder = new URL('../../../lib/render/report/', import.meta.url);
