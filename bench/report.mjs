// The table: one row a claim, with what it was measured against and whether it holds.

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number | null} ours null where a program that the measurement needs is not installed
 * @property {string} unit of ours and of the rival
 * @property {{ readonly what: string, readonly value: number | null }} [rival] null where the rival is not installed
 * @property {number} [ratio] ours to the rival's, as the target counts it
 * @property {{ readonly of: 'ratio' | 'ours', readonly atLeast?: number, readonly atMost?: number }} [target] none: told, not judged
 */

/** @param {Row} row */
export function judge({ ours, ratio, target }) {
  if (target === undefined) return ''
  const value = target.of === 'ratio' ? ratio : ours
  if (value === undefined || value === null) return 'missing'
  const isMet = (target.atLeast === undefined || value >= target.atLeast) && (target.atMost === undefined || value <= target.atMost)
  return isMet ? 'ok' : 'short'
}

const HEADINGS = ['measured', 'ours', 'rival', 'ratio', 'target', '']

/** @param {readonly (Row & { measurement: string })[]} rows */
export function toTable(rows) {
  const cells = [HEADINGS, ...rows.map(toCells)]
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** @param {Row & { measurement: string }} row */
function toCells(row) {
  const { measurement, name, ours, unit, rival, ratio, target } = row
  const theirs =
    rival === undefined ? '' : rival.value === null ? `${rival.what}: not installed` : `${format(rival.value)} ${unit} (${rival.what})`
  return [
    `${measurement}: ${name}`,
    ours === null ? 'not measured' : `${format(ours)} ${unit}`,
    theirs,
    ratio === undefined ? '' : format(ratio),
    target === undefined ? '' : describeTarget(target, unit),
    judge(row),
  ]
}

function describeTarget({ of, atLeast, atMost }, unit) {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`
  return of === 'ratio' ? `ratio ${bound}` : `${bound} ${unit}`
}

export function format(value) {
  if (value === 0) return '0'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.095 ? 2 : 4
  return value.toFixed(digits)
}
