import { expect, test } from '@jest/globals'
import { PartWaits } from '../../../src/delivery/parts/part-waits.js'
import { GatewayError } from '../../../src/domain/errors.js'

const noPoints = new GatewayError('KVS_THROTTLED', 'No points.', { retryAfterMs: 1000 })
const answered = new GatewayError('KVS_THROTTLED', 'Throttled.', { retryAfterMs: 1000, awsRequestId: 'a' })

test('a part waits for what the service said, rather than for points, and until its fetch ends', () => {
  const waits = new PartWaits()
  const wait = waits.begin('a')
  expect(waits.reasonOf(['a', 'b'])).toBeNull()
  for (const reason of [noPoints, answered, noPoints]) wait.hear(reason)
  waits.begin('b').hear(noPoints)
  expect(waits.reasonOf(['b', 'a'])).toBe(answered)
  wait.end()
  expect(waits.reasonOf(['b', 'a'])).toBe(noPoints)
  wait.hear(answered)
  expect(waits.reasonOf(['a'])).toBeNull()
})

test('a part that is fetched anew waits for what the new fetch heard', () => {
  const waits = new PartWaits()
  const given = waits.begin('a')
  given.hear(answered)
  waits.begin('a').hear(noPoints)
  given.end()
  expect(waits.reasonOf(['a'])).toBe(noPoints)
})
