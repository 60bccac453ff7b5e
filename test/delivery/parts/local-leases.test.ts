import { expect, test } from '@jest/globals'
import { LocalLeases } from '../../../src/delivery/parts/local-leases.js'

const SIGNAL = new AbortController().signal

test('a lease is granted to one holder at a time, separately for each key', async () => {
  const leases = new LocalLeases()
  const order: string[] = []
  const first = await leases.acquire('k', SIGNAL)
  const second = leases.acquire('k', SIGNAL).then((lease) => {
    order.push('second')
    return lease
  })
  const third = leases.acquire('k', SIGNAL).then((lease) => {
    order.push('third')
    return lease
  })
  expect((await leases.acquire('other', SIGNAL)).hadToWait).toBe(false)
  expect([first.hadToWait, order]).toEqual([false, []])
  first.release()
  const holder = await second
  expect([holder.hadToWait, order]).toEqual([true, ['second']])
  holder.release()
  ;(await third).release()
  expect(order).toEqual(['second', 'third'])
  await new Promise(setImmediate)
  expect((await leases.acquire('k', SIGNAL)).hadToWait).toBe(false)
})

test('a caller that leaves does not block others, and does not let the next caller overtake the holder', async () => {
  const leases = new LocalLeases()
  const first = await leases.acquire('k', SIGNAL)
  const leaving = new AbortController()
  const second = leases.acquire('k', leaving.signal)
  let isThird = false
  const third = leases.acquire('k', SIGNAL).then(() => {
    isThird = true
  })
  leaving.abort(new Error('I leave'))
  await expect(second).rejects.toThrow('I leave')
  expect(isThird).toBe(false)
  first.release()
  await third
})
