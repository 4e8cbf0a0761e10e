// The thresholds of the head types, which people can move; badges and searches follow.
import { byId, fill, make } from './parts.js';
import { typeRules } from './head_types.js';
import { numberText } from './text.js';

/** @param {import('./parts.js').Shared} shared @returns {(changed: import('./state.js').Changed) => void} */
export function typePanel(shared) {
  const { types, state, finder, heads } = shared;
  const counts = new Map(typeRules.map((rule) => [rule.name, make('span', {})]));
  fill(
    byId('types'),
    ...typeRules.map((rule) => {
      const slider = make('input', {
        type: 'range',
        min: 0,
        max: rule.largest,
        step: rule.largest / 100,
        value: rule.threshold,
        'aria-label': 'Threshold of ' + rule.name,
      });
      slider.addEventListener('input', () => {
        types.move(rule.name, Number(slider.value));
        finder.forget();
        state.note('find');
      });
      const sign = rule.below ? ' \u2264 ' : ' \u2265 ';
      return make(
        'label',
        { title: rule.meaning + ': ' + rule.measure + sign + rule.threshold },
        make('strong', {}, rule.letter),
        rule.name,
        slider,
        counts.get(rule.name) || '',
      );
    }),
  );
  return (changed) => {
    if (!changed.has('find') && !changed.has('source') && !changed.has('seq')) return;
    const { seq, source } = state.shown;
    for (const rule of typeRules) {
      const count = heads.slots(seq).filter((slot) => types.of(slot, source).includes(rule)).length;
      const element = /** @type {HTMLElement} */ (counts.get(rule.name));
      element.textContent = numberText(/** @type {number} */ (types.thresholds.get(rule.name)), 2) + ': ' + count;
    }
  };
}
