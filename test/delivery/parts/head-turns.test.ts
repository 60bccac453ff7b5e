import { describe, expect, test } from '@jest/globals'
import { takeHeadTurn } from '../../../src/delivery/parts/head-turns.js'

describe('takeHeadTurn', () => {
  test('gives one head a turn of the event loop, however many come at once', async () => {
    let turn = 0
    let isOver = false
    const count = () => {
      turn += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const turns = await Promise.all(
      Array.from({ length: 5 }, async () => {
        await takeHeadTurn()
        return turn
      }),
    )
    isOver = true
    expect(new Set(turns).size).toBe(5)
  })

  test('keeps nobody waiting where only one comes', async () => {
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    let isLater = false
    setImmediate(() => {
      isLater = true
    })
    await takeHeadTurn()
    expect(isLater).toBe(false)
  })
})
