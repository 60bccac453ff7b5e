// Ratios from rounds: the machine's mood changes by the minute, so contestants take turns, and each round is compared with itself.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >>> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Runs every contestant once a round, after one round that does not count. The order turns with the rounds, and its direction with every
 * other: whoever follows a program of its own kind finds its code in the processor's caches. `before` is run before each of them.
 *
 * @template {Record<string, (round: number) => Promise<any>>} Contestants
 * @param {Contestants} contestants
 * @returns {Promise<{ [Name in keyof Contestants]: Awaited<ReturnType<Contestants[Name]>>[] }>} the results of each, by round
 */
export async function takeTurns(contestants, rounds, before = async () => {}) {
  const names = Object.keys(contestants)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    const order = names.map((_, turn) => names[(turn + round) % names.length])
    for (const name of round % 2 === 0 ? order : order.toReversed()) {
      await before()
      const result = await contestants[name](round)
      if (round > 0) results[name].push(result)
    }
  }
  return results
}

/** The median of the rounds' own ratios. */
export function ratioOf(ours, theirs, of = (result) => result.ms) {
  return median(ours.map((result, round) => of(result) / of(theirs[round])))
}

export function medianOf(results, of = (result) => result.ms) {
  return median(results.map(of))
}

export async function timed(work) {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}
