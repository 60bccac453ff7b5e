import { describe, expect, test } from '@jest/globals'
import { MediaTurn } from '../../../src/delivery/parts/media-turn.js'

/** Whether it is resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let isResolved = false
  promise.then(() => {
    isResolved = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return isResolved
}

describe('The media of a clip', () => {
  test('waits until somebody reads', async () => {
    const turn = new MediaTurn()
    const [first, second] = [turn.wait(), turn.wait()]
    expect(await isOver(first)).toBe(false)
    turn.begin()
    expect([await isOver(first), await isOver(second), await isOver(turn.wait())]).toEqual([true, true, true])
  })

  test('waits for nobody when somebody has read already', async () => {
    const turn = new MediaTurn()
    turn.begin()
    expect(await isOver(turn.wait())).toBe(true)
  })

  test('waits for nobody where it is small, or comes in several parts', async () => {
    const large = { estimatedBytes: 10_000_000 }
    expect(await isOver(MediaTurn.of([{ estimatedBytes: 300_000 }]).wait())).toBe(true)
    expect(await isOver(MediaTurn.of([large, large]).wait())).toBe(true)
    const only = MediaTurn.of([large])
    expect(await isOver(only.wait())).toBe(false)
    only.begin()
  })

  test('waits for a moment only, whoever comes', async () => {
    await new MediaTurn().wait()
  })
})
