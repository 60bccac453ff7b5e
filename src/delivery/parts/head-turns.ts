import { setImmediate as nextTurn } from 'node:timers/promises'

let isTaken = false

/**
 * Resolves when no other head is read in this turn of the event loop. The heads of a long clip's parts come at the same time, and reading one
 * takes some milliseconds, a cold process some tens: one after another in one turn, others would wait for all of them.
 */
export async function takeHeadTurn(): Promise<void> {
  while (isTaken) await nextTurn()
  isTaken = true
  setImmediate(() => {
    isTaken = false
  })
}
