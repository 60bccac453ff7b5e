import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DeficitRoundRobin, type QueuedItem } from '../../src/lib/deficit-round-robin.js'

const QUANTUM = 10
const items = fc.array(fc.record({ flow: fc.constantFrom('a', 'b', 'c'), cost: fc.integer({ min: 0, max: 25 }) }), { maxLength: 60 })

function serveAll(queue: DeficitRoundRobin<QueuedItem>): QueuedItem[] {
  const served: QueuedItem[] = []
  for (let item = queue.shift(); item !== null; item = queue.shift()) served.push(item)
  return served
}

test('serves every item once, those of a flow in order', () => {
  fc.assert(
    fc.property(items, (pushed) => {
      const queue = new DeficitRoundRobin<QueuedItem>(QUANTUM)
      for (const item of pushed) queue.push(item)
      const served = serveAll(queue)
      for (const flow of ['a', 'b', 'c'])
        expect(served.filter((item) => item.flow === flow)).toEqual(pushed.filter((item) => item.flow === flow))
      expect([queue.size, queue.cost]).toEqual([0, 0])
    }),
  )
})

test('gives flows that always have items the same, up to an item and a quantum', () => {
  fc.assert(
    fc.property(items, fc.nat(60), (pushed, count) => {
      const queue = new DeficitRoundRobin<QueuedItem>(QUANTUM)
      for (const item of pushed) queue.push(item)
      const left = new Map(['a', 'b', 'c'].map((flow) => [flow, pushed.filter((item) => item.flow === flow).length]))
      const spent = new Map([
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ])
      for (let n = 0; n < count && [...left.values()].every((items) => items > 0); n += 1) {
        const item = queue.shift()
        if (item === null) return
        left.set(item.flow, (left.get(item.flow) ?? 0) - 1)
        spent.set(item.flow, (spent.get(item.flow) ?? 0) + item.cost)
      }
      expect(Math.max(...spent.values()) - Math.min(...spent.values())).toBeLessThanOrEqual(2 * (25 + QUANTUM))
    }),
  )
})

test('peeks at the same item until it is shifted or removed, which costs its flow nothing', () => {
  const queue = new DeficitRoundRobin<QueuedItem>(QUANTUM)
  const [first, second, other] = [
    { flow: 'a', cost: 25 },
    { flow: 'a', cost: 1 },
    { flow: 'b', cost: 5 },
  ]
  for (const item of [first, second, other]) queue.push(item)
  const peeked = queue.peek()
  expect(queue.peek()).toBe(peeked)
  if (peeked !== null) queue.remove(peeked)
  expect(serveAll(queue)).toHaveLength(2)
  expect(queue.peek()).toBeNull()
})

test('estimates what is served before a new item: its own flow, and as much of each other flow', () => {
  const queue = new DeficitRoundRobin<QueuedItem>(QUANTUM)
  for (let n = 0; n < 100; n += 1) queue.push({ flow: 'greedy', cost: 20 })
  expect(queue.costAhead({ flow: 'modest', cost: 5 })).toBe(15)
  expect(queue.costAhead({ flow: 'greedy', cost: 5 })).toBe(2000)
})
